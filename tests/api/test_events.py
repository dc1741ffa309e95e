"""Events through the door: each gets its verdict, whatever way it is sent; what is wrong leaves nothing behind."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import digest, entry, log
from hub.ledger.tables import entries, refused
from tests.api.conftest import DEAL, PROGRAM, Door, publish, stored

RULES = """
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amount}}
"""
MODES = ("json", "array", "structured", "batch", "binary")


def send(door: Door, event: dict[str, Any], mode: str) -> TestResponse:
    """The same event in each of the ways there are."""
    if mode == "json":
        return door.post(event)
    if mode == "array":
        return door.post([event])
    if mode == "structured":
        return door.post({"specversion": "1.0"} | event, "application/cloudevents+json; charset=utf-8")
    if mode == "batch":
        return door.post([{"specversion": "1.0"} | event], "application/cloudevents-batch+json")
    headers = {f"ce_{name}": quote(value) for name, value in event.items() if name != "data" and value is not None}
    body = msgspec.json.encode(event["data"]) if "data" in event else b""
    return door.post(body, ce_specversion="1.0", **headers)


def result(answer: TestResponse) -> dict[str, Any]:
    assert answer.json
    (only,) = answer.json["results"]
    return dict(only)


def changed(**fields: Any) -> dict[str, Any]:
    """The deal with other fields; None: without it."""
    return {name: value for name, value in (DEAL | fields).items() if value is not None}


def with_data(**attributes: Any) -> dict[str, Any]:
    return DEAL | {"data": dict(DEAL["data"]) | attributes}  # type: ignore[call-overload]


@pytest.mark.parametrize("mode", MODES)
def test_an_event_is_accepted_once_however_it_comes(door: Door, mode: str):
    answer = send(door, DEAL, mode)
    assert answer.status_code == 202
    accepted = result(answer)
    assert answer.json == {
        "accepted": 1, "duplicates": 0, "held": 0, "rejected": 0, "conflicts": 0,
        "results": [{"id": "w-1001", "source": "crm", "status": "accepted", "ref": accepted["ref"]}],
    }  # fmt: skip
    assert stored() == (1, 1, 0)
    for other in MODES:
        again = send(door, DEAL, other)
        assert again.status_code == 202
        assert result(again) == accepted | {"status": "duplicate"}
    assert stored() == (1, 1, 0)


WRONG = [
    (changed(id=None), "missing", "id"),
    (changed(source=None), "missing", "source"),
    (changed(type=None), "missing", "type"),
    (changed(subject=None), "missing", "subject"),
    (changed(time=None), "missing", "time"),
    (changed(id=""), "missing", "id"),
    (changed(id="x" * 256), "too_long", "id"),
    (changed(source="x" * 256), "too_long", "source"),
    (changed(type="x" * 256), "too_long", "type"),
    (changed(subject="ü" * 256), "too_long", "subject"),
    (changed(subject="bo\0"), "type", "subject"),
    (changed(time="2026-11-20T09:30:00"), "time", "time"),
    (changed(time="2026-11-20"), "time", "time"),
    (changed(time="yesterday"), "time", "time"),
    (changed(time="2026-02-29T09:30:00Z"), "time", "time"),
    (changed(time="2026-11-20T24:00:00Z"), "time", "time"),
    (changed(time="2026-11-20T09:30:60Z"), "time", "time"),
    (changed(time="2026-11-20T09:30:00+14:01"), "time", "time"),
    (changed(time="2026-11-20T09:30:00-12:01"), "time", "time"),
    (changed(time="1999-12-31T23:59:59Z"), "time", "time"),
    (changed(time="2026-11-23T10:05:00.000001Z"), "time", "time"),
    (changed(time="0001-01-01T00:00:00+14:00"), "time", "time"),
    (changed(time="9999-12-31T23:59:59-12:00"), "time", "time"),
    (changed(source="hub"), "source", "source"),
    (changed(type="hub.visited"), "type", "type"),
    (changed(type="event.reversed", data={"source": "crm", "id": "1"}), "forbidden", "type"),
    (changed(specversion="0.3"), "type", "specversion"),
    (changed(data=[1]), "type", "data"),
    (changed(data="text"), "type", "data"),
    (with_data(amount=None), "attribute", "data.amount"),
    (changed(data=None), "attribute", "data.amount"),
    (with_data(amount="12"), "attribute", "data.amount"),
    (with_data(amount=True), "attribute", "data.amount"),
    (with_data(deal=7), "attribute", "data.deal"),
    (with_data(units=1.5), "attribute", "data.units"),
    (with_data(paid="yes"), "attribute", "data.paid"),
    (with_data(signed="2026-02-30"), "attribute", "data.signed"),
    (with_data(state="lost"), "attribute", "data.state"),
    (with_data(deal="d\0"), "attribute", "data.deal"),
    (with_data(amount=10**12 + 1), "too_large", "data.amount"),
    (with_data(other={"deep": [-(10**12) - 1]}), "too_large", "data.other"),
    (with_data(note="x" * 64 * 1024), "too_large", ""),
]


def test_what_is_wrong_is_named_and_leaves_nothing(door: Door):
    for event, code, path in WRONG:
        for mode in MODES:
            if mode != "binary" or "specversion" not in event:
                _check_rejected(send(door, event, mode), event, code, path, "0." if mode in ("array", "batch") else "")
    assert stored() == (0, 0, 0)
    assert send(door, DEAL, "json").status_code == 202, "a rejected event leaves no key behind"


def _check_rejected(answer: TestResponse, event: dict[str, Any], code: str, path: str, prefix: str) -> None:
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), (event, code, path)
    assert answer.json
    assert answer.json["code"] == code, event
    assert [(fault["path"], fault["code"]) for fault in answer.json["errors"]] == [((prefix + path).rstrip("."), code)]
    told = result(answer)
    assert (told["status"], told["code"], told["path"]) == ("rejected", code, path)
    assert told["message"]
    assert told["source"] == event.get("source", "")[:255] or (told["source"] is None and "source" not in event)


def test_numbers_are_bounded_without_blowing_up(door: Door):
    for number in (b"1e400", b"-1e400", b"1e-400", b"1e999999999999999999999", b"9" * 5_000, b"0." + b"1" * 31):
        body = msgspec.json.encode(DEAL).replace(b"12000", number)
        told = result(door.post(body))
        assert (told["code"], told["path"]) == ("too_large", "data.amount"), number[:20]
    assert stored() == (0, 0, 0)
    for place, number in enumerate(
        (b"1e12", b"-1e12", b"0." + b"1" * 30, b"0e400", b"1.0000000000000000000000000000000000")
    ):
        body = msgspec.json.encode(DEAL | {"id": str(place)}).replace(b"12000", number)
        assert door.post(body).status_code == 202, number
    with reader() as connection:
        data = list(connection.scalars(select(entries.c.data).order_by(entries.c.no)))
    assert [one[10 : one.index(",")] for one in data] == ["1000000000000", "-1000000000000", "0." + "1" * 30, "0", "1"]


UNREADABLE = [
    b"", b"{", b"[", b"[{}", b"nul", b'{"a":1}x', b"\xff", b"\xef\xbb\xbf{}", b'{"a":1,"a":2}', b"\x80abc", b"[1,]",
    b'{"data":{"x":1,"x":2}}', b'{"data":{"x":1,"\\u0078":2}}', b'[{"a":NaN}]', b'{"a":Infinity}',
    b"[" * 33 + b"]" * 33, b"[" * 100_000, b'{"a":' * 33 + b"1" + b"}" * 33, b'{"data":{"x":"\\ud800"}}',
]  # fmt: skip


def test_unreadable_json_is_a_400(door: Door):
    attributes = {f"ce_{name}": quote(str(value)) for name, value in DEAL.items() if name != "data"}
    for body in UNREADABLE:
        for media in ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json"):
            answer = door.post(body, media)
            assert (answer.status_code, answer.json and answer.json["code"]) == (400, "unreadable"), body[:20]
        if body:
            assert door.post(body, ce_specversion="1.0", **attributes).status_code == 400
    assert stored() == (0, 0, 0)


def test_bodies_are_bounded(door: Door):
    many = [DEAL | {"id": str(number)} for number in range(5_001)]
    answer = door.post(many)
    assert (answer.status_code, answer.json and answer.json["code"]) == (413, "too_large")
    assert door.post(b" " * (5 * 1024 * 1024 + 1)).status_code == 413
    assert door.post(b"[" + b"1," * 1_000_000 + b"1]").status_code == 413
    assert stored() == (0, 0, 0)
    answer = door.post(many[:5_000])
    assert answer.status_code == 202
    assert stored() == (5_000, 5_000, 0)


def test_other_content_is_a_415(door: Door):
    body = msgspec.json.encode(DEAL)
    for media in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/cloudevents+avro"):
        assert door.post(body, media).status_code == 415, media
    assert door.post(body, "application/json; charset=iso-8859-1").status_code == 415
    assert door.post(body, Content_Encoding="gzip").status_code == 415
    assert door.post(b"<x/>", "text/xml", ce_id="1", ce_specversion="1.0").status_code == 415
    assert stored() == (0, 0, 0)


def test_an_empty_list_says_that_something_is_missing(door: Door):
    for media in ("application/json", "application/cloudevents-batch+json"):
        answer = door.post([], media)
        assert (answer.status_code, answer.json and answer.json["code"]) == (422, "missing")


def test_what_is_no_event_at_all_is_rejected(door: Door):
    for body in (5, "text", None, True, [5], [None, DEAL, "x"]):
        answer = door.post(msgspec.json.encode(body))
        assert answer.json
        assert answer.status_code == (202 if isinstance(body, list) and DEAL in body else 422)
        assert {one["code"] for one in answer.json["results"] if one["status"] == "rejected"} == {"type"}
    answer = door.post(DEAL, "application/cloudevents-batch+json")
    assert (answer.status_code, answer.json and answer.json["code"]) == (422, "type")


def test_the_same_key_with_other_content_is_a_conflict(door: Door):
    assert door.post(DEAL).status_code == 202
    others = [
        changed(type="mdf.spent"), changed(subject="lms:4711"), changed(time="2026-11-20T08:30:00Z"),
        changed(time="2026-11-20T09:30:00.000001+01:00"), with_data(amount=1), with_data(note=None),
        with_data(amount="wrong"), changed(subject="nobody"),
    ]  # fmt: skip
    for other in others:
        answer = door.post(other)
        assert answer.status_code == 409
        assert answer.json
        assert answer.json["code"] == "conflict"
        assert result(answer)["status"] == "conflict"
    assert stored() == (1, 1, 0)


def test_equal_content_is_a_duplicate_however_it_is_written(door: Door):
    assert door.post(DEAL).status_code == 202
    same = [
        b'{"data":{"deal":"d-77","amount":12000.0},"time":"2026-11-20T09:30:00.0000009+01:00","subject":"bo",'
        b'"type":"deal.won","source":"crm","id":"w-1001"}',
        b'{"id":"w-1001","source":"crm","type":"deal.won","subject":"\\u0062o","time":"2026-11-20t09:30:00+01:00",'
        b'"data":{"amount":1.2E4,"deal":"d-77"},"traceparent":"ignored","comexampleextension":{"any":[1]}}',
    ]
    for body in same:
        assert result(door.post(body))["status"] == "duplicate"


def test_two_equal_keys_in_one_body_are_judged_one_after_the_other(door: Door):
    answer = door.post([with_data(amount="x"), DEAL, DEAL, with_data(amount=1), with_data(amount="x")])
    assert answer.json
    statuses = [one["status"] for one in answer.json["results"]]
    assert statuses == ["rejected", "accepted", "duplicate", "conflict", "conflict"]
    assert stored() == (1, 1, 0)


def test_a_body_may_hold_good_and_bad(door: Door):
    sent = [DEAL, changed(id="2", time="x"), changed(id="3", subject="nobody"), changed(id="4", type="new.type"), DEAL]
    answer = door.post(sent)
    assert answer.status_code == 202
    assert answer.json
    told = [(one["status"], one.get("code")) for one in answer.json["results"]]
    assert told == [
        ("accepted", None), ("rejected", "time"), ("held", "unknown_member"), ("held", "unknown_type"),
        ("duplicate", None),
    ]  # fmt: skip
    assert {name: answer.json[name] for name in ("accepted", "duplicates", "held", "rejected", "conflicts")} == {
        "accepted": 1, "duplicates": 1, "held": 2, "rejected": 1, "conflicts": 0,
    }  # fmt: skip
    assert stored() == (3, 1, 2)


def test_conflicts_and_rejections_alone_are_a_409(door: Door):
    door.post(DEAL)
    answer = door.post([changed(id="2", time="x"), with_data(amount=1)])
    assert answer.status_code == 409


def test_a_member_is_named_by_alias_too(door: Door):
    assert result(door.post(changed(subject="lms:4711")))["status"] == "accepted"


def test_an_event_may_be_about_an_organization(door: Door):
    spent = changed(type="mdf.spent", subject="acme", data={"amount": 5})
    assert result(door.post(spent))["status"] == "accepted"
    told = result(door.post(spent | {"id": "2", "subject": "nowhere"}))
    assert (told["status"], told["code"]) == ("held", "unknown_organization")
    assert stored() == (2, 1, 1)


def test_held_events_are_applied_once_that_is_mended(door: Door):
    sent = [
        changed(id="1", subject="dora"),
        changed(id="2", subject="dora", data={"amount": "x", "deal": "d"}),
        changed(id="3", type="t.new"),
    ]
    assert door.post(sent).status_code == 202
    assert stored() == (3, 0, 3)
    now = clock.now()
    with transaction() as connection:
        members.upsert(connection, [MemberRecord("dora", MemberProfile("Dora"))], now)
        assert log.release(connection, now, names=["dora"]) == 1
    publish(PROGRAM + "  t.new: {}\n")
    assert stored() == (3, 2, 0)
    with reader() as connection:
        assert connection.execute(select(refused.c.code, refused.c.path)).one() == ("attribute", "data.amount")
        known = connection.execute(
            select(entries.c.id, entries.c.known_at, entries.c.member).order_by(entries.c.no)
        ).all()
    assert [one.known_at is not None and one.member is not None for one in known] == [True, False, True]
    assert result(door.post(sent[0]))["status"] == "duplicate"
    told = door.get("/events", source="crm", id="2").json
    assert told
    assert (told["status"], told["code"], told["path"]) == ("rejected", "attribute", "data.amount")


def test_a_deactivated_members_events_wait(door: Door, cast: dict[str, int]):
    now = clock.now()
    with transaction() as connection:
        members.deactivate(connection, cast["bo"], "pat", None, now)
    told = result(door.post(changed(subject="lms:4711")))
    assert (told["status"], told["code"]) == ("held", "inactive_member")
    with transaction() as connection:
        names = members.reactivate(connection, cast["bo"], now)
        assert log.release(connection, now, names=names) == 1
    assert stored() == (1, 1, 0)


# ----------------------------------------------------------------------------------------------------------------- keys


def test_without_a_key_or_its_scope_nobody_enters(door: Door, new_door: Callable[..., Door]):
    assert door.client.post("/api/v1/events", json=DEAL).status_code == 401
    assert new_door("events:read").post(DEAL).status_code == 403
    writer = new_door("events:write")
    assert writer.get("/held").status_code == 403
    assert writer.get("/events", source="crm", id="1").status_code == 403
    assert stored() == (0, 0, 0)


def test_a_key_speaks_for_its_sources_only(door: Door, new_door: Callable[..., Door]):
    assert door
    crm = new_door("events:write", "events:read", sources=["crm"])
    assert crm.post(DEAL).status_code == 202
    told = result(crm.post(changed(source="lms")))
    assert (told["code"], told["path"]) == ("source", "source")
    door.post(changed(source="lms"))
    assert crm.get("/events", source="lms", id="w-1001").status_code == 404
    assert crm.get("/events", source="crm", id="w-1001").status_code == 200


def test_a_trial_may_send_visits_in_the_hubs_name(door: Door, new_door: Callable[..., Door]):
    visit = changed(source="hub", type="hub.visited", data=None)
    trial = new_door("events:write", sources=["hub"])
    assert result(trial.post(visit))["status"] == "accepted"
    assert result(trial.post(visit | {"id": "2", "type": "hub.prize.won"}))["code"] == "source"
    assert result(door.post(visit | {"id": "3"}))["code"] == "source"


def test_a_key_of_an_organization_speaks_of_its_own_people(door: Door, new_door: Callable[..., Door]):
    acme = new_door("events:write", "events:read", organization="acme")
    assert result(acme.post(DEAL))["status"] == "accepted"
    for subject in ("cy", "nobody"):
        told = result(acme.post(changed(id=subject, subject=subject)))
        assert (told["code"], told["path"]) == ("forbidden", "subject")
    door.post(changed(id="of-cy", subject="cy"))
    assert acme.get("/events", source="crm", id="of-cy").status_code == 404
    assert acme.get("/events", source="crm", id="w-1001").status_code == 200
    assert acme.get("/held").json == {"items": [], "next": None}


# -------------------------------------------------------------------------------------------------------------- waiting


def test_waiting_ends_at_its_time_and_tells_that_it_is_on_its_way(door: Door):
    answer = door.post(DEAL, Prefer="wait=1")
    assert answer.status_code == 202
    assert "effects" not in result(answer)


def test_who_waits_hears_what_the_event_did(new_door: Callable[..., Door]):
    publish(PROGRAM + RULES)
    door = new_door()
    door.post([DEAL, changed(id="small", data={"amount": 5, "deal": "d-1"}), changed(id="2", type="mdf.spent")])
    while digest.run():
        pass
    answer = door.post(DEAL, Prefer="wait=5")
    assert answer.status_code == 200
    told = result(answer)
    assert told["status"] == "duplicate"
    assert told["effects"] == [{"kind": "points", "rule": "won_deal", "amount": 120}]
    assert told["skipped"] == []
    small = door.get("/events", source="crm", id="small").json
    assert small
    assert small["effects"] == []
    assert [(skip["rule"], skip["code"]) for skip in small["skipped"]] == [("won_deal", "nothing")]


def test_with_nothing_to_wait_for_the_answer_is_complete(door: Door):
    answer = door.post(changed(subject="nobody"), Prefer="respond-async, wait=5")
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=5"


def test_preferences_that_make_no_sense_are_ignored(door: Door):
    for prefer in ("wait", "wait=", "wait=-1", "wait=x", "wait=²", "handling=strict", "wait=0"):
        answer = door.post(DEAL, Prefer=quote(prefer))
        assert answer.status_code == 202, prefer


# -------------------------------------------------------------------------------------------------------------- reading


def test_an_event_is_found_by_ref_and_by_key(door: Door):
    ref = result(door.post(with_data(note="ü", ratio=0.1)))["ref"]
    told = door.get(f"/events/{ref}")
    assert told.status_code == 200
    assert told.json == door.get("/events", source="crm", id="w-1001").json
    assert told.json
    assert told.json["time"] == "2026-11-20T09:30:00+01:00"
    assert told.json["data"] == {"amount": 12000, "deal": "d-77", "note": "ü", "ratio": 0.1}
    assert (told.json["status"], told.json["known_at"]) == ("accepted", "2026-11-23T10:00:00Z")


def test_what_is_not_there_is_a_404(door: Door):
    for ref in ("e_00000000", "e_", "x", "e_ILOU0000", "e_" + "z" * 8, "e_" + "z" * 9, "%00"):
        assert door.get(f"/events/{ref}").status_code in (400, 404), ref
    assert door.get("/events", source="crm", id="nothing").status_code == 404
    assert door.get("/events", source="crm").status_code == 422
    assert door.get("/events", source="crm", id="x" * 256).status_code == 422


def test_refs_are_a_bijection():
    numbers = [1, 2, 3, 1_000, 10**6, 2**40 - 1]
    assert [entry.number(entry.ref(number)) for number in numbers] == numbers
    assert len({entry.ref(number) for number in range(2_000)}) == 2_000


def test_held_events_are_listed_in_pages(door: Door):
    door.post([changed(id=str(number), subject="nobody") for number in range(5)])
    first = door.get("/held", limit=3).json
    assert first
    assert [one["id"] for one in first["items"]] == ["0", "1", "2"]
    second = door.get("/held", limit=3, cursor=first["next"]).json
    assert second
    assert [one["id"] for one in second["items"]] == ["3", "4"]
    assert second["next"] is None
    assert first["items"][0]["code"] == "unknown_member"
    for wrong in ({"limit": "0"}, {"limit": "501"}, {"limit": "x"}, {"cursor": "x"}):
        assert door.get("/held", **wrong).status_code == 422
