"""Moments: what a member earned since she last looked. The homepage sums it up once, at its top; on an open page it is
celebrated as it comes, once, however many pages of hers are open.

Everything of one member is written by one digest after another, so her awards and transfers come in the order of their
numbers: up to which she was told is one number each.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Connection, Row, Select, bindparam, case, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from hub.clock import DAY, MINUTE
from hub.db import on_sqlite, transaction
from hub.home.tables import looks
from hub.identity import export
from hub.ledger import entry, reading
from hub.ledger.tables import awards, goals_reached, transfers
from hub.ledger.writing import ISSUED
from hub.widgets.kit import View
from hub.widgets.told import icon_of, metal, tier_title

log = logging.getLogger(__name__)

#: A goal that was reached longer ago is no news, whenever the hub learned of it.
NEWS_US = 60 * DAY
#: Of looks with nothing new between them, one in so long is noted.
NOTED_US = 30 * MINUTE
#: Points alone are told to who was away for this long.
AWAY_US = 240 * MINUTE
MOST = 20


class Look(NamedTuple):
    """Up to where somebody was told: `award` and `transfer` are numbers, `goals` those of late, with their windows."""

    at: int
    award: int
    transfer: int
    goals: frozenset[str]


class Looks(NamedTuple):
    """Up to where she was told, None where she never looked; and what there is to tell."""

    told: Look | None
    now: Look

    @property
    def news(self) -> bool:
        """Whether there is a moment, or points."""
        return self.told is not None and self.told[1:] != self.now[1:]

    @property
    def moments(self) -> bool:
        told, now = self.told, self.now
        return told is not None and (now.award > told.award or not now.goals <= told.goals)


class Moment(NamedTuple):
    """`kind`: badge, level, goal. `why`: the public name of the event that brought it."""

    kind: str
    title: str
    tier: str | None
    metal: str
    icon: str
    why: str


class News(NamedTuple):
    """What came since `since`: newest first, `more` left out; and the points in all, which may be below zero."""

    moments: tuple[Moment, ...]
    more: int
    points: int
    since: int


def looked(connection: Connection, member: int, now: int) -> Looks:
    """Where this member stands. One statement, where the page has read her goals already."""
    row = connection.execute(_LOOK, {"member": member}).one()
    of_late = {key: at for key, at in reading.reached(connection, member).items() if at > now - NEWS_US}
    told = None
    if row.at is not None:
        told = Look(row.at, row.award, row.transfer, frozenset(msgspec.json.decode(row.goals, type=list[str])))
    return Looks(told, Look(now, row.newest_award, row.newest_transfer, frozenset(map(_name, of_late))))


def _name(goal_and_window: tuple[str, str]) -> str:
    return " ".join(goal_and_window)


_MEMBER = bindparam("member", type_=BigInteger)
_ONE = select(literal(1).label("one")).subquery()  # so that there is a row where she never looked
_LOOK: Select[tuple[int | None, int, int, str, int, int]] = select(
    looks.c.at,
    looks.c.award,
    looks.c.transfer,
    looks.c.goals,
    func.coalesce(select(func.max(awards.c.no)).where(awards.c.member == _MEMBER).scalar_subquery(), 0).label(
        "newest_award"
    ),
    func.coalesce(select(func.max(transfers.c.no)).where(transfers.c.member == _MEMBER).scalar_subquery(), 0).label(
        "newest_transfer"
    ),
).select_from(_ONE.outerjoin(looks, looks.c.member == _MEMBER))


def news(view: View, found: Looks) -> News | None:
    """What is to be told; None where there is nothing."""
    told, now, who = found.told, found.now, view.member.no
    if told is None or not found.news:
        return None
    # Everybody has the first level from the first event on.
    first = [level.key for level in view.program.levels[:1]]
    rows = view.connection.execute(_AWARDS, {"member": who, "after": told.award})
    moments = [_award(view, row) for row in rows if row.kind != "level" or row.badge not in first]
    moments += _goals(view, now.goals - told.goals)
    points = view.connection.execute(_POINTS, {"member": who, "after": told.transfer}).scalar_one()
    return News(tuple(moments[:MOST]), max(len(moments) - MOST, 0), int(points or 0), told.at)


_AWARDS = (
    select(awards.c.kind, awards.c.badge, awards.c.tier, awards.c.entry)
    .where(awards.c.member == bindparam("member"), awards.c.no > bindparam("after"))
    .order_by(awards.c.no.desc())
)
_POINTS = select(
    func.sum(case((transfers.c.from_account == ISSUED, transfers.c.amount), else_=-transfers.c.amount))
).where(transfers.c.member == bindparam("member"), transfers.c.no > bindparam("after"))


def _award(view: View, row: Row[Any, Any, Any, Any]) -> Moment:
    why = entry.ref(row.entry)
    if row.kind == "level":
        titles = {level.key: level.title for level in view.program.levels}
        return Moment("level", view.said(titles.get(row.badge, {}), row.badge), None, "plain", "star", why)
    badge = view.program.badges.get(row.badge)
    tier = tier_title(view, badge, row.tier)
    return Moment("badge", view.title("badges", row.badge), tier, metal(badge, row.tier), icon_of(badge), why)


def _goals(view: View, names: frozenset[str]) -> Iterator[Moment]:
    for row in view.connection.execute(_REACHED, {"member": view.member.no}) if names else ():
        if _name((row.goal, row.window)) in names:
            yield Moment("goal", view.title("goals", row.goal), None, "plain", "target", entry.ref(row.entry))


_REACHED = (
    select(goals_reached.c.goal, goals_reached.c.window, goals_reached.c.entry)
    .where(goals_reached.c.member == bindparam("member"))
    .order_by(goals_reached.c.at.desc())
)


def worth_telling(found: News | None, now: int) -> bool:
    """Whether a homepage that is opened tells it: moments always, points to who was away."""
    return found is not None and bool(found.moments or (found.points and now - found.since >= AWAY_US))


def to_note(found: Looks) -> bool:
    """Whether the look is to be kept."""
    return found.told is None or found.news or found.now.at - found.told.at >= NOTED_US


def note(member: int, look: Look) -> None:
    """Keep up to where she was told. A page is not refused because the database is too busy to note that."""
    try:
        with transaction() as connection:
            write(connection, member, look)
    except OperationalError:
        log.exception("what member %s was told was not noted", member)


def write(connection: Connection, member: int, look: Look) -> None:
    goals = msgspec.json.encode(sorted(look.goals)).decode()
    values = {"at": look.at, "award": look.award, "transfer": look.transfer, "goals": goals}
    dialect = sqlite if on_sqlite(connection) else postgresql
    row = dialect.insert(looks).values(member=member, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["member"], set_=values))


def take(view: View) -> News | None:
    """In a write transaction: what is to be celebrated, told by it; None where there is no moment."""
    connection, who = view.connection, view.member.no
    connection.execute(select(looks.c.member).where(looks.c.member == who).with_for_update())
    found = looked(connection, who, view.now)
    told = news(view, found) if found.moments else None
    if found.told is None or found.moments:
        write(connection, who, found.now)
    return told if told and told.moments else None


@export.section("last_look")
def _looked(connection: Connection, whom: export.Whom) -> Iterator[export.Record]:
    """Up to when she was told of what she earned."""
    for row in export.hers(connection, whom, select(looks), looks.c.member):
        yield {"at": export.moment(row.at), "goals": export.decoded(row.goals)}
