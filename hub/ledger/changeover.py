"""The change-over to a new version: who was folded with an older one, and how far it is.

Progress names the version that it was folded with. Who was folded with an older one is folded anew before anything of
hers is applied, and by and by all others are. Until then readers fold for the purpose, boards are mixed, and everybody
says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, exists, func, select

from hub.db import once
from hub.directory import merges
from hub.ledger.tables import progress, set_aside

#: Topic of how far it is.
CHANGE_OVER = "change_over"


@dataclass(frozen=True, slots=True)
class Share:
    """How many have been folded with the newest version, and of how many."""

    done: int
    of: int

    @property
    def part(self) -> Fraction:
        return Fraction(self.done, self.of)

    @property
    def percent(self) -> int:
        """Rounded down: 100 is all."""
        return self.done * 100 // self.of


def older(newest: int | ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that progress is of an older version and will be folded with this one. What has no version is only
    the lease on a member of whom nothing was folded yet; who is set aside waits for the operator, and who was merged
    for the other one.
    """
    aside = select(set_aside.c.member).where(set_aside.c.member == progress.c.member).exists()
    return (progress.c.version > 0) & (progress.c.version < newest) & ~aside & ~merges.merged(progress.c.member)


def going_on(connection: Connection, newest: int) -> bool:
    """Whether anybody's progress is of an older version than this one. The index tells at once."""
    return bool(connection.scalar(_GOING_ON, {"newest": newest}))


_GOING_ON = select(exists(select(progress.c.member).where(older(bindparam("newest", type_=BigInteger)))))


def share(connection: Connection, newest: int) -> Share | None:
    """How far the change-over to this version is; None: it is over."""
    return once(connection, ("share", newest), lambda: _share(connection, newest))


def _share(connection: Connection, newest: int) -> Share | None:
    if not going_on(connection, newest):
        return None
    left = still_older(connection, newest)
    of = connection.scalar(select(func.count()).select_from(progress).where(progress.c.version > 0)) or 0
    return Share(of - left, of)


def still_older(connection: Connection, newest: int) -> int:
    """How many are still to be folded with this version."""
    return connection.scalar(select(func.count()).select_from(progress).where(older(newest))) or 0


def folded_with(connection: Connection) -> dict[int, int]:
    """By version: how many members and organizations have it in their progress."""
    query = select(progress.c.version, func.count()).where(progress.c.version > 0).group_by(progress.c.version)
    found: dict[int, int] = dict(connection.execute(query).all())
    return found
