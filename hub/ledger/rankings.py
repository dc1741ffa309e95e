"""Rankings: who stands where on one board, asked in the same words wherever the standings come from.

`Indexed` asks the database, over members' values and what they are now: the top, a page, neighbours by index, a rank by
counting those ahead. `Listed` holds a board in memory: of organizations, of an ended window that goes by old profiles.

The order: the better value first; inside a tie, whose value changed earlier (the canonical place of that event).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, distinct, func, or_, select, tuple_

from hub.directory.tables import members, present
from hub.ledger.tables import member_values


class Stand(NamedTuple):
    """A place on a board: the value as an order key, and the event that last changed it."""

    value: str
    changed_at: int
    changed_source: str
    changed_id: str


class Ranked(NamedTuple):
    """Who stands there: a member or an organization, by number and by id."""

    stand: Stand
    no: int
    id: str
    name: str
    organization: int | None  # the member's, by number
    listed: bool = True  # False: has a rank that only she sees


class Ahead(NamedTuple):
    """How many are ranked before a stand, how many of them with a better value, and with how many different ones."""

    all: int
    better: int
    different: int


class Ranking(Protocol):
    """The standings of one board in one window. `lowest` values are best where the board says so."""

    lowest: bool

    def total(self) -> int: ...

    def of(self, no: int) -> Ranked | None:
        """Where this one stands, also if she is not listed; None where she has no rank at all."""
        ...

    def ahead(self, stand: Stand) -> Ahead: ...

    def after(self, stand: Stand | None, limit: int) -> list[Ranked]:
        """Those behind a stand, the best first; from the top where it is None."""
        ...

    def before(self, stand: Stand, limit: int) -> list[Ranked]:
        """The nearest before a stand, the best first."""
        ...


# ------------------------------------------------------------------------------------------------- in the database


@dataclass(slots=True)
class Indexed:
    """Members by their values of now. `who`: the condition on `present` of those that the board is for."""

    connection: Connection
    metric: str
    window: str
    who: ColumnElement[bool]
    least: str | None  # below this order key nobody is ranked
    lowest: bool

    def total(self) -> int:
        return self.connection.scalar(self._listed(func.count(), of=_STANDING)) or 0

    def of(self, no: int) -> Ranked | None:
        row = self.connection.execute(self._fitting(*_RANKED).where(_T.member == no)).first()
        return None if row is None else _ranked(row)

    def everybody(self) -> list[Ranked]:
        """All, listed or not, in no order."""
        return [_ranked(row) for row in self.connection.execute(self._fitting(*_RANKED))]

    def ahead(self, stand: Stand) -> Ahead:
        better = self._better(stand)
        counts = (
            func.count(),
            func.count(case((better, 1))),
            func.count(distinct(case((better, _T.value)))),
        )
        row = self.connection.execute(self._listed(*counts, of=_STANDING).where(self._before(stand))).one()
        return Ahead(*row)

    def after(self, stand: Stand | None, limit: int) -> list[Ranked]:
        query = self._listed(*_RANKED)
        if stand is not None:
            query = query.where(self._behind(stand))
        value = _T.value if self.lowest else _T.value.desc()
        rows = self.connection.execute(query.order_by(value, *_CHANGED).limit(limit))
        return [_ranked(row) for row in rows]

    def before(self, stand: Stand, limit: int) -> list[Ranked]:
        value = _T.value.desc() if self.lowest else _T.value
        query = self._listed(*_RANKED).where(self._before(stand))
        rows = self.connection.execute(query.order_by(value, *(one.desc() for one in _CHANGED)).limit(limit))
        return [_ranked(row) for row in rows][::-1]

    def _fitting(self, *columns: Any, of: FromClause | None = None) -> Select[Any]:
        query = select(*columns).select_from(_NAMED if of is None else of)
        query = query.where(_T.metric == self.metric, _T.window == self.window, self.who)
        return query if self.least is None else query.where(_T.value >= self.least)

    def _listed(self, *columns: Any, of: FromClause | None = None) -> Select[Any]:
        return self._fitting(*columns, of=of).where(_LISTED)

    def _better(self, stand: Stand) -> ColumnElement[bool]:
        return _T.value < stand.value if self.lowest else _T.value > stand.value

    # Each begins with a plain bound on the value, which is what the index can go by.

    def _before(self, stand: Stand) -> ColumnElement[bool]:
        bound = _T.value <= stand.value if self.lowest else _T.value >= stand.value
        return and_(bound, or_(self._better(stand), tuple_(*_CHANGED) < tuple_(*stand[1:])))

    def _behind(self, stand: Stand) -> ColumnElement[bool]:
        bound = _T.value >= stand.value if self.lowest else _T.value <= stand.value
        return and_(bound, or_(_T.value != stand.value, tuple_(*_CHANGED) > tuple_(*stand[1:])))


_T = member_values.c
#: An event is about one member, so no two stand at the same place.
_CHANGED = (_T.changed_at, _T.changed_source, _T.changed_id)
_STANDING = member_values.join(present, present.c.member == _T.member)
_NAMED = _STANDING.join(members, members.c.no == _T.member)
_LISTED = and_(present.c.active, present.c.listed)
_RANKED = (
    *(_T.value, *_CHANGED, _T.member, members.c.id, present.c.name, present.c.organization),
    _LISTED.label("listed"),
)


def _ranked(row: Any) -> Ranked:
    no, id_, name, organization, listed = row[4:]
    return Ranked(Stand(*row[:4]), no, id_, name, organization, listed)


# ---------------------------------------------------------------------------------------------------------- in memory


@dataclass(slots=True)
class Listed:
    """Standings at hand."""

    everybody: Sequence[Ranked]
    lowest: bool
    _rows: list[Ranked] = field(init=False)

    def __post_init__(self) -> None:
        rows = sorted((one for one in self.everybody if one.listed), key=_by_change)
        self._rows = sorted(rows, key=lambda one: one.stand.value, reverse=not self.lowest)

    def total(self) -> int:
        return len(self._rows)

    def of(self, no: int) -> Ranked | None:
        return next((one for one in self.everybody if one.no == no), None)

    def ahead(self, stand: Stand) -> Ahead:
        before = self._rows[: self._place(stand)]
        better = [one.stand.value for one in before if one.stand.value != stand.value]
        return Ahead(len(before), len(better), len(set(better)))

    def after(self, stand: Stand | None, limit: int) -> list[Ranked]:
        start = 0 if stand is None else self._place(stand)
        if stand is not None and start < len(self._rows) and self._rows[start].stand == stand:
            start += 1
        return self._rows[start : start + limit]

    def before(self, stand: Stand, limit: int) -> list[Ranked]:
        end = self._place(stand)
        return self._rows[max(end - limit, 0) : end]

    def _place(self, stand: Stand) -> int:
        """How many come before it."""
        return sum(1 for one in self._rows if self._comes_before(one.stand, stand))

    def _comes_before(self, one: Stand, other: Stand) -> bool:
        if one.value != other.value:
            return (one.value < other.value) is self.lowest
        return one[1:] < other[1:]


def _by_change(one: Ranked) -> tuple[int, str, str]:
    return one.stand[1:]
