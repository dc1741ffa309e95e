"""What an event for one of 20,000 active members costs when there are many more members, and when there is a long log.

Accepted and digested in both hubs in turns. Those who only joined, and what was stored before, are written straight
into the tables: what is measured is how their number slows down what comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from flask import Flask
from sqlalchemy import text

from bench import rank, scene
from bench.findings import Finding, Scale, timed
from bench.hubs import DATABASES, ROOT, copied, hub, kept
from hub.db import on_sqlite, transaction

ACTIVE, QUICK_ACTIVE = 20_000, 2_000
REGISTERED, QUICK_REGISTERED = 1_000_000, 50_000
STORED, QUICK_STORED = 10_000_000, 200_000
FEW_STORED, QUICK_FEW_STORED = 100_000, 2_000
EVENTS, QUICK_EVENTS = 60_000, 20_000
#: Slices in one hub, then in the other.
TURN = 4
TARGET = 1.2

_MADE_BY = ("bench/growth.py", "bench/rank.py", "bench/scene.py", "bench/program.yaml", "hub/ledger/tables.py")


def measure(scale: Scale) -> Iterator[Finding]:
    active, registered = scale.of(ACTIVE, QUICK_ACTIVE), scale.of(REGISTERED, QUICK_REGISTERED)
    few, many = scale.of(FEW_STORED, QUICK_FEW_STORED), scale.of(STORED, QUICK_STORED)
    bodies = scene.bodies(active, scale.of(EVENTS, QUICK_EVENTS))
    for database in DATABASES:
        small = _club(database, active)
        large = _club(database, active, idle=registered - active)
        told = f"{registered:,} members of {active:,}"
        yield Finding(
            "an event, with more members", database, _times(database, bodies, small, large), "times", TARGET, True, told
        )
        short, long = (_club(database, active, stored=stored) for stored in (few, many))
        told = f"{many:,} events stored of {few:,}"
        yield Finding(
            "an event, with a longer log", database, _times(database, bodies, short, long), "times", TARGET, True, told
        )


def _times(database: str, bodies: list[bytes], small: str, large: str) -> float:
    """How many times as long the same events take in the larger one: the median of the turns."""
    with ExitStack() as stack:
        apps = [
            stack.enter_context(hub(stack.enter_context(copied(database, url)), scene.NOW)) for url in (small, large)
        ]
        turns = [bodies[start : start + TURN] for start in range(0, len(bodies), TURN)]
        spent = [[_seconds(app, turn) for app in apps] for turn in turns]
        return median(many / few for few, many in spent[1:])


def _seconds(app: Flask, bodies: list[bytes]) -> float:
    with app.app_context():
        return timed(scene.accept_all, bodies) + timed(scene.digest_all)


def _club(database: str, active: int, idle: int = 0, stored: int = 0) -> str:
    def build(url: str) -> None:
        with hub(url, scene.NOW) as app:
            scene.populate(app, active)
            if idle:
                rank.fill(app, idle, first=2 * active)
            with app.app_context():
                _store(active, stored)

    made_by = [Path(ROOT / name).read_text(encoding="utf-8") for name in _MADE_BY]
    return kept(database, f"growth_{active}_{idle}_{stored}", made_by, build)


#: One call after another of all who are active, before all that is measured.
_ROWS = """
INSERT INTO entries (source, id, type, subject, time, "offset", data, received_at, known_at, member)
SELECT 'old', 'old-' || n, 'call.logged', 'm', :began + n, 60, :data, :began, :began, 1 + n % :active
FROM {numbers}
"""
_DATA = '{"minutes":10}'
_NUMBERS_SQLITE = "(WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :stored) SELECT n FROM c)"
_NUMBERS_POSTGRES = "generate_series(1, CAST(:stored AS bigint)) AS c (n)"


def _store(active: int, stored: int) -> None:
    if stored:
        with transaction() as connection:
            numbers = _NUMBERS_SQLITE if on_sqlite(connection) else _NUMBERS_POSTGRES
            values = {"data": _DATA, "began": scene.JOINED, "active": active, "stored": stored}
            connection.execute(text(_ROWS.format(numbers=numbers)), values)
