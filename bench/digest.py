"""Accepting and digesting, without HTTP, against the bare insert of the same events into the same table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from flask import Flask

from bench import scene
from bench.bare import insert_all
from bench.findings import Finding, Scale, timed
from bench.hubs import DATABASES, ROOT, copied, hub, kept
from hub import clock

#: Slices inserted bare, then accepted and digested, in turns.
TURN = 20
#: Of the rate without late events.
TARGET_LATE = 200 / 3


class Case(NamedTuple):
    """`late`: the share of events that come late. `target`: per cent of the bare insert."""

    name: str
    program: Path
    people: int
    events: int
    target: float | None
    quick_people: int = 1_000
    late: float = 0.0


CASES = (
    Case("10 rules, 1,000 members", scene.PROGRAM, 1_000, 200_000, 20.0),
    Case("20 rules, 1,000 members", scene.FULL_PROGRAM, 1_000, 100_000, 25.0),
    Case("20 rules, 5 % late", scene.FULL_PROGRAM, 1_000, 100_000, None, late=0.05),
    Case("20 rules, 100,000 members", scene.FULL_PROGRAM, 100_000, 100_000, 12.0, quick_people=10_000),
)
QUICK_EVENTS = 40_000
_MADE_BY = ("bench/scene.py", "hub/directory/tables.py", "hub/ledger/tables.py", "hub/db.py")


class Round(NamedTuple):
    """Seconds."""

    bare: float
    accepting: float
    digesting: float

    @property
    def share(self) -> float:
        return 100 * self.bare / (self.accepting + self.digesting)


def measure(scale: Scale) -> Iterator[Finding]:
    for database in DATABASES:
        before = 0.0
        for case in CASES:
            finding = _measure(scale, database, case)
            yield finding
            if case.late:
                # The case before it is the same without late events.
                share = 100 * finding.measured / before
                yield Finding("5 % late, of the rate without", database, share, "%", TARGET_LATE)
            before = finding.measured


def _measure(scale: Scale, database: str, case: Case) -> Finding:
    count, people = scale.of(case.events, QUICK_EVENTS), scale.of(case.people, case.quick_people)
    bodies = scene.bodies(people, count, case.late)
    rounds = [_round(database, bodies, people, case.program) for _ in range(scale.rounds)]
    share = median(one.share for one in rounds)
    bare, accepting, digesting = (median(column) for column in zip(*rounds, strict=True))
    told = (
        f"bare {count / bare:,.0f}/s, accept {count / accepting:,.0f}/s, digest {count / digesting:,.0f}/s,"
        f" both {count / (accepting + digesting):,.0f}/s"
    )
    return Finding(f"of the bare insert, {case.name}", database, share, "%", case.target, told=told)


def _round(database: str, bodies: list[bytes], people: int, program: Path) -> Round:
    with pair(database, people, program) as (bare, whole):
        numbers = scene.people_of(bare, people)
        now = clock.now()
        spent = [0.0, 0.0, 0.0]
        for start in range(0, len(bodies), TURN):
            turn = bodies[start : start + TURN]
            slices = [scene.rows(body, numbers, now) for body in turn]
            with bare.app_context():
                spent[0] += timed(insert_all, slices)
            with whole.app_context():
                spent[1] += timed(scene.accept_all, turn)
                spent[2] += timed(scene.digest_all)
        with whole.app_context():
            scene.require_digested()
        return Round(*spent)


@contextmanager
def pair(database: str, people: int, program: Path = scene.PROGRAM) -> Iterator[tuple[Flask, Flask]]:
    """Two hubs with the same people: one for the bare insert, one for all."""
    with ExitStack() as stack:
        url = populated(database, people, program)
        made = [stack.enter_context(hub(stack.enter_context(copied(database, url)), scene.NOW)) for _ in range(2)]
        yield made[0], made[1]


def populated(database: str, people: int, program: Path = scene.PROGRAM) -> str:
    """A kept club that nothing has happened in."""

    def build(url: str) -> None:
        with hub(url, scene.NOW) as app:
            scene.populate(app, people, program)

    made_by = [Path(ROOT / name).read_text(encoding="utf-8") for name in _MADE_BY]
    return kept(database, f"people_{people}", [*made_by, program.read_text(encoding="utf-8")], build)
