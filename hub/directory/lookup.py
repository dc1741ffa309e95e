"""Looking people and organizations up: by a name (id or alias) for the ingest, by number for pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from hub.directory.knowledge import known_now
from hub.directory.names import is_name
from hub.directory.rows import in_force, organization_rows
from hub.directory.sets import among
from hub.directory.tables import aliases, deactivations, erasures, merges, organization_profiles, present
from hub.directory.tables import members as member_table
from hub.directory.tables import organizations as organization_table

#: The most people that one page lists.
MAX_PAGE = 1_000


class Known(NamedTuple):
    """A member that the hub knows by some name."""

    no: int
    id: str
    active: bool


@dataclass(frozen=True, slots=True)
class Organization:
    no: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member as pages show it: the profile in force now. `time_zone` and `locale` are None where not set."""

    no: int
    id: str
    name: str
    organization: Organization | None
    roles: tuple[str, ...]
    time_zone: str | None
    locale: str | None
    region: str | None
    listed: bool
    active: bool


def members(connection: Connection, names: Iterable[str]) -> dict[str, Known]:
    """Who each name means, an id before an alias; names that nobody has are left out. Two queries, however many."""
    wanted = {name for name in names if is_name(name)}
    found = _known(connection, member_table.c.id, wanted)
    if missing := wanted - found.keys():
        found |= _known(connection, aliases.c.alias, missing)
    return found


def member(connection: Connection, name: str) -> Known | None:
    """Who that id or alias means."""
    return members(connection, [name]).get(name)


def organizations(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The number of each organization; ids that none has are left out."""
    t = organization_table.c
    wanted = {id_ for id_ in ids if is_name(id_)}
    rows = connection.execute(select(t.id, t.no).where(among(connection, t.id, wanted)))
    return {row.id: row.no for row in rows}


def active(connection: Connection, members: Collection[int], before: int | None = None) -> set[int]:
    """Those of these members who have a part in the hub, or had it just before an instant, as far as it was known."""
    t, d = member_table.c, deactivations.c
    over = select(d.member).where(d.member == t.no)
    still = over.where(d.ended_at.is_(None))
    merged = select(merges.c.member).where(merges.c.member == t.no)
    if before is None:
        there = [~still.exists(), ~merged.exists()]
    else:
        still, then = still.where(d.at < before), over.where(d.ended_at >= before, d.at < before)
        merged = merged.where(merges.c.at < before)
        there = [t.created_at < before, ~still.exists(), ~then.exists(), ~merged.exists()]
    return set(connection.scalars(select(t.no).where(among(connection, t.no, members), *there)))


def profile_now(connection: Connection, member: int, now: int) -> Person | None:
    """The member with this number, as it is now."""
    return people(connection, [member], now).get(member)


def people(connection: Connection, members: Collection[int], now: int) -> dict[int, Person]:
    """These members as they are now, by number."""
    found = _read_people(connection, _PEOPLE.where(among(connection, present.c.member, members)), now)
    return {person.no: person for person in found}


def page(
    connection: Connection,
    now: int,
    *,
    after: str = "",
    limit: int = MAX_PAGE,
    organization: int | None = None,
    everyone: bool = False,
) -> list[Person]:
    """People by id, those behind `after`. `organization`: only of this one; `everyone`: deactivated ones too."""
    gone = or_(*(exists().where(table.c.member == member_table.c.no) for table in (merges, erasures)))
    query = _PEOPLE.where(member_table.c.id > after, ~gone).order_by(member_table.c.id).limit(min(limit, MAX_PAGE))
    if organization is not None:
        query = query.where(present.c.organization == organization)
    if not everyone:
        query = query.where(present.c.active)
    return _read_people(connection, query, now)


def _read_people(connection: Connection, query: Select[Any], now: int) -> list[Person]:
    rows = connection.execute(query).all()
    belongs = organizations_now(connection, {row.organization for row in rows if row.organization is not None}, now)
    return [
        Person(
            row.no,
            row.id,
            row.name,
            belongs.get(row.organization),
            tuple(row.roles.strip("|").split("|")) if row.roles else (),
            row.time_zone,
            row.locale,
            row.region,
            row.listed,
            row.active,
        )
        for row in rows
    ]


def organizations_now(connection: Connection, numbers: Collection[int], now: int) -> dict[int, Organization]:
    """These organizations under the names they have now, by number."""
    histories = organization_rows(connection, numbers)
    current = ((no, in_force(rows, now)) for no, rows in histories.items())
    return {no: Organization(no, row.id, row.name) for no, row in current}


def _known(connection: Connection, column: ColumnElement[str], names: Collection[str]) -> dict[str, Known]:
    t = member_table.c
    ended = and_(deactivations.c.member == t.no, deactivations.c.ended_at.is_(None))
    if column.table is aliases:
        named = aliases.join(member_table, t.no == aliases.c.member)
    else:
        # The id of a merged member means the one that it is now.
        column, own = _NAMED.c.id, _NAMED.c.no
        named = _NAMED.outerjoin(merges, merges.c.member == own)
        named = named.join(member_table, t.no == func.coalesce(merges.c.root, own))
    source = named.outerjoin(deactivations, ended)
    rows = connection.execute(
        select(column, t.no, t.id, deactivations.c.member).select_from(source).where(among(connection, column, names))
    )
    return {name: Known(no, id_, gone is None) for name, no, id_, gone in rows}


_NAMED = member_table.alias("named")

#: The name that the organization of somebody in `present` has from its newest profile on.
COMPANY = (
    select(organization_profiles.c.name)
    .where(organization_profiles.c.organization == present.c.organization, known_now(organization_profiles))
    .order_by(organization_profiles.c.valid_from.desc())
    .limit(1)
    .scalar_subquery()
)

_PEOPLE = select(
    member_table.c.no,
    member_table.c.id,
    present.c.name,
    present.c.organization,
    present.c.roles,
    present.c.time_zone,
    present.c.locale,
    present.c.region,
    present.c.listed,
    present.c.active,
).join(present, present.c.member == member_table.c.no)
