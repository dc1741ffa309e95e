"""`hub demo`: a hub with people and months of events in a database of its own, served."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config import HOME, Config, environment, made
from hub import create_app
from hub.cli import Fault
from hub.cli.db import migrate
from hub.cli.serve import listen
from hub.db import db, transaction
from hub.demo import build
from hub.demo.build import Report, Scale
from hub.demo.people import MEMBERS
from hub.ledger.worker import AlreadyWorking, sole

_WORDS = {"events": "telling nine months of events", "digested": "working out what they earned"}
_LEAST_MEMBERS = 8


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--no-serve", is_flag=True, help="Only make it.")
@click.option("--fresh", is_flag=True, help="Forget the demo of earlier starts and make a new one, as of today.")
@click.option("--members", default=MEMBERS, type=click.IntRange(_LEAST_MEMBERS, MEMBERS), hidden=True)
@click.option("--days", default=build.DAYS, type=click.IntRange(30, build.DAYS), hidden=True)
def demo(host: str, port: int, no_serve: bool, fresh: bool, members: int, days: int) -> None:
    """A demo hub: program, organizations, members, months of events; then serves it."""
    own = _settle()
    if fresh and own is None:
        raise Fault("--fresh is for the demo's own database; this one is DATABASE_URL's: empty it yourself")
    if not no_serve and port:
        # Found out now, not after a minute's work.
        listen(host, port).close()
    with create_app(Config.load()).app_context():
        try:
            _make(own if fresh else None, Scale(members, days))
        finally:
            db.engine.dispose()
    if no_serve:
        return
    click.echo("Sign in as Bo Lind. Open /demo beside the homepage to play the CRM, and see it move.")
    command = [sys.executable, "-m", "hub.cli", "serve", "--host", host, "--port", str(port)]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - becomes `hub serve`, so that signals reach it


def _settle() -> Path | None:
    """Settings where none are given, for this process and those it starts; -> the demo's own database file."""
    known = environment()
    if known.get("HUB_ENV") == "production":
        raise Fault("HUB_ENV: the demo lets anybody be anybody; it is not for production")
    for name, value in (("HUB_ENV", "development"), ("HUB_DEMO", "on")):
        os.environ.setdefault(name, known.get(name) or value)
    if known.get("DATABASE_URL") or known.get("DATABASE_URL_FILE"):
        return None
    file = made(Path(known.get("HUB_INSTANCE") or HOME / "instance").absolute()) / "demo.db"
    os.environ["DATABASE_URL"] = f"sqlite:///{file}"
    return file


def _make(forget: Path | None, scale: Scale) -> None:
    try:
        with sole():
            if forget is not None:
                _forget(forget)
            _fill(scale)
    except AlreadyWorking as error:
        raise Fault(f"{error}: is the demo running already?") from error
    except build.NotEmpty:
        raise Fault("DATABASE_URL: this database holds something else; the demo wants an empty one") from None


def _forget(file: Path) -> None:
    db.engine.dispose()
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)


def _fill(scale: Scale) -> None:
    began, known = time.monotonic(), build.is_built()
    with transaction() as connection:
        migrate(connection)
    with _progress() as report:
        events = build.build(report, scale)
    if not known or events:
        told = f"{events:,} {'more ' if known else ''}events"
        click.echo(f"The demo is made: {told}, in {time.monotonic() - began:.0f} s.")


@contextmanager
def _progress() -> Iterator[Report]:
    """Shows on a terminal how far it is; elsewhere nothing."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("calling the people together", total=None)

        def report(what: str, done: int, total: int) -> None:
            progress.update(task, description=_WORDS[what], completed=done, total=total)

        yield report


commands = [demo]
