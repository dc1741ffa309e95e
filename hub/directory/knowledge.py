"""What the hub knew when: of rows that are superseded and never overwritten, those that were known at some instant."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_

from hub.directory.sets import among

R = TypeVar("R")

#: Conditions of which a row meets one at most. Each has an index of its own, so each is a statement of its own.
Times = Sequence[ColumnElement[bool]]


def known_now(table: Table) -> ColumnElement[bool]:
    """That the hub knows a row now."""
    return table.c.superseded_at.is_(None)


def known(table: Table, before: int | None) -> Times:
    """That the hub knew a row just before this instant; None: that it knows it now."""
    t = table.c
    if before is None:
        return [known_now(table)]
    return [and_(known_now(table), t.recorded_at < before), and_(t.superseded_at >= before, t.recorded_at < before)]


def ever_known(table: Table) -> Times:
    """That the hub knows a row now, or knew it at some time."""
    return [known_now(table), table.c.superseded_at.is_not(None)]


def find(
    connection: Connection, query: Select[Any], times: Times, owner: Column[Any], owners: Collection[int]
) -> list[Sequence[Any]]:
    """The query's rows that are these owners' and of these times, in no order."""
    ours = among(connection, owner, owners)
    return [row for time in times for row in connection.execute(query.where(time, ours)).all()]


class Recorded(NamedTuple, Generic[R]):
    """A row, and since when and until when the hub knew it."""

    row: R
    recorded_at: int
    superseded_at: int | None


def of_that_time(several: Iterable[Recorded[R]], before: int) -> list[R]:
    """The rows that the hub knew just before this instant: what `known` says, of rows at hand."""
    return [row for row, since, until in several if since < before and (until is None or until >= before)]


@dataclass(frozen=True, slots=True)
class Learning(Generic[R]):
    """How the rows of one owner became known: `states[i]` was known before `times[i]`, the last one after all of them.

    `same[i]` is how many rows, from the first on, stayed as they were at `times[i]`.
    """

    times: list[int]
    states: list[list[R]]
    same: list[int]

    @classmethod
    def of(cls, rows: Sequence[Recorded[R]], after: int, before: int) -> Learning[R]:
        """From `after` until just before `before`. The rows are in the order in which the states shall be."""
        told = {time for _, *times in rows for time in times}
        times = sorted(time for time in told if time is not None and after <= time < before)
        states = [of_that_time(rows, time) for time in (*times, before)]
        return cls(times, states, [_same(then, now) for then, now in pairwise(states)])

    def before(self, instant: int) -> list[R]:
        """What was known just before this instant, which is one of the stretch."""
        return self.states[bisect_left(self.times, instant)]

    def same_at(self, instant: int) -> int | None:
        """How many rows, from the first on, stayed as they were at this instant; None: all of them did."""
        place = bisect_left(self.times, instant)
        return self.same[place] if place < len(self.times) and self.times[place] == instant else None


def _same(then: Sequence[R], now: Sequence[R]) -> int:
    shorter = min(len(then), len(now))
    return next((place for place in range(shorter) if then[place] is not now[place]), shorter)
