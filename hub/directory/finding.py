"""Finding people and organizations by a part of their name, among those whom somebody may see.

Few are looked through to find few: those of some organizations, or everybody as long as the hub is small. In a large
one who sees everybody finds by how a name begins, by index, or by the whole of an id or alias.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select

from hub.directory import lookup
from hub.directory.knowledge import known_now
from hub.directory.names import is_name
from hub.directory.sets import among
from hub.directory.tables import members, organization_profiles, organizations, present

#: How many are found at most: a search is no list of everybody.
MAX_FOUND = 20
#: Fewer letters find nothing.
MIN_LETTERS = 2
MAX_LETTERS = 100
#: Up to so many people, or organizations, all names are looked through.
SMALL = 10_000


class FoundPerson(NamedTuple):
    no: int
    id: str
    name: str
    organization: str | None


class FoundOrganization(NamedTuple):
    no: int
    id: str
    name: str


def letters(text: str) -> str | None:
    """What is looked for, without case; None where it is too short, or no name could contain it."""
    wanted = " ".join(text[:MAX_LETTERS].split()).casefold()
    return wanted if len(wanted) >= MIN_LETTERS and is_name(wanted) else None


def people(
    connection: Connection, wanted: str, text: str, within: Collection[int] | None, seen: ColumnElement[bool]
) -> list[FoundPerson]:
    """Active members by name. `within`: the organizations that are looked through, None: all; `seen`: the condition on
    `present` that they may be found.
    """
    found = _PEOPLE.where(seen)
    if within is not None:
        found = found.where(among(connection, present.c.organization, within), _contains(wanted))
    elif _is_small(connection, members.c.no):
        found = found.where(_contains(wanted))
    else:
        found = found.where(present.c.name_folded >= wanted, present.c.name_folded < wanted + "\U0010ffff")
    rows = [FoundPerson(*row) for row in connection.execute(found)]
    known = lookup.member(connection, text.strip()) if is_name(text.strip()) else None
    if known is not None and known.no not in {one.no for one in rows}:
        rows = [FoundPerson(*row) for row in connection.execute(_ONE.where(seen), {"member": known.no})] + rows
    return rows[:MAX_FOUND]


def companies(
    connection: Connection, wanted: str, text: str, within: Collection[int] | None, now: int
) -> list[FoundOrganization]:
    """Organizations by name. `within`: those that may be found, None: all."""
    if within is None:
        within = _named(connection, wanted, text)
    known = lookup.organizations_now(connection, within, now).values()
    found = [one for one in known if wanted in one.name.casefold() or one.id == text.strip()]
    return [FoundOrganization(one.no, one.id, one.name) for one in sorted(found, key=lambda one: one.name)][:MAX_FOUND]


def _named(connection: Connection, wanted: str, text: str) -> set[int]:
    """Those that have, or had, such a name; in a large hub the one with this id."""
    if not _is_small(connection, organizations.c.no):
        return set(lookup.organizations(connection, [text.strip()]).values())
    t = organization_profiles.c
    # By what a database takes for the same letters; who asks compares again.
    some = or_(t.name.icontains(wanted, autoescape=True), organizations.c.id == text.strip())
    query = select(t.organization).join(organizations, organizations.c.no == t.organization)
    return set(connection.scalars(query.where(some, known_now(organization_profiles)).limit(2 * MAX_FOUND)))


def _is_small(connection: Connection, number: ColumnElement[int]) -> bool:
    """Numbers go up one by one, and the greatest is found by index."""
    return (connection.scalar(select(func.max(number))) or 0) <= SMALL


def _contains(wanted: str) -> ColumnElement[bool]:
    return present.c.name_folded.contains(wanted, autoescape=True)


def _person() -> Select[Any]:
    columns = (present.c.member, members.c.id, present.c.name, lookup.COMPANY)
    return select(*columns).join(members, members.c.no == present.c.member).where(present.c.active)


_PEOPLE = _person().order_by(present.c.name_folded, members.c.id).limit(MAX_FOUND)
_ONE = _person().where(present.c.member == bindparam("member"))
