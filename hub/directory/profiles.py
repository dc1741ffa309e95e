"""Profiles over time, for the engine: a member's rows and those of its organizations laid over each other.

Each instant at which either changes begins a stretch. What a member has not set is the organization's. All of it can
be read as the hub knew it at some earlier instant, and when that changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from hub.db import once
from hub.directory import targets
from hub.directory.knowledge import Learning, Recorded
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

#: After every instant that a row can carry.
END = 2**62

#: From here on, a member's row says what a profile shows: not whose it is, since when, nor the name.
_FIRST_TOLD = 3

_VALID_FROM = attrgetter("valid_from")


def timelines(connection: Connection, members: Collection[int], known_before: int | None = None) -> dict[int, Timeline]:
    """What each of these members was, and when; as the hub knew it just before an instant (None: as it knows it now).

    Two queries, however many they are. Whom the hub does not know, or did not yet, is left out.
    """
    rows = member_rows(connection, members, known_before)
    shared = organization_rows(connection, organizations_of(chain(*rows.values())), known_before)
    # Most people have one row, and many of them the same: their timeline is made once.
    alike: dict[tuple[Any, ...], Timeline] = {}
    return {member: _shared(own, shared, alike) for member, own in rows.items()}


def of_member(connection: Connection, member: int) -> Timeline:
    """What a member was, and when, as the hub knows it now; nothing at all where it knows no profile."""
    nothing = Timeline([BEGINNING], [Profile()])
    return once(connection, ("timeline", member), lambda: timelines(connection, [member]).get(member, nothing))


def of_organization(connection: Connection, organization: int, known_before: int | None = None) -> Timeline:
    """What an organization was, and when; as the hub knew it just before an instant (None: as it knows it now)."""
    return of_organizations(connection, [organization], known_before)[organization]


def of_organizations(
    connection: Connection, organizations: Collection[int], known_before: int | None = None
) -> dict[int, Timeline]:
    """As `of_organization`, of several, in one query."""
    known = organization_rows(connection, organizations, known_before)
    return {no: _of_itself(no, known.get(no, [])) for no in organizations}


def _of_itself(organization: int, rows: Sequence[OrganizationRow]) -> Timeline:
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
    shared = {no: Learning.of(rows, after, before) for no, rows in firms.items()}
    found: dict[int, list[int]] = {}
    for member, rows in own.items():
        aimed = Learning.of(aims.get(member, ()), after, before)
        belongs = {no: shared[no] for no in _belongs(rows)}
        if instants := _Learned(Learning.of(rows, after, before), belongs, aimed).instants():
            found[member] = instants
    return found


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


def _timeline(rows: Sequence[MemberRow], shared: OrganizationRows, since: int = BEGINNING) -> Timeline:
    """The stretches from `since` on."""
    starts: list[int] = []
    profiles: list[Profile] = []
    for row, begin, end in _spans(rows, since):
        belongs = shared.get(row.organization, ()) if row.organization is not None else ()
        for start, organization in _stretches(belongs, begin, end):
            starts.append(start)
            profiles.append(Profile(values(row, organization), row.time_zone, row.organization, row.listed))
    return Timeline(starts, profiles)


def _spans(rows: Sequence[MemberRow], since: int) -> Iterator[tuple[MemberRow, int, int]]:
    begins = [BEGINNING, *(row.valid_from for row in rows[1:]), END]
    for row, (begin, end) in zip(rows, pairwise(begins), strict=True):
        if end > since:
            yield row, max(begin, since), end


def _stretches(rows: Sequence[OrganizationRow], begin: int, end: int) -> Iterator[tuple[int, OrganizationRow | None]]:
    """The organization's rows while a member's row holds: from `begin` until `end`."""
    yield begin, in_force(rows, begin) if rows else None
    first = max(bisect_right(rows, begin, key=_VALID_FROM), 1)
    for row in islice(rows, first, bisect_left(rows, end, key=_VALID_FROM)):
        yield row.valid_from, row


def _belongs(rows: Iterable[Recorded[MemberRow]]) -> set[int]:
    return organizations_of(recorded.row for recorded in rows)


@dataclass(frozen=True, slots=True)
class _Learned:
    """How the hub learned of one member: by its rows, those of its organizations, its targets."""

    own: Learning[MemberRow]
    firms: Mapping[int, Learning[OrganizationRow]]
    targets: Learning[Target]

    def instants(self) -> list[int]:
        """The instants at which what the engine sees became something else."""
        times = chain(self.own.times, self.targets.times, *(firm.times for firm in self.firms.values()))
        return [time for time in sorted(set(times)) if self._differs(time)]

    def _differs(self, time: int) -> bool:
        then, now = self.own.before(time), self.own.before(time + 1)
        if not then:
            return bool(now)
        if set(self.targets.before(time)) != set(self.targets.before(time + 1)):
            return True
        since = self._since(time)
        return self._seen(time, since) != self._seen(time + 1, since)

    def _since(self, time: int) -> int:
        """Before this time nothing that was known then became something else."""
        return min([_first_other(self.own, time), *(_first_other(firm, time) for firm in self.firms.values())])

    def _seen(self, known_before: int, since: int) -> list[tuple[int, Any]]:
        """What the engine sees from `since` on, where it becomes something else."""
        firms = {no: firm.before(known_before) for no, firm in self.firms.items()}
        timeline = _timeline(self.own.before(known_before), firms, since)
        told: list[tuple[int, Any]] = []
        for start, profile in zip(timeline.starts, timeline.profiles, strict=True):
            seen = (profile.values, profile.time_zone, profile.organization)
            if not told or told[-1][1] != seen:
                told.append((start, seen))
        return told


def _first_other(rows: Learning[MemberRow] | Learning[OrganizationRow], time: int) -> int:
    """From when on these rows said something else once `time` had come."""
    same = rows.same_at(time)
    if same is None:
        return END
    others = (*rows.before(time)[same : same + 1], *rows.before(time + 1)[same : same + 1])
    # The first row covers all time before it too.
    return min((row.valid_from for row in others), default=END) if same else BEGINNING
