"""Organizations come in as whole profiles over time."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from hub.directory import lookup, organizations
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.tables import organization_profiles
from tests.directory.conftest import JANUARY, MARCH, NOW, ORGANIZATIONS

ACME = ORGANIZATIONS[0]


def take(connection: Connection, *records: OrganizationRecord) -> list[str]:
    return [outcome.status for outcome in organizations.upsert(connection, records, NOW).outcomes]


def tiers(connection: Connection) -> list[tuple[int, str]]:
    t = organization_profiles.c
    acme = lookup.organizations(connection, ["acme"])["acme"]
    now = t.organization == acme, t.superseded_at.is_(None)
    rows = connection.execute(select(t.valid_from, t.tier).where(*now).order_by(t.valid_from))
    return [(valid_from, tier) for valid_from, tier in rows]


def test_the_same_file_again_changes_nothing(cast: Connection):
    assert take(cast, *ORGANIZATIONS) == ["unchanged"] * 3


def test_a_different_row_holds_from_its_instant_or_from_now(cast: Connection):
    silver, bronze = replace(ACME.profile, tier="silver"), replace(ACME.profile, tier="bronze")
    records = OrganizationRecord("acme", silver, MARCH), OrganizationRecord("acme", bronze)
    assert take(cast, *records) == ["accepted"] * 2
    assert take(cast, *records) == ["unchanged"] * 2
    assert tiers(cast) == [(JANUARY, "gold"), (MARCH, "silver"), (NOW, "bronze")]


def test_a_row_of_the_same_instant_takes_the_place_of_the_one_before_which_stays_in_the_record(cast: Connection):
    take(cast, OrganizationRecord("acme", replace(ACME.profile, tier="silver"), JANUARY))
    assert tiers(cast) == [(JANUARY, "silver")]
    t = organization_profiles.c
    acme = lookup.organizations(cast, ["acme"])["acme"]
    told = cast.execute(select(t.tier, t.recorded_at, t.superseded_at).where(t.organization == acme).order_by(t.no))
    assert [tuple(row) for row in told] == [("gold", JANUARY, NOW), ("silver", NOW, None)]


def test_the_profile_of_that_time_is_what_a_change_of_one_field_starts_from(cast: Connection):
    take(cast, OrganizationRecord("acme", replace(ACME.profile, tier="silver"), MARCH))
    acme = lookup.organizations(cast, ["acme"])["acme"]
    found = [organizations.profile_at(cast, acme, time) for time in (JANUARY - 1, MARCH - 1, MARCH)]
    assert [profile and profile.tier for profile in found] == ["gold", "gold", "silver"]
    assert organizations.profile_at(cast, 999_999, NOW) is None


def test_new_organizations_are_told(cast: Connection):
    new = OrganizationRecord("initech", OrganizationProfile("Initech"))
    assert organizations.upsert(cast, [new, ACME], NOW).appeared == ["initech"]


@pytest.mark.parametrize(
    ("id_", "changed", "path", "code"),
    [
        ("", {}, "id", "missing"),
        ("x" * 256, {}, "id", "too_long"),
        ("a\0b", {}, "id", "text"),
        ("acme", {"name": ""}, "name", "missing"),
        ("acme", {"type": "x" * 256}, "type", "too_long"),
        ("acme", {"tier": "a\nb"}, "tier", "text"),
        ("acme", {"tags": ("a|b",)}, "tags", "text"),
    ],
)
def test_a_wrong_field_is_named(cast: Connection, id_: str, changed: dict[str, Any], path: str, code: str):
    record = OrganizationRecord(id_, replace(ACME.profile, **changed))
    (outcome,) = organizations.upsert(cast, [record], NOW).outcomes
    assert [(fault.path, fault.code) for fault in outcome.faults] == [(path, code)]
