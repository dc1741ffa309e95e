"""Identity providers for tests: real ones, in processes of their own, and one that forges whatever it is told to."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from flask import Flask
from werkzeug.serving import make_server

from hub.db import transaction
from hub.directory import assignments, members, organizations
from tests.app import JANUARY, LOOKED_AFTER, ORGANIZATIONS, PEOPLE, started
from tests.databases import ROOT, Databases

HERE = Path(__file__).parent
#: Node reads some hundred files, on a machine that does other things too.
START_SECONDS = 60

Start = Callable[..., Flask]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def node(script: Path, *arguments: str, answers: str) -> Iterator[None]:
    """A program of Node that runs once `answers` does."""
    process = subprocess.Popen(
        ["node", str(script), *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    output: list[str] = []
    assert process.stdout
    reading = Thread(target=lambda lines: output.extend(lines), args=(process.stdout,), daemon=True)
    reading.start()
    try:
        until = monotonic() + START_SECONDS
        while not _is_there(answers):
            assert process.poll() is None, f"{script.name} ended; `make venv` sets it up:\n{''.join(output)}"
            assert monotonic() < until, f"{script.name} does not answer:\n{''.join(output)}"
            sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(15)
        reading.join(15)
        process.stdout.close()


def _is_there(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def openid_provider(port: int, clients: list[dict[str, Any]], people: dict[str, dict[str, Any]]) -> Iterator[str]:
    """npm's oidc-provider; its issuer. Another host than the hub's, so that browsers take it for another site."""
    settings = json.dumps({"port": port, "clients": clients, "people": people})
    with node(HERE / "oidc.mjs", settings, answers=f"http://127.0.0.1:{port}/.well-known/openid-configuration"):
        yield f"http://localhost:{port}"


@contextmanager
def served(app: Flask, port: int) -> Iterator[str]:
    """The app, served by threads; where."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def start(databases: Databases, tmp_path: Path) -> Iterator[Start]:
    """A hub on SQLite with these settings, which knows the cast: `start(HUB_OIDC_ACME_ISSUER=...)`. Once a test."""
    with ExitStack() as stack:

        def begin(**more: str) -> Flask:
            app = stack.enter_context(contextmanager(started)(databases.migrated("sqlite"), tmp_path, **more))
            with transaction() as connection:
                organizations.upsert(connection, ORGANIZATIONS, JANUARY)
                members.upsert(connection, PEOPLE, JANUARY)
                assignments.upsert(connection, LOOKED_AFTER, JANUARY)
            return app

        yield begin
