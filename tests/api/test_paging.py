"""Paging through a board while scores change: whoever began to page sees the board of that moment, each member once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members, organizations
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.ledger import former
from hub.ledger.tables import former_values, watched_values
from tests.api.conftest import Door
from tests.api.test_members import found, refused
from tests.app import JANUARY, NOW
from tests.club import Club, publish
from tests.slow import digesting

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
leaderboards:
  top: {metric: revenue, window: month}
  dense: {metric: revenue, window: month, ties: dense}
  lowest: {metric: revenue, window: month, direction: lowest}
  strong: {metric: revenue, window: month, minimum: 3}
  reps: {metric: revenue, window: month, for: {role: sales_rep}}
  regions: {metric: revenue, window: month, among: region}
  partners: {metric: revenue, window: month, whose: organization}
"""
PEOPLE, FIRMS = 24, 10
REGIONS = ("emea", "apac")
BOARDS = pytest.mark.parametrize(
    ("board", "asked"),
    [
        *((key, {}) for key in ("top", "dense", "lowest", "strong", "reps", "partners")),
        ("regions", {"among": "emea"}),
    ],
)

Rows = list[dict[str, Any]]


@pytest.fixture
def crowd(app: Flask, cast: dict[str, int]) -> Club:
    """People of ten firms, most of whom have sold something."""
    assert app
    firms = [
        OrganizationRecord(f"f{n}", OrganizationProfile(f"Firm {n}", region=REGIONS[n % 2]), JANUARY)
        for n in range(FIRMS)
    ]
    people = [
        MemberRecord(f"m{n:02}", MemberProfile(f"Member {n}", None, f"f{n % FIRMS}", ("sales_rep",)), (), JANUARY)
        for n in range(PEOPLE)
    ]
    with transaction() as connection:
        organizations.upsert(connection, firms, JANUARY)
        members.upsert(connection, people, JANUARY)
    publish(PROGRAM)
    club = Club(cast, count(1))
    change(club, Random(7), 40)
    return club


def change(club: Club, random: Random, times: int = 12) -> None:
    """So many sales, some of them late, some taking away from what was sold."""
    for _ in range(times):
        at = f"2026-11-{random.randrange(1, 20):02}T{random.randrange(24):02}:{random.randrange(60):02}:00Z"
        club.enters(f"m{random.randrange(PEOPLE):02}", "deal.won", at, amount=random.randrange(-3, 7))
    club.digests()


@pytest.fixture
def door(new_door: Callable[..., Door], crowd: Club) -> Door:
    assert crowd
    return new_door("members:read")


def whole(door: Door, board: str, **asked: Any) -> Rows:
    return list(found(door, f"/leaderboards/{board}", limit=500, **asked)["items"])


def pages(door: Door, board: str, limit: int = 7, **asked: Any) -> Iterator[Rows]:
    """Page after page, each when it is asked for."""
    cursor = {}
    while True:
        page = found(door, f"/leaderboards/{board}", limit=limit, **asked, **cursor)
        yield page["items"]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


@BOARDS
def test_pages_are_of_the_moment_at_which_paging_began(door: Door, crowd: Club, board: str, asked: dict[str, str]):
    random = Random(1)
    before = whole(door, board, **asked)
    rows: Rows = []
    for page in pages(door, board, 3, **asked):
        rows += page
        change(crowd, random)
    assert rows == before
    assert before != whole(door, board, **asked)
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids) >= 6


def test_the_total_is_that_of_the_moment_too(door: Door, crowd: Club):
    first = found(door, "/leaderboards/top", limit=7)
    newcomer = next(f"m{n:02}" for n in range(PEOPLE) if f"m{n:02}" not in [row["id"] for row in whole(door, "top")])
    crowd.happens(newcomer, "deal.won", amount=100)
    second = found(door, "/leaderboards/top", limit=7, cursor=first["next"])
    assert second["total"] == first["total"] == found(door, "/leaderboards/top")["total"] - 1


def test_each_who_pages_has_a_moment_of_her_own(door: Door, crowd: Club):
    random = Random(2)
    begun: list[tuple[Rows, Iterator[Rows], Rows]] = []
    for _ in range(3):
        paging = pages(door, "top", 5)
        begun.append((whole(door, "top"), paging, list(next(paging))))
        change(crowd, random)
    for _ in range(PEOPLE // 5 + 1):
        for _, paging, rows in begun:
            rows += next(paging, [])
        change(crowd, random, 6)
    for before, _, rows in begun:
        assert rows == before


def test_an_ended_window_that_is_not_final_is_paged_alike(door: Door, crowd: Club):
    clock.set_source("2026-12-02T10:00:00Z")
    random = Random(3)
    for board, asked in (("reps", {}), ("partners", {}), ("regions", {"among": "apac"})):
        before = whole(door, board, window="2026-11", **asked)
        rows: Rows = []
        for page in pages(door, board, 4, window="2026-11", **asked):
            rows += page
            change(crowd, random)
        assert rows == before
        assert before != whole(door, board, window="2026-11", **asked)
        assert len(rows) >= 6


def test_a_board_that_becomes_final_meanwhile_is_paged_to_its_end(door: Door, crowd: Club):
    clock.set_source("2026-12-03T22:55:00Z")
    before = whole(door, "top", window="2026-11")
    paging = pages(door, "top", window="2026-11")
    rows = list(next(paging))
    change(crowd, Random(4))
    clock.set_source("2026-12-03T23:01:00Z")
    crowd.digests()
    assert found(door, "/leaderboards/top", window="2026-11")["final"] is True
    for page in paging:
        rows += page
    assert rows == before


def test_a_final_board_is_paged_for_ever(door: Door, crowd: Club):
    clock.set_source("2026-12-04T10:00:00Z")
    crowd.digests()
    first = found(door, "/leaderboards/top", window="2026-11", limit=7)
    assert first["final"] is True
    clock.set_source("2026-12-05T10:00:00Z")
    second = found(door, "/leaderboards/top", window="2026-11", limit=500, cursor=first["next"])
    assert first["items"] + second["items"] == whole(door, "top", window="2026-11")
    with reader() as connection:
        assert connection.execute(select(watched_values)).all() == []


def test_who_steps_out_is_not_shown_on_a_later_page(door: Door, crowd: Club):
    assert crowd
    first = found(door, "/leaderboards/top", limit=7)
    last = whole(door, "top")[-1]["id"]
    profile = MemberProfile("Out", None, "f1", ("sales_rep",), listed=False)
    with transaction() as connection:
        members.upsert(connection, [MemberRecord(last, profile)], clock.now())
    second = found(door, "/leaderboards/top", limit=500, cursor=first["next"])
    assert last not in [row["id"] for row in second["items"]]


def test_a_cursor_is_good_for_a_quarter_of_an_hour(door: Door, crowd: Club):
    first = found(door, "/leaderboards/top", limit=7)
    rest = found(door, "/leaderboards/top", limit=500, cursor=first["next"])["items"]
    clock.set_source("2026-11-23T10:14:59Z")
    former.forget(clock.now())
    change(crowd, Random(5))
    assert found(door, "/leaderboards/top", limit=500, cursor=first["next"])["items"] == rest
    clock.set_source("2026-11-23T10:15:00Z")
    refused(door.get("/leaderboards/top", cursor=first["next"]), 422, "cursor", "cursor")


def test_what_nobody_pages_through_is_not_kept(door: Door, crowd: Club):
    change(crowd, Random(6))
    found(door, "/leaderboards/top", limit=500)
    assert kept() == (0, 0)
    found(door, "/leaderboards/top", limit=5)
    assert kept() == (1, 0)
    crowd.happens("m00", "deal.won", "2026-10-20T09:00:00Z", amount=5)
    assert kept() == (1, 0)
    change(crowd, Random(6))
    assert kept()[1] > 0
    clock.set_source("2026-11-23T10:40:00Z")
    former.forget(clock.now())
    assert kept() == (0, 0)
    change(crowd, Random(6))
    assert kept() == (0, 0)


def test_a_watch_that_lapsed_is_another_one(door: Door, crowd: Club):
    first = found(door, "/leaderboards/top", limit=5)
    clock.set_source("2026-11-23T10:31:00Z")
    change(crowd, Random(6))
    found(door, "/leaderboards/top", limit=5)
    clock.set_source(NOW)
    refused(door.get("/leaderboards/top", cursor=first["next"]), 422, "cursor", "cursor")


def kept() -> tuple[int, int]:
    """How many boards' values are watched, and how many former ones are kept."""
    with reader() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table)) for table in (watched_values, former_values)
        ]
    return counts[0] or 0, counts[1] or 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_begins_waits_for_writers_that_do_not_know_of_her(app: Flask, door: Door, crowd: Club):
    crowd.enters("m00", "deal.won", "2026-11-19T23:00:00Z", amount=1000)

    def first_page() -> Any:
        with app.app_context():
            return found(door, "/leaderboards/top", limit=5)

    with ThreadPoolExecutor(1) as threads:
        with digesting(app):
            asked = threads.submit(first_page)
            crowd.digests()  # nobody else is kept waiting
        first = asked.result()
    change(crowd, Random(8))
    second = found(door, "/leaderboards/top", limit=500, cursor=first["next"])
    ids = [row["id"] for row in first["items"] + second["items"]]
    assert ids[0] == "m00"
    assert len(set(ids)) == len(ids) == first["total"]
