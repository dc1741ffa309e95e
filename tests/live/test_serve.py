"""`hub serve` and `hub worker`: one command starts all, a killed process comes back, nothing outlives its parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.databases import ROOT, Databases
from tests.live.conftest import START_SECONDS, free_port, process_environment, wait_for


@dataclass
class Hub:
    """The `hub` command on one database."""

    environment: dict[str, str]
    url: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hub.cli", *arguments]
        process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(process)
        return process

    def workers(self) -> int:
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = connection.execute(text("SELECT count(*) FROM workers")).scalar_one()
        engine.dispose()
        return int(found)

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.terminate()
                process.wait(15)
            if process.stdout:
                process.stdout.close()


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(process_environment(database_url, tmp_path), database_url)
    yield hub
    hub.stop()


@pytest.fixture
def hub_on_sqlite(databases: Databases, tmp_path: Path) -> Iterator[Hub]:
    url = databases.migrated("sqlite")
    hub = Hub(process_environment(url, tmp_path), url)
    yield hub
    hub.stop()


def children(process: subprocess.Popen[str]) -> dict[int, str]:
    """The processes that it started, and their command of `hub`."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            stat, line = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        state, parent = stat.rsplit(")", 1)[1].split()[:2]
        if int(parent) == process.pid and state != "Z":
            # A process that was just made still has its parent's command, or none.
            found[int(folder.name)] = (line.split(b"\0") + [b""] * 4)[3].decode()
    return found


def healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def gone(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_serve_starts_all_and_stops_all(hub: Hub) -> None:
    port = free_port()
    served = hub.run("serve", "--port", str(port), "--web", "2")
    wait_for(lambda: healthy(port), START_SECONDS)
    wait_for(lambda: hub.workers() == 1, START_SECONDS)
    assert sorted(children(served).values()) == ["web", "web", "worker"]
    numbers = list(children(served))
    served.send_signal(signal.SIGTERM)
    assert served.wait(10) == 0
    assert all(gone(number) for number in numbers)
    assert hub.workers() == 0, "the worker signed off"


def test_a_process_that_is_killed_comes_back(hub_on_sqlite: Hub) -> None:
    port = free_port()
    served = hub_on_sqlite.run("serve", "--port", str(port), "--web", "1")
    wait_for(lambda: healthy(port) and len(children(served)) == 2, START_SECONDS)
    before = children(served)
    for number in before:
        os.kill(number, signal.SIGKILL)
    wait_for(lambda: len(children(served)) == 2 and not before.keys() & children(served).keys(), START_SECONDS)
    wait_for(lambda: healthy(port), START_SECONDS)


def test_nothing_outlives_a_hub_that_is_killed(hub_on_sqlite: Hub) -> None:
    port = free_port()
    served = hub_on_sqlite.run("serve", "--port", str(port), "--web", "1")
    wait_for(lambda: healthy(port) and hub_on_sqlite.workers() == 1, START_SECONDS)
    numbers = list(children(served))
    served.kill()
    wait_for(lambda: all(gone(number) for number in numbers), 10)
    again = hub_on_sqlite.run("serve", "--port", str(port), "--web", "1")
    wait_for(lambda: healthy(port) and len(children(again)) == 2, START_SECONDS)


def test_a_busy_port_is_one_line(hub_on_sqlite: Hub) -> None:
    port = free_port()
    hub_on_sqlite.run("serve", "--port", str(port), "--no-worker")
    wait_for(lambda: healthy(port), START_SECONDS)
    second = hub_on_sqlite.run("serve", "--port", str(port), "--no-worker")
    assert (
        second.communicate(timeout=START_SECONDS)[0] == f"Error: cannot listen on 127.0.0.1 port {port}: it is in use\n"
    )
    assert second.returncode == 1


def test_an_address_that_is_not_ours_is_one_line(hub_on_sqlite: Hub) -> None:
    refused = hub_on_sqlite.run("serve", "--host", "192.0.2.1")
    told = refused.communicate(timeout=START_SECONDS)[0]
    assert told.startswith("Error: cannot listen on 192.0.2.1 port 8000: ")
    assert told.count("\n") == 1
    assert refused.returncode == 1


def test_a_second_worker_is_refused_on_sqlite_until_the_first_is_dead(hub_on_sqlite: Hub) -> None:
    first = hub_on_sqlite.run("worker")
    wait_for(lambda: hub_on_sqlite.workers() == 1, START_SECONDS)
    second = hub_on_sqlite.run("worker")
    told = second.communicate(timeout=START_SECONDS)[0]
    assert told.startswith("Error: another worker digests ")
    assert told.count("\n") == 1
    assert second.returncode == 1
    first.kill()
    first.wait()
    third = hub_on_sqlite.run("worker")
    wait_for(lambda: hub_on_sqlite.workers() == 2, START_SECONDS)  # the dead one is forgotten after a minute
    third.send_signal(signal.SIGTERM)
    assert third.wait(10) == 0


def test_postgresql_has_as_many_workers_as_are_started(databases: Databases, tmp_path: Path) -> None:
    url = databases.migrated("postgresql")
    hub = Hub(process_environment(url, tmp_path), url)
    first, second = hub.run("worker"), hub.run("worker")
    wait_for(lambda: hub.workers() == 2, START_SECONDS)
    hub.stop()
    assert (first.returncode, second.returncode, hub.workers()) == (0, 0, 0)


def test_a_database_that_is_not_migrated_is_one_line(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty("sqlite")
    for command in (["serve", "--port", "0"], ["worker"]):
        refused = Hub(process_environment(url, tmp_path), url).run(*command)
        told = refused.communicate(timeout=START_SECONDS)[0]
        assert told.count("\n") == 1
        assert "run: hub db upgrade" in told
        assert refused.returncode == 1
