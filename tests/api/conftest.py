"""A hub that knows the cast and a small program, and the keys to its door."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from hub import clock
from hub.db import db, reader, transaction
from hub.identity import keys
from hub.identity.keys import KeyFault
from hub.ledger import digest, programs
from hub.ledger.tables import entries, held
from hub.signals import queue
from tests.club import DIGESTING

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won:
    attributes:
      amount: {type: number, required: true}
      deal: {type: text, required: true}
      units: {type: integer}
      paid: {type: boolean}
      signed: {type: date}
      state: {type: text, one_of: [new, old]}
  mdf.spent: {about: organization, attributes: {amount: {type: number, required: true}}}
"""

DEAL = {
    "id": "w-1001",
    "source": "crm",
    "type": "deal.won",
    "subject": "bo",
    "time": "2026-11-20T09:30:00+01:00",
    "data": {"amount": 12000, "deal": "d-77"},
}


class Door:
    """Another system that talks to the hub with a key of its own."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}

    def post(self, body: Any = None, media: str = "application/json", **headers: str) -> TestResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.client.post("/api/v1/events", **content, headers=self.headers | {"Content-Type": media} | given)

    def act(self, method: str, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        """An act, under an idempotency key where one is given."""
        under = {} if key is None else {"Idempotency-Key": key}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=self.headers | under)

    def get(self, path: str, **query: Any) -> TestResponse:
        if path == "/effects":
            other_tests_end()
        return self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)


def other_tests_end() -> None:
    """The feed tells what no running transaction of the server can come before, those of other tests' databases too:
    wait until they have ended that run now.
    """
    if db.engine.dialect.name != "postgresql":
        return
    with reader() as connection:
        coming = connection.scalar(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with reader() as connection:
            if not connection.scalar(_OTHERS, {"coming": coming}):
                return
        time.sleep(0.02)
    raise AssertionError("transactions of other tests do not end")


_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname <> current_database() AND backend_xid::text::bigint < :coming"
)


@pytest.fixture
def new_door(app: Flask, cast: dict[str, int]) -> Callable[..., Door]:
    """Opens the door with a new key: `new_door("events:write", sources=["crm"])`."""
    assert cast

    def door(*scopes: str, **bounds: Any) -> Door:
        with transaction() as connection:
            made = keys.create(connection, "test", scopes or ("events:write", "events:read"), clock.now(), **bounds)
        assert not isinstance(made, KeyFault)
        return Door(app.test_client(), made[1])

    return door


@pytest.fixture
def door(new_door: Callable[..., Door]) -> Door:
    """A key that may send and read events, and a published program."""
    publish(PROGRAM)
    return new_door()


@pytest.fixture
def worker(app: Flask) -> Iterator[None]:
    """A worker that digests what comes while the test waits for its answers."""
    stop = threading.Event()

    def work() -> None:
        with app.app_context():
            while not stop.wait(0.005):
                with DIGESTING:
                    while digest.run():
                        pass

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def publish(text: str) -> None:
    with transaction() as connection:
        published = programs.publish_text(connection, text, clock.now())
    assert not isinstance(published, list), published


def stored() -> tuple[int, int, int]:
    """How many entries there are, how many are queued, how many held."""
    with reader() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) or 0 for table in (entries, queue, held)]
    return counts[0], counts[1], counts[2]
