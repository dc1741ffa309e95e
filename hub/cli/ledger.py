"""`hub digest`, `hub replay`, `hub verify`: the ledger worked, folded again, checked."""

from __future__ import annotations

import sys
import time

import click
from sqlalchemy import delete, select

from hub import clock
from hub.cli import with_app
from hub.db import reader, transaction
from hub.directory.tables import members
from hub.ledger import digest as digests
from hub.ledger import worker
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
    try:
        with worker.sole():
            while digests.run():
                pass
    except worker.AlreadyWorking:
        _wait()
    _report()


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
    with reader() as connection:
        rows = connection.execute(
            select(members.c.id, set_aside.c.error).join(members, members.c.no == set_aside.c.member)
        ).all()
    for name, error in rows:
        click.echo(f"set aside: {name}: {error}", err=True)
    if rows:
        sys.exit(1)


commands = [digest]
