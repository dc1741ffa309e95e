"""After an upgrade of the hub that lays states out otherwise everybody is folded anew; nothing is misread meanwhile."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from hub.db import reader, transaction
from hub.ledger import changeover, digest, measuring, reading, replay, verify
from hub.ledger.changeover import Share
from hub.ledger.tables import feed, transfers
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number}, product: {type: text}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number}}}
metrics:
  deals: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  mean: {event: deal.won, take: average, of: amount, by: product}
  spent: {event: mdf.spent, take: sum, of: amount}
points: {sold: {event: deal.won, award: 10, cap: {times: 2, per: day}}}
badges: {maker: {when: {metric: deals, at_least: 2}, points: 40}}
streaks: {daily: {event: deal.won, every: day}}
goals: {month: {metric: revenue, window: month, target: 500}}
leaderboards:
  firms: {metric: mean, window: all, whose: organization}
  cost: {metric: spent, window: all, whose: organization}
"""
#: What an earlier layout may have been like: nothing that this one could read.
EARLIER = (
    "UPDATE progress SET version = 1, state = :unreadable",
    "UPDATE progress_parts SET content = :unreadable",
    "UPDATE organization_parts SET parts = :unreadable",
)


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    harbor = Club(cast, count(1))
    for who in ("bo", "ada", "cy"):
        for day in (18, 19):
            harbor.happens(who, "deal.won", f"2026-11-{day}T09:00:00Z", amount=100 + day, product="box")
    harbor.happens("acme", "mdf.spent", amount=70)
    return harbor


def told(club: Club, who: str) -> list[Any]:
    with club.looks(who) as view:
        asked = (view.connection, view.version, club.numbers[who], view.now)
        points = reading.points(*asked)
        return [
            points.balance,
            points.earned,
            [(one.current, one.longest) for one in reading.streaks(*asked)],
            [(one.badge, len(one.awards)) for one in reading.badges(*asked)],
            [(one.actual, one.status) for one in reading.goals(*asked)],
            measuring.of_member(view.connection, club.numbers[who], "all", view.now),
            measuring.of_organization(view.connection, 1, "all", view.now),
        ]


def posted() -> int:
    """How many lines the ledger has, and the feed."""
    with reader() as connection:
        return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in (transfers, feed))


def test_what_an_earlier_hub_laid_out_otherwise_is_folded_anew(harbor: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "ANEW_SECONDS", 0.0)
    before, lines = {who: told(harbor, who) for who in ("bo", "ada", "cy")}, posted()
    with transaction() as connection:
        for statement in EARLIER:
            connection.execute(text(statement), {"unreadable": b"\xc1"})
    assert told(harbor, "bo")[:-1] == before["bo"][:-1], "folded for the purpose"
    with reader() as connection:
        assert changeover.share(connection, 1) == Share(0, 4)
        assert changeover.folded_with(connection) == {1: 4}
    told_apart = "organization acme: progress is of version 1 in layout 0, not version 1"
    assert told_apart in list(replay.differences())
    harbor.enters("bo", "deal.won", "2026-11-20T09:00:00Z", amount=1, product="box")
    digest.run()
    assert told(harbor, "bo")[0] == before["bo"][0] + 10, "who has new entries is the first"
    harbor.digests()
    assert {who: told(harbor, who)[:-1] for who in ("ada", "cy")} == {who: before[who][:-1] for who in ("ada", "cy")}
    with reader() as connection:
        assert changeover.share(connection, 1) is None
    assert posted() == lines + 2, "the new line, and that it was posted"
    assert list(verify.breaches()) == []
