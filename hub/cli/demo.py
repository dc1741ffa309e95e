"""`hub demo`: a hub with people and months of events in a database of its own, served."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import click
from dotenv import load_dotenv

from config import Config
from hub import create_app
from hub.cli import Fault
from hub.demo import build


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--no-serve", is_flag=True, help="Only build it.")
def demo(host: str, port: int, no_serve: bool) -> None:
    """A demo hub: program, organizations, members, months of events; then serves it."""
    load_dotenv()
    os.environ.setdefault("HUB_ENV", "development")
    os.environ.setdefault("HUB_DEMO", "on")
    os.environ.setdefault("DATABASE_URL", "sqlite:///instance/demo.db")
    _upgrade()
    with create_app(Config.load()).app_context():
        _fill()
    if not no_serve:
        command = [sys.executable, "-m", "hub.cli", "serve", "--host", host, "--port", str(port)]
        os.execv(sys.executable, command)  # noqa: S606 - becomes `hub serve`, so that signals reach it


def _upgrade() -> None:
    done = subprocess.run([sys.executable, "-m", "hub.cli", "db", "upgrade"], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def _fill() -> None:
    try:
        if build.is_built():
            return
    except build.NotEmpty:
        raise Fault("DATABASE_URL: the database holds another hub; the demo wants an empty one") from None
    began = time.monotonic()
    build.build(lambda what, number: click.echo(f"\r{number:,} {what}   ", nl=False, err=True))
    click.echo(f"\rThe demo was made in {time.monotonic() - began:.0f} s.", err=True)


commands = [demo]
