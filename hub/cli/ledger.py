"""`hub digest`, `hub replay`, `hub verify`: the ledger worked, folded again, checked."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import delete, func, select

from hub import clock
from hub.cli import with_app
from hub.cli._faults import count
from hub.db import reader, transaction
from hub.directory.tables import members, organizations
from hub.ledger import changeover, programs, replay, verify, worker
from hub.ledger import digest as digests
from hub.ledger.tables import set_aside
from hub.signals import fold_again, queue

WAIT_SECONDS = 0.05
SHOW_SECONDS = 0.5


@click.command()
@click.option("--retry", is_flag=True, help="Try members that were set aside again.")
@with_app
def digest(retry: bool) -> None:
    """Process everything pending, then exit; with a worker running, wait until nothing is pending."""
    if retry:
        _bring_back()
    digest_all()
    _report()


def digest_all() -> None:
    """Process everything pending, or wait until the worker has."""
    with _progress() as show:
        try:
            with worker.sole():
                # On PostgreSQL other workers may still have what this one does not find.
                _until_done(digests.run, show)
        except worker.AlreadyWorking:
            _until_done(lambda: 0, show)


def _until_done(run: Callable[[], int], show: Callable[[], None]) -> None:
    while True:
        done = run()
        if not done and not digests.pending():
            return
        show()
        if not done:
            time.sleep(WAIT_SECONDS)


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """Shows on a terminal what waits, and how far a new version of the program is; elsewhere nothing."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task, told_at = progress.add_task("digesting"), float("-inf")

        def show() -> None:
            nonlocal told_at
            if console.is_terminal and time.monotonic() - told_at >= SHOW_SECONDS:
                progress.update(task, description=_what_waits())
                told_at = time.monotonic()

        yield show


def _what_waits() -> str:
    with reader() as connection:
        entries = connection.scalar(select(func.count()).select_from(queue)) or 0
        version = programs.newest(connection)
        share = None if version is None else changeover.share(connection, version.number)
    recalculating = "" if share is None else f", recalculating, {share.percent} %"
    return f"digesting: {count(entries, 'event')} waiting{recalculating}"


def _bring_back() -> None:
    now = clock.now()
    with transaction() as connection:
        who = connection.scalars(select(set_aside.c.member)).all()
        connection.execute(delete(set_aside))
        fold_again(connection, who, now)


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
        digest_all()
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
