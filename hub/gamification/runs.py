"""Runs: how a streak's periods make runs.

Periods are whole numbers, one after another on the streak's calendar (a date, a business day, a week, a month). The
dates that events show can run backwards by two days, so the newest periods stay open: they are counted again until
nothing can come before them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.gamification import windows
from hub.gamification.profiles import Profile, Timeline
from hub.gamification.streaks import Streak
from hub.gamification.windows import HOUR, first_instant

#: The state of one streak, plain so that it packs: [[period, events], ...] still open and ascending; of what is
#: settled: last period, run, longest; the offset (minutes) of the newest fitting event; the last settled periods that
#: counted, for pages to show.
State = list[Any]
OPEN, LAST, RUN, LONGEST, OFFSET, SHOWN = range(6)

#: How many counting periods are remembered for pages.
PERIODS_SHOWN = 16

#: How many periods back a later event's date can lie.
_BACK = {"day": 3, "business_day": 3, "week": 1, "month": 1}


#: Whether a run goes on over this period although it does not count.
Bridged = Callable[[int], bool]

#: A date in force for less than this breaks no run: one lost on a flight, or that a country skipped.
_SHORT = 12 * HOUR


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


def bridges(streak: Streak, calendar: Calendar, timeline: Timeline, zone: str) -> Bridged:
    """Which periods cannot break this member's runs; `zone` is the program's."""
    if streak.clock == "event" or streak.every not in ("day", "business_day"):
        return lambda _: False
    if streak.clock == "program":
        timeline = Timeline([windows.FIRST], [Profile()])
    return lambda period: _in_force(timeline, zone, calendar.end(period) - 1) < _SHORT


def _in_force(timeline: Timeline, zone: str, day: int) -> int:
    """How long the member's calendar showed the date, all its stretches together."""
    lasted = 0
    for at, profile in enumerate(timeline.profiles):
        own = profile.time_zone or zone
        start = timeline.starts[at] if at else windows.FIRST
        end = timeline.starts[at + 1] if at + 1 < len(timeline.starts) else windows.LAST
        lasted += max(0, min(end, first_instant(own, day + 1)) - max(start, first_instant(own, day)))
    return lasted


def counted(streak: Streak, state: State, period: int, bridged: Bridged) -> bool:
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
    _settle(streak, state, bridged)
    return streak.at_least == 1


def _settle(streak: Streak, state: State, bridged: Bridged) -> None:
    """Close what nothing can come before any more."""
    open_ = state[OPEN]
    final = open_[-1][0] - _BACK[streak.every]
    while open_[0][0] < final:
        period, events = open_.pop(0)
        if events >= streak.at_least:
            state[LAST], state[RUN] = period, _run(state[LAST], state[RUN], period, bridged)
            state[LONGEST] = max(state[LONGEST], state[RUN])
            state[SHOWN] = [*state[SHOWN][1 - PERIODS_SHOWN :], period]


def _run(last: int | None, run: int, period: int, bridged: Bridged) -> int:
    return run + 1 if last is not None and all(map(bridged, range(last + 1, period))) else 1


def tail(streak: Streak, state: State, bridged: Bridged) -> tuple[int | None, int, int]:
    """Last counting period, length of the run it ends, longest run: with the open periods counted."""
    last, run, longest = state[LAST], state[RUN], state[LONGEST]
    for period, events in state[OPEN]:
        if events >= streak.at_least:
            last, run = period, _run(last, run, period, bridged)
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


def standing(streak: Streak, state: State, calendar: Calendar, today: int, bridged: Bridged) -> Standing:
    last, run, longest = tail(streak, state, bridged)
    if last is None or not all(map(bridged, range(last + 1, calendar.over(today) + 1))):
        return Standing(0, longest, False, None)
    decides = last + 1
    while bridged(decides):
        decides += 1
    return Standing(run, longest, calendar.period(today) == decides, calendar.end(decides))
