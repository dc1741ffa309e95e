"""`hub sso`: whether single sign-on works, and whose accounts are linked to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from hub import clock
from hub.cli import Fault, with_app
from hub.db import reader, transaction
from hub.directory import lookup
from hub.directory.lookup import Known
from hub.identity import checking, linking, sessions
from hub.identity.checking import Checked
from hub.identity.linking import Link


@click.group()
def sso() -> None:
    """Single sign-on: ask the providers, show and end links."""


@sso.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
@with_app
def check(as_json: bool) -> None:
    """Whether the configured identity providers answer, and the settings are complete."""
    with reader() as connection:
        found = checking.check(connection)
    if as_json:
        click.echo(json.dumps({"items": [one._asdict() for one in found]}, indent=2))
    for line in () if as_json else _lines(found):
        click.echo(line)
    if not found:
        raise Fault("no identity provider is set up (HUB_OIDC_*, HUB_SAML_*): nobody signs in by one")
    if any(one.faults for one in found):
        raise Fault("not everybody can sign in")


@sso.command()
@click.argument("member_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
@with_app
def links(member_id: str, as_json: bool) -> None:
    """The accounts at identity providers by which a member signs in."""
    with reader() as connection:
        known = _found(lookup.member(connection, member_id), member_id)
        several = linking.links(connection, known.no)
    if as_json:
        click.echo(json.dumps({"items": [_described(link) for link in several]}, indent=2))
        return
    for link in several:
        click.echo("\t".join((link.subject, link.issuer, link.via, _described(link)["linked_at"])))


@sso.command()
@click.argument("member_id", metavar="ID")
@with_app
def unlink(member_id: str) -> None:
    """Forget those accounts, so that the next sign-in can link another; the member is signed out."""
    with transaction() as connection:
        known = _found(lookup.member(connection, member_id), member_id)
        count = linking.unlink(connection, known.no)
        sessions.end_all(connection, known.no)
    click.echo(f"{known.id} is linked to no account any more." if count else f"{known.id} was linked to none.")


def _lines(several: list[Checked]) -> Iterator[str]:
    for one in several:
        yield f"{one.provider}: {'people cannot sign in' if one.faults else 'ready'}"
        yield f"  it must know the address {one.address}"
        yield from (f"  fault: {fault}" for fault in one.faults)
        yield from (f"  note: {warning}" for warning in one.warnings)


def _described(link: Link) -> dict[str, str]:
    at = clock.moment(link.linked_at).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"subject": link.subject, "issuer": link.issuer, "via": link.via, "linked_at": at}


def _found(member: Known | None, name: str) -> Known:
    if member is None:
        raise Fault(f"there is no member {name!r}")
    return member


commands = [sso]
