"""Organizations, boards, the program and the widgets through the door."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from hub import clock
from hub.db import reader
from hub.directory import lookup, profiles
from tests.api.conftest import Door
from tests.api.test_members import found, put, refused
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number, required: true}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
  deals: {event: deal.won, take: count}
  average: {event: deal.won, take: average, of: amount}
  spent: {event: mdf.spent, take: sum, of: amount}
leaderboards:
  top: {metric: revenue, window: month, names: nobody}
  regions: {metric: revenue, window: month, among: region}
  averages: {metric: average, window: month}
  partners: {metric: revenue, window: month, whose: organization}
"""


@pytest.fixture
def harbor(app: Any, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    club = Club(cast, count(1))
    for who, amount in (("bo", 300), ("bea", 200), ("cy", 100), ("bo", 100), ("bo", 0)):
        club.happens(who, "deal.won", amount=amount)
    return club


@pytest.fixture
def door(new_door: Callable[..., Door], harbor: Club) -> Door:
    assert harbor
    return new_door("members:read", "members:write", "program:read")


def test_an_organization_says_what_it_is(door: Door):
    assert found(door, "/organizations/acme") == {
        "id": "acme",
        "name": "Acme",
        "type": "reseller",
        "tier": "gold",
        "region": "emea",
        "size": None,
        "tags": [],
        "members": 3,
        "as_of": "2026-11-23T10:00:00Z",
    }
    metrics = found(door, "/organizations/acme/metrics", window="2026-11")["metrics"]
    assert (metrics["revenue"], metrics["deals"], metrics["spent"]) == (600, 4, None)


def test_an_organization_is_created_changed_and_awaited(door: Door, harbor: Club, new_door: Callable[..., Door]):
    event = {"id": "a", "source": "erp", "type": "mdf.spent", "subject": "initech", "time": "2026-11-20T09:30:00Z"}
    sent = new_door("events:write").post(event | {"data": {"amount": 70}})
    assert sent.json["results"][0]["code"] == "unknown_organization"  # type: ignore[index]
    assert put(door, "/organizations/initech", name="Initech", tier="gold", tags=["new"]).status_code == 201
    harbor.digests()
    assert found(door, "/organizations/initech/metrics")["metrics"]["spent"] == 70
    changed = put(door, "/organizations/initech", tier=None, region="amer")
    assert (changed.json["tier"], changed.json["region"], changed.json["tags"]) == (None, "amer", ["new"])


def test_what_is_absent_stays_as_it_was_at_the_time_of_the_change(door: Door):
    put(door, "/organizations/acme", tier="platinum", valid_from="2027-01-01T00:00:00Z")
    put(door, "/organizations/acme", tier="silver", valid_from="2026-11-10T00:00:00Z")
    put(door, "/organizations/acme", size="120", valid_from="2026-11-01T00:00:00Z")
    changed = put(door, "/organizations/acme", region="amer").json
    assert (changed["tier"], changed["size"], changed["region"]) == ("silver", None, "amer")
    with reader() as connection:
        number = lookup.organizations(connection, ["acme"])["acme"]
        lived = profiles.of_organization(connection, number)
    times = ("2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z", "2027-01-01T00:00:00Z")
    told = [lived.at(clock.instant(time)).values for time in times]
    assert [(one["tier"], one.get("size"), one["region"]) for one in told] == [
        ("gold", "120", "emea"),
        ("silver", None, "emea"),
        ("platinum", None, "emea"),
    ]


_LONG = "x" * 256


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"id": "other"}, "id", "conflict"),
        ({"id": None}, "id", "type"),
        ({"name": 7}, "name", "type"),
        ({"name": _LONG}, "name", "too_long"),
        ({"name": "Ac\u0000me"}, "name", "text"),
        ({"type": ["reseller"]}, "type", "type"),
        ({"type": _LONG}, "type", "too_long"),
        ({"tier": True}, "tier", "type"),
        ({"tier": "go\nld"}, "tier", "text"),
        ({"region": {}}, "region", "type"),
        ({"region": "\x7f"}, "region", "text"),
        ({"size": 120}, "size", "type"),
        ({"size": _LONG}, "size", "too_long"),
        ({"tags": "new"}, "tags", "type"),
        ({"tags": [1]}, "tags[0]", "type"),
        ({"tags": ["a|b"]}, "tags", "text"),
        ({"tags": ["a"] * 101}, "tags", "too_long"),
        ({"valid_from": 1764000000}, "valid_from", "type"),
        ({"valid_from": "2026-11-20"}, "valid_from", "time"),
        ({"valid_from": "2200-01-01T00:00:00Z"}, "valid_from", "time"),
        ({"active": False}, "", "type"),
        ([], "", "type"),
    ],
)
def test_a_wrong_body_is_refused_and_changes_nothing(door: Door, body: Any, field: str, code: str):
    before = found(door, "/organizations/acme")
    refused(door.client.put("/api/v1/organizations/acme", json=body, headers=door.headers), 422, field, code)
    assert found(door, "/organizations/acme") == before


def test_a_board_is_told_with_its_neighbourhood(door: Door):
    assert found(door, "/leaderboards/top", window="2026-11", limit=1, around="lms:4711") == {
        "leaderboard": "top",
        "window": "2026-11",
        "among": None,
        "final": False,
        "total": 3,
        "items": [{"rank": 1, "id": "bo", "name": "Bo Lind", "score": 400}],
        "around": [
            {"rank": 1, "id": "bo", "name": "Bo Lind", "score": 400},
            {"rank": 2, "id": "bea", "name": "Bea Noor", "score": 200},
        ],
        "next": found(door, "/leaderboards/top", limit=1)["next"],
        "recalculating": None,
    }


def test_a_board_is_read_page_by_page(door: Door):
    page = found(door, "/leaderboards/top", limit=2)
    rest = found(door, "/leaderboards/top", limit=2, cursor=page["next"])
    assert [row["id"] for row in page["items"] + rest["items"]] == ["bo", "bea", "cy"]
    assert rest["next"] is None


def test_a_segment_is_asked_or_that_of_whom_it_is_about(door: Door):
    assert [row["id"] for row in found(door, "/leaderboards/regions", among="apac")["items"]] == ["cy"]
    assert found(door, "/leaderboards/regions", around="bo")["among"] == "emea"
    refused(door.get("/leaderboards/regions"), 422, "among", "missing")
    refused(door.get("/leaderboards/top", among="emea"), 422, "among", "conflict")


def test_a_score_that_is_no_finite_decimal_is_rounded(door: Door):
    scores = {row["id"]: row["score"] for row in found(door, "/leaderboards/averages")["items"]}
    assert scores == {"bo": 133.333333, "bea": 200, "cy": 100}


def test_a_board_of_organizations(door: Door):
    board = found(door, "/leaderboards/partners", around="globex")
    assert [(row["rank"], row["id"], row["score"]) for row in board["items"]] == [(1, "acme", 600), (2, "globex", 100)]
    assert [row["id"] for row in board["around"]] == ["acme", "globex"]


def test_what_a_board_has_not_is_refused(door: Door):
    assert door.get("/leaderboards/none").status_code == 404
    assert door.get("/leaderboards/top", around="nobody").status_code == 404
    refused(door.get("/leaderboards/top", window="2026-Q4"), 422, "window", "window")
    refused(door.get("/leaderboards/top", cursor="x"), 422, "cursor", "cursor")
    refused(door.get("/leaderboards/top", limit="-1"), 422, "limit", "type")


def test_a_key_of_an_organization_sees_names_as_its_people_do(new_door: Callable[..., Door], harbor: Club):
    assert harbor
    door = new_door("members:read", organization="globex")
    assert [row["name"] for row in found(door, "/leaderboards/averages")["items"]] == ["Acme", "Acme", "Cy Tanaka"]
    assert {row["name"] for row in found(door, "/leaderboards/top")["items"]} == {None}
    assert door.get("/leaderboards/top", around="bo").status_code == 404


def test_the_program_and_the_widgets_can_be_read(door: Door):
    program = found(door, "/program")
    assert (program["version"], program["in_force_from"], program["text"]) == (1, None, PROGRAM)
    assert program["live_from"] == "2025-12-31T23:00:00Z"
    widgets = {one["widget"]: one for one in found(door, "/widgets")["items"]}
    board = widgets["leaderboard"]
    assert board["options"][0] == {
        "option": "leaderboard", "type": "text", "default": None, "names": "leaderboards"
    }  # fmt: skip
    assert "leaderboard/{leaderboard}" in board["topics"]


def test_while_a_new_version_takes_over_it_says_how_far_that_is(door: Door, harbor: Club):
    assert found(door, "/program")["recalculating"] is None
    publish(PROGRAM)
    assert [found(door, path)["recalculating"] for path in ("/program", "/leaderboards/top")] == [0, 0]
    harbor.digests()
    assert [found(door, path)["recalculating"] for path in ("/program", "/leaderboards/top")] == [None, None]
    assert found(door, "/program")["in_force_from"] == found(door, "/program")["published_at"]


def test_all_of_it_is_described(door: Door):
    paths = found(door, "/openapi.json")["paths"]
    for path in ("members/{member_id}", "members/{member_id}/transfers", "organizations/{organization_id}/goals"):
        assert "get" in paths[f"/api/v1/{path}"]
    assert "put" in paths["/api/v1/members/{member_id}"]
    named = [one["name"] for one in paths["/api/v1/leaderboards/{key}"]["get"]["parameters"]]
    assert named == ["key", "window", "among", "limit", "cursor", "around"]
