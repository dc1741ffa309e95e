"""The cast: Ada owns Acme, Bo sells for Acme, Fay looks after Acme for the vendor, Cy is from elsewhere."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection

from hub.clock import instant
from hub.db import transaction
from hub.directory import members, organizations
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord

JANUARY = instant("2026-01-01T00:00:00Z")
MARCH = instant("2026-03-01T00:00:00Z")
MAY = instant("2026-05-01T00:00:00Z")
JULY = instant("2026-07-01T00:00:00Z")
NOW = instant("2026-11-23T10:00:00Z")

ORGANIZATIONS = (
    OrganizationRecord("acme", OrganizationProfile("Acme", "reseller", "gold", "emea", "120", ("harbor",)), JANUARY),
    OrganizationRecord("globex", OrganizationProfile("Globex", "distributor", "silver", "apac"), JANUARY),
    OrganizationRecord("vendor", OrganizationProfile("The vendor"), JANUARY),
)
PEOPLE = (
    MemberRecord("ada", MemberProfile("Ada Berg", "ada@acme.example", "acme", ("partner_owner",)), (), JANUARY),
    MemberRecord(
        "bo",
        MemberProfile("Bo Lind", None, "acme", ("sales_rep",), "Europe/Berlin", "de"),
        ("lms:4711", "bo@acme.example"),
        JANUARY,
    ),
    MemberRecord("fay", MemberProfile("Fay Okafor", None, "vendor", ("field_team",)), (), JANUARY),
    MemberRecord("cy", MemberProfile("Cy Tanaka", None, "globex", ("sales_rep",), "Asia/Tokyo"), (), JANUARY),
)


@pytest.fixture
def hub(app: Flask) -> Iterator[Connection]:
    """An empty hub, inside one transaction."""
    with app.app_context(), transaction() as connection:
        yield connection


@pytest.fixture
def cast(hub: Connection) -> Connection:
    """A hub that knows the cast since January."""
    for taken in (organizations.upsert(hub, ORGANIZATIONS, JANUARY), members.upsert(hub, PEOPLE, JANUARY)):
        assert {outcome.status for outcome in taken.outcomes} == {"accepted"}
    return hub
