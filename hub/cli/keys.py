"""`hub keys`: the keys by which other systems send events and read."""

from __future__ import annotations

import json
from typing import Any

import click

from hub import clock
from hub.cli import Fault, with_app
from hub.db import reader, transaction
from hub.identity import keys as api_keys
from hub.identity.keys import SCOPES, Key, KeyFault


@click.group()
def keys() -> None:
    """API keys of other systems."""


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="May be repeated.")
@click.option("--source", "sources", multiple=True, help="Only events of this source. May be repeated; default: any.")
@click.option("--organization", help="Only this organization's members.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
@with_app
def create(
    name: str, scopes: tuple[str, ...], sources: tuple[str, ...], organization: str | None, as_json: bool
) -> None:
    """Make a key. It is shown once, here."""
    with transaction() as connection:
        made = api_keys.create(connection, name, scopes, clock.now(), sources, organization)
    if isinstance(made, KeyFault):
        raise Fault(f"{made.field}: {made.message}")
    key, text = made
    click.echo(json.dumps({"id": key.id, "key": text}) if as_json else f"{key.id}\n{text}")
    if not as_json:
        click.echo("Keep the key now: it is not shown again.", err=True)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
@with_app
def list_(as_json: bool) -> None:
    """All keys, with what they may do and when they were last used."""
    with reader() as connection:
        known = api_keys.list_all(connection)
    if as_json:
        click.echo(json.dumps({"items": [_described(key) for key in known]}, indent=2))
        return
    for key in known:
        click.echo(_sentence(key))


@keys.command()
@click.argument("id_", metavar="ID")
@with_app
def revoke(id_: str) -> None:
    """End a key for ever."""
    with transaction() as connection:
        ended = api_keys.revoke(connection, id_, clock.now())
    if not ended:
        raise Fault(f"there is no key {id_} that still works")
    click.echo(f"{id_} no longer works.")


def _described(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "sources": sorted(key.sources),
        "organization": key.organization_id,
        "created_at": _said(key.created_at),
        "last_used_at": _said(key.last_used_at),
        "revoked_at": _said(key.revoked_at),
    }


def _sentence(key: Key) -> str:
    bounds = [f"source {source}" for source in sorted(key.sources)]
    bounds += [f"organization {key.organization_id}"] if key.organization_id else []
    used = f"last used {_said(key.last_used_at)}" if key.last_used_at else "never used"
    state = f"revoked {_said(key.revoked_at)}" if key.revoked_at else used
    return f"{key.id}  {key.name}  {', '.join([*sorted(key.scopes), *bounds])}  ({state})"


def _said(instant: int | None) -> str | None:
    return None if instant is None else clock.moment(instant).isoformat(timespec="seconds").replace("+00:00", "Z")


commands = [keys]
