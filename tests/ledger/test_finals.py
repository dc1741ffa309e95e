"""What is final stays, whatever comes late, is taken back, learned or published afterwards; and replay agrees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members, organizations
from hub.directory.members import MemberRecord
from hub.ledger import digest, replay, verify
from hub.ledger.arrivals import Arrival
from hub.ledger.tables import final_boards, final_goals, finals, goals_reached
from tests.app import started
from tests.club import publish
from tests.databases import DIALECTS, Databases
from tests.ledger import crowd, drafts

#: So many days an event may come after it happened.
LATE = (0, 0, 0, 1, 3, 10, 40)
Step = Arrival | MemberRecord | None


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("seed", [0, 6])
def test_what_is_final_stays(databases: Databases, tmp_path: Path, dialect: str, seed: int) -> None:
    random = Random(seed)
    told = crowd.crowd(100, seed=seed, people=5, firms=2)
    program = rewarding(random)
    for _ in started(databases.migrated(dialect), tmp_path):
        clock.set_source(clock.moment(crowd.SINCE).isoformat())
        with transaction() as connection:
            organizations.upsert(connection, told.organizations, crowd.JANUARY)
            members.upsert(connection, told.people, crowd.JANUARY)
        publish(drafts.text(program))
        before: set[Any] = set()
        for number, (at, step) in enumerate(steps(random, told)):
            clock.set_source(clock.moment(at).isoformat())
            take(step, program, Random(seed * 1_000 + number))
            for _ in range(random.choice([0, 0, 0, 1, 2, 30])):
                digest.run()
            now = set(final())
            assert before <= now, sorted(before - now, key=str)[:3]
            before = now
        crowd.digest_all()
        assert len(before) > 20
        assert list(verify.breaches(folds=False)) == []
        assert list(replay.differences()) == []


def rewarding(random: Random) -> drafts.Sections:
    """The crowd's program with final windows, and with what they give."""
    program = drafts.base()
    program["program"] |= {"live_from": "2026-09-01", "grace": random.choice(["0h", "24h", "72h", "336h"])}
    goals = program["goals"]
    goals["month_revenue"] |= {"target": 9000, "reward": {"points": 50}}
    goals["weekly"] = {"metric": "assets_seen", "window": "week", "target": 2, "reward": {"points": 3}}
    goals["few"] = {
        "metric": "deals_closed", "window": "month", "target": 1, "direction": "at_most", "reward": {"points": 7},
    }  # fmt: skip
    program["leaderboards"]["weeks"]["prizes"] = [{"rank": 1, "points": 30}, {"rank": 2, "points": 10}]
    return program


def steps(random: Random, told: crowd.Crowd) -> list[tuple[int, Step]]:
    """When the hub hears of what; None: another version is published."""
    found: list[tuple[int, Step]] = [(random.randrange(crowd.SINCE, crowd.UNTIL), None) for _ in range(3)]
    found += [(random.randrange(crowd.SINCE, crowd.UNTIL), row) for row in (*told.newcomers, *told.changes)]
    for sent in (*told.arrivals, *told.reversals):
        found.append((sent.time + random.choice(LATE) * clock.DAY + random.randrange(clock.DAY), sent))
    return sorted(found, key=lambda one: one[0])


def take(step: Step, program: drafts.Sections, random: Random) -> None:
    if isinstance(step, Arrival):
        crowd.append([step])
    elif step is not None:
        crowd.change([step])
    else:
        for change in random.sample(drafts.CHANGES, 3):
            change(program, random)
        publish(drafts.text(program))


def final() -> Iterator[tuple[Any, ...]]:
    """All that final windows say, and who reached what in them."""
    with reader() as connection:
        closed = {(row.key, row.window) for row in connection.execute(select(finals)) if row.kind == "goal"}
        for table in (final_boards, final_goals):
            yield from ((table.name, *row) for row in connection.execute(select(table)))
        for row in connection.execute(select(goals_reached)):
            if (row.goal, row.window) in closed:
                yield (row.member, row.goal, row.window, row.points, row.badge)
