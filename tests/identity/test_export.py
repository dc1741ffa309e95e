"""Export: everything that the hub holds about a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import BigInteger

from hub import clock
from hub.db import db, reader, transaction
from hub.directory import lookup, members, targets
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.targets import TargetRecord
from hub.identity import export
from hub.ledger import acts, arrivals, log, merging, programs
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}, deal: {type: text}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
points:
  won: {event: deal.won, award: 100}
badges:
  seller: {when: {metric: revenue, at_least: 1}}
goals:
  quarter: {metric: revenue, window: quarter, target: 4}
"""

#: Tables that name a member and hold nothing about one but what an export tells from elsewhere: what is worked out of
#: the log again at any time, what waits to be, who was merged into whom, which the names tell, and who was erased, of
#: whom there is nothing to tell.
WORKED_OUT = {
    "erasures",
    "former_values",
    "feed",
    "goal_peaks",
    "member_values",
    "merges",
    "organization_parts",
    "present",
    "profiles_due",
    "progress",
    "progress_parts",
    "queue",
    "refolds",
    "set_aside",
}
TOLD = {
    "accounts",
    "aliases",
    "arrangements",
    "assignments",
    "awards",
    "deactivations",
    "entries",
    "final_boards",
    "final_goals",
    "goals_reached",
    "hidden_actions",
    "identities",
    "looks",
    "member_profiles",
    "members",
    "revocations",
    "scim_users",
    "sessions",
    "shown_actions",
    "targets",
    "transfers",
    "preferences",
}


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


def told(name: str) -> dict[str, list[dict[str, Any]]]:
    with reader() as connection:
        member = lookup.member(connection, name)
        assert member
        written = export.as_json(export.of(connection, member.no, clock.now()))
    found: dict[str, list[dict[str, Any]]] = json.loads(written)
    return found


def test_an_export_tells_profile_events_points_and_awards(harbor: Club):
    harbor.happens("bo", "deal.won", amount=Decimal("1.5"), deal="d-77", note="said by phone")
    with transaction() as connection:
        targets.upsert(connection, [TargetRecord("quarter", "bo", "2026-Q4", "9")], clock.now())
        members.deactivate(connection, harbor.numbers["bo"], "operator", "on leave", clock.now())
        members.reactivate(connection, harbor.numbers["bo"], clock.now())
    harbor.digests()
    bo = told("bo")
    assert [one["name"] for one in bo["names"]] == ["bo", "lms:4711"]
    assert (bo["profiles"][0]["name"], bo["profiles"][0]["organization"]) == ("Bo Lind", "acme")
    [event] = bo["events"]
    assert event["data"] == {"amount": 1.5, "deal": "d-77", "note": "said by phone"}
    assert event["time"] == "2026-11-20T09:30:00+01:00"
    assert [(line["amount"], line["balance"], line["event"]["id"]) for line in bo["transfers"]] == [(100, 100, "1")]
    assert [one["badge"] for one in bo["awards"]] == ["seller"]
    assert bo["deactivations"][0]["reason"] == "on leave"
    assert bo["targets"][0]["target"] == "9"
    assert bo["stands_at"][0]["balance"] == 100


def test_an_export_tells_what_waits_and_what_was_before_a_merge(harbor: Club):
    with transaction() as connection:
        record = MemberRecord("b.lind", MemberProfile("B. Lind", "lind@acme.example"), (), clock.now())
        members.upsert(connection, [record], clock.now())
    harbor.happens("b.lind", "deal.won", amount=7)
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["bo"], "operator", None, clock.now())
        sent = {"id": "w", "source": "crm", "type": "deal.won", "subject": "lms:4711", "time": "2026-11-20T09:00:00Z"}
        version = programs.newest(connection)
        assert version
        arrival = arrivals.read(sent | {"data": {"amount": 1}}, clock.now(), lambda *_: True)
        log.append(connection, [arrival], version.program.events, clock.now())
    assert [(one["id"], one["waits_for"]) for one in told("bo")["events"]] == [("w", "inactive_member")]
    with transaction() as connection:
        log.release(connection, clock.now(), names=members.reactivate(connection, harbor.numbers["bo"], clock.now()))
        assert isinstance(merging.merge(connection, "b.lind", "bo", "operator", clock.now()), int)
    harbor.digests()
    bo = told("bo")
    assert {profile["email"] for profile in bo["profiles"]} == {None, "lind@acme.example"}
    assert [event["type"] for event in bo["events"]] == ["deal.won", "deal.won", "hub.member.merged"]
    assert sum(line["amount"] for line in bo["transfers"]) == 200


def test_an_export_tells_of_nobody_else(harbor: Club):
    harbor.happens("bea", "deal.won", amount=3, deal="of bea")
    with transaction() as connection:
        acts.adjust(connection, (harbor.numbers["cy"], "cy"), 5, "of cy", "key/k", clock.now())
    assert "of bea" not in json.dumps(told("bo"))
    assert "of cy" not in json.dumps(told("bo"))


def test_every_table_that_names_a_member_is_told_of_or_worked_out_of_what_is(app: Flask):
    assert app
    naming = {table.name for table in db.metadata.sorted_tables if _names_a_member(table)}
    assert naming - WORKED_OUT - TOLD == set(), "an export says nothing of these: add a section"
    assert (WORKED_OUT | TOLD) - naming - {"members"} == set()


def _names_a_member(table: Any) -> bool:
    keys = {key.column.table.name for column in table.columns for key in column.foreign_keys}
    named = [column.name for column in table.columns if isinstance(column.type, BigInteger)]
    return "members" in keys or bool({"member", "who"}.intersection(column.name for column in table.columns) and named)


def test_the_command_writes_a_file_that_people_can_read(harbor: Club, hub: Callable[..., tuple[int, str, str]]):
    harbor.happens("bo", "deal.won", amount=3, deal="<b>d-77</b>")
    status, output, _ = hub("members", "export", "lms:4711")
    assert status == 0
    assert json.loads(output)["names"][0]["name"] == "bo"
    status, page, _ = hub("members", "export", "bo", "--html")
    assert status == 0
    assert "&lt;b&gt;d-77&lt;/b&gt;" in page
    assert "Bo Lind" in page
    assert hub("members", "export", "nobody")[0] == 1
