"""Writers that commit late: numbers and instants are taken in one order, and become visible in another."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.ledger import arrivals, digest, log, programs, verify
from hub.ledger.tables import awards, entries
from hub.signals import queue
from tests.club import publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-11-23}
events:
  csat.answered: {attributes: {score: {type: integer, required: true}}}
metrics:
  answers: {event: csat.answered, take: count}
  satisfaction: {event: csat.answered, take: average, of: score}
points:
  answer: {event: csat.answered, award: {points: 1, for_every: 1, of: score}}
badges:
  content: {when: {metric: satisfaction, at_least: 4}}
  busy: {metric: answers, tiers: [{name: One, at_least: 1}, {name: Four, at_least: 4}], points: 10}
"""
EARLY, LATE = "2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z"


def write(connection: Any, key: str, time: str, score: int, known_at: int | None = None) -> None:
    now = clock.now() if known_at is None else known_at
    sent = {
        "id": key,
        "source": "crm",
        "type": "csat.answered",
        "subject": "bo",
        "time": time,
        "data": {"score": score},
    }
    version = programs.newest(connection)
    assert version
    [verdict] = log.append(connection, [arrivals.read(sent, now, lambda *_: True)], version.program.events, now)
    assert verdict.status == "accepted", verdict


def answers(key: str, time: str, score: int, known_at: int | None = None) -> None:
    with transaction() as connection:
        write(connection, key, time, score, known_at)


def digest_all() -> None:
    while digest.run():
        pass


def standing() -> dict[str, str | None]:
    """Which awards stand, and why those do that the log no longer gives."""
    with reader() as connection:
        rows = connection.execute(select(awards.c.key, awards.c.kept)).all()
        return {row.key: row.kept for row in rows}


def sound() -> None:
    assert list(verify.breaches()) == []
    with reader() as connection:
        assert connection.execute(select(queue)).all() == []


@pytest.mark.usefixtures("cast")
def test_what_was_known_earlier_counts_as_known_earlier_though_it_is_digested_later(app: Flask):
    assert app
    publish(PROGRAM)
    now = clock.now()
    answers("second", EARLY, 1, known_at=now)
    digest_all()
    # Taken in before the other, by a process that committed later: after it alone Bo was content.
    answers("first", LATE, 5, known_at=now - 1000)
    digest_all()
    assert standing() == {"badge/content/": "late", "badge/busy/One": None}
    sound()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_writer_that_holds_its_transaction_open_loses_nothing(app: Flask, cast: dict[str, int]):
    assert app
    assert cast
    publish(PROGRAM)
    with transaction() as connection:
        write(connection, "first", LATE, 5)
        for key in "abc":
            answers(key, EARLY, 1)
            digest_all()
        assert standing() == {"badge/busy/One": None}
    digest_all()
    assert standing() == {"badge/content/": "late", "badge/busy/One": None, "badge/busy/Four": None}
    with reader() as connection:
        assert list(connection.scalars(select(entries.c.id).order_by(entries.c.no))) == ["first", *"abc"]
    sound()
