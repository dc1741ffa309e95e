"""The people of an organization, with what each of them did in a window: for its scorecard."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, tuple_

from hub.directory.sets import among
from hub.directory.tables import members, present
from hub.gamification.ranking import number
from hub.gamification.windows import Calendar, Window
from hub.home.choosing import months
from hub.ledger.tables import awards, member_values

#: How many of an organization's people one page has.
PEOPLE = 100


class Colleague(NamedTuple):
    """`points`: earned in the window, None where it is no sum of months; `badges`: earned in it."""

    id: str
    name: str
    roles: tuple[str, ...]
    points: int | None
    badges: int


class Page(NamedTuple):
    """People, those with most points first where all fit on one page, else by name. `next`: where the next begins."""

    shown: list[Colleague]
    next: str | None


def of(connection: Connection, organization: int, window: Window, calendar: Calendar, after: str) -> Page:
    rows = _people(connection, organization, after)
    page = rows[:PEOPLE]
    numbers = [row.member for row in page]
    parts = months(calendar, window)
    points = _points(connection, numbers, parts) if parts else {}
    badges = _badges(connection, numbers, window)
    shown = [_colleague(row, points.get(row.member, 0) if parts else None, badges.get(row.member, 0)) for row in page]
    if len(rows) <= PEOPLE and not after:
        shown.sort(key=lambda one: (-(one.points or 0), -one.badges))
    return Page(shown, page[-1].id if len(rows) > PEOPLE else None)


def _people(connection: Connection, organization: int, after: str) -> list[Row[Any]]:
    t = present.c
    query = (
        select(t.member, members.c.id, t.name, t.name_folded, t.roles)
        .join(members, members.c.no == t.member)
        .where(t.organization == organization, t.active)
        .order_by(t.name_folded, members.c.id)
        .limit(PEOPLE + 1)
    )
    if after:
        last = select(t.name_folded).join(members, members.c.no == t.member).where(members.c.id == after)
        query = query.where(tuple_(t.name_folded, members.c.id) > tuple_(last.correlate(None).scalar_subquery(), after))
    return list(connection.execute(query))


def _colleague(row: Row[Any], points: int | None, badges: int) -> Colleague:
    return Colleague(row.id, row.name, tuple(row.roles.strip("|").split("|")) if row.roles else (), points, badges)


def _points(connection: Connection, numbers: Collection[int], parts: list[str]) -> dict[int, int]:
    t = member_values.c
    rows = connection.execute(
        select(t.member, t.value).where(
            among(connection, t.member, numbers), t.metric == "points_earned", t.window.in_(parts)
        )
    )
    found: dict[int, int] = {}
    for member, value in rows:
        found[member] = found.get(member, 0) + int(number(value))
    return found


def _badges(connection: Connection, numbers: Collection[int], window: Window) -> dict[int, int]:
    t = awards.c
    earned = among(connection, t.member, numbers), t.kind == "badge", t.time >= window.start, t.time < window.end
    rows = connection.execute(select(t.member, func.count()).where(*earned).group_by(t.member))
    return {row[0]: row[1] for row in rows}
