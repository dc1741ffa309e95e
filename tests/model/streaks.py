"""Streaks: runs of periods, each settled one after another from the first event on. Section "Streaks".

A period is the date of its first day; of a business day, the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from tests.model.conditions import holds
from tests.model.known import Known
from tests.model.places import Entry
from tests.model.times import (
    EVER,
    HOUR,
    MINUTE,
    ONE_DAY,
    WEEKDAYS,
    date_in,
    date_written,
    day_after,
    first_instant,
    midnight_utc,
    stretches,
    week_start,
)

SHORT_DAY = 12 * HOUR


class Run(NamedTuple):
    """The state of a streak at a time."""

    current: int
    longest: int
    freezes: int
    at_risk: bool
    alive_until: int | None


def date_of(known: Known, member: str, entry: Entry, clock: str) -> date:
    """The day of an event on a clock: the member's (the zone in force at its time), the program's, its own."""
    if clock == "event":
        return date_written(entry.time, entry.offset)
    zone = known.zone(member, entry.time) if clock == "member" else known.program.settings.time_zone
    return date_in(zone, entry.time)


def state(known: Known, member: str, streak: Any, events: Sequence[Entry], now: int) -> Run:
    """The state of a streak at `now` after these events of the member, in canonical order."""
    fitting = [one for one in events if one.type in streak.types and holds(streak.where, one.data)]
    life = Life(known, member, streak, fitting)
    times: dict[date, list[int]] = {}
    for one in fitting:
        period = life.period(date_of(known, member, one, streak.clock))
        if period is not None:
            times.setdefault(period, []).append(one.time)
    came = {period: each[streak.at_least - 1] for period, each in times.items() if len(each) >= streak.at_least}
    return _settle(streak, life, came, now)


@dataclass(frozen=True)
class Life:
    """A streak's periods on the calendar of one member."""

    known: Known
    member: str
    streak: Any
    fitting: Sequence[Entry]

    @property
    def offset(self) -> int:
        """That of the newest fitting event."""
        return self.fitting[-1].offset if self.fitting else 0

    def period(self, day: date) -> date | None:
        """The period of a day; None for what is no business day."""
        if self.streak.every == "week":
            return week_start(day, WEEKDAYS.index(self.known.program.settings.week_starts))
        if self.streak.every == "month":
            return day.replace(day=1)
        if self.streak.every == "business_day" and (day.weekday() > 4 or day.toordinal() in self.streak.holidays):
            return None
        return day

    def after(self, period: date) -> date:
        if self.streak.every in ("week", "month"):
            return day_after(self.streak.every, period)
        day = period + ONE_DAY
        while self.period(day) is None:
            day += ONE_DAY
        return day

    def days(self, period: date) -> list[date]:
        end = day_after(self.streak.every, period) if self.streak.every in ("week", "month") else period + ONE_DAY
        return [period + number * ONE_DAY for number in range((end - period).days)]

    def today(self, now: int) -> date:
        if self.streak.clock == "event":
            return date_written(now, self.offset)
        return date_in(self._zone(now), now)

    def _zone(self, time: int) -> str:
        if self.streak.clock == "program":
            return str(self.known.program.settings.time_zone)
        return self.known.zone(self.member, time)

    def _zones(self) -> list[tuple[int, int, str]]:
        if self.streak.clock == "program":
            return [(-EVER, EVER, self.known.program.settings.time_zone)]
        return self.known.zones(self.member)

    def bridged(self, period: date) -> bool:
        """Whether a missed period breaks nothing: paused, or a day that was hardly there."""
        days = self.days(period)
        pauses = self.known.pauses(self.member, self.streak.key)
        if all(any(first <= day <= last for first, last in pauses) for day in days):
            return True
        short = len(days) == 1 and self.streak.clock != "event"
        return short and self._length(days[0]) < SHORT_DAY

    def _length(self, day: date) -> int:
        """For how long this date was in force, all its stretches on the member's timeline together."""
        found = 0
        for start, end, zone in self._zones():
            found += sum(max(0, min(end, until) - max(start, since)) for since, until in stretches(zone, day))
        return found

    def began(self, period: date) -> int:
        """The first instant at which the calendar showed a day of the period, or a later one."""
        if self.streak.clock == "event":
            ends = [*(one.time for one in self.fitting[1:]), EVER]
            own = [
                (one.time, end, midnight_utc(period) - one.offset * MINUTE)
                for one, end in zip(self.fitting, ends, strict=True)
            ]
        else:
            own = [(start, end, first_instant(zone, period)) for start, end, zone in self._zones()]
        return next(max(start, at) for start, end, at in own if max(start, at) < end)

    def end_of(self, period: date, now: int) -> int:
        """The first instant from now on at which the date is after the period's last day."""
        day = self.days(period)[-1] + ONE_DAY
        if self.streak.clock == "event":
            return max(now, midnight_utc(day) - self.offset * MINUTE)
        for start, end, zone in self._zones():
            at = max(start, now, first_instant(zone, day))
            if at < end:
                return at
        raise AssertionError("time ends")


def _settle(streak: Any, life: Life, came: Mapping[date, int], now: int) -> Run:
    """`came`: when each counting period came to count."""
    today = life.today(now)
    hand, length, longest = [-EVER] * streak.freezes.start, 0, 0  # of each freeze since when it is in hand
    last: date | None = None
    since = -EVER  # when all periods of the run so far counted
    for period in sorted(came):
        if last is not None and not _survives(life, _between(life, last, period), hand, length, today):
            length = 0
        since = max(since, came[period]) if length else came[period]
        length += 1
        if streak.freezes.earn_every and length % streak.freezes.earn_every == 0 and len(hand) < streak.freezes.max:
            hand.append(since)
        longest, last = max(longest, length), period
    if last is None or not _survives(life, _between(life, last, today), hand, length, today):
        return Run(0, longest, len(hand), at_risk=False, alive_until=None)
    running = life.period(today)
    at_risk = running is not None and last < running and not life.bridged(running)
    return Run(length, longest, len(hand), at_risk, _ends(life, last, today, hand, now))


def _between(life: Life, last: date, until: date) -> Iterator[date]:
    """The periods between a counting one and a day, or the next counting one: those that were missed."""
    period, end = life.after(last), life.period(until)
    while period < (until if end is None else end):
        yield period
        period = life.after(period)


def _survives(life: Life, periods: Iterator[date], hand: list[int], length: int, today: date) -> bool:
    """Missed periods are settled one after another; each uses a freeze that was in hand before it began."""
    running = life.period(today) or today
    for period in periods if length else ():
        if life.bridged(period) or period >= running:  # what is not over can only extend
            continue
        if not _freezes(life, period, hand):
            return False
    return length > 0


def _freezes(life: Life, period: date, hand: list[int]) -> bool:
    if not hand or min(hand) >= life.began(period):
        return False
    hand.remove(min(hand))
    return True


def _ends(life: Life, last: date, today: date, hand: list[int], now: int) -> int:
    """The instant at which the run ends if nothing more arrives, freezes in hand and pauses used up."""
    left, period = list(hand), life.after(last)
    running = life.period(today) or today
    while period < running or life.bridged(period) or _freezes(life, period, left):
        period = life.after(period)
    return life.end_of(period, now)
