"""`hub worker`: digests what is pending, and runs the jobs, until it is stopped."""

from __future__ import annotations

import click
from flask import current_app

from hub.cli import Fault, with_app
from hub.cli._processes import follow_lifeline, stop_at_signal
from hub.ledger.worker import AlreadyWorking, Worker, sole


@click.command()
@click.option("--lifeline", type=int, hidden=True)
@with_app
def worker(lifeline: int | None) -> None:
    """Digest events as they come: one more worker, on any machine (PostgreSQL); on SQLite there is one at a time."""
    stop = stop_at_signal()
    follow_lifeline(lifeline)
    try:
        with sole(), current_app.extensions["jobs"].running():
            Worker(stop).run()
    except AlreadyWorking as error:
        raise Fault(str(error)) from error


commands = [worker]
