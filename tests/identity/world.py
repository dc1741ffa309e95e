"""A hub in which everybody is there whom `surface.py` tells of, and something has happened to each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import assignments, lookup, members, organizations
from hub.directory.assignments import AssignmentRecord
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.identity import keys
from hub.identity.viewers import Viewer, viewer
from hub.ledger import entry
from hub.ledger.tables import awards, entries
from tests.app import JANUARY, token
from tests.club import Club, publish
from tests.identity.surface import ASSIGNED, OTHER, ROLES, SAME, SELF, VENDORS

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
actions:
  sell: {event: deal.won}
points:
  won: {event: deal.won, award: 100}
badges:
  seller: {when: {metric: revenue, at_least: 1}}
  helper: {points: 5}
streaks:
  daily: {event: deal.won, every: day}
goals:
  quarter: {metric: revenue, window: quarter, target: 4}
leaderboards:
  top: {metric: revenue, window: month}
"""
COMPANIES = ("acme", "globex", "initech", "vendor")
#: Whom pages and keys are asked about: somebody of each organization.
OF = {company: f"somebody-of-{company}" for company in COMPANIES}
NOBODY = "nobody"


def home(role: str) -> str:
    return "vendor" if role in VENDORS else "acme"


def object_of(role: str, stands: str, whom: str) -> str:
    """The id of a member or an organization that stands so to the one with this role."""
    company = {SELF: home(role), SAME: home(role), ASSIGNED: "globex", OTHER: "initech"}.get(stands)
    if company is None:
        return NOBODY
    if whom == "organization":
        return company
    return role if stands == SELF else OF[company]


@dataclass
class World:
    """A hub in which everybody is there, and something has happened to each."""

    app: Flask
    numbers: dict[str, int]
    made: Iterator[int] = field(default_factory=lambda: count(1))

    def browser(self, role: str | None) -> FlaskClient:
        client = self.app.test_client()
        if role is not None:
            answer = client.post("/sign-in", data={"csrf_token": token(client), "member": role})
            assert answer.status_code == 303
        return client

    def key(self, *scopes: str, organization: str | None = None, revoked: bool = False) -> str:
        with transaction() as connection:
            made = keys.create(connection, "matrix", scopes, clock.now(), organization=organization)
            assert isinstance(made, tuple)
            if revoked:
                keys.revoke(connection, made[0].id, clock.now())
        return made[1]

    def filled(self, text: str) -> str:
        """With the public names of events and awards for what stands in braces."""
        text = re.sub(r"\{event of ([^}]+)\}", lambda found: self.event(found[1]), text)
        return re.sub(r"\{award of ([^}]+)\}", lambda found: self.award(found[1]), text)

    def event(self, id_: str) -> str:
        with reader() as connection:
            no = connection.scalar(select(entries.c.no).where(entries.c.id == f"of-{id_}"))
        return "e_nowhere" if no is None else entry.ref(no)

    def award(self, id_: str) -> str:
        with reader() as connection:
            t = awards.c
            no = connection.scalar(select(t.no).where(t.member == self.numbers.get(id_), t.badge == "seller"))
        return "a_999999" if no is None else f"a_{no}"

    def looks(self, role: str) -> Viewer:
        with reader() as connection:
            found = viewer(connection, self.numbers[role], clock.now())
        assert found
        return found


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("hub.api.acts.WAIT_SECONDS", 0)
    monkeypatch.setattr("hub.api.pauses.WAIT_SECONDS", 0)
    people = {role: (home(role), (role,)) for role in ROLES} | {id_: (company, ()) for company, id_ in OF.items()}
    with transaction() as connection:
        firms = [OrganizationRecord(id_, OrganizationProfile(id_.title()), JANUARY) for id_ in COMPANIES]
        organizations.upsert(connection, firms, JANUARY)
        records = [
            MemberRecord(id_, MemberProfile(id_, None, company, roles), (), JANUARY)
            for id_, (company, roles) in people.items()
        ]
        members.upsert(connection, records, JANUARY)
        # That one is assigned gives nothing to roles that it is not for.
        assignments.upsert(connection, [AssignmentRecord("globex", role, "field_team") for role in ROLES], JANUARY)
    with reader() as connection:
        numbers = {id_: known.no for id_, known in lookup.members(connection, people).items()}
    publish(PROGRAM)
    for id_ in people:
        Club(numbers, iter([f"of-{id_}"])).enters(id_, "deal.won", amount=2)  # type: ignore[arg-type]
    Club(numbers, count(1)).digests()
    return World(app, numbers)
