"""`present`: the profile of each member that is in force now, which boards and pages filter by.

Whoever changes a profile refreshes it in the same transaction; a profile dated ahead is noted as due.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from hub.directory import lookup
from hub.directory.profiles import values
from hub.directory.rows import MemberRow, OrganizationRow, in_force, member_rows, organization_rows, organizations_of
from hub.directory.sets import among
from hub.directory.tables import present, profiles_due
from hub.directory.writing import put, take_turns
from hub.signals import publish

#: How many due profiles one transaction brings into force.
DUE_AT_ONCE = 200


def refresh_present(connection: Connection, members: Collection[int], now: int) -> None:
    """Write what these members are now, and that it changed to whoever watches them."""
    histories = member_rows(connection, members)
    current = [in_force(rows, now) for rows in histories.values()]
    shared = organization_rows(connection, organizations_of(current))
    active = lookup.active(connection, members)
    put(connection, present, [_present(row, _shared(row, shared, now), row.member in active) for row in current])
    publish(connection, ["directory", *(f"member/{row.member}" for row in current)] if current else [], now)


def refresh_due(connection: Connection, now: int) -> bool:
    """Bring profiles dated ahead into force whose time has come. True if there may be more: call it again.

    Nobody is folded again for it: the timelines knew these profiles from the day they were written.
    """
    take_turns(connection)
    t = profiles_due.c
    due = connection.execute(select(profiles_due).where(t.due_at <= now).order_by(t.due_at).limit(DUE_AT_ONCE)).all()
    if due:
        belonging = members_now(connection, {row.organization for row in due if row.organization is not None})
        refresh_present(connection, {row.member for row in due if row.member is not None} | belonging, now)
        connection.execute(delete(profiles_due).where(among(connection, t.no, [row.no for row in due])))
    return len(due) == DUE_AT_ONCE


def members_now(connection: Connection, organizations: Collection[int]) -> set[int]:
    """Who belongs to one of these organizations now."""
    t = present.c
    return set(connection.execute(select(t.member).where(among(connection, t.organization, organizations))).scalars())


def note_due(connection: Connection, rows: Iterable[Mapping[str, int | None]], now: int) -> None:
    """Remember the rows (`due_at`, `member`, `organization`) that lie ahead."""
    ahead = [row for row in rows if (row["due_at"] or 0) > now]
    if ahead:
        connection.execute(profiles_due.insert(), ahead)


def marked(several: Sequence[str]) -> str:
    """Roles or tags as one text in which each is found as "|one|"."""
    return "".join(f"|{one}" for one in several) + "|" if several else ""


def _shared(row: MemberRow, shared: Mapping[int, list[OrganizationRow]], now: int) -> OrganizationRow | None:
    return None if row.organization is None else in_force(shared[row.organization], now)


def _present(row: MemberRow, shared: OrganizationRow | None, active: bool) -> dict[str, Any]:
    seen = values(row, shared)
    return {
        "member": row.member,
        "name": row.name,
        "name_folded": row.name.casefold(),
        "organization": row.organization,
        "roles": marked(row.roles),
        "tags": marked(seen.get("tag", ())),
        "time_zone": row.time_zone,
        "listed": row.listed,
        "active": active,
        **{name: seen.get(name) for name in ("region", "tier", "type", "size", "locale")},
    }
