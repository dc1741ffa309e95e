"""What is known at a place of the log, and so how the log reads: versions, profiles, targets, reversals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from tests.model.places import (
    Activity,
    Entry,
    MemberRow,
    OrganizationRow,
    PlaceInLog,
    Published,
    Reversal,
    Revoked,
    Target,
)
from tests.model.times import EVER, Calendar

T = TypeVar("T")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

OF_THE_ORGANIZATION = ("region", "tier", "type", "size", "tag", "locale")


def calendar_of(program: Any) -> Calendar:
    return Calendar(program.settings.time_zone, program.settings.week_starts)


def _fits(kind: str, value: Any) -> bool:
    if value is None:
        return True
    if kind in ("number", "integer"):
        whole = not isinstance(value, bool | str) and value == int(value)
        return whole or (kind == "number" and isinstance(value, Decimal))
    if kind == "date":
        return isinstance(value, str) and _DATE.fullmatch(value) is not None
    return isinstance(value, {"text": str, "boolean": bool}[kind])


class Known:
    def __init__(self, places: tuple[PlaceInLog, ...] = ()) -> None:
        self.places = places

    def and_(self, place: PlaceInLog) -> Known:
        return Known((*self.places, place))

    def _all(self, kind: type[T]) -> list[T]:
        return [place for place in self.places if isinstance(place, kind)]

    # Versions.

    @property
    def versions(self) -> list[Published]:
        return self._all(Published)

    @property
    def program(self) -> Any:
        """The newest."""
        return self.versions[-1].program

    def program_at(self, time: int) -> Any:
        """The version in force: the first from the beginning of time, later ones from their publication or `--from`."""
        in_force = [self.versions[0].program]
        for version in self.versions[1:]:
            if time >= (version.known_at if version.from_ is None else version.from_):
                in_force.append(version.program)
        return in_force[-1]

    @property
    def calendar(self) -> Calendar:
        return calendar_of(self.program)

    @property
    def live_from(self) -> int:
        """Default: the day of the first publishing."""
        written: int | None = self.program.settings.live_from
        return self.calendar.start_of(self.calendar.day_of(self.versions[0].known_at)) if written is None else written

    # Entries.

    def is_reversed(self, entry: Entry) -> bool:
        return any((reversal.source, reversal.id) == (entry.source, entry.id) for reversal in self._all(Reversal))

    def entries_of(self, member: str) -> list[Entry]:
        """A member's life in canonical order, as if what was reversed had never been."""
        found = [one for one in self._all(Entry) if one.member == member and not self.is_reversed(one)]
        return sorted(map(self._fitting, found), key=lambda one: one.place)

    def entries_about(self, organization: str) -> list[Entry]:
        found = [one for one in self._all(Entry) if one.organization == organization and not self.is_reversed(one)]
        return sorted(map(self._fitting, found), key=lambda one: one.place)

    def _fitting(self, entry: Entry) -> Entry:
        """Without what was accepted before it was declared, and is not of the type that was declared then."""
        declared = [version.program.events.get(entry.type) for version in self.versions]
        types = {name: each for kind in declared if kind is not None for name, each in kind.attributes.items()}
        fits = {
            name: value for name, value in entry.data.items() if name not in types or _fits(types[name].type, value)
        }
        return replace(entry, data=fits)

    def entry(self, source: str, id: str) -> Entry:
        return next(one for one in self._all(Entry) if (one.source, one.id) == (source, id))

    # Members and organizations.

    @property
    def members(self) -> list[str]:
        rows, entries = self._all(MemberRow), self._all(Entry)
        return sorted({row.member for row in rows} | {one.member for one in entries if one.member is not None})

    @property
    def organizations(self) -> list[str]:
        rows, entries = self._all(OrganizationRow), self._all(Entry)
        theirs = {row.profile.get("organization") for row in self._all(MemberRow)}
        about = {one.organization for one in entries}
        return sorted({each for each in {row.organization for row in rows} | theirs | about if each is not None})

    def rows(self, member: str) -> list[MemberRow]:
        """The timeline: of two rows from one instant on, the one that was recorded later."""
        by_start = {row.valid_from: row for row in self._all(MemberRow) if row.member == member}
        return [by_start[start] for start in sorted(by_start)]

    def stretches(self, member: str) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
        """The timeline as (from, until, row): the first row also covers all time before it."""
        rows = self.rows(member)
        starts = [-EVER, *(row.valid_from for row in rows[1:]), EVER]
        if not rows:
            yield -EVER, EVER, {}
        for at, row in enumerate(rows):
            yield starts[at], starts[at + 1], row.profile

    def turns(self, member: str) -> set[int]:
        """The instants at which a member's profile may change: her own rows' and those of organizations."""
        rows = {row.valid_from for row in self.rows(member)}
        return rows | {row.valid_from for row in self._all(OrganizationRow)}

    def own_row(self, member: str, time: int) -> Mapping[str, Any]:
        return next(row for start, end, row in self.stretches(member) if start <= time < end)

    def organization_row(self, organization: str | None, time: int) -> Mapping[str, Any]:
        rows = {row.valid_from: row.profile for row in self._all(OrganizationRow) if row.organization == organization}
        begun = [start for start in sorted(rows) if start <= time] or sorted(rows)[:1]
        return rows[begun[-1]] if begun else {}

    def profile(self, member: str, time: int) -> Mapping[str, Any]:
        """The profile in force: "what a member has not set is the organization's"."""
        own = self.own_row(member, time)
        organization = self.organization_row(own.get("organization"), time)
        unset = {name: organization[name] for name in OF_THE_ORGANIZATION if organization.get(name) not in (None, ())}
        return unset | {name: value for name, value in own.items() if value not in (None, ())}

    def organization_profile(self, organization: str, time: int) -> Mapping[str, Any]:
        return {**self.organization_row(organization, time), "organization": organization}

    def profile_of(self, whose: str, who: str, time: int) -> Mapping[str, Any]:
        return self.profile(who, time) if whose == "member" else self.organization_profile(who, time)

    def zone(self, member: str, time: int) -> str:
        zone: str | None = self.own_row(member, time).get("time_zone")
        return zone or self.program.settings.time_zone

    def zones(self, member: str) -> list[tuple[int, int, str]]:
        """The member's timeline as (from, until, zone)."""
        program = self.program.settings.time_zone
        return [(start, end, row.get("time_zone") or program) for start, end, row in self.stretches(member)]

    def is_active(self, member: str) -> bool:
        return next((each.active for each in reversed(self._all(Activity)) if each.member == member), True)

    # Targets, pauses, revocations.

    def own_target(self, goal: str, who: str, window: str) -> Any:
        wanted = (goal, who, window)
        found = (each for each in reversed(self._all(Target)) if (each.goal, each.who, each.window) == wanted)
        return next((each.target for each in found), None)

    def targets(self, who: str) -> list[Target]:
        return [each for each in self._all(Target) if each.who == who]

    def pauses(self, member: str, streak: str) -> list[tuple[date, date]]:
        """First and last dates of pauses of this streak, or of all."""
        found = [one.data for one in self.entries_of(member) if one.type == "hub.streak.paused"]
        mine = [each for each in found if each.get("streak") in (None, streak)]
        return [(date.fromisoformat(each["from"]), date.fromisoformat(each["to"])) for each in mine]

    def revocations(self, member: str) -> list[Revoked]:
        return [each for each in self._all(Revoked) if each.member == member]
