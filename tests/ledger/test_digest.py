"""The digest beside others that write at the same time."""

from itertools import count
from typing import Any

import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import digest, reading, verify
from tests.club import Club, publish
from tests.slow import digesting

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
points:
  sold: {event: deal.won, for: {role: sales_rep}, award: {points: 1, for_every: 100, of: amount}}
leaderboards:
  partners: {metric: revenue, window: all, whose: organization}
"""


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


def becomes(who: str, role: str) -> None:
    """Always was."""
    record = MemberRecord(who, MemberProfile(who, None, "acme", (role,)), (), clock.instant("2026-01-01T00:00:00Z"))
    with transaction() as connection:
        members.upsert(connection, [record], clock.now())


def balance(club: Club, who: str) -> int:
    with club.looks(who) as view:
        return reading.points(view.connection, view.version, club.numbers[who], view.now).balance


def test_who_changes_while_being_folded_again_is_folded_once_more(harbor: Club, monkeypatch: pytest.MonkeyPatch):
    harbor.happens("bo", "deal.won", amount=5000)
    fold_all, changes = digest.fold_all, [lambda: becomes("bo", "sales_rep")]

    def meanwhile(*given: Any, **more: Any) -> Any:
        folding = fold_all(*given, **more)
        for change in changes:
            change()
        changes.clear()
        return folding

    becomes("bo", "marketing")
    monkeypatch.setattr(digest, "fold_all", meanwhile)
    harbor.digests()
    assert not changes
    assert balance(harbor, "bo") == 50
    assert list(verify.breaches()) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_waits_for_no_other_whoever_is_new(harbor: Club, app: Flask):
    harbor.happens("bo", "deal.won", amount=5000)
    for who in ("bo", "bea"):
        harbor.enters(who, "deal.won", "2026-11-21T09:00:00Z", amount=100)
    with digesting(app) as other:
        harbor.happens("cy", "deal.won", amount=700)
        assert balance(harbor, "cy") == 7
        assert (balance(harbor, "bo"), balance(harbor, "bea")) == (50, 0)
    assert other.result() == 2
    assert (balance(harbor, "bo"), balance(harbor, "bea")) == (51, 1)
    assert list(verify.breaches()) == []
