"""The homepage with five widgets, at the server: 100,000 members with 1,000,000 events, and 1,000 with 10,000."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient

from bench import scene
from bench.findings import Finding, Scale, timed
from bench.hubs import DATABASES, ROOT, hub, kept
from hub import clock
from hub.db import transaction
from hub.identity import sessions
from hub.identity.sessions import Proof
from hub.identity.viewers import KEPT_AS

PEOPLE, QUICK_PEOPLE = 100_000, 10_000
FEW = 1_000
EVENTS_EACH = 10
LOOKED_AT = 40
TARGET_MS = 10
TARGET_MORE = 20.0

#: What a kept database is made by: whatever it holds, in the form in which it holds it.
_MADE_BY = (
    "bench/scene.py", "bench/program.yaml", "hub/gamification/progress.py", "hub/gamification/counting.py",
    "hub/ledger/tables.py", "hub/ledger/writing.py", "hub/ledger/rollup.py", "hub/directory/tables.py",
    "hub/identity/tables.py", "hub/db.py",
)  # fmt: skip


class Looked(NamedTuple):
    """Milliseconds, of each page."""

    many: list[float]
    few: list[float]


def measure(scale: Scale) -> Iterator[Finding]:
    people = scale.of(PEOPLE, QUICK_PEOPLE)
    for database in DATABASES:
        with ExitStack() as stack:
            many, few = (stack.enter_context(hub(built(database, size), scene.NOW)) for size in (people, FEW))
            found = _look(_pages(many, people), _pages(few, FEW), scale.rounds)
        at_many, at_few = median(found.many), median(found.few)
        told = f"{people:,} members, {people * EVENTS_EACH:,} events, five widgets"
        yield Finding("homepage, median", database, at_many, "ms", TARGET_MS, most=True, told=told)
        more = 100 * (at_many / at_few - 1)
        told = f"{at_few:.1f} ms at {FEW:,} members"
        yield Finding("homepage, more than at 1,000 members", database, more, "%", TARGET_MORE, most=True, told=told)


def built(database: str, people: int) -> str:
    """A club in which everybody has done something, accepted and digested like any other."""

    def build(url: str) -> None:
        with hub(url, scene.NOW) as app:
            scene.populate(app, people)
            with app.app_context():
                scene.accept_all(scene.bodies(people, people * EVENTS_EACH))
                scene.digest_all()
                scene.require_digested()

    made_by = [Path(ROOT / name).read_text(encoding="utf-8") for name in _MADE_BY]
    return kept(database, f"club_{people}", made_by, build)


def _pages(app: Flask, people: int) -> list[FlaskClient]:
    """The browsers of some members, signed in, each with today's visit behind it."""
    known = scene.people_of(app, people)
    pages = []
    for name in Random(1).sample(sorted(known), LOOKED_AT):
        client = app.test_client()
        with app.app_context(), transaction() as connection:
            token = sessions.open_(connection, known[name].no, Proof("demo"), "", clock.now())
        with client.session_transaction() as session:
            session[KEPT_AS] = token
        _get(client)
        pages.append(client)
    return pages


def _look(many: list[FlaskClient], few: list[FlaskClient], rounds: int) -> Looked:
    """In turns, page by page."""
    looked = Looked([], [])
    for _ in range(rounds):
        for one, other in zip(many, few, strict=True):
            looked.many.append(1000 * timed(_get, one))
            looked.few.append(1000 * timed(_get, other))
    return looked


def _get(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200, answer.status
    assert answer.get_data(as_text=True).count("<section") >= 5
