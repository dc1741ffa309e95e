"""Calendars of streaks: which period a date lies in, and which dates a member's calendar has shown.

Periods are whole numbers, one after another (a date, a business day, a week, a month); dates are ordinals. Whose dates
they are, the streak's clock says: the member's, the program's, or those that events are written with.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hub.gamification import windows
from hub.gamification.profiles import Profile, Timeline
from hub.gamification.streaks import Streak
from hub.gamification.windows import DAY, HOUR, first_instant, local_date

#: Whether a run goes on over this period although it does not count.
Bridged = Callable[[int], bool]

#: A date in force for less than this breaks no run: one lost on a flight, or that a country skipped.
_SHORT = 12 * HOUR
#: Zones lie within 26 hours of each other: who changes hers sees no date again that began longer ago.
_APART = 2 * DAY


@dataclass(frozen=True, slots=True)
class Calendar:
    """Turns dates into a streak's periods and back."""

    every: str
    week_starts: int  # ordinal of any day on which a week starts
    holidays: tuple[int, ...] = ()  # ascending ordinals of weekdays

    @classmethod
    def of(cls, streak: Streak, week_starts: int) -> Calendar:
        return cls(streak.every, week_starts, tuple(sorted(filter(_is_weekday, streak.holidays))))

    def period(self, day: int) -> int | None:
        """The period that the date lies in; None for a date that neither breaks nor counts."""
        if self.every == "day":
            return day
        if self.every == "business_day" and not self._is_business(day):
            return None
        return self.begun(day)

    def begun(self, day: int) -> int:
        """The last period that has begun by this date."""
        if self.every == "day":
            return day
        if self.every == "week":
            return (day - self.week_starts) // 7
        if self.every == "month":
            return _month(day)
        return self._business(day)

    def over(self, today: int) -> int:
        """The last period all of whose days lie before today."""
        return self._business(today - 1) if self.every == "business_day" else self.begun(today) - 1

    def start(self, period: int) -> int:
        """The first date of the period."""
        if self.every == "business_day":
            return self._nth_business(period)
        return self.end(period - 1)

    def end(self, period: int) -> int:
        """The first date after the period."""
        if self.every == "day":
            return period + 1
        if self.every == "week":
            return self.week_starts + (period + 1) * 7
        if self.every == "month":
            return _first_of_month(period + 1)
        return self._nth_business(period) + 1

    def _is_business(self, day: int) -> bool:
        at = bisect_right(self.holidays, day)
        return _is_weekday(day) and not (at and self.holidays[at - 1] == day)

    def _business(self, day: int) -> int:
        """How many business days there were up to and with this date."""
        weeks, rest = divmod(day, 7)  # rest 1 is Monday, 0 the Sunday that ends the week before
        return weeks * 5 + min(rest, 5) - bisect_right(self.holidays, day)

    def _nth_business(self, period: int) -> int:
        # A week has five business days at most; how many fewer, the holidays say.
        least = period * 7 // 5 - 7
        dates = range(least, least + 2 * len(self.holidays) + 21)
        return least + bisect_left(dates, period, key=self._business)


def _is_weekday(day: int) -> bool:
    return (day - 1) % 7 < 5  # ordinal 1 was a Monday


def _month(day: int) -> int:
    on = date.fromordinal(day)
    return on.year * 12 + on.month - 1


def _first_of_month(period: int) -> int:
    return date(period // 12, period % 12 + 1, 1).toordinal()


# Time zones. A member's calendar is her timeline's: what it shows can jump over a date, and come back to one.


def hers(streak: Streak, timeline: Timeline) -> Timeline:
    """The timeline whose dates the streak goes by, unless it is that of its events."""
    return timeline if streak.clock == "member" else _NOBODYS


_NOBODYS = Timeline([windows.FIRST], [Profile()])


def short_days(streak: Streak, calendar: Calendar, timeline: Timeline, zone: str) -> Bridged:
    """Which periods the member had too little of for them to break her runs; `zone` is the program's."""
    if streak.clock == "event" or streak.every not in ("day", "business_day"):
        return lambda _: False
    mine = hers(streak, timeline)
    if len(mine.profiles) == 1:
        only = mine.profiles[0].time_zone or zone
        return lambda period: _is_short(only, calendar.end(period) - 1)
    return lambda period: _in_force(mine, zone, calendar.end(period) - 1) < _SHORT


@lru_cache(maxsize=65536)
def _is_short(zone: str, day: int) -> bool:
    """Whether clocks in the zone show the date for too little."""
    return first_instant(zone, day + 1) - first_instant(zone, day) < _SHORT


def _in_force(timeline: Timeline, zone: str, day: int) -> int:
    """How long the calendar showed the date, all its stretches together."""
    earliest, latest = first_instant("UTC", day) - _APART, first_instant("UTC", day + 1) + _APART
    return sum(
        max(0, min(end, first_instant(own, day + 1)) - max(start, first_instant(own, day)))
        for own, start, end in _stretches(timeline, zone, earliest, latest)
    )


def _stretches(timeline: Timeline, zone: str, earliest: int, latest: int) -> Iterator[tuple[str, int, int]]:
    """The zones in force between two instants, each with the bounds of its stretch."""
    starts, profiles = timeline.starts, timeline.profiles
    for at in range(max(bisect_right(starts, earliest) - 1, 0), len(profiles)):
        start = starts[at] if at else windows.FIRST
        if start > latest:
            return
        yield profiles[at].time_zone or zone, start, starts[at + 1] if at + 1 < len(starts) else windows.LAST


def latest_date(timeline: Timeline, zone: str, time: int) -> int:
    """The latest date that the calendar has shown up to this instant."""
    stretches = _stretches(timeline, zone, time - _APART, time)
    return max(_begun_by(own, min(end - 1, time)) for own, _, end in stretches)


def _begun_by(zone: str, time: int) -> int:
    """The latest date that clocks in the zone have shown: where they go back over midnight, not the one they show."""
    day = local_date(zone, time)
    return day + (first_instant(zone, day + 1) <= time)


def first_moment(timeline: Timeline, zone: str, day: int, since: int) -> int:
    """The first instant from `since` on at which the calendar shows the date, or a later one."""
    for own, start, end in _stretches(timeline, zone, since, windows.LAST):
        begins = max(first_instant(own, day), start, since)
        if begins < end:
            return begins
    raise AssertionError("the last stretch has no end")
