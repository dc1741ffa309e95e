"""Fay looks after Acme for the vendor."""

import pytest
from sqlalchemy import Connection

from hub.directory import assignments, lookup
from hub.directory.assignments import AssignmentRecord
from tests.directory.conftest import NOW

FAY = AssignmentRecord("acme", "fay", "field_team")


def take(connection: Connection, *records: AssignmentRecord) -> list[str]:
    return [outcome.status for outcome in assignments.upsert(connection, records, NOW)]


def test_fay_looks_after_acme_until_it_ends(cast: Connection):
    fay, acme = lookup.members(cast, ["fay"])["fay"].no, lookup.organizations(cast, ["acme"])["acme"]
    assert take(cast, FAY, FAY, AssignmentRecord("acme", "fay", "support_team")) == [
        "accepted",
        "unchanged",
        "accepted",
    ]
    assert take(cast, FAY) == ["unchanged"]
    assert assignments.looked_after_by(cast, fay) == {acme: ("field_team", "support_team")}
    assert assignments.looking_after(cast, [acme]) == {fay: ("field_team", "support_team")}
    assert assignments.end(cast, acme, fay, "support_team", NOW)
    assert not assignments.end(cast, acme, fay, "support_team", NOW)
    assert assignments.looked_after_by(cast, fay) == {acme: ("field_team",)}


@pytest.mark.parametrize(
    ("record", "path", "code"),
    [
        (AssignmentRecord("", "fay", "field_team"), "organization", "missing"),
        (AssignmentRecord("nowhere", "fay", "field_team"), "organization", "unknown_organization"),
        (AssignmentRecord("acme", "", "field_team"), "member", "missing"),
        (AssignmentRecord("acme", "nobody", "field_team"), "member", "unknown_member"),
        (AssignmentRecord("acme", "fay", ""), "as", "missing"),
        (AssignmentRecord("acme", "fay", "Field Team"), "as", "key"),
    ],
)
def test_a_wrong_field_is_named(cast: Connection, record: AssignmentRecord, path: str, code: str):
    (outcome,) = assignments.upsert(cast, [record], NOW)
    assert [(fault.path, fault.code) for fault in outcome.faults] == [(path, code)]
