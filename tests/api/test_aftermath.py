"""What became of an event: what it came too late for, what was corrected since."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from flask import Flask

from hub import clock
from tests.api.conftest import Door, publish
from tests.club import Club

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-11-01, grace: 72h}
events:
  deal.won: {attributes: {amount: {type: number, required: true}, product: {type: text}}}
  course.done: {}
  mdf.spent: {about: organization, attributes: {amount: {type: number, required: true}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount, where: {product: {not: services}}}
  both: {plus: [revenue, spent]}
  spent: {event: mdf.spent, take: sum, of: amount}
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amount}, cap: {points: 50, per: day}}
badges:
  maker: {when: {metric: revenue, at_least: 1000}, points: 10}
goals:
  plenty: {metric: revenue, window: week, target: 1000}
  ours: {metric: both, window: week, whose: organization, target: 1}
  budget: {metric: spent, window: week, whose: organization, target: 1}
  ever: {metric: revenue, window: all, target: 1}
leaderboards:
  earners: {metric: points_earned, window: week}
  yearly: {metric: revenue, window: year}
"""


@pytest.fixture
def door(app: Flask, new_door: Callable[..., Door]) -> Door:
    assert app
    clock.set_source("2026-11-23T10:00:00Z")
    publish(PROGRAM)
    return new_door()


@pytest.fixture
def club(cast: dict[str, int], door: Door) -> Club:
    assert door
    return Club(cast, count(1))


def told(door: Door, number: int) -> Any:
    answer = door.get("/events", source="crm", id=str(number))
    assert answer.status_code == 200
    return answer.json


def test_what_came_in_time_was_late_for_nothing(club: Club, door: Door):
    club.happens("bo", "deal.won", "2026-11-20T09:30:00+01:00", amount=2000)
    assert (told(door, 1)["late"], told(door, 1)["corrections"]) == ([], [])


def test_a_late_event_names_each_goal_and_board_that_was_final(club: Club, door: Door):
    # The week of Monday 16 November was final on the 26th at midnight in Berlin.
    clock.set_source("2026-11-25T22:59:59Z")
    club.happens("bo", "deal.won", "2026-11-20T09:30:00+01:00", amount=2000)
    clock.set_source("2026-11-25T23:00:00Z")
    club.happens("bo", "deal.won", "2026-11-20T09:30:00+01:00", amount=3000)
    club.happens("bo", "deal.won", "2026-11-20T09:30:00+01:00", amount=3000, product="services")
    club.happens("bo", "course.done", "2026-11-20T09:30:00+01:00")
    club.happens("acme", "mdf.spent", "2026-11-20T09:30:00+01:00", amount=5)
    club.happens("bo", "deal.won", "2026-11-24T09:30:00+01:00", amount=3000)
    assert [told(door, number)["late"] for number in range(1, 7)] == [
        [],
        [
            {"window": "2026-W47", "goal": "plenty"},
            {"window": "2026-W47", "goal": "ours"},
            {"window": "2026-W47", "leaderboard": "earners"},
        ],
        # A deal for services is in no revenue, and the day's points were earned by then.
        [],
        [],
        [{"window": "2026-W47", "goal": "ours"}, {"window": "2026-W47", "goal": "budget"}],
        [],
    ]


def test_corrections_since_are_listed_with_what_they_correct(club: Club, door: Door):
    club.happens("bo", "deal.won", "2026-11-20T09:30:00+01:00", amount=4000)
    brought = ["points", "badge", "points", "goal", "goal"]
    assert [effect["kind"] for effect in told(door, 1)["effects"]] == brought
    # An earlier one takes 30 of the day's 50 points, and brings the badge before.
    club.happens("bo", "deal.won", "2026-11-20T08:00:00+01:00", amount=3000)
    now = told(door, 1)
    assert now["effects"] == [{"kind": "points", "rule": "won_deal", "amount": 20}]
    [line] = now["corrections"]
    assert (line["kind"], line["amount"], line["event"]) == ("correction", -20, {"source": "crm", "id": "1"})
    assert line["cause"] == {"kind": "rule", "key": "won_deal"}
    assert line["corrects"]
    assert told(door, 2)["corrections"] == []
    assert [effect["kind"] for effect in told(door, 2)["effects"]] == brought


def test_what_is_held_has_done_nothing_and_was_late_for_nothing(club: Club, door: Door):
    assert club
    sent = {"id": "h", "source": "crm", "type": "deal.won", "subject": "nobody", "time": "2026-11-20T09:30:00+01:00"}
    assert door.post(sent | {"data": {"amount": 5}}).status_code == 202
    held = door.get("/events", source="crm", id="h").json
    assert held
    assert [held[name] for name in ("status", "code", "known_at", "effects", "skipped", "late", "corrections")] == [
        "held",
        "unknown_member",
        None,
        [],
        [],
        [],
        [],
    ]


def test_each_effect_is_told_with_what_made_it(club: Club, door: Door):
    clock.set_source("2026-11-23T10:00:00Z")
    publish(
        PROGRAM.replace("badges:", "boosts: {push: {rules: won_deal, factor: 3/2}}\nbadges:")
        + "levels: {low: {at: 0}, high: {at: 50}}\n"
    )
    club.happens("bo", "deal.won", "2026-11-23T10:01:00Z", amount=4000)
    answer = told(door, 1)
    assert [effect["kind"] for effect in answer["effects"]] == [
        "points",
        "badge",
        "points",
        "goal",
        "goal",
        "level",
        "level",
    ]
    assert answer["because"] == [
        {
            "measured": 4000,
            "base": 40,
            "boosts": [{"boost": "push", "factor": "3/2"}],
            "cut": [{"cap": None, "per": "day", "points": 50, "from": 60, "to": 50}],
        },
        {"metric": "revenue", "at_least": 1000, "found": 4000, "met": True},
        None,
        {"found": 4000, "target": 1000},
        {"found": 4000, "target": 1},
        {"at": 0, "found": 50},
        {"at": 50, "found": 50},
    ]


def test_a_badge_is_told_with_each_of_its_conditions_and_exact_numbers(club: Club, door: Door):
    conditions = "[{metric: revenue, at_least: 0.5, within: week}, {badge: maker}]"
    some = f"{{when: {{at_least_of: {{count: 1, conditions: {conditions}}}}}}}"
    publish(PROGRAM.replace("goals:", f"  some: {some}\n  named: {{when: {{metric: revenue, at_least: 9}}}}\ngoals:"))
    sent = {"id": "w", "source": "crm", "type": "deal.won", "subject": "bo", "time": "2026-11-23T09:30:00Z"}
    assert door.post(sent | {"data": {"amount": 0.75}}).status_code == 202
    club.digests()
    answer = door.get("/events", source="crm", id="w")
    assert answer.json
    because = dict(zip([str(one) for one in answer.json["effects"]], answer.json["because"], strict=True))
    assert because[str({"kind": "badge", "badge": "some"})] == {
        "at_least_of": 1,
        "conditions": [
            {"metric": "revenue", "at_least": 0.5, "found": 0.75, "met": True, "window": "2026-W48"},
            {"badge": "maker", "times": 1, "found": 0, "met": False},
        ],
    }
    assert '"found":0.75' in answer.text
