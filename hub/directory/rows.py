"""Profiles as they were written: the rows of members and of organizations, each the whole profile from `valid_from` on.

They are read as the hub knows them, as it knew them at some earlier instant, or all that were ever known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, select

from hub.db import once
from hub.directory.knowledge import Recorded, ever_known, find, known
from hub.directory.tables import member_profiles, organization_profiles, organizations


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
    valid_from: int
    id: str
    name: str
    type: str | None
    tier: str | None
    region: str | None
    size: str | None
    tags: tuple[str, ...]


MemberRows = Mapping[int, Sequence[MemberRow]]
OrganizationRows = Mapping[int, Sequence[OrganizationRow]]
Row = TypeVar("Row", MemberRow, OrganizationRow)


def member_rows(
    connection: Connection, members: Collection[int], known_before: int | None = None
) -> dict[int, list[MemberRow]]:
    """The rows of each member, oldest first; as the hub knew them just before an instant (None: as it knows them)."""
    found = find(connection, _MEMBER, known(member_profiles, known_before), _m.member, members)
    return _by_owner(_member(*told) for told in found)


def organization_rows(
    connection: Connection, numbers: Collection[int], known_before: int | None = None
) -> dict[int, list[OrganizationRow]]:
    """As `member_rows`, of each organization."""
    # Most parts of a page ask for the same few, over and over.
    kept: dict[int, list[OrganizationRow]] = once(connection, ("organizations", known_before), dict)
    if missing := [no for no in numbers if no not in kept]:
        found = find(connection, _ORGANIZATION, known(organization_profiles, known_before), _o.organization, missing)
        kept |= {no: [] for no in missing} | _by_owner(_organization(*told) for told in found)
    return {no: kept[no] for no in numbers if kept[no]}


def all_member_rows(connection: Connection, members: Collection[int]) -> dict[int, list[Recorded[MemberRow]]]:
    """All rows that the hub ever knew of each member, by `valid_from`."""
    query = _MEMBER.add_columns(_m.recorded_at, _m.superseded_at)
    found = find(connection, query, ever_known(member_profiles), _m.member, members)
    return _recorded(Recorded(_member(*told), since, until) for *told, since, until in found)


def all_organization_rows(
    connection: Connection, numbers: Collection[int]
) -> dict[int, list[Recorded[OrganizationRow]]]:
    """As `all_member_rows`, of each organization."""
    query = _ORGANIZATION.add_columns(_o.recorded_at, _o.superseded_at)
    found = find(connection, query, ever_known(organization_profiles), _o.organization, numbers)
    return _recorded(Recorded(_organization(*told), since, until) for *told, since, until in found)


_m, _o = member_profiles.c, organization_profiles.c
_MEMBER = select(
    *(_m.member, _m.valid_from, _m.name, _m.organization, _m.roles, _m.time_zone, _m.locale, _m.region, _m.tags),
    _m.listed,
)
_ORGANIZATION = select(
    *(_o.organization, _o.valid_from, organizations.c.id, _o.name, _o.type, _o.tier, _o.region, _o.size, _o.tags)
).join_from(organization_profiles, organizations, organizations.c.no == _o.organization)


def _member(
    no: int, since: int, name: str, organization: int | None, roles: str, zone: str | None, locale: str | None,
    region: str | None, tags: str, listed: bool,
) -> MemberRow:  # fmt: skip
    return MemberRow(no, since, name, organization, listing(roles), zone, locale, region, listing(tags), listed)


def _organization(*told: Any) -> OrganizationRow:
    return OrganizationRow._make((*told[:-1], listing(told[-1])))


def _by_owner(rows: Iterable[Row]) -> dict[int, list[Row]]:
    return {owner: list(own) for owner, own in groupby(sorted(rows, key=itemgetter(0, 1)), itemgetter(0))}


def _recorded(rows: Iterable[Recorded[Row]]) -> dict[int, list[Recorded[Row]]]:
    by_time = sorted(rows, key=lambda one: one.row[:2])
    return {owner: list(own) for owner, own in groupby(by_time, lambda one: one.row[0])}


def organizations_of(rows: Iterable[MemberRow]) -> set[int]:
    return {row.organization for row in rows if row.organization is not None}


@lru_cache(maxsize=4096)
def listing(text: str) -> tuple[str, ...]:
    """A JSON list as a tuple. The same few texts come with every row, and reading them would take most of the time."""
    return tuple(msgspec.json.decode(text, type=list[str]))


def in_force(rows: Sequence[Row], time: int) -> Row:
    """The row that holds at that time, of one member's or organization's rows."""
    return rows[max(bisect_right(rows, time, key=lambda row: row.valid_from) - 1, 0)]
