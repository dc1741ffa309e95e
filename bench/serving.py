"""A hub that serves: `hub serve` in processes of its own, on a free port, stopped at the end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from bench.hubs import HUB, ROOT, settings
from hub import clock
from hub.db import transaction
from hub.identity import keys

PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Served:
    """Where it is, and the process that keeps the others."""

    port: int
    process: int

    def megabytes(self, command: str) -> float:
        """What the process of that command has in memory."""
        return next(_megabytes(child) for child in _children(self.process) if command in _command(child))


@contextmanager
def serving(url: str, *options: str, now: str | None = None) -> Iterator[Served]:
    command = [*HUB, "serve", "--port", "0", *options]
    environment = {**os.environ, **settings(url, now)}
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout
        told = process.stdout.readline()
        address = next(word for word in told.split() if word.startswith("http://"))
        served = Served(urlsplit(address).port or 0, process.pid)
        # It listens before it serves: the first answer says that it does.
        connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_SECONDS)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.close()
        yield served
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def key(app: Flask) -> str:
    """The text of a key that may send any event."""
    with app.app_context(), transaction() as connection:
        made = keys.create(connection, "bench", ["events:write"], clock.now())
    assert isinstance(made, tuple), made
    return made[1]


def headers(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _command(process: int) -> list[str]:
    return Path(f"/proc/{process}/cmdline").read_text().split("\0")


def _megabytes(process: int) -> float:
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
