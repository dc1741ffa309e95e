"""Reversals through the door: on every channel, from whom they may come, and what is then told of the two events."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from werkzeug.test import TestResponse

from hub import clock
from hub.db import transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import digest, log
from tests.api.conftest import DEAL, PROGRAM, Door, publish, stored
from tests.api.test_events import MODES, changed, result, send

RULES = """
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amount}}
  big_deal: {event: deal.won, where: {amount: {at_least: 50000}}, award: 100}
metrics:
  deals_won: {event: deal.won, take: count}
badges:
  deal_maker: {metric: deals_won, tiers: [{name: Bronze, at_least: 1}], points: 5, on_reversal: revoke}
  first: {when: {metric: deals_won, at_least: 1}}
"""
BACK = {
    "id": "r-1",
    "source": "crm",
    "type": "event.reversed",
    "time": "2026-11-21T09:30:00+01:00",
    "data": {"source": "crm", "id": "w-1001", "reason": "cancelled"},
}


def back(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in (BACK | fields).items() if value is not None}


def of(source: Any = "crm", id: Any = "w-1001", **more: Any) -> dict[str, Any]:
    named = {"source": source, "id": id} | more
    return {"data": {name: value for name, value in named.items() if value is not None}}


@pytest.fixture
def door(new_door: Callable[..., Door]) -> Door:
    publish(PROGRAM.replace("live_from", "reversals: [erp, finance], live_from") + RULES)
    return new_door("events:write", "events:reverse", "events:read", "members:read")


def digest_all() -> None:
    while digest.run():
        pass


def told(answer: TestResponse) -> tuple[Any, ...]:
    one = result(answer)
    return one["status"], one.get("code"), one.get("path")


@pytest.mark.parametrize("mode", MODES)
def test_it_needs_no_subject_however_it_comes(door: Door, mode: str):
    door.post(DEAL)
    answer = send(door, BACK, mode)
    assert answer.status_code == 202
    assert told(answer) == ("accepted", None, None)
    for other in MODES:
        assert told(send(door, BACK, other))[0] == "duplicate"
    assert told(send(door, back(id="r-2", subject="cy"), mode))[0] == "accepted"
    assert stored() == (3, 3, 0)


WRONG = [
    (of(source=None), "attribute", "data.source"),
    (of(source=7), "attribute", "data.source"),
    (of(source=""), "attribute", "data.source"),
    (of(source="x" * 256), "attribute", "data.source"),
    (of(id=None), "attribute", "data.id"),
    (of(id=7), "attribute", "data.id"),
    (of(id="a\0"), "attribute", "data.id"),
    (of(reason=7), "attribute", "data.reason"),
    ({"data": None}, "attribute", "data.source"),
    (of(source="lms"), "forbidden", "data.source"),
    (of(source="hub", id="visit"), "forbidden", "data.source"),
    (of(source="hub", id="visit") | {"source": "erp"}, "forbidden", "data.source"),
    (of(id="r-1"), "forbidden", "data.id"),
    (of(id="r-9") | {"id": "r-9"}, "forbidden", "data.id"),
    ({"subject": 7}, "type", "subject"),
    ({"time": None}, "missing", "time"),
    ({"source": "hub"}, "source", "source"),
]


def test_what_is_wrong_is_named_and_leaves_nothing(door: Door):
    door.post(DEAL)
    assert told(door.post(BACK))[0] == "accepted"
    for fields, code, path in WRONG:
        answer = door.post(back(**({"id": "r-2"} | fields)))
        assert answer.status_code == 422, fields
        assert told(answer) == ("rejected", code, path), fields
    assert stored()[0] == 2


def test_it_is_judged_in_order(door: Door):
    door.post([DEAL, BACK])
    # Its key before what it takes back; that before whether it may; whether it may before the rest of its data.
    assert told(door.post(back(**of(source="lms"))))[0] == "conflict"
    assert told(door.post(back(id="r-2", **of(source="lms", id=None)))) == ("rejected", "attribute", "data.id")
    assert told(door.post(back(id="r-2", **of(source="lms", reason=7)))) == ("rejected", "forbidden", "data.source")
    assert told(door.post(back(id="r-2", **of(reason=7)))) == ("rejected", "attribute", "data.reason")


def test_a_source_that_the_program_names_takes_back_what_others_sent(door: Door):
    door.post(changed(source="lms"))
    assert told(door.post(back(source="finance", **of(source="lms"))))[0] == "accepted"
    publish(PROGRAM + RULES)
    assert told(door.post(back(source="finance", id="r-2", **of(source="lms"))))[1] == "forbidden"
    assert told(door.post(back(source="lms", id="r-2", **of(source="lms"))))[0] == "accepted"


def test_a_reversal_of_the_same_body_is_one_too(door: Door):
    answer = door.post([BACK, back(id="r-2", **of(id="r-1")), back(id="r-3", **of(id="r-4")), back(id="r-4")])
    assert answer.json
    assert [one["status"] for one in answer.json["results"]] == ["accepted", "rejected", "accepted", "accepted"]


def test_each_scope_opens_its_own(door: Door, new_door: Callable[..., Door]):
    assert door
    writer, reverser = new_door("events:write"), new_door("events:reverse")
    assert told(writer.post(BACK)) == ("rejected", "forbidden", "type")
    assert told(reverser.post(DEAL)) == ("rejected", "forbidden", "type")
    assert told(reverser.post(BACK))[0] == "accepted"
    assert told(writer.post(DEAL))[0] == "accepted"
    assert told(writer.post(BACK))[1] == "forbidden", "not even that it is there is told"
    assert new_door("events:read").post(BACK).status_code == 403


def test_a_key_speaks_for_its_sources_only(door: Door, new_door: Callable[..., Door]):
    door.post(DEAL)
    erp = new_door("events:reverse", sources=["erp"])
    assert told(erp.post(BACK)) == ("rejected", "source", "source")
    assert told(erp.post(back(source="erp")))[0] == "accepted"


def test_a_key_of_an_organization_takes_back_what_is_of_its_people(door: Door, new_door: Callable[..., Door]):
    door.post([DEAL, changed(id="of-cy", subject="cy"), changed(id="spent", type="mdf.spent", subject="acme")])
    acme = new_door("events:reverse", "events:read", organization="acme")
    for id_ in ("of-cy", "unknown"):
        assert told(acme.post(back(**of(id=id_)))) == ("rejected", "forbidden", "data.id")
    assert told(acme.post(back(**of(id=None)))) == ("rejected", "attribute", "data.id")
    assert told(acme.post(BACK))[0] == "accepted"
    assert told(acme.post(BACK))[0] == "duplicate"
    assert told(acme.post(back(id="r-2", **of(id="spent"))))[0] == "accepted"
    digest_all()
    assert acme.get("/events", source="crm", id="r-1").status_code == 200
    door.post(back(id="r-3", **of(id="of-cy")))
    assert acme.get("/events", source="crm", id="r-3").status_code == 404


# -------------------------------------------------------------------------------------------------------------- telling


def test_both_events_say_so(door: Door):
    deal = result(door.post(DEAL))["ref"]
    digest_all()
    before = door.get(f"/events/{deal}").json
    assert before
    assert "reversed_by" not in before
    assert before["effects"]
    ref = result(door.post(BACK))["ref"]
    door.post(back(id="r-0"))
    digest_all()
    reversal, event = door.get(f"/events/{ref}").json, door.get(f"/events/{deal}").json
    assert reversal
    assert event
    assert reversal["reverses"] == {"ref": deal, "source": "crm", "id": "w-1001"}
    assert (reversal["status"], reversal["subject"], reversal["effects"], reversal["skipped"]) == (
        "accepted",
        "",
        [],
        [],
    )
    assert reversal["data"]["reason"] == "cancelled"
    assert event["reversed_by"] == {"ref": ref, "source": "crm", "id": "r-1"}
    assert (event["status"], event["effects"]) == ("accepted", [])
    assert [(skip["rule"], skip["code"]) for skip in event["skipped"]] == [
        ("won_deal", "reversed"),
        ("big_deal", "reversed"),
    ]
    assert {line["amount"] for line in event["corrections"]} == {-120, -5}
    assert "reverses" not in event
    assert "reversed_by" not in reversal


def test_before_its_event_it_waits_for_it(door: Door):
    answer = door.post(BACK, Prefer="wait=5")
    assert answer.status_code == 200, "there is nothing to wait for"
    ref = result(answer)["ref"]
    reversal = door.get(f"/events/{ref}").json
    assert reversal
    assert reversal["reverses"] == {"ref": None, "source": "crm", "id": "w-1001"}
    deal = result(door.post(DEAL))
    assert deal["status"] == "accepted"
    digest_all()
    event = door.get(f"/events/{deal['ref']}").json
    assert event
    assert (event["effects"], {skip["code"] for skip in event["skipped"]}) == ([], {"reversed"})
    assert (door.get("/members/bo").json or {})["points"] == {"balance": 0, "earned": 0}
    reversal = door.get(f"/events/{ref}").json
    assert reversal
    assert reversal["reverses"]["ref"] == deal["ref"]


def test_a_held_event_is_taken_back_while_it_waits(door: Door):
    assert told(door.post(changed(subject="dora")))[0] == "held"
    assert told(door.post(BACK))[0] == "accepted"
    now = clock.now()
    with transaction() as connection:
        members.upsert(connection, [MemberRecord("dora", MemberProfile("Dora"))], now)
        assert log.release(connection, now, names=["dora"]) == 1
    digest_all()
    event = door.get("/events", source="crm", id="w-1001").json
    assert event
    assert (event["status"], event["effects"], {skip["code"] for skip in event["skipped"]}) == (
        "accepted",
        [],
        {"reversed"},
    )


def test_a_member_has_what_is_kept_and_what_ended(door: Door):
    door.post(DEAL)
    digest_all()
    door.post(BACK)
    digest_all()
    answer = door.get("/members/bo/badges").json
    assert answer
    items = {one["badge"]: one for one in answer["items"]}
    assert (items["deal_maker"]["revoked"], items["deal_maker"]["kept"]) == ("reversed", None)
    assert (items["first"]["revoked"], items["first"]["kept"]) == (None, "reversed")
    bo = door.get("/members/bo").json
    assert bo
    assert [one["badge"] for one in bo["badges"]] == ["first"]
    assert bo["points"]["balance"] == 0
    pages, cursor = [], None
    while len(pages) < 3:
        page = door.get("/members/bo/badges", limit=1, **({"cursor": cursor} if cursor else {})).json
        assert page
        pages += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == answer["items"]


def test_the_feed_tells_what_ended(door: Door, new_door: Callable[..., Door]):
    reader = new_door("effects:read")
    door.post(DEAL)
    digest_all()
    before = reader.get("/effects").json
    assert before
    door.post(BACK)
    digest_all()
    after = reader.get("/effects", after=before["items"][-1]["id"]).json
    assert after
    found = [(one["kind"], one.get("badge"), one.get("revoked"), one.get("kept")) for one in after["items"]]
    assert ("revoked", "deal_maker", "reversed", None) in found
    assert ("kept", "first", None, "reversed") in found
    assert {one["event"]["id"] for one in after["items"]} == {"w-1001"}


def test_hostile_reversals_are_bounded(door: Door):
    many = [back(id=f"r{no}", **of(id=f"w{no}")) for no in range(5_000)]
    answer = door.post(many)
    assert answer.status_code == 202
    assert answer.json
    assert answer.json["accepted"] == 5_000
    answer = door.post(msgspec.json.encode([back(id=f"s{no}", **of(id="r" + str(no))) for no in range(5_000)]))
    assert answer.status_code == 422
    assert stored() == (5_000, 0, 0)
