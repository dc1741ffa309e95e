"""A full disk: what cannot be written is refused and spoils nothing; once there is room again all goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from hub import clock
from hub.db import db, reader, transaction
from hub.identity import keys
from hub.ledger import digest, verify
from hub.ledger.tables import entries
from tests.club import Club

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: More than there is room for.
MANY = 4_000
#: Free pages: some transactions fit.
PAGES = 40


@contextmanager
def hardly_any_room(engine: Engine) -> Iterator[None]:
    """The database cannot grow much for the block, as on a disk that is full."""

    def limit(connection, *_) -> None:
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={max(pages, limit.least)}")

    with reader() as connection:
        limit.least = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + PAGES
    engine.dispose()
    event.listen(engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(engine, "connect", limit)
        engine.dispose()


@pytest.fixture
def post(app: Flask, club: Club) -> Callable[[int, int], int]:
    assert club
    app.testing = False  # what fails in a request is answered, as in production
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with transaction() as connection:
        made = keys.create(connection, "test", ("events:write",), clock.now())
    assert isinstance(made, tuple)
    client = app.test_client()

    def send(first: int, count: int) -> int:
        body = [
            {"id": f"{number:05}", "source": "crm", "type": "deal.won", "subject": "bo", "time": "2026-11-20T09:30:00Z",
             "data": {"amount": 100, "deal": str(number)}}
            for number in range(first, first + count)
        ]  # fmt: skip
        return client.post("/api/v1/events", json=body, headers={"Authorization": f"Bearer {made[1]}"}).status_code

    return send


def stored() -> int:
    with reader() as connection:
        return len(connection.execute(entries.select()).all())


def test_events_are_refused_while_the_disk_is_full_and_taken_afterwards(app: Flask, post: Callable[[int, int], int]):
    assert app
    with hardly_any_room(db.engine):
        assert post(0, 10) == 202
        assert post(1000, MANY) == 503
        assert stored() == 10
        assert post(10, 10) == 202, "there is room for little ones"
    assert post(1000, MANY) == 202
    assert stored() == 20 + MANY
    while digest.run():
        pass
    assert list(verify.breaches()) == []


def test_a_digest_that_finds_the_disk_full_loses_nothing(app: Flask, club: Club, post: Callable[[int, int], int]):
    assert app
    assert post(0, MANY) == 202
    with hardly_any_room(db.engine), pytest.raises(OperationalError, match="full"):
        club.digests()
    club.digests()
    with club.looks("bo") as view:
        assert view.connection.exec_driver_sql("SELECT SUM(balance) FROM accounts").scalar_one() == MANY
    assert list(verify.breaches()) == []
