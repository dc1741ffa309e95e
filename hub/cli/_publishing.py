"""`hub program publish` and `versions`: making a file the next version, and which version is in force when."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from hub import clock
from hub.cli import Fault, with_app
from hub.cli._backtest import FILE, forecast, instant, local, totals
from hub.cli._faults import count, say
from hub.db import reader, transaction
from hub.gamification import program as programs
from hub.gamification.plan import Plan, Version
from hub.gamification.program import Reading
from hub.gamification.versions import BEGINNING, END
from hub.ledger import changeover, log
from hub.ledger import programs as published
from hub.widgets import kit


@click.command()
@FILE
@click.option(
    "--from", "since", help="In force from then on: a date in the program's zone, or an instant. Default: now."
)
@click.option("--yes", is_flag=True, help="Do not ask, where --from lies in the past.")
@with_app
def publish(file: Path, since: str | None, yes: bool) -> None:
    """Make a program file the next version.

    Points go by the version that is in force at an event's time. With --from in the past, what was earned since then is
    priced anew; what that posts is told first, and asked for.
    """
    text = file.read_bytes()
    read = _read(text)
    with reader() as connection:
        earlier = published.plan(connection)
    in_force_from = None
    if since is not None and read.program is not None:
        in_force_from = instant(read.program, since, "--from")
        _may_be_from(file, text, in_force_from, earlier, yes)
    with transaction() as connection:
        version = published.publish_text(
            connection, text.decode("utf-8", "replace"), clock.now(), kit.options(), in_force_from
        )
    if isinstance(version, list):
        say(version)
        raise Fault(f"{file} is not published: {count(len(version), 'fault')}")
    _tell_overridden(earlier, version)
    click.echo(f"version {version.number} is published")


def _read(text: bytes) -> Reading:
    """The file, its warnings told."""
    with reader() as connection:
        sent = log.types_sent(connection)
    read = programs.read(text, now=clock.now(), widgets=kit.options(), sent=sent)
    say((), read.warnings)
    return read


def _may_be_from(file: Path, text: bytes, since: int, earlier: Plan | None, yes: bool) -> None:
    """Ask where it reaches back; a Fault where it may not be so."""
    if earlier is None:
        raise Fault("version 1 is in force from the beginning of time: --from is for later ones")
    if since >= clock.now():
        return
    if not yes and not sys.stdin.isatty():
        raise Fault("--from lies in the past and prices anew what was earned since then: without a terminal say --yes")
    report = forecast(file, text, since)
    begins = local(since, report.draft.program)
    click.echo(f"in force from {begins}, it posts at once: {totals(report.what_if)}")
    if not yes and not click.confirm("Publish it?"):
        raise Fault(f"{file} is not published")


def _tell_overridden(earlier: Plan | None, version: Version) -> None:
    """Of versions that were planned, and now will never be in force."""
    for stretch in earlier.stretches if earlier else ():
        if stretch.start >= version.in_force_from and stretch.start > version.published_at:
            planned = local(stretch.start, stretch.version.program)
            click.echo(
                f"warning: version {stretch.version.number}, planned from {planned} on, will not be in force", err=True
            )


@click.command("versions")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
@with_app
def versions_(as_json: bool) -> None:
    """All published versions, the newest first: from when each is in force, and how many are folded with it."""
    with reader() as connection:
        plan, folded = published.plan(connection), changeover.folded_with(connection)
    found = [] if plan is None else [_version(plan, one, folded) for one in reversed(plan.versions)]
    if as_json:
        click.echo(json.dumps({"items": found}, indent=2))
        return
    for one in found:
        click.echo(f"{one['version']}\t{one['published_at']}\t{_in_force(one)}\t{_folded(one)}")


def _version(plan: Plan, version: Version, folded: dict[int, int]) -> dict[str, Any]:
    """`in_force_until` null: still. Where it is `in_force_from`, later versions are in force instead, always."""
    stretch = next((one for one in plan.stretches if one.version is version), None)
    since, until = version.in_force_from, version.in_force_from if stretch is None else stretch.end
    return {
        "version": version.number,
        "published_at": clock.moment(version.published_at).isoformat(),
        "in_force_from": None if since == BEGINNING else clock.moment(since).isoformat(),
        "in_force_until": None if until == END else clock.moment(until).isoformat(),
        "folded": folded.get(version.number, 0),
        "of": sum(folded.values()),
    }


def _in_force(one: dict[str, Any]) -> str:
    since, until = one["in_force_from"], one["in_force_until"]
    if since == until and since is not None:
        return "never in force"
    begins = "the beginning" if since is None else since
    return f"in force from {begins}" + ("" if until is None else f" until {until}")


def _folded(one: dict[str, Any]) -> str:
    share = 100 if one["folded"] == one["of"] else one["folded"] * 100 // one["of"]
    return f"{share} % folded with it"
