"""`hub digest`, `hub replay`, `hub verify`: the ledger worked, folded again, checked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import click
from sqlalchemy import delete, select

from hub import clock
from hub.cli import with_app
from hub.db import reader, transaction
from hub.directory.tables import members, organizations
from hub.ledger import digest as digests
from hub.ledger import replay, verify, worker
from hub.ledger.tables import set_aside
from hub.signals import fold_again

WAIT_SECONDS = 0.05


@click.command()
@click.option("--retry", is_flag=True, help="Try members that were set aside again.")
@with_app
def digest(retry: bool) -> None:
    """Process everything pending, then exit; with a worker running, wait until nothing is pending."""
    if retry:
        _bring_back()
    _digest()
    _report()


def _digest() -> None:
    try:
        with worker.sole():
            while digests.run():
                pass
    except worker.AlreadyWorking:
        _wait()


def _bring_back() -> None:
    now = clock.now()
    with transaction() as connection:
        who = connection.scalars(select(set_aside.c.member)).all()
        connection.execute(delete(set_aside))
        fold_again(connection, who, now)


def _wait() -> None:
    while digests.pending():
        time.sleep(WAIT_SECONDS)


def _report() -> None:
    # An organization's events are folded under its number negated.
    named = select(members.c.id, organizations.c.id, set_aside.c.error).select_from(
        set_aside.outerjoin(members, members.c.no == set_aside.c.member).outerjoin(
            organizations, organizations.c.no == -set_aside.c.member
        )
    )
    with reader() as connection:
        rows = connection.execute(named).all()
    for member, organization, error in rows:
        click.echo(f"set aside: {member or f'organization {organization}'}: {error}", err=True)
    if rows:
        sys.exit(1)


@click.command("replay")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 with the differences.")
@with_app
def replay_(check: bool) -> None:
    """Fold every member again from the log."""
    if not check:
        number = replay.everybody(clock.now())
        _digest()
        click.echo(f"{number} folded again")
        return
    found = _tell(replay.differences())
    with reader() as connection:
        kept = replay.kept_facts(connection)
    click.echo(f"{found} differences; {kept} awards are kept as facts")
    if found:
        sys.exit(1)


@click.command("verify")
@click.option("--quick", is_flag=True, help="Without folding the log again.")
@with_app
def verify_(quick: bool) -> None:
    """Check the invariants of log and ledger; name each breach."""
    found = _tell(verify.breaches(folds=not quick))
    click.echo("no breach" if not found else f"{found} breaches")
    if found:
        sys.exit(1)


def _tell(lines: Iterable[str]) -> int:
    found = 0
    for line in lines:
        found += 1
        click.echo(line, err=True)
    return found


commands = [digest, replay_, verify_]
