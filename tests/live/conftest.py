"""A running hub that a test may kill, and the members whose pages are open."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.directory.tables import members
from hub.signals import publish
from tests.app import settings, started
from tests.databases import ROOT

#: An interpreter starts, on a machine that does other things too.
START_SECONDS = 60


@dataclass
class Running:
    """The test's site in a process of its own."""

    environment: dict[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.live.site", str(self.port)]
        self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT)
        wait_for(lambda: answers(self.url), START_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """How many seconds it took to end."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(15)
        return time.monotonic() - began


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/seen", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def wait_for(happens, seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def process_environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """What a process of the hub on this database is started with. Its clock goes."""
    wanted = settings(database_url, folder, **more)
    del wanted["HUB_NOW"]
    return {**os.environ, **wanted}


def with_members(app: Flask) -> Flask:
    with transaction() as connection:
        connection.execute(
            members.insert(), [{"no": no, "id": id_, "created_at": 0} for no, id_ in ((1, "bo"), (2, "cy"))]
        )
    return app


@pytest.fixture
def cast(app: Flask) -> Flask:
    """Bo is member 1, Cy member 2."""
    clock.set_source(None)
    return with_members(app)


@contextmanager
def started_site(environment: dict[str, str]) -> Iterator[Running]:
    """The site, running; ended afterwards, whatever happened to it."""
    site = Running(environment, free_port())
    try:
        site.start()
        yield site
    finally:
        if site.process and site.process.poll() is None:
            site.stop()


@pytest.fixture
def running(cast: Flask, database_url: str, tmp_path: Path) -> Iterator[Running]:
    assert cast
    with started_site(process_environment(database_url, tmp_path)) as site:
        yield site


@pytest.fixture
def on_sqlite(databases, tmp_path: Path) -> Iterator[Flask]:
    """The cast on SQLite only, for what does not depend on the database."""
    for app in started(databases.migrated("sqlite"), tmp_path):
        clock.set_source(None)
        yield with_members(app)


@pytest.fixture
def running_on_sqlite(on_sqlite: Flask, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    """With the settings that the test gives as its parameter."""
    url = on_sqlite.config["HUB"].database_url.render_as_string()
    with started_site(process_environment(url, tmp_path, **getattr(request, "param", {}))) as site:
        yield site


def tell(*topics: str) -> None:
    with transaction() as connection:
        publish(connection, topics, clock.now())
