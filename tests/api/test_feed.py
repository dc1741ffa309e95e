"""The feed of effects: all of them, in their order, each under a name that stays."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.ledger import arrivals, feed, log
from tests.api.conftest import Door
from tests.api.test_members import found, refused
from tests.club import Club, publish
from tests.slow import digesting

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
  csat.answered: {attributes: {score: {type: integer, required: true}}}
metrics:
  deals_won: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  satisfaction: {event: csat.answered, take: average, of: score}
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amount}, cap: {points: 100, per: day}}
badges:
  deal_maker: {metric: deals_won, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 3}], points: 50}
  sprinter: {when: {metric: deals_won, at_least: 2, within: month}, repeat: true}
  content: {when: {metric: satisfaction, at_least: 4}}
streaks:
  daily: {event: deal.won, every: day}
goals:
  month: {metric: revenue, window: month, target: 10000}
levels:
  starter: {at: 0}
  pro: {at: 100}
"""


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


@pytest.fixture
def door(new_door: Callable[..., Door], harbor: Club) -> Door:
    assert harbor
    return new_door("effects:read", "events:read", "awards:write", "members:read")


def effects(door: Door, after: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
    """Everything behind an effect, page after page."""
    items: list[dict[str, Any]] = []
    while True:
        page = found(door, "/effects", limit=limit, **({"after": after} if after else {}))
        items += page["items"]
        after = page["next"]
        if after is None:
            return items


def told(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The effects as answers to events tell them."""
    beside = ("id", "at", "posted_at", "member", "historic", "event")
    return [{name: value for name, value in item.items() if name not in beside} for item in items]


def test_an_event_s_effects_are_told_in_their_order(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", amount=10000)
    items = effects(door)
    event = found(door, "/events", source="crm", id="1")
    assert items[0] == {
        "id": items[0]["id"],
        "at": "2026-11-20T08:30:00Z",
        "posted_at": "2026-11-23T10:00:00Z",
        "member": "bo",
        "kind": "points",
        "rule": "won_deal",
        "amount": 100,
        "historic": False,
        "event": {"source": "crm", "id": "1", "ref": event["ref"]},
    }
    assert told(items) == [
        {"kind": "points", "rule": "won_deal", "amount": 100},
        {"kind": "streak", "streak": "daily", "current": 1},
        {"kind": "badge", "badge": "deal_maker", "tier": "Bronze"},
        {"kind": "points", "badge": "deal_maker", "amount": 50},
        {"kind": "goal", "goal": "month", "window": "2026-11", "status": "reached"},
        {"kind": "level", "level": "starter"},
        {"kind": "level", "level": "pro"},
    ]
    assert {(one["member"], one["event"]["id"], one["historic"]) for one in items} == {("bo", "1", False)}


def test_it_is_read_on_from_any_effect_and_from_its_end(door: Door, harbor: Club):
    for who in ("bo", "bea", "cy"):
        harbor.happens(who, "deal.won", amount=10000)
    items = effects(door)
    ids = [one["id"] for one in items]
    assert len(set(ids)) == len(ids) == 21
    assert [one["id"] for one in effects(door, limit=2)] == ids
    for at, id_ in enumerate(ids, 1):
        assert effects(door, id_) == items[at:]
    page = found(door, "/effects", limit=21)
    assert (len(page["items"]), page["next"]) == (21, None)
    harbor.happens("bea", "deal.won", "2026-11-21T09:00:00Z", amount=100)
    assert [one["event"]["id"] for one in effects(door, ids[-1])] == ["4", "4", "4"]


def test_more_effects_than_a_row_holds_are_told_one_by_one(door: Door, harbor: Club, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed, "EFFECTS", 3)
    harbor.happens("bo", "deal.won", amount=10000)
    harbor.happens("cy", "deal.won", amount=10000)
    items = effects(door, limit=500)
    assert len(items) == 14
    for limit in (1, 2, 3, 4):
        assert effects(door, limit=limit) == items
    for at, one in enumerate(items, 1):
        assert effects(door, one["id"], limit=2) == items[at:]


def test_a_late_event_tells_what_it_changed(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=9000)
    last = effects(door)[-1]["id"]
    harbor.happens("bo", "deal.won", "2026-11-20T09:00:00Z", amount=4000)
    line = next(line for line in found(door, "/members/bo/transfers")["items"] if line["kind"] == "points")
    first = next(
        line for line in reversed(found(door, "/members/bo/transfers")["items"]) if line["cause"]["kind"] == "rule"
    )
    items = effects(door, last)
    assert line["amount"] == 40
    assert [one for one in told(items) if one["kind"] in ("points", "correction", "badge", "goal")] == [
        {"kind": "points", "rule": "won_deal", "amount": 40},
        {"kind": "correction", "rule": "won_deal", "amount": -30, "corrects": first["id"]},
        {"kind": "badge", "badge": "sprinter", "window": "2026-11"},
        {"kind": "goal", "goal": "month", "window": "2026-11", "status": "reached"},
    ]
    assert {one["event"]["id"] for one in items if one["kind"] == "correction"} == {"1"}
    assert not any(one["historic"] for one in items)


def test_an_award_that_the_log_no_longer_gives_is_told_to_be_kept(door: Door, harbor: Club):
    harbor.happens("bo", "csat.answered", "2026-11-20T10:00:00Z", score=5)
    last = effects(door)[-1]["id"]
    harbor.happens("bo", "csat.answered", "2026-11-20T09:00:00Z", score=1)
    items = effects(door, last)
    assert told(items) == [{"kind": "kept", "badge": "content", "kept": "late"}]
    assert items[0]["event"]["id"] == "1"
    harbor.happens("bo", "csat.answered", "2026-11-20T08:00:00Z", score=5)
    assert told(effects(door, items[0]["id"])) == [{"kind": "kept", "badge": "content", "kept": None}]


def test_what_a_publication_brings_is_historic(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", "2026-10-20T10:00:00Z", amount=100)
    last = effects(door)[-1]["id"]
    publish(PROGRAM.replace("badges:", "badges:\n  beginner: {when: {metric: deals_won, at_least: 1}, points: 5}"))
    harbor.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=100)
    items = effects(door, last)
    assert [(one["kind"], one.get("badge"), one["event"]["id"]) for one in items if one["historic"]] == [
        ("points", "beginner", "1"),
        ("badge", "beginner", "1"),
    ]
    assert [one["amount"] for one in items if one["kind"] == "points" and not one["historic"]] == [1]


def test_a_goal_that_is_no_longer_reached_is_told(door: Door, harbor: Club):
    publish(PROGRAM.replace("take: sum, of: amount", "take: average, of: amount"))
    harbor.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=10000)
    last = effects(door)[-1]["id"]
    harbor.happens("bo", "deal.won", "2026-11-20T09:00:00Z", amount=10)
    assert {"kind": "goal", "goal": "month", "window": "2026-11", "status": "open"} in told(effects(door, last))


def test_a_pause_is_told(door: Door, harbor: Club):
    pause = arrivals.own(
        "hub.streak.paused", "pause/bo/1", "bo", clock.now(), data={"from": "2026-11-24", "to": "2026-11-26"}
    )
    with transaction() as connection:
        log.append(connection, [pause], {}, clock.now())
    harbor.digests()
    expected = {"kind": "pause", "streak": "daily", "from": "2026-11-24", "to": "2026-11-26"}
    assert expected in told(effects(door))


def test_acts_by_hand_are_in_it(door: Door, harbor: Club, worker: None):
    assert (harbor, worker) == (harbor, None)
    given: Any = door.act("POST", "/adjustments", {"member": "bo", "points": 50, "reason": "Fair stand"}).json
    item = effects(door)[0]
    assert (item["kind"], item["adjustment"], item["amount"], item["member"]) == ("points", given["id"], 50, "bo")
    assert item["event"] == {"source": "hub", "id": given["id"], "ref": given["ref"]}


def test_a_key_of_an_organization_reads_of_its_members_only(
    door: Door, new_door: Callable[..., Door], harbor: Club, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feed, "ROWS", 2)
    for who in ("cy", "cy", "bo", "cy", "cy", "cy", "bea", "cy"):
        harbor.happens(who, "deal.won", amount=100)
    ours = [one for one in effects(door) if one["member"] in ("bo", "bea")]
    acme = new_door("effects:read", organization="acme")
    assert effects(acme) == ours
    assert effects(acme, limit=1) == ours
    page = found(acme, "/effects")
    assert page["items"] == []
    assert page["next"] is not None


@pytest.mark.parametrize("after", ["", "f_1", "f_1_2_3", "e_krvqkebz", "f_-1_2", "f_1_9999999999999999999", "f_1_²"])
def test_what_is_no_effect_is_refused(door: Door, after: str):
    refused(door.get("/effects", after=after), 422, "after", "cursor")


def test_it_needs_its_scope(new_door: Callable[..., Door]):
    assert new_door("events:read", "members:read").get("/effects").status_code == 403


# Writers that commit late


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_effect_is_skipped_though_its_writer_holds_its_transaction_open(app: Flask, door: Door, harbor: Club):
    harbor.enters("bo", "deal.won", amount=100)
    with digesting(app):
        harbor.happens("cy", "deal.won", amount=100)
        # Told now, what the slow one wrote would come behind it, and be missed.
        assert effects(door) == []
    items = effects(door)
    kinds = ("points", "streak", "badge", "points", "level")
    assert [(one["member"], one["kind"]) for one in items] == [(who, kind) for who in ("bo", "cy") for kind in kinds]
