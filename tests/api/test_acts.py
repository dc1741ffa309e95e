"""Acts by hand through the door: points given and taken, once a key."""

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from hub import clock
from hub.api import acts, idempotency, openapi
from hub.api.idempotency import kept_answers
from hub.db import reader, transaction
from hub.directory import members
from hub.ledger import log, replay, verify
from hub.ledger.tables import awards, entries
from tests.api.conftest import Door
from tests.api.test_members import found, refused
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
  deal.lost: {}
  module.completed: {attributes: {course: {type: text}, module: {type: text}}}
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amount}}
  lost_deal: {event: deal.lost, award: -150}
metrics:
  deals_won: {event: deal.won, take: count}
  modules: {event: module.completed, take: distinct, of: module, by: course}
  biggest: {event: deal.won, take: max, of: amount}
badges:
  helper: {points: 30}
  deal_maker: {metric: deals_won, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 3}]}
  sprinter: {when: {metric: deals_won, at_least: 2, within: month}, repeat: true}
  graduate: {when: {metric: modules, at_least: 2}, repeat: true}
  best: {personal_best: {metric: biggest, minimum: 100}}
  vip: {when: {metric: deals_won, at_least: 1}, for: {role: marketing}}
  idea: {state: draft}
  gone: {state: locked}
  hero: {when: {badge: helper}}
levels:
  starter: {at: 0}
  pro: {at: 100}
"""
GIVEN = {"member": "bo", "points": 50, "reason": "Fair stand"}


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


@pytest.fixture
def door(new_door: Callable[..., Door], harbor: Club) -> Door:
    assert harbor
    return new_door("awards:write", "members:read", "events:read")


def balance(door: Door, member: str = "bo") -> int:
    return int(found(door, f"/members/{member}")["points"]["balance"])


def adjustments() -> int:
    with reader() as connection:
        return connection.scalar(select(func.count()).where(entries.c.type == "hub.points.adjusted")) or 0


@pytest.mark.usefixtures("worker")
def test_points_given_by_hand_are_a_line_with_the_act_as_its_cause(door: Door):
    answer = door.act("POST", "/adjustments", GIVEN)
    assert answer.status_code == 201, answer.text
    told: Any = answer.json
    id_ = told["id"]
    (line,) = found(door, "/members/bo/transfers")["items"]
    assert line == {
        "id": line["id"],
        "at": "2026-11-23T10:00:00Z",
        "posted_at": "2026-11-23T10:00:00Z",
        "amount": 50,
        "balance": 50,
        "kind": "adjustment",
        "cause": {"kind": "member", "key": id_},
        "version": 1,
        "event": {"source": "hub", "id": id_},
        "corrects": None,
    }
    assert told == {
        "id": id_,
        "ref": told["ref"],
        "at": "2026-11-23T10:00:00Z",
        "member": "bo",
        "points": 50,
        "reason": "Fair stand",
        "transfer": line,
    }
    event = found(door, f"/events/{told['ref']}")
    assert (event["type"], event["subject"]) == ("hub.points.adjusted", "bo")
    assert event["data"]["points"] == 50
    assert event["data"]["reason"] == "Fair stand"
    assert event["data"]["by"].startswith("key/k_")
    assert event["effects"][0] == {"kind": "points", "member": id_, "amount": 50}
    assert list(verify.breaches()) == []


@pytest.mark.usefixtures("worker")
def test_an_adjustment_is_received_and_not_earned(door: Door):
    door.act("POST", "/adjustments", GIVEN)
    door.act("POST", "/adjustments", GIVEN | {"points": -20})
    told = found(door, "/members/bo")
    assert told["points"] == {"balance": 30, "earned": 0}
    metrics = found(door, "/members/bo/metrics", window="2026-11")["metrics"]
    assert (metrics["points_earned"], metrics["points_received"]) == (None, 50)


@pytest.mark.usefixtures("worker")
def test_an_alias_names_the_member_and_the_act_keeps_the_id(door: Door):
    told: Any = door.act("POST", "/adjustments", GIVEN | {"member": "lms:4711"}).json
    assert told["member"] == "bo"


@pytest.mark.usefixtures("worker")
def test_points_are_taken_only_as_far_as_there_are_some(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", amount=10000)
    assert balance(door) == 100
    answer = door.act("POST", "/adjustments", GIVEN | {"points": -101})
    assert (answer.status_code, answer.json["code"]) == (409, "balance")  # type: ignore[index]
    assert door.act("POST", "/adjustments", GIVEN | {"points": -100}).status_code == 201
    assert balance(door) == 0
    assert adjustments() == 1
    assert list(verify.breaches()) == []


def test_what_waits_to_be_taken_is_no_longer_there(door: Door, harbor: Club, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acts, "WAIT_SECONDS", 0)
    harbor.happens("bo", "deal.won", amount=10000)
    taken = [door.act("POST", "/adjustments", GIVEN | {"points": -60}).status_code for _ in range(3)]
    assert taken == [202, 409, 409]
    # Nor is there what waits to be given: it may be digested after what would be taken.
    assert door.act("POST", "/adjustments", GIVEN).status_code == 202
    assert door.act("POST", "/adjustments", GIVEN | {"points": -60}).status_code == 409
    harbor.digests()
    assert balance(door) == 90


def test_below_zero_only_points_are_given(door: Door, harbor: Club):
    harbor.happens("bo", "deal.lost")
    assert balance(door) == -150
    assert door.act("POST", "/adjustments", GIVEN | {"points": -1}).status_code == 409


def test_an_act_that_waits_for_the_worker_is_on_its_way(door: Door, harbor: Club, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acts, "WAIT_SECONDS", 0.05)
    answer = door.act("POST", "/adjustments", GIVEN, key="a")
    assert answer.status_code == 202
    told: Any = answer.json
    assert told["transfer"] is None
    harbor.digests()
    assert balance(door) == 50
    # Same key, same answer.
    again = door.act("POST", "/adjustments", GIVEN, key="a")
    assert (again.status_code, again.data) == (202, answer.data)


@pytest.mark.usefixtures("worker")
def test_late_events_leave_an_adjustment_as_it_is(door: Door, harbor: Club):
    door.act("POST", "/adjustments", GIVEN)
    harbor.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=10000)
    harbor.happens("bo", "deal.won", "2026-11-10T10:00:00Z", amount=10000)
    assert [line["amount"] for line in found(door, "/members/bo/transfers")["items"]] == [100, 100, 50]
    assert balance(door) == 250
    assert list(verify.breaches()) == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"points": 0}, "points", "nothing"),
        ({"points": 1.5}, "points", "type"),
        ({"points": "50"}, "points", "type"),
        ({"points": True}, "points", "type"),
        ({"points": 10**9 + 1}, "points", "type"),
        ({"points": -(10**30)}, "points", "type"),
        ({"reason": ""}, "reason", "type"),
        ({"reason": "  "}, "reason", "text"),
        ({"reason": "one\ntwo"}, "reason", "text"),
        ({"reason": "x" * 501}, "reason", "type"),
        ({"reason": None}, "reason", "type"),
        ({"member": 7}, "member", "type"),
        ({"pionts": 7}, "", "type"),
    ],
)
def test_a_wrong_adjustment_is_refused(door: Door, change: dict[str, Any], field: str, code: str):
    refused(door.act("POST", "/adjustments", GIVEN | change), 422, field, code)
    assert adjustments() == 0


def test_whom_the_key_does_not_see_it_does_not_give_points(new_door: Callable[..., Door], harbor: Club):
    assert harbor
    assert new_door("members:write").act("POST", "/adjustments", GIVEN).status_code == 403
    door = new_door("awards:write", organization="acme")
    for nobody in ("cy", "nobody"):
        assert door.act("POST", "/adjustments", GIVEN | {"member": nobody}).status_code == 404
    assert adjustments() == 0


def test_who_is_not_active_is_given_nothing(door: Door, harbor: Club):
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["bo"], "test", None, clock.now())
    refused(door.act("POST", "/adjustments", GIVEN), 422, "member", "inactive")
    assert adjustments() == 0


# Badges


HELPER = {"member": "bo", "badge": "helper", "reason": "Helped at the fair"}


def badges(door: Door, member: str = "bo") -> list[tuple[str, str | None]]:
    return [(one["badge"], one["tier"]) for one in found(door, f"/members/{member}/badges")["items"]]


@pytest.mark.usefixtures("worker")
def test_a_badge_granted_is_an_award_with_its_points(door: Door):
    answer = door.act("POST", "/awards", HELPER)
    assert answer.status_code == 201, answer.text
    told: Any = answer.json
    first, second = found(door, "/members/bo/badges")["items"]
    assert first == {
        "id": told["id"],
        "badge": "helper",
        "tier": None,
        "earned_at": "2026-11-23T10:00:00Z",
        "object": None,
        "window": None,
        "kept": None,
        "revoked": None,
    }
    assert told == {
        "id": first["id"],
        "ref": told["ref"],
        "at": "2026-11-23T10:00:00Z",
        "member": "bo",
        "badge": "helper",
        "tier": None,
        "reason": "Helped at the fair",
        "award": first,
    }
    # Conditions of other badges see it, and its points are earned.
    assert second["badge"] == "hero"
    event = found(door, f"/events/{told['ref']}")
    assert (event["type"], event["source"]) == ("hub.badge.granted", "hub")
    (line,) = found(door, "/members/bo/transfers")["items"]
    assert (line["amount"], line["kind"], line["cause"]) == (30, "bonus", {"kind": "badge", "key": "helper"})
    assert line["event"] == {"source": "hub", "id": event["id"]}
    assert found(door, "/members/bo")["points"] == {"balance": 30, "earned": 30}
    sound()


def sound() -> None:
    assert list(verify.breaches()) == []
    assert list(replay.differences()) == []


@pytest.mark.usefixtures("worker")
def test_a_tier_is_granted_and_comes_only_once(door: Door, harbor: Club):
    assert door.act("POST", "/awards", HELPER | {"badge": "deal_maker", "tier": "Silver"}).status_code == 201
    again = door.act("POST", "/awards", HELPER | {"badge": "deal_maker", "tier": "Silver"})
    assert (again.status_code, again.json["code"]) == (409, "already")  # type: ignore[index]
    for day in (1, 2, 3):
        harbor.happens("bo", "deal.won", f"2026-11-{day:02}T10:00:00Z", amount=100)
    silver = [one for one in found(door, "/members/bo/badges")["items"] if one["tier"] == "Silver"]
    # It is the same award, and the log has an earlier cause for it now.
    assert [one["earned_at"] for one in silver] == ["2026-11-03T10:00:00Z"]
    sound()


@pytest.mark.usefixtures("worker")
def test_a_repeated_badge_is_granted_once_a_window_and_as_often_as_wanted_of_objects(door: Door):
    assert door.act("POST", "/awards", HELPER | {"badge": "sprinter"}).status_code == 201
    assert door.act("POST", "/awards", HELPER | {"badge": "sprinter"}).status_code == 409
    for _ in range(2):
        assert door.act("POST", "/awards", HELPER | {"badge": "graduate"}).status_code == 201
        assert door.act("POST", "/awards", HELPER | {"badge": "best"}).status_code == 201
    items = found(door, "/members/bo/badges")["items"]
    assert [(one["badge"], one["window"]) for one in items] == [
        ("sprinter", "2026-11"),
        *[(badge, None) for _ in range(2) for badge in ("graduate", "best")],
    ]
    sound()


@pytest.mark.usefixtures("worker")
def test_what_was_earned_is_not_granted_once_more(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", amount=100)
    assert door.act("POST", "/awards", HELPER | {"badge": "deal_maker", "tier": "Bronze"}).status_code == 409


def test_a_grant_on_its_way_is_not_given_twice(door: Door, harbor: Club, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acts, "WAIT_SECONDS", 0)
    first = door.act("POST", "/awards", HELPER)
    told: Any = first.json
    assert (first.status_code, told["id"], told["award"]) == (202, None, None)
    assert door.act("POST", "/awards", HELPER).status_code == 409
    # By hand it does not matter whom it is for.
    assert door.act("POST", "/awards", HELPER | {"badge": "vip"}).status_code == 202
    harbor.digests()
    assert sorted(badges(door)) == [("helper", None), ("hero", None), ("vip", None)]


@pytest.mark.usefixtures("worker")
def test_a_badge_granted_stays_when_the_program_drops_it(door: Door, harbor: Club):
    door.act("POST", "/awards", HELPER)
    publish(PROGRAM.replace("  helper: {points: 30}\n", "").replace("  hero: {when: {badge: helper}}\n", ""))
    harbor.digests()
    items = found(door, "/members/bo/badges")["items"]
    assert [(one["badge"], one["kept"]) for one in items] == [("helper", "version"), ("hero", "version")]
    assert balance(door) == 30
    sound()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"badge": "nothing"}, "badge", "unknown"),
        ({"badge": "idea"}, "badge", "unknown"),
        ({"badge": "gone"}, "badge", "locked"),
        ({"badge": "deal_maker"}, "tier", "unknown"),
        ({"badge": "deal_maker", "tier": "Gold"}, "tier", "unknown"),
        ({"tier": "Gold"}, "tier", "unknown"),
        ({"reason": ""}, "reason", "type"),
        ({"badge": None}, "badge", "type"),
    ],
)
def test_a_wrong_grant_is_refused(door: Door, change: dict[str, Any], field: str, code: str):
    refused(door.act("POST", "/awards", HELPER | change), 422, field, code)
    with reader() as connection:
        assert connection.scalar(select(func.count()).select_from(entries)) == 0


def test_whom_the_key_does_not_see_it_grants_nothing(new_door: Callable[..., Door], harbor: Club):
    assert harbor
    door = new_door("awards:write", organization="acme")
    assert door.act("POST", "/awards", HELPER | {"member": "cy"}).status_code == 404


# Revoking


def awarded(door: Door, badge: str, tier: str | None = None) -> dict[str, Any]:
    """The newest award of a badge that Bo has, or had."""
    items: list[dict[str, Any]] = found(door, "/members/bo/badges")["items"]
    return next(one for one in reversed(items) if (one["badge"], one["tier"]) == (badge, tier))


@pytest.mark.usefixtures("worker")
def test_an_award_revoked_ends_with_its_points(door: Door):
    granted: Any = door.act("POST", "/awards", HELPER).json
    answer = door.act("DELETE", f"/awards/{granted['id']}", {"reason": "It was somebody else"})
    assert answer.status_code == 200, answer.text
    told: Any = answer.json
    ended = awarded(door, "helper")
    assert ended == granted["award"] | {"revoked": "It was somebody else"}
    assert told == granted | {"ref": told["ref"], "reason": "It was somebody else", "award": ended}
    event = found(door, f"/events/{told['ref']}")
    assert (event["type"], event["subject"], event["data"]["reason"]) == ("hub.badge.revoked", "bo", told["reason"])
    assert event["data"]["by"].startswith("key/k_")
    line, first = found(door, "/members/bo/transfers")["items"]
    assert (line["amount"], line["balance"], line["kind"], line["corrects"]) == (-30, 0, "correction", first["id"])
    assert line["cause"] == {"kind": "badge", "key": "helper"}
    assert line["event"] == first["event"]
    assert found(door, "/members/bo")["points"] == {"balance": 0, "earned": 0}
    # What it had led to is a fact of its own.
    assert awarded(door, "hero")["kept"] == "revoked"
    assert [one["badge"] for one in found(door, "/members/bo")["badges"]] == ["hero"]
    sound()


@pytest.mark.usefixtures("worker")
def test_the_same_event_does_not_earn_it_again_but_another_may(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", "2026-11-10T10:00:00Z", amount=100)
    bronze = awarded(door, "deal_maker", "Bronze")
    assert door.act("DELETE", f"/awards/{bronze['id']}", {"reason": "Mistake"}).status_code == 200
    harbor.happens("bo", "deal.won", "2026-11-11T10:00:00Z", amount=100)
    assert awarded(door, "deal_maker", "Bronze")["revoked"] == "Mistake"
    sound()
    harbor.happens("bo", "deal.won", "2026-11-09T10:00:00Z", amount=100)
    again = awarded(door, "deal_maker", "Bronze")
    both = [one for one in found(door, "/members/bo/badges")["items"] if one["tier"] == "Bronze"]
    assert [(one["earned_at"], one["revoked"]) for one in both] == [
        ("2026-11-09T10:00:00Z", None),
        ("2026-11-10T10:00:00Z", "Mistake"),
    ]
    assert again["id"] == bronze["id"]
    sound()


@pytest.mark.usefixtures("worker")
def test_what_was_revoked_can_be_granted_and_revoked_once_more(door: Door):
    for _ in range(2):
        granted: Any = door.act("POST", "/awards", HELPER).json
        assert door.act("DELETE", f"/awards/{granted['id']}", {"reason": "Mistake"}).status_code == 200
    assert balance(door) == 0
    assert door.act("POST", "/awards", HELPER).status_code == 201
    assert balance(door) == 30
    sound()


@pytest.mark.usefixtures("worker")
def test_an_award_ends_once(door: Door):
    granted: Any = door.act("POST", "/awards", HELPER).json
    path = f"/awards/{granted['id']}"
    first = door.act("DELETE", path, {"reason": "Mistake"}, key="a")
    again = door.act("DELETE", path, {"reason": "Mistake"})
    assert (again.status_code, again.json["code"]) == (409, "revoked")  # type: ignore[index]
    same = door.act("DELETE", path, {"reason": "Mistake"}, key="a")
    assert (same.status_code, same.json) == (200, first.json)


def test_a_revocation_on_its_way_is_one(door: Door, harbor: Club, monkeypatch: pytest.MonkeyPatch):
    harbor.happens("bo", "deal.won", "2026-11-10T10:00:00Z", amount=100)
    monkeypatch.setattr(acts, "WAIT_SECONDS", 0)
    bronze = awarded(door, "deal_maker", "Bronze")
    told: Any = door.act("DELETE", f"/awards/{bronze['id']}", {"reason": "Mistake"})
    assert (told.status_code, told.json["id"], told.json["award"]) == (202, bronze["id"], None)
    assert door.act("DELETE", f"/awards/{bronze['id']}", {"reason": "Mistake"}).status_code == 409
    harbor.digests()
    assert awarded(door, "deal_maker", "Bronze")["revoked"] == "Mistake"


@pytest.mark.usefixtures("worker")
def test_the_feed_tells_of_it(door: Door, new_door: Callable[..., Door]):
    granted: Any = door.act("POST", "/awards", HELPER).json
    feed = new_door("effects:read")
    last = found(feed, "/effects")["items"][-1]["id"]
    door.act("DELETE", f"/awards/{granted['id']}", {"reason": "Mistake"})
    items = found(feed, "/effects", after=last)["items"]
    assert [(one["kind"], one["badge"]) for one in items] == [
        ("correction", "helper"),
        ("revoked", "helper"),
        ("kept", "hero"),
    ]
    assert (items[0]["amount"], items[1]["revoked"], items[2]["kept"]) == (-30, "Mistake", "revoked")


def test_whose_awards_the_key_does_not_see_it_does_not_revoke(new_door: Callable[..., Door], harbor: Club):
    harbor.happens("cy", "deal.won", amount=100)
    door = new_door("awards:write", organization="acme")
    for id_ in ("a_1", "a_2", "a_99", "1", "a_x", "a_99999999999999999999"):
        assert door.act("DELETE", f"/awards/{id_}", {"reason": "Mistake"}).status_code == 404
    level, badge = (row.no for row in numbered("cy", harbor))
    everybody = new_door("awards:write")
    assert everybody.act("DELETE", f"/awards/a_{level}", {"reason": "No badge"}).status_code == 404
    assert everybody.act("DELETE", f"/awards/a_{badge}", {"reason": ""}).status_code == 422


def numbered(who: str, harbor: Club) -> Any:
    """Whose level, and whose badge."""
    with reader() as connection:
        mine = select(awards.c.no).where(awards.c.member == harbor.numbers[who])
        return connection.execute(mine.order_by(awards.c.kind.desc(), awards.c.no)).all()[:2]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"why": "x"}, []])
def test_a_revocation_needs_a_reason(door: Door, harbor: Club, body: Any):
    harbor.happens("bo", "deal.won", amount=100)
    bronze = awarded(door, "deal_maker", "Bronze")
    assert door.act("DELETE", f"/awards/{bronze['id']}", body).status_code == 422
    assert awarded(door, "deal_maker", "Bronze")["revoked"] is None


# Once a key


@pytest.mark.usefixtures("worker")
def test_the_same_key_is_the_same_act_with_the_same_answer(door: Door):
    first = door.act("POST", "/adjustments", GIVEN, key="a")
    again = door.act("POST", "/adjustments", GIVEN, key="a")
    assert first.status_code == 201
    assert (again.status_code, again.data, again.content_type) == (201, first.data, first.content_type)
    assert balance(door) == 50
    other = door.act("POST", "/adjustments", GIVEN, key="b")
    assert other.json["id"] != first.json["id"]  # type: ignore[index]
    door.act("POST", "/adjustments", GIVEN)
    door.act("POST", "/adjustments", GIVEN)
    assert balance(door) == 200


@pytest.mark.usefixtures("worker")
def test_the_same_key_with_another_body_is_a_conflict(door: Door):
    door.act("POST", "/adjustments", GIVEN, key="a")
    answer = door.act("POST", "/adjustments", GIVEN | {"points": 51}, key="a")
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert answer.json["code"] == "idempotency"  # type: ignore[index]
    assert balance(door) == 50


@pytest.mark.usefixtures("worker")
def test_a_key_is_each_callers_own(door: Door, new_door: Callable[..., Door]):
    door.act("POST", "/adjustments", GIVEN, key="a")
    assert new_door("awards:write").act("POST", "/adjustments", GIVEN | {"points": 7}, key="a").status_code == 201
    assert balance(door) == 57


@pytest.mark.usefixtures("worker")
def test_a_refusal_is_an_answer_too(door: Door):
    taken = GIVEN | {"points": -50}
    first = door.act("POST", "/adjustments", taken, key="a")
    assert first.status_code == 409
    door.act("POST", "/adjustments", GIVEN, key="b")
    again = door.act("POST", "/adjustments", taken, key="a")
    assert (again.status_code, again.data, again.content_type) == (409, first.data, "application/problem+json")
    assert balance(door) == 50


@pytest.mark.usefixtures("worker")
def test_what_was_wrong_with_a_request_may_be_mended_under_its_key(door: Door):
    for wrong in (GIVEN | {"points": "much"}, GIVEN | {"points": 0}):
        assert door.act("POST", "/adjustments", wrong, key="a").status_code == 422
    assert door.act("POST", "/adjustments", GIVEN, key="a").status_code == 201


@pytest.mark.usefixtures("worker")
def test_whoever_died_before_answering_has_acted(door: Door):
    first = door.act("POST", "/adjustments", GIVEN, key="a")
    with transaction() as connection:
        connection.execute(update(kept_answers).values(status=None, media=None, answer=None))
    again = door.act("POST", "/adjustments", GIVEN, key="a")
    assert (again.status_code, again.json) == (201, first.json)
    assert balance(door) == 50


def test_an_act_that_fails_leaves_its_key_free(door: Door, harbor: Club, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acts, "WAIT_SECONDS", 0)

    def fail(*_: Any) -> Any:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(log, "append", fail)
        with pytest.raises(RuntimeError):
            door.act("POST", "/adjustments", GIVEN, key="a")
    assert door.act("POST", "/adjustments", GIVEN, key="a").status_code == 202
    harbor.digests()
    assert balance(door) == 50


@pytest.mark.parametrize(("key", "code"), [("", "missing"), ("x" * 256, "too_long")])
def test_a_key_has_its_bounds(door: Door, key: str, code: str):
    refused(door.act("POST", "/adjustments", GIVEN, key=key), 422, "Idempotency-Key", code)


@pytest.mark.usefixtures("worker")
def test_a_key_may_be_any_text(door: Door):
    for key in ("x" * 255, '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "ü / %00"):
        assert door.act("POST", "/adjustments", GIVEN, key=key).status_code == 201
        assert door.act("POST", "/adjustments", GIVEN, key=key).status_code == 201
    assert balance(door) == 150


@pytest.mark.usefixtures("worker")
def test_answers_are_kept_for_a_week(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(idempotency, "FORGOTTEN_A_TIME", 2)
    for key in "abcde":
        door.act("POST", "/adjustments", GIVEN, key=key)
    idempotency.forget(clock.now() + 7 * clock.DAY)
    door.act("POST", "/adjustments", GIVEN, key="a")
    assert balance(door) == 250
    idempotency.forget(clock.now() + 7 * clock.DAY + 1)
    with reader() as connection:
        assert connection.execute(select(kept_answers)).all() == []
    door.act("POST", "/adjustments", GIVEN, key="a")
    assert balance(door) == 300


def test_every_act_that_moves_points_takes_a_key(app: Flask):
    paths = msgspec.json.decode(openapi.document(app))["paths"]
    acting = [
        operation
        for routes in paths.values()
        for method, operation in routes.items()
        if method != "get" and any(scope in operation["description"] for scope in ("awards:write", "recognitions"))
    ]
    assert acting
    for operation in acting:
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
