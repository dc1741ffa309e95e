"""Profiles over time, for the engine: a member's rows and those of its organizations laid over each other.

Each instant at which either changes begins a stretch. What a member has not set is the organization's. All of it can
be read as the hub knew it at some earlier instant, and when that changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

from sqlalchemy import Connection

from hub.directory import targets
from hub.directory.knowledge import Recorded, of_that_time
from hub.directory.rows import (
    MemberRow,
    OrganizationRow,
    OrganizationRows,
    all_member_rows,
    all_organization_rows,
    in_force,
    member_rows,
    organization_rows,
    organizations_of,
)
from hub.directory.targets import Target
from hub.gamification.profiles import Profile, Timeline

#: Before every instant that a row can carry: a first row covers all time before it too.
BEGINNING = -(2**62)

#: From here on, a member's row says what a profile shows: not whose it is, since when, nor the name.
_FIRST_TOLD = 3


def timelines(connection: Connection, members: Collection[int], known_before: int | None = None) -> dict[int, Timeline]:
    """What each of these members was, and when; as the hub knew it just before an instant (None: as it knows it now).

    Two queries, however many they are. Whom the hub does not know, or did not yet, is left out.
    """
    rows = member_rows(connection, members, known_before)
    shared = organization_rows(connection, organizations_of(chain(*rows.values())), known_before)
    # Most people have one row, and many of them the same: their timeline is made once.
    alike: dict[tuple[Any, ...], Timeline] = {}
    return {member: _shared(own, shared, alike) for member, own in rows.items()}


def of_organization(connection: Connection, organization: int, known_before: int | None = None) -> Timeline:
    """What an organization was, and when; as the hub knew it just before an instant (None: as it knows it now)."""
    rows = organization_rows(connection, [organization], known_before).get(organization, [])
    if not rows:
        return Timeline([BEGINNING], [Profile(organization=organization)])
    nobody = MemberRow(0, BEGINNING, rows[0].id, organization, (), None, None, None, (), True)
    return _timeline([nobody], {organization: rows})


def changes(connection: Connection, members: Collection[int], after: int, before: int) -> dict[int, list[int]]:
    """The instants from `after` until just before `before` at which the hub learned something of these members that
    the engine sees: what they were and when, their own targets. Ascending; members without any are left out.

    At an instant `at` of these, what is known before `at + 1` differs from what is known before `at`. What came into
    the hub as a change but changes nothing for the engine (a name, a row of an organization from a time at which the
    member belongs to another) is none of them.
    """
    own = all_member_rows(connection, members)
    firms = all_organization_rows(connection, {no for rows in own.values() for no in _belongs(rows)})
    aims = targets.ever(connection, members)
    found = {
        member: _Learned(rows, {no: firms.get(no, ()) for no in _belongs(rows)}, aims.get(member, ())).at(after, before)
        for member, rows in own.items()
    }
    return {member: instants for member, instants in found.items() if instants}


def values(row: MemberRow, shared: OrganizationRow | None) -> dict[str, Any]:
    """What conditions see: only what is set."""
    own = {"role": row.roles, "locale": row.locale, "region": row.region, "tag": row.tags}
    if shared is not None:
        own |= {
            "organization": shared.id,
            "region": row.region or shared.region,
            "tier": shared.tier,
            "type": shared.type,
            "size": shared.size,
            "tag": row.tags or shared.tags,
        }
    return {name: value for name, value in own.items() if value}


def _shared(rows: Sequence[MemberRow], shared: OrganizationRows, alike: dict[tuple[Any, ...], Timeline]) -> Timeline:
    if len(rows) > 1:
        return _timeline(rows, shared)
    key = rows[0][_FIRST_TOLD:]
    if key not in alike:
        alike[key] = _timeline(rows, shared)
    return alike[key]


def _timeline(rows: Sequence[MemberRow], shared: OrganizationRows) -> Timeline:
    starts: list[int] = []
    profiles: list[Profile] = []
    for row, begin, end in _spans(rows):
        belongs = shared.get(row.organization, ()) if row.organization is not None else ()
        for start, organization in _stretches(belongs, begin, end):
            starts.append(start)
            profiles.append(Profile(values(row, organization), row.time_zone, row.organization, row.listed))
    return Timeline(starts, profiles)


def _spans(rows: Sequence[MemberRow]) -> Iterable[tuple[MemberRow, int, int | None]]:
    begins = [BEGINNING, *(row.valid_from for row in rows[1:])]
    return zip(rows, begins, [*begins[1:], None], strict=True)


def _stretches(
    rows: Sequence[OrganizationRow], begin: int, end: int | None
) -> Iterator[tuple[int, OrganizationRow | None]]:
    """The organization's rows while a member's row holds: from `begin` until `end` (None: for ever)."""
    yield begin, in_force(rows, begin) if rows else None
    for row in rows[1:]:
        if row.valid_from > begin and (end is None or row.valid_from < end):
            yield row.valid_from, row


def _belongs(rows: Iterable[Recorded[MemberRow]]) -> set[int]:
    return organizations_of(recorded.row for recorded in rows)


@dataclass(frozen=True, slots=True)
class _Learned:
    """All that the hub ever knew of one member: its rows, those of its organizations, its targets."""

    own: Sequence[Recorded[MemberRow]]
    firms: Mapping[int, Sequence[Recorded[OrganizationRow]]]
    targets: Sequence[Recorded[Target]]

    def at(self, after: int, before: int) -> list[int]:
        """The instants at which what the engine sees became something else."""
        touched = self._touched(after, before)
        # From one of them to the next nothing comes or goes.
        seen = [self._seen(at) for at in (*touched[:1], *(instant + 1 for instant in touched))]
        return [instant for instant, (then, now) in zip(touched, pairwise(seen), strict=True) if now != then]

    def _touched(self, after: int, before: int) -> list[int]:
        """The instants at which any row came or went."""
        rows: Iterable[Recorded[Any]] = chain(self.own, *self.firms.values(), self.targets)
        times = {time for _, *times in rows for time in times}
        return sorted(time for time in times if time is not None and after <= time < before)

    def _seen(self, before: int) -> Any:
        """What the engine would see with what was known before this instant; None: there was no such member."""
        own = of_that_time(self.own, before)
        if not own:
            return None
        timeline = _timeline(own, {no: of_that_time(rows, before) for no, rows in self.firms.items()})
        return _in_short(timeline), set(of_that_time(self.targets, before))


def _in_short(timeline: Timeline) -> list[tuple[int, Any]]:
    """Where the timeline becomes something else to the engine, and what."""
    told: list[tuple[int, Any]] = []
    for start, profile in zip(timeline.starts, timeline.profiles, strict=True):
        seen = (profile.values, profile.time_zone, profile.organization)
        if not told or told[-1][1] != seen:
            told.append((start, seen))
    return told
