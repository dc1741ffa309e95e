"""Pauses through the door: a member's streaks rest for some days, once for the same days."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import pauses, replay, verify
from hub.ledger.tables import entries, held
from tests.api.conftest import Door
from tests.api.test_members import found, refused
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events: {deal.won: {}}
streaks:
  daily: {event: deal.won, every: day, freezes: {start: 1}}
  weekly: {event: deal.won, every: week}
"""
TODAY = date(2026, 11, 23)


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


@pytest.fixture
def door(new_door: Callable[..., Door], harbor: Club) -> Door:
    assert harbor
    return new_door("members:write", "members:read", "events:read")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.api.pauses.WAIT_SECONDS", 0)


def paused(door: Door, member: str = "bo", **body: Any) -> Any:
    return door.client.post(f"/api/v1/members/{member}/pauses", json=body, headers=door.headers)


def days(first: int, last: int) -> dict[str, str]:
    """From so many days ahead to so many."""
    return {"from": (TODAY + timedelta(first)).isoformat(), "to": (TODAY + timedelta(last)).isoformat()}


def entered() -> tuple[int, int]:
    """How many pauses are in the log, and how many entries are held."""
    with reader() as connection:
        kind = select(func.count()).where(entries.c.type == "hub.streak.paused")
        return connection.scalar(kind) or 0, connection.scalar(select(func.count()).select_from(held)) or 0


def daily(door: Door) -> Any:
    return next(one for one in found(door, "/members/bo")["streaks"] if one["streak"] == "daily")


@pytest.mark.usefixtures("worker")
def test_a_pause_is_an_entry_of_the_hub_and_bridges_its_days(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", "2026-11-22T10:00:00+01:00")
    assert daily(door)["at_risk"]
    answer = paused(door, streak="daily", **days(0, 4))
    assert answer.status_code == 201, answer.text
    told = answer.json
    assert told == {
        "id": "pause/bo/daily/2026-11-23/2026-11-27",
        "ref": told["ref"],
        "at": "2026-11-23T10:00:00Z",
        "member": "bo",
        "streak": "daily",
        "from": "2026-11-23",
        "to": "2026-11-27",
    }
    event = found(door, f"/events/{told['ref']}")
    assert (event["source"], event["type"], event["subject"]) == ("hub", "hub.streak.paused", "bo")
    assert event["effects"] == [{"kind": "pause", "streak": "daily", "from": "2026-11-23", "to": "2026-11-27"}]
    stands = daily(door)
    assert (stands["current"], stands["freezes"], stands["at_risk"]) == (1, 1, False)
    # Over are the pause, and a day saved by the freeze, and one more.
    assert (stands["alive_until"], stands["paused_until"]) == ("2026-11-29T23:00:00Z", "2026-11-27")
    assert stands["periods"][-2:] == [
        {"from": "2026-11-22", "state": "counted"},
        {"from": "2026-11-23", "state": "paused"},
    ]
    other = next(one for one in found(door, "/members/bo")["streaks"] if one["streak"] == "weekly")
    assert other["paused_until"] is None
    assert list(verify.breaches()) == []
    assert list(replay.differences()) == []


@pytest.mark.usefixtures("worker")
def test_without_a_streak_all_are_paused(door: Door):
    told = paused(door, **days(0, 13)).json
    assert (told["id"], told["streak"]) == ("pause/bo//2026-11-23/2026-12-06", None)
    assert {one["paused_until"] for one in found(door, "/members/bo")["streaks"]} == {"2026-12-06"}


@pytest.mark.usefixtures("no_waiting")
def test_the_same_pause_is_entered_once_also_when_it_has_begun(door: Door):
    first = paused(door, streak="daily", **days(0, 4))
    assert first.status_code == 202, "no worker has digested it"
    clock.set_source("2026-11-25T10:00:00Z")
    again = paused(door, "lms:4711", streak="daily", **days(0, 4))
    assert (again.status_code, again.json) == (200, first.json)
    assert entered() == (1, 0)
    assert paused(door, streak="weekly", **days(2, 4)).status_code == 202


@pytest.mark.usefixtures("no_waiting")
def test_a_pause_begins_today_at_the_earliest_on_the_members_own_calendar(door: Door):
    refused(paused(door, **days(-1, 4)), 422, "from", "past")
    assert paused(door, **days(0, 0)).status_code == 202
    with transaction() as connection:
        kim = MemberRecord("kim", MemberProfile("Kim", time_zone="Pacific/Kiritimati"))
        members.upsert(connection, [kim], clock.now())
    refused(paused(door, "kim", **days(0, 4)), 422, "from", "past")
    assert paused(door, "kim", **days(1, 4)).status_code == 202
    clock.set_source("2026-11-23T22:59:59Z")
    assert paused(door, **days(0, 1)).status_code == 202
    clock.set_source("2026-11-23T23:00:00Z")
    refused(paused(door, **days(0, 2)), 422, "from", "past")


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"from": "2026-11-24", "to": "2026-11-23"}, "to", "order"),
        ({"from": "2026-02-30", "to": "2026-11-23"}, "from", "date"),
        ({"from": "2026-11-24", "to": "tomorrow"}, "to", "date"),
        ({"from": "2026-11-24", "to": "9999-12-31"}, "to", "date"),
        ({"from": "2026-11-24", "to": None}, "to", "type"),
        ({"from": 20261124, "to": "2026-11-25"}, "from", "type"),
        ({"to": "2026-11-25"}, "", "type"),
        (days(0, 366), "to", "too_large"),
        (days(367, 368), "from", "too_large"),
        ({"streak": "dayly", **days(0, 1)}, "streak", "unknown"),
        ({"streak": "", **days(0, 1)}, "streak", "unknown"),
        ({"until": "2026-11-25", **days(0, 1)}, "", "type"),
    ],
)
def test_what_is_no_pause_names_the_field_and_changes_nothing(door: Door, body: Any, path: str, code: str):
    refused(paused(door, **body), 422, path, code)
    assert entered() == (0, 0)


@pytest.mark.usefixtures("no_waiting")
def test_a_year_is_long_enough_and_far_enough(door: Door):
    assert paused(door, **days(0, 365)).status_code == 202
    assert paused(door, **days(366, 366)).status_code == 202


@pytest.mark.usefixtures("no_waiting")
def test_only_so_many_pauses_are_planned(door: Door):
    for each in range(pauses.MAX_PLANNED):
        assert paused(door, **days(each, each)).status_code == 202
    refused(paused(door, **days(50, 50)), 422, "from", "limit")
    assert paused(door, **days(3, 3)).status_code == 200, "known already"
    assert paused(door, "ada", **days(50, 50)).status_code == 202
    clock.set_source("2026-11-24T10:00:00Z")
    assert paused(door, **days(50, 50)).status_code == 202, "one is over"


@pytest.mark.usefixtures("no_waiting")
def test_whom_a_key_does_not_see_it_does_not_pause(door: Door, new_door: Callable[..., Door]):
    assert paused(door, "nobody", **days(0, 1)).status_code == 404
    acme = new_door("members:write", organization="acme")
    assert paused(acme, "cy", **days(0, 1)).status_code == 404
    assert paused(acme, "bo", **days(0, 1)).status_code == 202
    assert paused(new_door("members:read"), "bo", **days(0, 1)).status_code == 403
    assert entered() == (1, 0)


@pytest.mark.usefixtures("no_waiting")
def test_who_is_not_active_is_not_paused(door: Door, harbor: Club):
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["bo"], "test", None, clock.now())
    refused(paused(door, **days(0, 1)), 422, "member", "inactive")
    assert entered() == (0, 0)


@pytest.mark.usefixtures("no_waiting")
def test_a_member_with_a_very_long_id_is_paused_too(door: Door):
    long = "m" * 255
    with transaction() as connection:
        members.upsert(connection, [MemberRecord(long, MemberProfile("Em"))], clock.now())
    first = paused(door, long, **days(0, 1))
    assert first.status_code == 202
    assert first.json["id"].startswith("pause/no/")
    assert paused(door, long, **days(0, 1)).json == first.json


def test_nobody_else_may_send_a_pause(new_door: Callable[..., Door], harbor: Club):
    assert harbor
    for source in ("hub", "crm"):
        door = new_door("events:write", sources=["hub", "crm"])
        event = {
            "id": "p", "source": source, "type": "hub.streak.paused", "subject": "bo",
            "time": "2026-11-23T09:00:00Z", "data": days(0, 1),
        }  # fmt: skip
        answer: Any = door.post(event).json
        assert answer["results"][0]["status"] == "rejected"
    assert entered() == (0, 0)
