"""Profiles over time, for the engine: a member's rows and those of its organizations laid over each other.

Each instant at which either changes begins a stretch. What a member has not set is the organization's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, select

from hub.directory.sets import among
from hub.directory.tables import member_profiles, organization_profiles, organizations
from hub.gamification.profiles import Profile, Timeline

#: Before every instant that a row can carry: a first row covers all time before it too.
BEGINNING = -(2**62)

#: From here on, a member's row says what a profile shows: not whose it is, since when, nor the name.
_FIRST_TOLD = 3


class MemberRow(NamedTuple):
    """A member's profile as it was written, from `valid_from` on."""

    member: int
    valid_from: int
    name: str
    organization: int | None
    roles: tuple[str, ...]
    time_zone: str | None
    locale: str | None
    region: str | None
    tags: tuple[str, ...]
    listed: bool


class OrganizationRow(NamedTuple):
    """An organization's profile as it was written, from `valid_from` on."""

    organization: int
    id: str
    valid_from: int
    name: str
    type: str | None
    tier: str | None
    region: str | None
    size: str | None
    tags: tuple[str, ...]


MemberRows = Mapping[int, Sequence[MemberRow]]
OrganizationRows = Mapping[int, Sequence[OrganizationRow]]
Row = TypeVar("Row", MemberRow, OrganizationRow)


def timelines(connection: Connection, members: Collection[int]) -> dict[int, Timeline]:
    """What each of these members was, and when. Two queries, however many they are; unknown numbers are left out."""
    rows = member_rows(connection, members)
    shared = organization_rows(connection, organizations_of(rows))
    # Most people have one row, and many of them the same: their timeline is made once.
    alike: dict[tuple[Any, ...], Timeline] = {}
    return {member: _shared(own, shared, alike) for member, own in rows.items()}


def of_organization(connection: Connection, organization: int) -> Timeline:
    """What an organization was, and when."""
    rows = organization_rows(connection, [organization]).get(organization, [])
    if not rows:
        return Timeline([BEGINNING], [Profile(organization=organization)])
    nobody = MemberRow(0, BEGINNING, rows[0].id, organization, (), None, None, None, (), True)
    return _timeline([nobody], {organization: rows})


def member_rows(connection: Connection, members: Collection[int]) -> dict[int, list[MemberRow]]:
    """The rows of each member, oldest first."""
    t = member_profiles.c
    columns = (
        t.member,
        t.valid_from,
        t.name,
        t.organization,
        t.roles,
        t.time_zone,
        t.locale,
        t.region,
        t.tags,
        t.listed,
    )
    found = connection.execute(
        select(*columns).where(among(connection, t.member, members)).order_by(t.member, t.valid_from)
    ).all()
    rows = (
        MemberRow(no, since, name, at, listing(roles), zone, locale, region, listing(tags), listed)
        for no, since, name, at, roles, zone, locale, region, tags, listed in found
    )
    return {member: list(own) for member, own in groupby(rows, lambda row: row.member)}


def organization_rows(connection: Connection, numbers: Collection[int]) -> dict[int, list[OrganizationRow]]:
    """The rows of each organization, oldest first."""
    t = organization_profiles.c
    columns = (t.organization, organizations.c.id, t.valid_from, t.name, t.type, t.tier, t.region, t.size, t.tags)
    joined = organization_profiles.join(organizations, organizations.c.no == t.organization)
    found = connection.execute(
        select(*columns)
        .select_from(joined)
        .where(among(connection, t.organization, numbers))
        .order_by(t.organization, t.valid_from)
    )
    rows = (OrganizationRow(*row[:-1], listing(row[-1])) for row in found)
    return {organization: list(own) for organization, own in groupby(rows, lambda row: row.organization)}


def organizations_of(rows: MemberRows) -> set[int]:
    return {row.organization for own in rows.values() for row in own if row.organization is not None}


@lru_cache(maxsize=4096)
def listing(text: str) -> tuple[str, ...]:
    """A JSON list as a tuple. The same few texts come with every row, and reading them would take most of the time."""
    return tuple(msgspec.json.decode(text, type=list[str]))


def in_force(rows: Sequence[Row], time: int) -> Row:
    """The row that holds at that time, of one member's or organization's rows."""
    return rows[max(bisect_right(rows, time, key=lambda row: row.valid_from) - 1, 0)]


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
