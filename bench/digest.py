"""Accepting and digesting, without HTTP, against the bare insert of the same events into the same table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import NamedTuple

from flask import Flask

from bench import scene
from bench.bare import insert_all
from bench.findings import Finding, Scale, timed
from bench.hubs import DATABASES, fresh, hub
from hub import clock

PEOPLE = 1_000
EVENTS, QUICK_EVENTS = 200_000, 40_000
#: Slices inserted bare, then accepted and digested, in turns.
TURN = 20
TARGET = 20.0


class Round(NamedTuple):
    """Seconds."""

    bare: float
    accepting: float
    digesting: float

    @property
    def share(self) -> float:
        return 100 * self.bare / (self.accepting + self.digesting)


def measure(scale: Scale) -> Iterator[Finding]:
    count = scale.of(EVENTS, QUICK_EVENTS)
    bodies = scene.bodies(PEOPLE, count)
    for database in DATABASES:
        rounds = [_round(database, bodies) for _ in range(scale.rounds)]
        share = median(one.share for one in rounds)
        bare, accepting, digesting = (median(column) for column in zip(*rounds, strict=True))
        told = (
            f"bare {count / bare:,.0f}/s, accept {count / accepting:,.0f}/s, digest {count / digesting:,.0f}/s,"
            f" both {count / (accepting + digesting):,.0f}/s"
        )
        yield Finding("accept and digest, of the bare insert", database, share, "%", TARGET, told=told)


def _round(database: str, bodies: list[bytes]) -> Round:
    with pair(database, PEOPLE) as (bare, whole):
        numbers = scene.people_of(bare, PEOPLE)
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
def pair(database: str, people: int) -> Iterator[tuple[Flask, Flask]]:
    """Two hubs with the same people: one for the bare insert, one for all."""
    with ExitStack() as stack:
        made = [stack.enter_context(hub(stack.enter_context(fresh(database)), scene.NOW)) for _ in ("bare", "whole")]
        for app in made:
            scene.populate(app, people)
        yield made[0], made[1]
