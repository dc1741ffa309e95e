"""People through the door: what they stand at, line by line, and telling the hub about them."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members, profiles
from hub.directory.members import MemberProfile, MemberRecord
from hub.signals import refolds
from tests.api.conftest import Door
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}, deal: {type: text}}}
  module.completed: {attributes: {course: {type: text}, module: {type: text}}}
metrics:
  deals_won: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  average: {event: deal.won, take: average, of: amount}
  modules: {event: module.completed, take: distinct, of: module, by: course}
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amount}}
badges:
  deal_maker: {metric: deals_won, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 10}], points: 500}
  graduate: {when: {metric: modules, at_least: 2}, repeat: true}
  sprinter: {when: {metric: deals_won, at_least: 2, within: month}, repeat: true}
streaks:
  daily: {event: deal.won, every: day}
goals:
  quarter_revenue: {metric: revenue, window: quarter, target: 50000, for: {role: sales_rep}}
  partner_revenue: {metric: revenue, window: quarter, whose: organization, target: 10000}
levels:
  starter: {at: 0}
  pro: {at: 1000}
"""


@pytest.fixture
def harbor(app: Any, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


@pytest.fixture
def door(new_door: Callable[..., Door], harbor: Club) -> Door:
    assert harbor
    return new_door("members:read", "members:write")


def put(door: Door, path: str, **body: Any) -> Any:
    return door.client.put(f"/api/v1{path}", json=body, headers=door.headers)


def found(door: Door, path: str, **query: Any) -> Any:
    answer = door.get(path, **query)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    return answer.json


def refused(answer: Any, status: int, path: str, code: str) -> None:
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    assert (answer.json["errors"][0]["path"], answer.json["errors"][0]["code"]) == (path, code), answer.text


# Reading


def test_a_member_says_what_it_stands_at(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", amount=12000)
    assert found(door, "/members/bo") == {
        "id": "bo",
        "name": "Bo Lind",
        "organization": "acme",
        "roles": ["sales_rep"],
        "time_zone": "Europe/Berlin",
        "locale": "de",
        "region": "emea",
        "listed": True,
        "active": True,
        "points": {"balance": 620, "earned": 620},
        "level": {"key": "starter", "at": 0, "next": {"key": "pro", "at": 1000}},
        "badges": [{"badge": "deal_maker", "tier": "Bronze", "times": 1, "earned_at": "2026-11-20T08:30:00Z"}],
        "streaks": [
            {
                "streak": "daily",
                "current": 0,
                "longest": 1,
                "alive_until": None,
                "at_risk": False,
                "freezes": 0,
                "paused_until": None,
                "periods": [
                    *({"from": f"2026-11-{day}", "state": "off"} for day in range(10, 20)),
                    {"from": "2026-11-20", "state": "counted"},
                    {"from": "2026-11-21", "state": "missed"},
                    {"from": "2026-11-22", "state": "missed"},
                    {"from": "2026-11-23", "state": "open"},
                ],
            }
        ],
        "goals": [
            {
                "goal": "quarter_revenue",
                "window": "2026-Q4",
                "whose": "member",
                "actual": 12000,
                "target": 50000,
                "pace": "behind",
                "status": "open",
                "final": False,
            },
            {
                "goal": "partner_revenue",
                "window": "2026-Q4",
                "whose": "organization",
                "actual": 12000,
                "target": 10000,
                "pace": "ahead",
                "status": "reached",
                "final": False,
            },
        ],
        "as_of": "2026-11-23T10:00:00Z",
    }


def test_before_a_program_is_published_everybody_stands_at_nothing(new_door: Callable[..., Door]):
    door = new_door("members:read")
    told = found(door, "/members/bo")
    assert (told["points"], told["level"], told["badges"]) == ({"balance": 0, "earned": 0}, None, [])
    assert found(door, "/members/bo/metrics", window="2026-11") == {"window": "2026-11", "metrics": {}}
    assert found(door, "/members/bo/goals")["items"] == []
    assert door.get("/leaderboards/top").status_code == 404


def test_an_alias_names_the_member(door: Door):
    assert found(door, "/members/lms:4711")["id"] == "bo"
    for part in ("badges", "transfers", "metrics", "goals"):
        found(door, f"/members/lms:4711/{part}")


def test_whoever_does_not_exist_is_a_404(door: Door):
    for path in ("/members/nobody", "/members/nobody/badges", "/members/nobody/metrics", "/organizations/nowhere"):
        assert door.get(path).status_code == 404


def test_a_key_without_the_scope_reads_nothing(new_door: Callable[..., Door]):
    door = new_door("events:write")
    for path in ("/members", "/members/bo", "/organizations/acme", "/leaderboards/x", "/program", "/widgets"):
        assert door.get(path).status_code == 403


def test_a_key_of_an_organization_sees_its_own_people_only(new_door: Callable[..., Door], harbor: Club):
    harbor.happens("bo", "deal.won", amount=100)
    door = new_door("members:read", "members:write", organization="acme")
    assert [member["id"] for member in found(door, "/members")["items"]] == ["ada", "bea", "bo"]
    assert found(door, "/members/bo")["points"]["balance"] == 501
    assert found(door, "/organizations/acme")["members"] == 3
    for path in ("/members/cy", "/members/cy/transfers", "/members/cy/metrics", "/organizations/globex"):
        assert door.get(path).status_code == 404
    assert put(door, "/members/cy", name="Mine").status_code == 404
    assert put(door, "/organizations/globex", name="Mine").status_code == 404
    assert put(door, "/organizations/new", name="Mine").status_code == 404
    refused(put(door, "/members/bo", organization="globex"), 422, "organization", "forbidden")
    assert put(door, "/members/di", name="Di").json["organization"] == "acme"


def test_members_are_listed_by_pages(door: Door, harbor: Club):
    ids, cursor = [], None
    while True:
        page = found(door, "/members", limit=4, **({"cursor": cursor} if cursor else {}))
        ids += [member["id"] for member in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert ids == sorted(harbor.numbers)
    assert [member["id"] for member in found(door, "/members", organization="globex")["items"]] == ["cy"]


def test_the_deactivated_are_listed_where_asked(door: Door, harbor: Club):
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["cy"], "test", None, clock.now())
    assert "cy" not in [member["id"] for member in found(door, "/members")["items"]]
    assert "cy" in [member["id"] for member in found(door, "/members", inactive="true")["items"]]
    assert found(door, "/members/cy")["active"] is False


def test_each_award_is_an_item(door: Door, harbor: Club):
    for day in (10, 20):
        harbor.happens("bo", "deal.won", f"2026-10-{day}T10:00:00Z", amount=1)
        harbor.happens("bo", "deal.won", f"2026-11-{day}T10:00:00Z", amount=1)
    for course in ("sales", "basics"):
        for module in ("m1", "m2"):
            harbor.happens("bo", "module.completed", "2026-11-21T10:00:00Z", course=course, module=module)
    items = found(door, "/members/bo/badges")["items"]
    told = [(one["badge"], one["tier"], one["object"], one["window"], one["kept"], one["revoked"]) for one in items]
    assert told[0] == ("deal_maker", "Bronze", None, None, None, None)
    assert sorted(told[1:]) == [
        ("graduate", None, "basics", None, None, None),
        ("graduate", None, "sales", None, None, None),
        ("sprinter", None, None, "2026-10", None, None),
        ("sprinter", None, None, "2026-11", None, None),
    ]
    assert items[0]["earned_at"] == "2026-10-10T10:00:00Z"
    assert len({one["id"] for one in items}) == 5
    first = found(door, "/members/bo/badges", limit=3)
    rest = found(door, "/members/bo/badges", limit=3, cursor=first["next"])
    assert first["items"] + rest["items"] == items
    assert rest["next"] is None


def test_transfers_come_newest_first_with_their_cause(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", amount=12000)
    harbor.happens("bo", "deal.won", "2026-11-21T10:00:00Z", amount=100)
    items = found(door, "/members/bo/transfers")["items"]
    assert [(one["amount"], one["balance"], one["kind"], one["cause"]) for one in items] == [
        (1, 621, "points", {"kind": "rule", "key": "won_deal"}),
        (500, 620, "bonus", {"kind": "badge", "key": "deal_maker"}),
        (120, 120, "points", {"kind": "rule", "key": "won_deal"}),
    ]
    assert items[2] == {
        "id": items[2]["id"],
        "at": "2026-11-20T08:30:00Z",
        "posted_at": "2026-11-23T10:00:00Z",
        "amount": 120,
        "balance": 120,
        "kind": "points",
        "cause": {"kind": "rule", "key": "won_deal"},
        "version": 1,
        "event": {"source": "crm", "id": "1"},
        "corrects": None,
    }
    first = found(door, "/members/bo/transfers", limit=2)
    assert first["items"] + found(door, "/members/bo/transfers", cursor=first["next"])["items"] == items


def test_metrics_have_their_exact_digits(door: Door, harbor: Club):
    for amount in ("51929.5", "0.000000000000000000000000000001", "3"):
        harbor.happens("bo", "deal.won", amount=Decimal(amount))
    harbor.happens("bo", "module.completed", course="sales", module="m1")
    answer = door.get("/members/bo/metrics", window="2026-11")
    assert '"revenue":51932.500000000000000000000000000001,' in answer.text
    assert answer.json
    assert answer.json["window"] == "2026-11"
    metrics = answer.json["metrics"]
    assert (metrics["deals_won"], metrics["average"]) == (3, 17310.833333)
    assert metrics["modules"] == {"value": 1, "objects": {"sales": 1}}
    assert found(door, "/members/bo/metrics", window="2026-10")["metrics"]["revenue"] is None
    assert found(door, "/members/bo/metrics")["window"] == "all"


def test_goals_of_another_window_can_be_asked(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", amount=60000)
    clock.set_source("2027-01-20T10:00:00Z")
    harbor.digests()
    goals = {one["goal"]: one for one in found(door, "/members/bo/goals", window="2026-Q4")["items"]}
    goal = goals["quarter_revenue"]
    assert (goal["status"], goal["actual"], goal["final"], goal["pace"]) == ("reached", 60000, True, "ahead")
    (theirs,) = found(door, "/organizations/acme/goals", window="2026-Q4")["items"]
    assert (theirs["goal"], theirs["status"], theirs["actual"]) == ("partner_revenue", "reached", 60000)
    assert found(door, "/members/bo/goals", window="2026-10")["items"] == []


def test_a_window_that_was_final_before_the_goal_was_named_is_as_it_was_then(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", "2026-08-20T10:00:00Z", amount=60000)
    goals = {one["goal"]: one for one in found(door, "/members/bo/goals", window="2026-Q3")["items"]}
    assert (goals["quarter_revenue"]["status"], goals["quarter_revenue"]["final"]) == ("missed", True)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/members", {"limit": "0"}, "limit"),
        ("/members", {"limit": "many"}, "limit"),
        ("/members", {"limit": "501"}, "limit"),
        ("/members", {"cursor": "x"}, "cursor"),
        ("/members", {"cursor": "WyJhIl0"}, "cursor"),
        ("/members", {"cursor": ""}, "cursor"),
        ("/members", {"inactive": "perhaps"}, "inactive"),
        ("/members/bo/badges", {"cursor": "WyJhIl0"}, "cursor"),
        ("/members/bo/badges", {"cursor": "WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OV0"}, "cursor"),
        ("/members/bo/transfers", {"cursor": "InQi"}, "cursor"),
        ("/members/bo/transfers", {"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"}, "cursor"),
        ("/members/bo/metrics", {"window": "2026-13"}, "window"),
        ("/members/bo/goals", {"window": "soon"}, "window"),
        ("/organizations/acme/metrics", {"window": ""}, "window"),
        ("/organizations/acme/goals", {"window": "2026-Q5"}, "window"),
    ],
)
def test_a_bad_query_is_refused_with_its_field(door: Door, path: str, query: dict[str, str], field: str):
    answer = door.get(path, **query)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json
    assert [error["path"] for error in answer.json["errors"]] == [field]


# Telling


def test_a_member_is_created_and_then_changed(door: Door):
    made = put(door, "/members/di", name="Di Moss", organization="acme", roles=["marketing"], tags=["vip"])
    assert made.status_code == 201
    assert (made.json["name"], made.json["organization"], made.json["roles"]) == ("Di Moss", "acme", ["marketing"])
    changed = put(door, "/members/di", time_zone="Asia/Tokyo", organization=None)
    assert changed.status_code == 200
    told = found(door, "/members/di")
    assert (told["name"], told["organization"], told["time_zone"]) == ("Di Moss", None, "Asia/Tokyo")
    assert told["roles"] == ["marketing"]
    assert put(door, "/members/di", roles=None, name=None).json["name"] == "di"
    assert found(door, "/members/di")["roles"] == []


def test_the_same_again_changes_nothing(door: Door):
    assert put(door, "/members/di", name="Di").status_code == 201
    assert put(door, "/members/di", name="Di").status_code == 200
    assert put(door, "/members/di").status_code == 200


def test_a_new_name_releases_the_events_that_waited_for_it(door: Door, harbor: Club, new_door: Callable[..., Door]):
    event = {"source": "crm", "type": "deal.won", "time": "2026-11-20T09:30:00Z", "data": {"amount": 300}}
    sent = new_door("events:write").post([event | {"id": "a", "subject": "di"}, event | {"id": "b", "subject": "d@i"}])
    assert [one["status"] for one in sent.json["results"]] == ["held", "held"]  # type: ignore[index]
    put(door, "/members/di", name="Di")
    harbor.digests()
    assert found(door, "/members/di/metrics")["metrics"]["revenue"] == 300
    assert put(door, "/members/di", aliases=["d@i"]).status_code == 200
    harbor.digests()
    assert found(door, "/members/d@i/metrics")["metrics"]["revenue"] == 600


def test_a_member_is_deactivated_and_comes_back(door: Door, harbor: Club, new_door: Callable[..., Door]):
    assert put(door, "/members/bo", active=False).json["active"] is False
    event = {"id": "a", "source": "crm", "type": "deal.won", "subject": "bo", "time": "2026-11-20T09:30:00Z"}
    sent = new_door("events:write").post(event | {"data": {"amount": 300}})
    assert sent.json["results"][0]["code"] == "inactive_member"  # type: ignore[index]
    assert put(door, "/members/lms:4711", active=True).json["active"] is True
    harbor.digests()
    assert found(door, "/members/bo/metrics")["metrics"]["revenue"] == 300


def test_a_changed_past_counts_again(door: Door, harbor: Club):
    harbor.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=100)
    put(door, "/members/bo", organization="globex", valid_from="2026-11-01T00:00:00Z")
    harbor.digests()
    assert found(door, "/organizations/globex/metrics", window="2026-11")["metrics"]["revenue"] == 100
    assert found(door, "/organizations/acme/metrics", window="2026-11")["metrics"]["revenue"] is None


def test_what_is_absent_stays_as_it_was_at_the_time_of_the_change(door: Door, harbor: Club):
    put(door, "/members/bo", roles=["marketing"], valid_from="2026-11-10T00:00:00Z")
    put(door, "/members/bo", organization="globex", valid_from="2027-01-01T00:00:00Z")
    put(door, "/members/bo", region="latam", valid_from="2026-11-01T00:00:00Z")
    changed = put(door, "/members/bo", title="Rep").json
    assert (changed["organization"], changed["roles"], changed["region"]) == ("acme", ["marketing"], "emea")
    with reader() as connection:
        number, times = harbor.numbers["bo"], ("2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z", "2027-01-01T00:00:00Z")
        lived = profiles.timelines(connection, [number])[number]
        told = [lived.at(clock.instant(time)).values for time in times]
    assert [(one["organization"], one["region"], one["role"]) for one in told] == [
        ("acme", "latam", ("sales_rep",)),
        ("acme", "emea", ("marketing",)),
        ("globex", "apac", ("marketing",)),
    ]


def test_a_change_that_changes_nothing_now_leaves_what_is_dated_ahead(door: Door, harbor: Club):
    put(door, "/members/bo", organization="globex", valid_from="2027-01-01T00:00:00Z")
    harbor.digests()
    for body in ({}, {"name": "Bo Lind"}, {"organization": "acme"}):
        assert put(door, "/members/bo", **body).json["organization"] == "acme"
        with reader() as connection:
            assert connection.execute(select(refolds)).all() == []


_LONG = "x" * 256


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"id": 7}, "id", "type"),
        ({"id": None}, "id", "type"),
        ({"id": "bea"}, "id", "conflict"),
        ({"name": 7}, "name", "type"),
        ({"name": _LONG}, "name", "too_long"),
        ({"name": "Bo\u0000Lind"}, "name", "text"),
        ({"nmae": "x"}, "", "type"),
        ({"email": ["bo@acme.example"]}, "email", "type"),
        ({"email": "nobody"}, "email", "email"),
        ({"organization": 1}, "organization", "type"),
        ({"organization": "nowhere"}, "organization", "unknown_organization"),
        ({"organization": ""}, "organization", "unknown_organization"),
        ({"organization": "a\u0000b"}, "organization", "unknown_organization"),
        ({"roles": "sales_rep"}, "roles", "type"),
        ({"roles": [None]}, "roles[0]", "type"),
        ({"roles": ["Sales Rep"]}, "roles", "key"),
        ({"roles": ["a"] * 101}, "roles", "too_long"),
        ({"time_zone": 1}, "time_zone", "type"),
        ({"time_zone": "Mars/Base"}, "time_zone", "time_zone"),
        ({"locale": {}}, "locale", "type"),
        ({"locale": "klingon"}, "locale", "locale"),
        ({"region": 1.5}, "region", "type"),
        ({"region": _LONG}, "region", "too_long"),
        ({"tags": {"a": 1}}, "tags", "type"),
        ({"tags": ["a|b"]}, "tags", "text"),
        ({"tags": ["x" * 101]}, "tags", "too_long"),
        ({"phone": 49}, "phone", "type"),
        ({"phone": "1\n2"}, "phone", "text"),
        ({"title": False}, "title", "type"),
        ({"title": _LONG}, "title", "too_long"),
        ({"listed": "no"}, "listed", "type"),
        ({"listed": 0}, "listed", "type"),
        ({"aliases": "lms:1"}, "aliases", "type"),
        ({"aliases": ["cy"]}, "aliases", "conflict"),
        ({"aliases": [""]}, "aliases", "missing"),
        ({"valid_from": 1764000000}, "valid_from", "type"),
        ({"valid_from": "2026-11-20"}, "valid_from", "time"),
        ({"valid_from": "soon"}, "valid_from", "time"),
        ({"valid_from": "0001-01-01T00:00:00+14:00"}, "valid_from", "time"),
        ({"valid_from": "1899-12-31T00:00:00Z"}, "valid_from", "time"),
        ({"active": None}, "active", "type"),
        ({"active": "yes"}, "active", "type"),
        ({"active": 0}, "active", "type"),
        ([], "", "type"),
        ("bo", "", "type"),
    ],
)
def test_a_wrong_body_is_refused_and_changes_nothing(door: Door, body: Any, field: str, code: str):
    before = found(door, "/members/bo")
    refused(door.client.put("/api/v1/members/bo", json=body, headers=door.headers), 422, field, code)
    assert found(door, "/members/bo") == before


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": "a", "name": "b"}', "application/json", 400),
        (rb'{"region": "\ud800"}', "application/json", 400),
        (b"name=Bo", "application/x-www-form-urlencoded", 415),
        (b'{"name": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_an_unreadable_body_is_refused(door: Door, body: bytes, media: str, status: int):
    for path in ("/members/bo", "/organizations/acme"):
        answer = door.client.put(f"/api/v1{path}", data=body, headers=door.headers | {"Content-Type": media})
        assert answer.status_code == status


def test_an_id_that_cannot_be_one_is_refused(door: Door):
    refused(put(door, "/members/" + "x" * 256, name="Long"), 422, "id", "too_long")
    refused(put(door, "/members/a%01b", name="Control"), 422, "id", "text")


def test_reading_needs_no_more_than_reading_and_writing_writing(new_door: Callable[..., Door]):
    assert put(new_door("members:read"), "/members/bo", name="X").status_code == 403
    assert new_door("members:write").get("/members/bo").status_code == 403


def test_an_id_may_hold_any_text(door: Door, harbor: Club):
    with transaction() as connection:
        members.upsert(connection, [MemberRecord("Ünï / 7?#", MemberProfile("Odd"))], clock.now())
    assert harbor
    assert found(door, "/members/%C3%9Cn%C3%AF%20%2F%207%3F%23")["name"] == "Odd"
