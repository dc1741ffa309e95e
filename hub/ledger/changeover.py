"""The change-over to a new version: who was folded with an older one, and how far it is.

Progress names the version that it was folded with. Who was folded with an older one is folded anew before anything of
hers is applied, and by and by all others are. Until then readers fold for the purpose, boards are mixed, and everybody
says so.

What is stored is a mark: the layout of the state, then the version. So after an upgrade of the hub that lays states out
otherwise, all are older too, and the same change-over brings them up to date.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, exists, func, select

from hub.db import once
from hub.directory import merges
from hub.gamification.progress import LAYOUT
from hub.ledger.tables import progress, set_aside

#: Topic of how far it is.
CHANGE_OVER = "change_over"

#: More than anybody publishes.
_VERSIONS = 1_000_000


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


def mark(version: int) -> int:
    """What progress is marked with that this hub has folded with that version."""
    return LAYOUT * _VERSIONS + version


def version_of(mark: int) -> int:
    """The version that progress with this mark was folded with."""
    return mark % _VERSIONS


def layout_of(mark: int) -> int:
    """And how it is laid out."""
    return mark // _VERSIONS


def older(newest: int) -> ColumnElement[bool]:
    """The condition that progress is of an older version, or layout, and will be folded with this one. What has no mark
    is only the lease on a member of whom nothing was folded yet; who is set aside waits for the operator, and who was
    merged for the other one.
    """
    return _older(mark(newest))


def _older(newest: int | ColumnElement[int]) -> ColumnElement[bool]:
    aside = select(set_aside.c.member).where(set_aside.c.member == progress.c.member).exists()
    return (progress.c.version > 0) & (progress.c.version < newest) & ~aside & ~merges.merged(progress.c.member)


def going_on(connection: Connection, newest: int) -> bool:
    """Whether anybody's progress is of an older version than this one. The index tells at once."""
    return bool(connection.scalar(_GOING_ON, {"newest": mark(newest)}))


_GOING_ON = select(exists(select(progress.c.member).where(_older(bindparam("newest", type_=BigInteger)))))


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
    found: Counter[int] = Counter()
    for marked, members in connection.execute(query):
        found[version_of(marked)] += members
    return found
