"""Runs: how a streak's periods make runs.

Periods are whole numbers, one after another on the streak's calendar (a date, a business day, a week, a month). The
dates that events
show can run backwards by two days, so the newest periods stay open: they are counted again until nothing can come
before them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.gamification.streaks import Streak

#: The state of one streak, plain so that it packs: [[period, events], ...] still open and ascending; of what is
#: settled: last period, run,
#: longest; the offset (minutes) of the newest fitting event; the last settled periods that counted, for pages to show.
State = list[Any]
OPEN, LAST, RUN, LONGEST, OFFSET, SHOWN = range(6)

#: How many counting periods are remembered for pages.
PERIODS_SHOWN = 16

#: How many periods back a later event's date can lie.
_BACK = {"day": 3, "business_day": 3, "week": 1, "month": 1}


def new() -> State:
    return [[], None, 0, 0, 0, []]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Turns dates (ordinals) into a streak's periods and back."""

    every: str
    week_starts: int  # ordinal of any day on which a week starts
    holidays: tuple[int, ...] = ()  # ascending ordinals of weekdays

    def period(self, day: int) -> int | None:
        """The period that the date lies in; None for a date that neither breaks nor counts."""
        if self.every == "day":
            return day
        if self.every == "week":
            return (day - self.week_starts) // 7
        if self.every == "month":
            return _month(day)
        return self._business(day) if self._is_business(day) else None

    def _is_business(self, day: int) -> bool:
        if (day - 1) % 7 > 4:  # ordinal 1 was a Monday
            return False
        at = bisect_right(self.holidays, day)
        return not (at and self.holidays[at - 1] == day)

    def _business(self, day: int) -> int:
        """How many business days there were up to and with this date."""
        weeks, rest = divmod(day, 7)  # rest 1 is Monday, 0 the Sunday that ends the week before
        return weeks * 5 + min(rest, 5) - bisect_right(self.holidays, day)

    def over(self, today: int) -> int:
        """The last period all of whose days lie before today."""
        if self.every == "business_day":
            return self._business(today - 1)
        period = self.period(today)
        assert period is not None
        return period - 1

    def end(self, period: int) -> int:
        """The first date after the period."""
        if self.every == "day":
            return period + 1
        if self.every == "week":
            return self.week_starts + (period + 1) * 7
        if self.every == "month":
            return _first_of_month(period + 1)
        return self._business_end(period)

    def _business_end(self, period: int) -> int:
        day = period * 7 // 5
        while self._business(day) < period:
            day += 1
        while self._business(day - 1) >= period:
            day -= 1
        return day + 1


def _month(day: int) -> int:
    on = date.fromordinal(day)
    return on.year * 12 + on.month - 1


def _first_of_month(period: int) -> int:
    return date(period // 12, period % 12 + 1, 1).toordinal()


def counted(streak: Streak, state: State, period: int) -> bool:
    """Take in one fitting event in the period; whether the period counts now and did not before."""
    open_ = state[OPEN]
    for row in reversed(open_):
        if row[0] == period:
            row[1] += 1
            return bool(row[1] == streak.at_least)
        if row[0] < period:
            break
    open_.append([period, 1])
    open_.sort()
    _settle(streak, state)
    return streak.at_least == 1


def _settle(streak: Streak, state: State) -> None:
    """Close what nothing can come before any more."""
    open_ = state[OPEN]
    final = open_[-1][0] - _BACK[streak.every]
    while open_[0][0] < final:
        period, events = open_.pop(0)
        if events >= streak.at_least:
            state[LAST], state[RUN] = period, _run(state[LAST], state[RUN], period)
            state[LONGEST] = max(state[LONGEST], state[RUN])
            state[SHOWN] = [*state[SHOWN][1 - PERIODS_SHOWN :], period]


def _run(last: int | None, run: int, period: int) -> int:
    return run + 1 if last is not None and period == last + 1 else 1


def tail(streak: Streak, state: State) -> tuple[int | None, int, int]:
    """Last counting period, length of the run it ends, longest run: with the open periods counted."""
    last, run, longest = state[LAST], state[RUN], state[LONGEST]
    for period, events in state[OPEN]:
        if events >= streak.at_least:
            last, run = period, _run(last, run, period)
            longest = max(longest, run)
    return last, run, longest


def counting(streak: Streak, state: State) -> set[int]:
    """The newest periods that count, as far as they are remembered."""
    return {*state[SHOWN], *(period for period, events in state[OPEN] if events >= streak.at_least)}


@dataclass(frozen=True, slots=True)
class Standing:
    """A streak as it stands today. `ends` is the first date on which the run is over if nothing more arrives."""

    current: int
    longest: int
    at_risk: bool
    ends: int | None


def standing(streak: Streak, state: State, calendar: Calendar, today: int) -> Standing:
    last, run, longest = tail(streak, state)
    if last is None or last < calendar.over(today):
        return Standing(0, longest, False, None)
    running = calendar.period(today)
    at_risk = running is not None and last < running
    return Standing(run, longest, at_risk, calendar.end(last + 1))
