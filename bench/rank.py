"""A rank among 1,000,000 members, and the top ten.

The members' values are written straight into the tables: what is measured is the reading, and a million members take
hours to come to them. Ranks and top come as a page asks for them, with how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

from flask import Flask

from bench import scene
from bench.findings import Finding, Scale, timed
from bench.hubs import DATABASES, ROOT, hub, kept
from hub import clock
from hub.db import reader, transaction
from hub.directory.tables import members, present
from hub.gamification.ranking import order_key
from hub.ledger import boards, bulk, programs
from hub.ledger.tables import member_values

PEOPLE, QUICK_PEOPLE = 1_000_000, 100_000
ASKED = 20
BOARD, METRIC, WINDOW = "top_points", "points_earned", "2026-11"
RANK_MS = 60
TOP_MS = 5

#: Somebody has joined the usual way: one organization, and the numbers before FIRST.
FIRST = 100
A_TIME = 20_000
_MADE_BY = ("bench/rank.py", "bench/scene.py", "bench/program.yaml", "hub/ledger/tables.py", "hub/directory/tables.py")


def measure(scale: Scale) -> Iterator[Finding]:
    people = scale.of(PEOPLE, QUICK_PEOPLE)
    for database in DATABASES:
        with hub(_built(database, people), scene.NOW) as app, app.app_context():
            who = Random(1).sample(range(FIRST, FIRST + people), ASKED)
            ranks = [_milliseconds(member, limit=1) for _ in range(scale.rounds) for member in who]
            tops = [_milliseconds(None, limit=10) for _ in range(scale.rounds) for _ in who]
        told = f"{people:,} members; the slowest {max(ranks):.1f} ms"
        yield Finding("rank and neighbours", database, median(ranks), "ms", RANK_MS, most=True, told=told)
        yield Finding("top ten", database, median(tops), "ms", TOP_MS, most=True, told=f"{people:,} members")


def _milliseconds(member: int | None, limit: int) -> float:
    now = clock.now()
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        return 1000 * timed(boards.board, connection, version, BOARD, member, now, limit=limit)


def _built(database: str, people: int) -> str:
    def build(url: str) -> None:
        with hub(url, scene.NOW) as app:
            scene.populate(app, scene.PEOPLE_EACH)
            fill(app, people)

    made_by = [Path(ROOT / name).read_text(encoding="utf-8") for name in _MADE_BY]
    return kept(database, f"ranks_{people}", made_by, build)


def fill(app: Flask, people: int, first: int = FIRST) -> None:
    """Members with these numbers, and points of theirs, straight into the tables."""
    chance = Random(1)
    numbers = iter(range(first, first + people))
    person = ("member", "name", "name_folded", "organization", "roles", "tags", "listed", "active")
    value = ("member", "metric", "window", "value", "changed_at", "changed_source", "changed_id")
    with app.app_context():
        for some in iter(lambda: list(islice(numbers, A_TIME)), []):
            with transaction() as connection:
                bulk.insert(connection, members, ("no", "id", "created_at"), [(no, f"r{no:08}", 0) for no in some])
                rows = [(no, f"Member {no}", f"member {no}", 1, "|sales_rep|", "", True, True) for no in some]
                bulk.insert(connection, present, person, rows)
                # Most have little, few have much, many have the same.
                points = [int(chance.paretovariate(1.2) * 40) for _ in some]
                standing = [
                    (no, METRIC, WINDOW, order_key(earned), scene.BEGAN + no % 9_973, "crm", f"crm-{no:08}")
                    for no, earned in zip(some, points, strict=True)
                ]
                bulk.insert(connection, member_values, value, standing)
