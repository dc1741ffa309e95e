"""`hub serve`: web and worker processes on one machine. `hub web` is what it starts; nobody else needs it."""

from __future__ import annotations

import errno
import os
import socket
import time

import click

from config import Config
from hub import create_app
from hub.cli import Fault, with_app
from hub.cli._processes import Child, follow_lifeline, keep, stop_at_signal
from hub.db import db
from hub.ledger.worker import AlreadyWorking, sole
from hub.live.front import Front
from hub.live.server import BACKLOG
from hub.live.server import serve as serve_web

PROCESSES = 64
#: The worker of a hub that was just killed finishes its batch first.
PATIENCE_SECONDS = 5.0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--web",
    "processes",
    type=click.IntRange(1, PROCESSES),
    help="Web processes. [default: half the processors, at most 4]",
)
@click.option("--no-worker", is_flag=True, help="Web processes only; `hub worker` digests.")
@with_app
def serve(host: str, port: int, processes: int | None, no_worker: bool) -> None:
    """Serve the hub: web processes and a worker, on one machine."""
    stop = stop_at_signal()
    with listen(host, port) as listening:
        if not no_worker:
            _wait_for_turn()
        db.engine.dispose()
        lifeline, held = os.pipe()
        click.echo(f"The hub is at {_address(listening)} (Ctrl-C stops it).")
        keep(_children(processes or _default_processes(), not no_worker, listening, lifeline), stop)
        os.close(held)


@click.command(hidden=True)
@click.option("--socket", "file", required=True, type=int)
@click.option("--lifeline", type=int)
def web(file: int, lifeline: int | None) -> None:
    """One web process, on a socket that it is given."""
    follow_lifeline(lifeline)
    serve_web(Front(create_app(Config.load())), socket.socket(fileno=file))


def listen(host: str, port: int) -> socket.socket:
    """The socket that all web processes share. It listens from here on, so nobody is turned away while one starts."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        reason = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise Fault(f"cannot listen on {host} port {port}: {reason}") from error
    return listening


def _wait_for_turn() -> None:
    """Until no other worker has the database; Fault where one goes on."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with sole():
                return
        except AlreadyWorking as error:
            if time.monotonic() > until:
                raise Fault(f"{error} (hub serve --no-worker serves beside it)") from error
            time.sleep(0.1)


def _default_processes() -> int:
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def _children(processes: int, worker: bool, listening: socket.socket, lifeline: int) -> list[Child]:
    file = listening.fileno()
    serving = ["web", "--socket", str(file), "--lifeline", str(lifeline)]
    children = [Child(f"web process {i + 1}", serving, (file, lifeline)) for i in range(processes)]
    if worker:
        children.append(Child("worker", ["worker", "--lifeline", str(lifeline)], (lifeline,)))
    return children


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


commands = [serve, web]
