"""Merging: two members turn out to be one person, and all reads as if everything had happened to that one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup, members
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.preferences import Preferences
from hub.gamification.faults import Fault
from hub.ledger import acts, arrivals, log, merging, programs, replay, verify
from hub.ledger.arrivals import Verdict
from hub.ledger.tables import accounts, awards, entries, held, progress, transfers
from tests.app import NOW
from tests.club import Club, publish
from tests.databases import Databases
from tests.ledger import crowd as crowds
from tests.ledger.crowd import Crowd, Door, append, change, crowd, digest_all, hub_of, says

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}, deal: {type: text}}}
metrics:
  deals: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
points:
  won: {event: deal.won, award: 100, once_per: deal, cap: {times: 3, per: day}}
badges:
  seller: {metric: deals, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 3}], points: 10}
  single: {when: {all: [{metric: deals, at_least: 1}]}, until: 2026-11-21, points: 7}
streaks:
  daily: {event: deal.won, every: day}
goals:
  quarter: {metric: deals, window: quarter, target: 4, reward: {points: 50}}
leaderboards:
  top: {metric: revenue, window: month}
levels:
  starter: {at: 0}
  pro: {at: 300}
"""


@pytest.fixture
def program() -> tuple[str, str]:
    """What is published, and when."""
    return NOW, PROGRAM


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int], program: tuple[str, str]) -> Club:
    """Bo is in the hub twice: as `bo`, and as `bo2` from another system."""
    assert app
    at, text = program
    clock.set_source(at)
    record = MemberRecord("bo2", MemberProfile("Bo Lind", "bo@acme.example", "globex"), ("sso:bo",), clock.now() - 1)
    with transaction() as connection:
        members.upsert(connection, [record], clock.now())
        number = lookup.members(connection, ["bo2"])["bo2"].no
    publish(text)
    return Club(cast | {"bo2": number}, count(1))


def merges(name: str, into: str) -> int | Fault:
    with transaction() as connection:
        return merging.merge(connection, name, into, "operator", clock.now())


def arrives(kind: str, subject: str, **data: Any) -> Verdict:
    sent = {"id": "sent", "source": "crm", "type": kind, "subject": subject, "time": "2026-11-21T09:00:00Z"}
    arrival = arrivals.read(sent | {"data": data}, clock.now(), lambda *_: True)
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        [verdict] = log.append(connection, [arrival], version.program.events, clock.now())
    return verdict


def sound() -> None:
    assert list(verify.breaches()) == []


@pytest.fixture
def door(app: Flask, harbor: Club) -> Door:
    assert harbor
    return Door(app)


def test_a_merged_member_stands_as_if_all_had_happened_to_one(harbor: Club, door: Door):
    harbor.happens("bo", "deal.won", "2026-11-20T09:00:00Z", amount=100, deal="a")
    harbor.happens("bo2", "deal.won", "2026-11-21T09:00:00Z", amount=200, deal="b")
    harbor.happens("bo2", "deal.won", "2026-11-22T09:00:00Z", amount=400, deal="a")
    assert isinstance(merges("bo2", "bo"), int)
    harbor.digests()
    bo = door.get("/members/bo")
    assert bo["id"] == door.get("/members/bo2")["id"] == door.get("/members/sso:bo")["id"] == "bo"
    # Deal a counts once; the same Bronze was earned twice and is one, Silver came with the third deal.
    assert bo["points"] == {"balance": 100 + 100 + 10 + 10 + 7, "earned": 227}
    assert [(badge["tier"], badge["earned_at"]) for badge in bo["badges"] if badge["badge"] == "seller"] == [
        ("Bronze", "2026-11-20T09:00:00Z"),
        ("Silver", "2026-11-22T09:00:00Z"),
    ]
    assert bo["streaks"][0]["longest"] == 3
    board = door.get("/leaderboards/top", window="2026-11")
    assert [(row["id"], row["score"]) for row in board["items"]] == [("bo", 700)]
    sound()


def test_the_ledger_takes_back_from_the_one_and_posts_to_the_other(harbor: Club):
    harbor.happens("bo2", "deal.won", amount=200, deal="b")
    merges("bo2", "bo")
    harbor.digests()
    with reader() as connection:
        of = dict(connection.execute(select(accounts.c.member, accounts.c.balance)).all())
        lines = connection.execute(
            select(transfers.c.member, transfers.c.kind, func.count()).group_by(transfers.c.member, transfers.c.kind)
        ).all()
        left = connection.scalars(select(progress.c.member)).all()
    bo, bo2 = harbor.numbers["bo"], harbor.numbers["bo2"]
    assert (of[bo], of[bo2]) == (117, 0)
    assert sorted(map(tuple, lines)) == sorted(
        [(bo, "points", 1), (bo, "bonus", 2), (bo2, "points", 1), (bo2, "bonus", 2), (bo2, "correction", 3)]
    )
    assert bo2 not in left
    sound()


def test_an_award_of_the_one_that_is_not_derived_any_more_is_kept(harbor: Club):
    harbor.happens("bo2", "deal.won", "2026-11-20T09:00:00Z", amount=200, deal="b")
    with reader() as connection:
        number = connection.scalar(select(awards.c.no).where(awards.c.badge == "single"))
    # A profile of the other one decides from now on, and by it the badge would not have been earned.
    publish(PROGRAM.replace("until: 2026-11-21", "until: 2026-11-21, for: {organization: globex}"))
    harbor.digests()
    merges("bo2", "bo")
    harbor.digests()
    with reader() as connection:
        row = connection.execute(select(awards).where(awards.c.badge == "single")).one()
    assert (row.no, row.member, row.kept) == (number, harbor.numbers["bo"], "merged")
    sound()


def test_what_waits_of_both_is_folded_as_if_it_had_come_one_by_one(harbor: Club):
    harbor.enters("bo2", "deal.won", "2026-11-20T09:00:00Z", amount=200, deal="b")
    harbor.enters("bo", "deal.won", "2026-11-20T10:00:00Z", amount=100, deal="a")
    merges("bo2", "bo")
    harbor.enters("bo2", "deal.won", "2026-11-20T11:00:00Z", amount=100, deal="c")
    harbor.enters("bo", "deal.won", "2026-11-20T12:00:00Z", amount=100, deal="d")
    harbor.digests()
    with reader() as connection:
        bo = connection.scalar(select(accounts.c.balance).where(accounts.c.member == harbor.numbers["bo"]))
    assert bo == 3 * 100 + 20 + 7 + 50
    sound()


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
def test_an_event_known_before_the_merge_is_taken_back_after_it(harbor: Club, at_once: bool):
    harbor.enters("bo2", "deal.won", "2026-11-20T09:00:00Z", amount=200, deal="b")
    if not at_once:
        harbor.digests()
    merges("bo2", "bo")
    if not at_once:
        harbor.digests()
    assert arrives("event.reversed", "", source="crm", id="1").status == "accepted"
    harbor.digests()
    with reader() as connection:
        bo = connection.scalar(select(accounts.c.balance).where(accounts.c.member == harbor.numbers["bo"]))
    assert bo == 17, "the badges are facts"
    sound()


def test_an_award_ended_by_hand_is_not_earned_again_by_a_merge(harbor: Club):
    harbor.happens("bo2", "deal.won", "2026-11-20T09:00:00Z", amount=200, deal="b")
    with reader() as connection:
        number = connection.scalar(select(awards.c.no).where(awards.c.badge == "single"))
    assert number
    with transaction() as connection:
        assert isinstance(acts.revoke(connection, number, "a mistake", "key/k", clock.now()), int)
    harbor.digests()
    merges("bo2", "bo")
    harbor.digests()
    with reader() as connection:
        assert connection.scalar(select(awards.c.no).where(awards.c.badge == "single")) is None
    sound()


def test_events_held_for_the_one_are_the_others(harbor: Club):
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["bo2"], "operator", None, clock.now())
    assert arrives("deal.won", "sso:bo", amount=5).code == "inactive_member"
    merges("bo2", "bo")
    harbor.digests()
    with reader() as connection:
        assert connection.scalar(select(func.count()).select_from(held)) == 0
        owner = connection.scalar(select(entries.c.member).where(entries.c.id == "sent"))
    assert owner == harbor.numbers["bo"]
    sound()


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
def test_who_was_merged_into_may_be_merged_too(harbor: Club, at_once: bool):
    def digests() -> None:
        if not at_once:
            harbor.digests()

    for hour, who in enumerate(("bo2", "bo", "bea")):
        harbor.enters(who, "deal.won", f"2026-11-20T{10 + hour}:00:00Z", amount=100, deal=who)
    digests()
    merges("bo2", "bo")
    digests()
    merges("bo", "bea")
    harbor.digests()
    with reader() as connection:
        balances = dict(connection.execute(select(accounts.c.member, accounts.c.balance)).all())
        assert {known.id for known in lookup.members(connection, ["bo2", "bo", "sso:bo", "lms:4711"]).values()} == {
            "bea"
        }
    assert balances[harbor.numbers["bea"]] == 300 + 20 + 7
    assert [no for no, balance in balances.items() if no and balance] == [harbor.numbers["bea"]]
    sound()


@pytest.mark.parametrize(
    ("name", "into", "path", "code"),
    [
        ("nobody", "bo", "from", "unknown_member"),
        ("bo", "nobody", "into", "unknown_member"),
        ("bo", "bo", "into", "self"),
        ("bo", "lms:4711", "into", "self"),
        ("gone", "bea", "from", "merged"),
        ("bo", "gone", "into", "self"),
        ("bo", "cy", "into", "inactive"),
    ],
)
def test_what_cannot_be_merged_is_said_and_changes_nothing(harbor: Club, name: str, into: str, path: str, code: str):
    with transaction() as connection:
        members.upsert(connection, [MemberRecord("gone", MemberProfile("Gone"))], clock.now())
        members.deactivate(connection, harbor.numbers["cy"], "operator", None, clock.now())
    assert isinstance(merges("gone", "bo"), int)
    with reader() as connection:
        before = connection.scalar(select(func.count()).select_from(entries))
    fault = merges(name, into)
    assert isinstance(fault, Fault)
    assert (fault.path, fault.code) == (path, code)
    with reader() as connection:
        assert connection.scalar(select(func.count()).select_from(entries)) == before


def test_a_new_version_takes_over_after_a_merge(harbor: Club):
    harbor.happens("bo2", "deal.won", "2026-11-20T09:00:00Z", amount=200, deal="b")
    merges("bo2", "bo")
    publish(PROGRAM.replace("award: 100", "award: 200"))
    harbor.digests()
    assert list(replay.differences()) == []
    sound()


FORTNIGHT = "{from: 2026-11-01, until: 2026-11-15}"
CLOSING = PROGRAM.replace(
    "leaderboards:\n",
    f"leaderboards:\n  past: {{metric: revenue, window: {FORTNIGHT}, prizes: [{{rank: 1, points: 500}}]}}\n",
).replace(
    "goals:\n", f"goals:\n  fortnight: {{metric: deals, window: {FORTNIGHT}, target: 1, reward: {{points: 50}}}}\n"
)


@pytest.mark.parametrize("program", [("2026-11-10T10:00:00Z", CLOSING)], ids=[""])
@pytest.mark.parametrize("both", [False, True], ids=["alone", "both"])
def test_what_is_final_is_hers_the_better_one_of_two(harbor: Club, door: Door, both: bool):
    harbor.happens("bo2", "deal.won", "2026-11-09T09:00:00Z", amount=200, deal="b")
    harbor.happens("bea", "deal.won", "2026-11-09T09:00:00Z", amount=100, deal="c")
    if both:
        harbor.happens("bo", "deal.won", "2026-11-09T09:30:00Z", amount=50, deal="d")
    clock.set_source("2026-11-23T10:00:00Z")
    harbor.digests()
    before = door.get("/members/bo2")["points"]["balance"] + door.get("/members/bo")["points"]["balance"]
    merges("bo2", "bo")
    harbor.digests()
    rows = door.get("/leaderboards/past", window="2026-11-01/2026-11-15")["items"]
    assert [(row["rank"], row["id"]) for row in rows] == [(1, "bo"), (2, "bea")]
    # The prize is hers; of the same badges and the same goal she has one.
    twice = 10 + 7 + 50 if both else 0
    assert door.get("/members/bo")["points"]["balance"] == before - twice
    goals_then = door.get("/members/bo/goals", window="2026-11-01/2026-11-15")["items"]
    assert [(one["goal"], one["status"]) for one in goals_then] == [("fortnight", "reached")]
    sound()


def test_who_is_merged_is_signed_out(harbor: Club, signed_in: Callable[[str], FlaskClient], cast: dict[str, int]):
    cast["bo2"] = harbor.numbers["bo2"]
    browser = signed_in("bo2")
    assert browser.get("/points").status_code == 200
    merges("bo2", "bo")
    assert browser.get("/points").status_code == 302


def test_who_stood_on_no_board_as_the_one_stands_on_none_as_both(harbor: Club):
    with transaction() as connection:
        chosen = Preferences(time_zone="Asia/Tokyo", unlisted=True)
        assert members.prefer(connection, harbor.numbers["cy"], chosen, clock.now()) == []
    with reader() as connection:
        before = members.profile_at(connection, harbor.numbers["bo"], clock.now())
    assert before
    assert before.listed
    assert isinstance(merges("cy", "bo"), int)
    with transaction() as connection:
        assert members.profile_at(connection, harbor.numbers["bo"], clock.now()) == replace(before, listed=False)
        members.upsert(connection, [MemberRecord("bo", before)], clock.now())
        told = members.profile_at(connection, harbor.numbers["bo"], clock.now())
    assert told == replace(before, listed=False), "an import does not put her back"


def test_the_command_merges_and_says_what_is_wrong(harbor: Club, hub: Callable[..., tuple[int, str, str]]):
    harbor.happens("bo2", "deal.won", amount=200, deal="b")
    assert hub("members", "merge", "bo2", "bo") == (0, "bo2 is bo from now on.\n", "")
    status, _, error = hub("members", "merge", "bo2", "bea")
    assert status == 1
    assert "'bo2' was merged before, and is 'bo' now" in error
    assert hub("digest")[0] == hub("verify")[0] == hub("replay", "--check")[0] == 0


# -------------------------------------------------------------------------------------------------------- many of them


def halves(told: Crowd, seed: int) -> tuple[Crowd, list[tuple[str, str]]]:
    """The same crowd, a third of whom other systems know as somebody else too: some of what happens to each happens to
    that one.
    """
    random = Random(seed)
    doubled = [f"m{number}" for number in range(0, len(told.people), 3)]
    twins = [MemberRecord(f"twin of {id_}", MemberProfile("Twin", None, "o1")) for id_ in doubled]
    some = [
        one._replace(subject=f"twin of {one.subject}") if one.subject in doubled and random.random() < 0.5 else one
        for one in told.arrivals
    ]
    pairs = [(twin.id, id_) for twin, id_ in zip(twins, doubled, strict=True)]
    return Crowd(
        told.organizations, [*told.people, *twins], told.newcomers, told.changes, told.targets, some, told.reversals
    ), pairs


def test_a_crowd_of_twins_comes_to_the_same_as_if_there_had_never_been_any(databases: Databases, tmp_path: Path):
    told = crowd(700, seed=5, people=24)
    split, pairs = halves(told, 5)
    with hub_of(databases.migrated("sqlite"), tmp_path / "one", told) as app:
        crowds.in_order(told)
        alone = says(app, told)
    with hub_of(databases.migrated("sqlite"), tmp_path / "two", split) as app:
        change([*split.newcomers, *split.changes])
        append(split.reversals)
        order = sorted(split.arrivals, key=lambda one: (one.time, one.source, one.id))
        append(order[: len(order) // 2])
        digest_all()
        for name, into in pairs[::2]:
            assert isinstance(merges(name, into), int)
        append(order[len(order) // 2 :])
        for name, into in pairs[1::2]:
            assert isinstance(merges(name, into), int)
        digest_all()
        sound()
        together = says(app, told)
    unkept = set(alone.members) - together.kept
    assert {id_ for id_ in unkept if id_ in dict(map(reversed, pairs))}, "some of the merged have nothing kept"
    for id_ in unkept:
        assert together.members[id_] == alone.members[id_]
    assert together.others == alone.others
