"""Assignments: who of the vendor looks after which organization, and as what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, delete, select

from hub.directory import checks
from hub.directory.knowledge import known_now
from hub.directory.lookup import members, organizations
from hub.directory.names import short
from hub.directory.outcomes import ACCEPTED, UNCHANGED, Outcome, rejected
from hub.directory.sets import among
from hub.directory.tables import assignments, member_profiles, present
from hub.directory.writing import take_turns
from hub.gamification.faults import Fault
from hub.signals import publish

Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who looks after an organization, as what, and how to reach her."""

    member: int
    name: str
    roles: tuple[str, ...]
    email: str | None
    phone: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class AssignmentRecord:
    """`organization` by id, `member` by id or alias, `role` as in field_team (the column `as`)."""

    organization: str
    member: str
    role: str


def check(record: AssignmentRecord) -> list[Fault]:
    """What is wrong with the record itself, whatever the hub knows."""
    return [
        *checks.name("organization", record.organization),
        *checks.name("member", record.member),
        *checks.key("as", record.role),
    ]


def upsert(connection: Connection, records: Sequence[AssignmentRecord], now: int) -> list[Outcome]:
    """Take these assignments in as far as they are right."""
    take_turns(connection)
    register = Register()
    register.load(connection, records)
    outcomes = [register.enter(record, now) for record in records]
    register.write(connection, now)
    return outcomes


class Register:
    """The assignments at hand as the hub knows them, and those entered and not written."""

    def __init__(self) -> None:
        self._organizations: dict[str, int] = {}
        self._members: dict[str, int] = {}
        self._known: set[Key] = set()
        self._entered: list[Key] = []

    def load(self, connection: Connection, records: Sequence[AssignmentRecord]) -> None:
        self._organizations |= organizations(connection, {record.organization for record in records})
        known = members(connection, {record.member for record in records})
        self._members |= {name: member.no for name, member in known.items()}
        t = assignments.c
        rows = connection.execute(
            select(t.organization, t.member, t["as"]).where(
                among(connection, t.member, {member.no for member in known.values()})
            )
        )
        self._known |= {(organization, member, role) for organization, member, role in rows}

    def enter(self, record: AssignmentRecord, _now: int) -> Outcome:
        if faults := check(record) or list(self._unknown(record)):
            return rejected(*faults)
        key = (self._organizations[record.organization], self._members[record.member], record.role)
        if key in self._known:
            return UNCHANGED
        self._known.add(key)
        self._entered.append(key)
        return ACCEPTED

    def _unknown(self, record: AssignmentRecord) -> Iterator[Fault]:
        if record.organization not in self._organizations:
            told = f"there is no organization {short(record.organization)}"
            yield Fault("organization", "unknown_organization", told)
        if record.member not in self._members:
            yield Fault("member", "unknown_member", f"there is no member {short(record.member)}")

    def write(self, connection: Connection, now: int) -> None:
        rows = [
            {"organization": organization, "member": member, "as": role} for organization, member, role in self._entered
        ]
        if rows:
            connection.execute(assignments.insert(), rows)
            publish(connection, ["directory", *(f"member/{row['member']}" for row in rows)], now)


def end(connection: Connection, organization: int, member: int, role: str, now: int) -> bool:
    """The member no longer looks after the organization as that. False where it did not."""
    t = assignments.c
    one = delete(assignments).where(t.organization == organization, t.member == member, t["as"] == role)
    ended = connection.execute(one).rowcount > 0
    if ended:
        publish(connection, ["directory", f"member/{member}"], now)
    return ended


def looked_after_by(connection: Connection, member: int) -> dict[int, tuple[str, ...]]:
    """The organizations that a member looks after, and as what."""
    t = assignments.c
    query = select(t.organization, t["as"]).where(t.member == member)
    return _grouped((no, role) for no, role in connection.execute(query.order_by(t.organization, t["as"])))


def looking_after(connection: Connection, organizations: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Who looks after one of these organizations, and as what."""
    t = assignments.c
    query = select(t.member, t["as"]).distinct().where(among(connection, t.organization, organizations))
    return _grouped((no, role) for no, role in connection.execute(query.order_by(t.member, t["as"])))


def _grouped(rows: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    grouped: dict[int, tuple[str, ...]] = {}
    for no, role in rows:
        grouped[no] = (*grouped.get(no, ()), role)
    return grouped


def contacts(connection: Connection, organization: int, now: int) -> tuple[Contact, ...]:
    """Who looks after this organization and has a part in the hub, by name."""
    found: dict[int, Contact] = {}
    for row in connection.execute(_CONTACTS, {"organization": organization, "now": now}):
        one = found.get(row.member)
        if one is None:
            found[row.member] = Contact(row.member, row.name, (row.role,), row.email, row.phone, row.title)
        elif row.role not in one.roles:
            found[row.member] = replace(one, roles=(*one.roles, row.role))
    return tuple(found.values())


# A person's rows come newest first: the first is the one in force.
_CONTACTS = (
    select(
        assignments.c.member,
        assignments.c["as"].label("role"),
        present.c.name,
        member_profiles.c.email,
        member_profiles.c.phone,
        member_profiles.c.title,
    )
    .join(present, present.c.member == assignments.c.member)
    .join(member_profiles, member_profiles.c.member == assignments.c.member)
    .where(
        assignments.c.organization == bindparam("organization"),
        present.c.active,
        known_now(member_profiles),
        member_profiles.c.valid_from <= bindparam("now"),
    )
    .order_by(present.c.name_folded, assignments.c.member, member_profiles.c.valid_from.desc(), assignments.c["as"])
)
