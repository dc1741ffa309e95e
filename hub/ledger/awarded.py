"""Awards of badges one by one: each with the event that brought it, those of one badge or of one window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from hub.gamification.windows import Window
from hub.ledger.tables import awards, revocations


@dataclass(frozen=True, slots=True)
class Awarded:
    """One award. `kept`: why it stays although the log no longer derives it; `ended`: why it stands no more."""

    badge: str
    tier: str | None
    at: int
    entry: int
    object: str | None
    window: str | None
    points: int
    kept: str | None = None
    ended: str | None = None


def of_badge(connection: Connection, member: int, badge: str, limit: int) -> tuple[Awarded, ...]:
    """A member's awards of one badge, newest first; those that ended too."""
    asked = {"member": member, "badge": badge, "limit": limit}
    stand = [_award(row) for row in connection.execute(_OF_BADGE, asked)]
    ended = [_ended(row) for row in connection.execute(_ENDED, asked)]
    return tuple(sorted(stand + ended, key=lambda one: one.at, reverse=True)[:limit])


def within(connection: Connection, member: int, window: Window, limit: int) -> tuple[Awarded, ...]:
    """The badges that a member earned in a window, newest first."""
    asked = {"member": member, "start": window.start, "end": window.end, "limit": limit}
    return tuple(_award(row) for row in connection.execute(_WITHIN, asked))


# Found by the member, which is where the index of what is unique begins: nobody has so many that more would help.
_BADGES = select(awards).where(awards.c.member == bindparam("member"), awards.c.kind == "badge")
_NEWEST_FIRST = (awards.c.time.desc(), awards.c.no.desc())
_OF_BADGE = _BADGES.where(awards.c.badge == bindparam("badge")).order_by(*_NEWEST_FIRST).limit(bindparam("limit"))
_WITHIN = (
    _BADGES.where(awards.c.time >= bindparam("start"), awards.c.time < bindparam("end"))
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("limit"))
)
_ENDED = (
    select(revocations)
    .where(
        revocations.c.member == bindparam("member"),
        revocations.c.kind == "badge",
        revocations.c.badge == bindparam("badge"),
    )
    .order_by(revocations.c.time.desc(), revocations.c.award.desc())
    .limit(bindparam("limit"))
)


def _award(row: Row[Any]) -> Awarded:
    return Awarded(row.badge, row.tier, row.time, row.entry, row.object, row.window, row.points, kept=row.kept)


def _ended(row: Row[Any]) -> Awarded:
    return Awarded(row.badge, row.tier, row.time, row.entry, row.object, row.window, row.points, ended=row.reason)
