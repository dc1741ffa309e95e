"""Rankings: who stands where on one board, asked in the same words wherever the standings come from.

`Indexed` asks the database, over members' values and what they are now: the top, a page, neighbours by index, a rank by
counting those ahead. `Listed` holds a board in memory: of organizations, of an ended window that goes by old profiles.

The order: the better value first; inside a tie, whose value changed earlier (the canonical place of that event).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Protocol, cast

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    CursorResult,
    Executable,
    FromClause,
    Select,
    True_,
    and_,
    bindparam,
    distinct,
    func,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from hub.directory.lookup import organizations_now
from hub.directory.sets import among
from hub.directory.tables import HIDDEN, members, present
from hub.gamification.conditions import Condition
from hub.ledger import fitting, former
from hub.ledger.former import Moment
from hub.ledger.tables import final_boards, former_values, member_values


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
    named: bool = True  # False: she has stepped out of all boards since this one became final


class Counts(NamedTuple):
    """How many are ranked in all; how many before a stand, and how many of them with a better value."""

    total: int
    ahead: int
    better: int


class Ranking(Protocol):
    """The standings of one board in one window. `lowest` values are best where the board says so."""

    lowest: bool

    def counts(self, stand: Stand | None) -> Counts:
        """Without a stand nobody is before it."""
        ...

    def of(self, no: int) -> Ranked | None:
        """Where this one stands, also if she is not listed; None where she has no rank at all."""
        ...

    def different(self, stand: Stand) -> int:
        """How many different values are better."""
        ...

    def after(self, stand: Stand | None, limit: int) -> list[Ranked]:
        """Those behind a stand, the best first; from the top where it is None."""
        ...

    def before(self, stand: Stand, limit: int) -> list[Ranked]:
        """The nearest before a stand, the best first."""
        ...


# ------------------------------------------------------------------------------------------------- in the database


class Among(NamedTuple):
    """Those of one region, tier, type or organization."""

    name: str
    value: str


@dataclass(slots=True)
class Indexed:
    """Members by their values of now, of those whom the board is for."""

    connection: Connection
    metric: str
    window: str
    for_: Condition | None
    among: Among | None
    least: str | None  # below this order key nobody is ranked
    lowest: bool
    only: ColumnElement[bool] | None = None  # a further condition on values

    def counts(self, stand: Stand | None) -> Counts:
        if stand is None:
            return Counts(self._ask(self._questions().total).scalar_one(), 0, 0)
        total, better, earlier, same = tuple(self._ask(self._questions().counts, **stand._asdict()).one())
        return Counts(total, better + earlier + same, better)

    def of(self, no: int) -> Ranked | None:
        row = self._ask(self._questions().of, no=no).first()
        return None if row is None else _ranked(row)

    def everybody(self) -> list[Ranked]:
        """All, listed or not, in no order."""
        return [_ranked(row) for row in self._ask(self._questions().everybody)]

    def different(self, stand: Stand) -> int:
        return int(self._ask(self._questions().different, value=stand.value).scalar_one())

    def after(self, stand: Stand | None, limit: int) -> list[Ranked]:
        if not limit:
            return []
        if stand is None:
            return [_ranked(row) for row in self._ask(self._questions().top, limit=limit)]
        rows = self._ask(self._questions().after, **stand._asdict(), limit=limit)
        return _best_first(map(_ranked, rows), self.lowest)[:limit]

    def before(self, stand: Stand, limit: int) -> list[Ranked]:
        if not limit:
            return []
        rows = self._ask(self._questions().before, **stand._asdict(), limit=limit)
        return _best_first(map(_ranked, rows), self.lowest)[-limit:]

    def _questions(self) -> _Questions:
        if self.only is None:
            return _questions(self.for_, self.among, self.least is not None, self.lowest)
        return _Questions(_who(self.for_, self.among), self.least is not None, self.lowest, self.only)

    def _ask(self, question: Executable, **values: Any) -> CursorResult[Any]:
        of = {"metric": self.metric, "window": self.window, "least": self.least, **values}
        return cast(CursorResult[Any], self.connection.execute(question, of))


class _Questions:
    """What is asked of one board's values. To build such a statement takes longer than most of them run, so each is
    built once.
    """

    def __init__(
        self, who: ColumnElement[bool], floor: bool, lowest: bool, only: ColumnElement[bool] | None = None
    ) -> None:
        of = [_T.metric == bindparam("metric"), _T.window == bindparam("window"), who]
        if floor:
            of.append(_T.value >= bindparam("least"))
        self._of = of if only is None else [*of, only]
        self._for_all = isinstance(who, True_)
        self._lowest = lowest

    @cached_property
    def everybody(self) -> Select[Any]:
        return self._fitting(*_RANKED)

    @cached_property
    def of(self) -> Select[Any]:
        return self._fitting(*_RANKED).where(_T.member == bindparam("no"))

    @cached_property
    def top(self) -> Select[Any]:
        return self._first(true(), _T.value if self._lowest else _T.value.desc(), *_CHANGED)

    @cached_property
    def after(self) -> CompoundSelect[Any]:
        """The first behind a stand, of those with the same value and of those with a worse one: each is one stretch of
        the index. At most `limit` of both, in no order.
        """
        tied = and_(_SAME, _T.changed_at >= _STAND.changed_at, tuple_(*_CHANGED) > tuple_(*_STAND[1:]))
        best = _T.value if self._lowest else _T.value.desc()
        return _either(self._first(tied, *_CHANGED), self._first(self._better(_T, than=False), best, *_CHANGED))

    @cached_property
    def before(self) -> CompoundSelect[Any]:
        """As `after`, of the nearest before a stand."""
        tied = and_(_SAME, _T.changed_at <= _STAND.changed_at, tuple_(*_CHANGED) < tuple_(*_STAND[1:]))
        worst, latest = _T.value.desc() if self._lowest else _T.value, [one.desc() for one in _CHANGED]
        return _either(self._first(tied, *latest), self._first(self._better(_T), worst, *latest))

    @cached_property
    def total(self) -> Select[Any]:
        return self._counting(lambda _: true())

    @cached_property
    def counts(self) -> Select[Any]:
        """How many there are; with a better value; with the same one from an earlier instant, and from the same."""
        return self._counting(
            lambda _: true(),
            self._better,
            lambda t: and_(t.value == _STAND.value, t.changed_at < _STAND.changed_at),
            lambda t: and_(t.value == _STAND.value, t.changed_at == _STAND.changed_at, _event(t) < tuple_(*_STAND[2:])),
        )

    @cached_property
    def different(self) -> Select[Any]:
        return self._listed(func.count(distinct(_T.value)), of=_STANDING).where(self._better(_T))

    def _first(self, where: ColumnElement[bool], *order: Any) -> Select[Any]:
        return self._listed(*_RANKED).where(where).order_by(*order).limit(bindparam("limit"))

    def _counting(self, *stretches: Stretch) -> Select[Any]:
        """How many are ranked in each stretch. Where the board is for all, the index alone is read."""
        if not self._for_all:
            listed = self._listed(func.count(), of=_STANDING)
            return _row(_number(listed, one, _T) for one in stretches)
        # The few that are not listed are found first: else the database would look each member up.
        values = self._fitting(_T.value, *_CHANGED, of=member_values)
        hidden = values.where(_T.member.in_(select(present.c.member).where(HIDDEN))).cte("hidden")
        hidden = hidden.prefix_with("MATERIALIZED")
        everybody, count = self._fitting(func.count(), of=member_values), select(func.count()).select_from(hidden)
        return _row(_number(everybody, one, _T) - _number(count, one, hidden.c) for one in stretches)

    def _listed(self, *columns: Any, of: FromClause | None = None) -> Select[Any]:
        return self._fitting(*columns, of=of).where(_LISTED)

    def _fitting(self, *columns: Any, of: FromClause | None = None) -> Select[Any]:
        return select(*columns).select_from(_NAMED if of is None else of).where(*self._of)

    def _better(self, t: Columns, *, than: bool = True) -> ColumnElement[bool]:
        """A better value than the stand's; `than=False`: a worse one."""
        lower = self._lowest is than
        found: ColumnElement[bool] = t.value < _STAND.value if lower else t.value > _STAND.value
        return found


@lru_cache(maxsize=512)
def _questions(for_: Condition | None, among: Among | None, floor: bool, lowest: bool) -> _Questions:
    return _Questions(_who(for_, among), floor, lowest)


def _who(for_: Condition | None, among: Among | None) -> ColumnElement[bool]:
    """The condition on `present` of those whom a board is for."""
    who = fitting.clause(for_)
    return who if among is None else and_(who, fitting.stands_among(*among))


def _row(numbers: Iterable[ColumnElement[int]]) -> Select[Any]:
    columns: list[Any] = list(numbers)
    return select(*columns)


def _either(one: Select[Any], other: Select[Any]) -> CompoundSelect[Any]:
    return union_all(select(one.subquery()), select(other.subquery()))


#: Columns of members' values, and a condition on them.
Columns = Any
Stretch = Callable[[Columns], ColumnElement[bool]]


@dataclass(slots=True)
class Then:
    """Members by the values of a moment: those that stand, where they have not changed since, and else what they were.
    Who they are is as it is now.
    """

    now: Indexed
    moment: Moment

    def everybody(self) -> list[Ranked]:
        """All, listed or not, in no order."""
        return self._unchanged().everybody() + self._changed(true())

    def after(self, stand: Stand | None, limit: int) -> list[Ranked]:
        """Those behind a stand, the best first; from the top where it is None."""
        t, where = former_values.c, [_LISTED]
        if stand is not None:
            worse = t.value > stand.value if self.now.lowest else t.value < stand.value
            where.append(or_(worse, and_(t.value == stand.value, tuple_(*_FORMER[1:]) > tuple_(*stand[1:]))))
        found = self._unchanged().after(stand, limit) + self._changed(and_(*where), limit)
        return Listed(found, self.now.lowest).after(None, limit)

    def _unchanged(self) -> Indexed:
        of = self.now
        return replace(of, only=~former.changed_since(of.connection, of.metric, of.window, _T.member, self.moment))

    def _changed(self, where: ColumnElement[bool], limit: int | None = None) -> list[Ranked]:
        of, t = self.now, former_values.c
        query = (
            select(*_FORMER, t.who, *_WHO)
            .join(present, present.c.member == t.who)
            .join(members, members.c.no == t.who)
            .where(t.metric == of.metric, t.window == of.window, t.value.is_not(None), _who(of.for_, of.among), where)
            .where(former.first_since(of.connection, t, self.moment))
            .order_by(t.value if of.lowest else t.value.desc(), *_FORMER[1:])
            .limit(limit)
        )
        rows = of.connection.execute(query if of.least is None else query.where(t.value >= of.least))
        return [_ranked(row) for row in rows]


def _number(counting: Select[Any], stretch: Stretch, t: Columns) -> ColumnElement[int]:
    return counting.where(stretch(t)).scalar_subquery()


def _event(t: Columns) -> ColumnElement[Any]:
    return tuple_(t.changed_source, t.changed_id)


_T = member_values.c
#: An event is about one member, so no two stand at the same place.
_CHANGED = (_T.changed_at, _T.changed_source, _T.changed_id)
_STANDING = member_values.join(present, present.c.member == _T.member)
_NAMED = _STANDING.join(members, members.c.no == _T.member)
_LISTED = and_(present.c.active, present.c.listed)
_WHO = (members.c.id, present.c.name, present.c.organization, _LISTED.label("listed"))
_FORMER = tuple(former_values.c[name] for name in ("value", "changed_at", "changed_source", "changed_id"))
_RANKED = (_T.value, *_CHANGED, _T.member, *_WHO)

#: The stand that is asked about.
_STAND = Stand(*(cast(Any, bindparam(name)) for name in Stand._fields))
_SAME = _T.value == _STAND.value


def _ranked(row: Any) -> Ranked:
    no, id_, name, organization, listed = row[4:]
    return Ranked(Stand(*row[:4]), no, id_, name, organization, listed)


# ------------------------------------------------------------------------------------------------------- final boards


@dataclass(slots=True)
class Final:
    """A board as it was when its window became final."""

    connection: Connection
    board: str
    window: str
    among: str  # "" on a board for all
    members: bool
    lowest: bool

    def counts(self, stand: Stand | None) -> Counts:
        total = self.connection.scalar(self._rows(func.max(_F.position))) or 0
        if stand is None:
            return Counts(total, 0, 0)
        same = self._rows(func.min(_F.position) - 1).where(_F.value == stand.value)
        better, ahead = self.connection.scalar(same), self._ahead(stand)
        # Nobody who is listed has this value: those ahead are all better.
        return Counts(total, ahead, ahead if better is None else better)

    def of(self, no: int) -> Ranked | None:
        return next(iter(self._ranked(_F.who == no)), None)

    def different(self, stand: Stand) -> int:
        # On a board where this is asked, a rank is how many different values are better, and one.
        return (self.connection.scalar(self._rows(func.min(_F.rank)).where(_F.value == stand.value)) or 1) - 1

    def after(self, stand: Stand | None, limit: int) -> list[Ranked]:
        behind = true() if stand is None else _F.position > self._ahead(stand) + (self._place(stand) is not None)
        return self._ranked(behind, _F.position.is_not(None), order=_F.position, limit=limit)

    def before(self, stand: Stand, limit: int) -> list[Ranked]:
        return self._ranked(_F.position <= self._ahead(stand), order=_F.position.desc(), limit=limit)[::-1]

    def _ahead(self, stand: Stand) -> int:
        """How many of those that are listed come before it."""
        place = self._place(stand)
        if place is not None:
            return place - 1
        better = _F.value < stand.value if self.lowest else _F.value > stand.value
        changed = tuple_(_F.changed_at, _F.changed_source, _F.changed_id)
        earlier = and_(_F.value == stand.value, changed < tuple_(*stand[1:]))
        return self.connection.scalar(self._rows(func.count(_F.position)).where(better | earlier)) or 0

    def _place(self, stand: Stand) -> int | None:
        stands = (_F.value, _F.changed_at, _F.changed_source, _F.changed_id)
        same = and_(*(column == value for column, value in zip(stands, stand, strict=True)))
        place: int | None = self.connection.scalar(self._rows(_F.position).where(same, _F.position.is_not(None)))
        return place

    def _rows(self, *columns: Any) -> Select[Any]:
        of = (_F.leaderboard == self.board, _F.window == self.window, _F.among == self.among)
        return select(*columns).where(*of)

    def _ranked(self, *where: ColumnElement[bool], order: Any = None, limit: int = 1) -> list[Ranked]:
        columns = (_F.value, _F.changed_at, _F.changed_source, _F.changed_id, _F.who, _F.position.is_not(None))
        query = self._rows(*columns).where(*where).order_by(order).limit(limit)
        rows = self.connection.execute(query).all() if limit else []
        known = self._known([row[4] for row in rows])
        return [
            Ranked(Stand(*stand), no, id_, name, organization, listed, named)
            for *stand, no, listed in rows
            for id_, name, organization, named in known.get(no, ())
        ]

    def _known(self, who: Sequence[int]) -> dict[int, list[tuple[str, str, int | None, bool]]]:
        """Who they are now: id, name, organization, and whether they are still to be named."""
        if not self.members:
            found = organizations_now(self.connection, who, 2**62)
            return {no: [(one.id, one.name, no, True)] for no, one in found.items()}
        columns = (present.c.member, members.c.id, present.c.name, present.c.organization, present.c.listed)
        query = select(*columns).join(members, members.c.no == present.c.member)
        rows = self.connection.execute(query.where(among(self.connection, present.c.member, who)))
        return {no: [tuple(rest)] for no, *rest in rows}


_F = final_boards.c


# ---------------------------------------------------------------------------------------------------------- in memory


@dataclass(slots=True)
class Listed:
    """Standings at hand."""

    everybody: Sequence[Ranked]
    lowest: bool
    _rows: list[Ranked] = field(init=False)

    def __post_init__(self) -> None:
        self._rows = _best_first((one for one in self.everybody if one.listed), self.lowest)

    def counts(self, stand: Stand | None) -> Counts:
        if stand is None:
            return Counts(len(self._rows), 0, 0)
        return Counts(len(self._rows), self._place(stand), len(self._better(stand)))

    def of(self, no: int) -> Ranked | None:
        return next((one for one in self.everybody if one.no == no), None)

    def different(self, stand: Stand) -> int:
        return len(set(self._better(stand)))

    def _better(self, stand: Stand) -> list[str]:
        before = self._rows[: self._place(stand)]
        return [one.stand.value for one in before if one.stand.value != stand.value]

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


def _best_first(rows: Iterable[Ranked], lowest: bool) -> list[Ranked]:
    by_change = sorted(rows, key=lambda one: one.stand[1:])
    return sorted(by_change, key=lambda one: one.stand.value, reverse=not lowest)
