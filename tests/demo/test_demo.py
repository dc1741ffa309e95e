"""The demo: built through everybody's doors, the same each time, sound."""

from __future__ import annotations

from random import Random

from flask import Flask
from sqlalchemy import func, select

from hub.clock import DAY, instant
from hub.db import reader
from hub.demo import build, people, story
from hub.gamification import program
from hub.ledger import digest, verify
from hub.ledger.tables import awards

NOW = instant("2026-11-24T12:00:00+00:00")


def test_the_program_has_no_fault() -> None:
    reading = program.read(build.PROGRAM.read_bytes(), now=NOW)
    assert reading.faults == ()
    assert set(program.BUILT_IN_ROLES) == set(reading.program.homepages if reading.program else ())


def test_the_same_day_tells_the_same_story() -> None:
    def told() -> list[object]:
        random = Random(build.SEED)
        return list(story.arrivals(people.everybody(random, 60, 40), NOW, 60, random))

    first = told()
    assert first == told()
    assert len(first) > 500


def test_nothing_of_the_story_lies_ahead() -> None:
    random = Random(build.SEED)
    times = [arrival.time for arrival in story.arrivals(people.everybody(random, 90, 60), NOW, 90, random)]
    assert max(times) <= NOW + DAY // 2


def test_a_small_demo_is_digested_and_sound(app: Flask) -> None:
    with app.app_context():
        build.build(lambda _what, _number: None, number=20, days=40)
        assert build.is_built()
        assert not digest.pending()
        with reader() as connection:
            assert (connection.scalar(select(func.count()).select_from(awards)) or 0) > 20
        assert list(verify.breaches()) == []
