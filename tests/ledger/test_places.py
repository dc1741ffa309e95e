"""Places in the log that are no entries: what the hub learned of a member counts from when it was learned.

An award is a fact as people were shown it, however long it took to digest what led to it.
"""

from itertools import count

import pytest
from flask import Flask
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members, targets
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.targets import TargetRecord
from hub.ledger import arrivals, log, programs, replay, verify
from hub.ledger.tables import awards
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
metrics:
  deals: {event: deal.won, take: count}
badges:
  seller: {when: {metric: deals, at_least: 2}, for: {role: sales_rep}, points: 5}
  aimer: {}
goals:
  some: {metric: deals, window: quarter, target: 9, reward: {badge: aimer}}
"""


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    clock.set_source("2026-11-23T07:00:00Z")
    publish(PROGRAM)
    return Club(cast, count(1))


def wins(club: Club, at: str) -> None:
    """At that moment, told at once and not digested yet."""
    clock.set_source(at)
    sent = {"id": str(next(club.ids)), "source": "crm", "type": "deal.won", "subject": "bo", "time": at}
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        arrival = arrivals.read(sent | {"data": {"amount": 1}}, clock.now(), lambda *_: True)
        log.append(connection, [arrival], version.program.events, clock.now())


def was_always(at: str, role: str) -> None:
    """At that moment it is told that Bo has been something else all the time."""
    clock.set_source(at)
    profile = MemberProfile("Bo Lind", None, "acme", (role,), "Europe/Berlin", "de")
    record = MemberRecord("bo", profile, (), clock.instant("2026-01-01T00:00:00Z"))
    with transaction() as connection:
        members.upsert(connection, [record], clock.now())


def shall(at: str, target: str) -> None:
    clock.set_source(at)
    with transaction() as connection:
        targets.upsert(connection, [TargetRecord("some", "bo", "2026-Q4", target)], clock.now())


def held(club: Club) -> list[tuple[str, str | None]]:
    t = awards.c
    with reader() as connection:
        query = select(t.badge, t.kept).where(t.member == club.numbers["bo"], t.kind == "badge").order_by(t.badge)
        return [tuple(row) for row in connection.execute(query)]


def sound() -> None:
    assert list(verify.breaches()) == []
    assert list(replay.differences()) == []


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
def test_what_was_earned_before_a_profile_was_corrected_is_kept(harbor: Club, at_once: bool):
    def digests() -> None:
        if not at_once:
            harbor.digests()

    wins(harbor, "2026-11-23T09:00:00Z")
    wins(harbor, "2026-11-23T10:00:00Z")
    digests()
    was_always("2026-11-23T11:00:00Z", "marketing")
    digests()
    wins(harbor, "2026-11-23T12:00:00Z")
    harbor.digests()
    assert held(harbor) == [("seller", "profile")]
    sound()


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
def test_what_comes_after_a_correction_goes_by_it(harbor: Club, at_once: bool):
    wins(harbor, "2026-11-23T09:00:00Z")
    was_always("2026-11-23T11:00:00Z", "marketing")
    if not at_once:
        harbor.digests()
    wins(harbor, "2026-11-23T12:00:00Z")
    harbor.digests()
    assert held(harbor) == []
    was_always("2026-11-23T13:00:00Z", "sales_rep")
    harbor.digests()
    assert held(harbor) == [("seller", None)]
    sound()


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
def test_an_imported_target_counts_from_its_import(harbor: Club, at_once: bool):
    def digests() -> None:
        if not at_once:
            harbor.digests()

    shall("2026-11-23T08:00:00Z", "1")
    digests()
    wins(harbor, "2026-11-23T09:00:00Z")
    digests()
    shall("2026-11-23T10:00:00Z", "5")
    digests()
    wins(harbor, "2026-11-23T11:00:00Z")
    harbor.digests()
    assert held(harbor) == [("aimer", "profile"), ("seller", None)]
    sound()
