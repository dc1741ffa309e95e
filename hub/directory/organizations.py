"""Organizations: partner companies, and what each was over time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from hub.directory import checks
from hub.directory.history import in_force, place
from hub.directory.knowledge import known_now
from hub.directory.lookup import organizations as numbers_of
from hub.directory.outcomes import ACCEPTED, UNCHANGED, Outcome, Upserted, rejected
from hub.directory.present import members_now, note_due, refresh_present
from hub.directory.rows import organization_rows
from hub.directory.sets import among
from hub.directory.tables import member_profiles, organization_profiles, organizations
from hub.directory.writing import supersede, take_turns
from hub.gamification.faults import Fault
from hub.signals import fold_again, publish


@dataclass(frozen=True, slots=True)
class OrganizationProfile:
    name: str
    type: str | None = None
    tier: str | None = None
    region: str | None = None
    size: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    """An organization's whole profile from `valid_from` (an instant; None: now) on."""

    id: str
    profile: OrganizationProfile
    valid_from: int | None = None


def check(record: OrganizationRecord) -> list[Fault]:
    """What is wrong with the record itself, whatever the hub knows."""
    return list(_faults(record))


def _faults(record: OrganizationRecord) -> Iterator[Fault]:
    profile = record.profile
    yield from checks.name("id", record.id)
    yield from checks.name("name", profile.name)
    for path in ("type", "tier", "region", "size"):
        yield from checks.line(path, getattr(profile, path))
    yield from checks.tags("tags", profile.tags)
    yield from checks.valid_from("valid_from", record.valid_from)


def upsert(connection: Connection, records: Sequence[OrganizationRecord], now: int) -> Upserted:
    """Take these records in, in their order, as far as they are right; their members are folded again where need be."""
    take_turns(connection)
    register = Register()
    register.load(connection, records)
    outcomes = [register.enter(record, now) for record in records]
    register.write(connection, now)
    return Upserted(outcomes, register.created)


@dataclass(slots=True)
class Register:
    """What the hub knows about the organizations at hand, and what has been entered and not been written."""

    numbers: dict[str, int] = field(default_factory=dict)
    histories: dict[str, dict[int, OrganizationProfile]] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    entered: set[tuple[str, int]] = field(default_factory=set)
    former: set[tuple[str, int]] = field(default_factory=set)  # of those entered: where a profile stood so far

    def load(self, connection: Connection, records: Sequence[OrganizationRecord]) -> None:
        fresh = {record.id for record in records} - self.histories.keys()
        numbers = numbers_of(connection, fresh)
        stored = _stored_profiles(connection, numbers.values())
        self.numbers |= numbers
        self.histories |= {id_: stored.get(numbers.get(id_, 0), {}) for id_ in fresh}

    def enter(self, record: OrganizationRecord, now: int) -> Outcome:
        if faults := check(record):
            return rejected(*faults)
        history = self.histories[record.id]
        instant = place(history, record.profile, record.valid_from, now)
        if instant is None:
            return UNCHANGED
        if not history:
            self.created.append(record.id)
        if instant in history:
            self.former.add((record.id, instant))
        history[instant] = record.profile
        self.entered.add((record.id, instant))
        return ACCEPTED

    def write(self, connection: Connection, now: int) -> None:
        if not self.entered:
            return
        if self.created:
            connection.execute(organizations.insert(), [{"id": id_, "created_at": now} for id_ in self.created])
            self.numbers |= numbers_of(connection, self.created)
        rows = [self._row(id_, instant) for id_, instant in sorted(self.entered)]
        supersede(connection, organization_profiles, rows, [self._key(*one) for one in sorted(self.former)], now)
        due = [{"due_at": at, "member": None, "organization": self.numbers[id_]} for id_, at in self.entered]
        note_due(connection, due, now)
        publish(connection, ["directory"], now)
        self._tell_members(connection, now)

    def _key(self, id_: str, instant: int) -> dict[str, Any]:
        return {"organization": self.numbers[id_], "valid_from": instant}

    def _row(self, id_: str, instant: int) -> dict[str, Any]:
        profile = self.histories[id_][instant]
        return {
            **self._key(id_, instant),
            "name": profile.name,
            "type": profile.type,
            "tier": profile.tier,
            "region": profile.region,
            "size": profile.size,
            "tags": msgspec.json.encode(profile.tags).decode(),
        }

    def _tell_members(self, connection: Connection, now: int) -> None:
        changed = {self.numbers[id_] for id_, _ in self.entered if id_ not in set(self.created)}
        fold_again(connection, members_ever(connection, changed), now)
        refresh_present(connection, members_now(connection, changed), now)


def members_ever(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Who belongs, belonged or will belong to one of these organizations."""
    t = member_profiles.c
    theirs = among(connection, t.organization, numbers), known_now(member_profiles)
    return set(connection.execute(select(t.member).where(*theirs)).scalars())


def profile_at(connection: Connection, number: int, time: int) -> OrganizationProfile | None:
    """What the organization is at that time: what a change of single fields from then on starts from."""
    return in_force(_stored_profiles(connection, [number]).get(number, {}), time)


def _stored_profiles(connection: Connection, numbers: Collection[int]) -> dict[int, dict[int, OrganizationProfile]]:
    """Of each organization, its profiles that the hub knows now by `valid_from`."""
    return {
        number: {
            row.valid_from: OrganizationProfile(row.name, row.type, row.tier, row.region, row.size, row.tags)
            for row in rows
        }
        for number, rows in organization_rows(connection, numbers).items()
    }
