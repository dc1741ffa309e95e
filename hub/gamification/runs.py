"""Runs: how a streak's periods make runs, what freezes save, what pauses bridge.

The periods are walked one after another. The dates that events show can run backwards by two days, so the newest
periods stay open: they are walked anew each time, until nothing can come before them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from hub.gamification.calendars import Bridged, Calendar
from hub.gamification.streaks import Freezes, Streak

#: The state of one streak, plain so that it packs.
State = list[Any]
OPEN = 0  # ascending: [[period, events, the latest period that had begun when it came to count], ...]
LAST, RUN, LONGEST = 1, 2, 3  # of what is settled: the last period that counted, its run, the longest one
HAND = 4  # freezes in hand
LATER = 5  # and those that save only periods after this one: [period, ...]
BEGUN = 6  # the latest period that had begun when one of the run's came to count
OFFSET = 7  # of the newest fitting event, in minutes
LATEST_DATE = 8  # that such offsets have shown, for the clock `event`
SHOWN, FROZEN = 9, 10  # for pages: the last settled periods that counted, and that used a freeze
PAUSES = 11  # [[from, to], ...]: ascending dates, none touching another

#: How many periods that counted, or were frozen, are remembered for pages.
PERIODS_SHOWN = 16
#: How many pauses are remembered. The hub lets nobody plan so many; older ones say nothing any more.
PAUSES_KEPT = 64

#: How many periods back a later event's date can lie.
_BACK = {"day": 3, "business_day": 3, "week": 1, "month": 1}


def new(streak: Streak) -> State:
    state: State = [None] * (PAUSES + 1)
    for at in (OPEN, LATER, SHOWN, FROZEN, PAUSES):
        state[at] = []
    for at in (RUN, LONGEST, BEGUN, OFFSET, LATEST_DATE):
        state[at] = 0
    state[HAND] = streak.freezes.start
    return state


@dataclass(slots=True)
class Course:
    """What walking the periods has come to. `run` 0: none is alive, and what is missed costs nothing."""

    freezes: Freezes
    last: int  # the last period that was walked
    run: int
    longest: int
    hand: int  # freezes in hand that save whatever comes
    later: list[int]  # others: each saves only periods after this one
    begun: int  # the latest period that had begun when one of the run's came to count
    frozen: list[int]  # periods that used a freeze

    @property
    def in_hand(self) -> int:
        return self.hand + len(self.later)

    def pass_by(self, period: int, bridged: Bridged) -> None:
        """Settle what was missed up to and with this period."""
        while self.run and self.last < period:
            self.last += 1
            if not (bridged(self.last) or self._freeze(self.last)):
                self.run = 0
        self.last = max(self.last, period)

    def _freeze(self, period: int) -> bool:
        """Whether a freeze that was in hand before the period began is used for it."""
        self._ripen(period)
        if not self.hand:
            return False
        self.hand -= 1
        self.frozen.append(period)
        return True

    def _ripen(self, period: int) -> None:
        if self.later:
            self.hand += sum(each < period for each in self.later)
            self.later = [each for each in self.later if each >= period]

    def count(self, period: int, begun: int, bridged: Bridged, over: int) -> None:
        """Go on to a period that counts. What comes before it and is not over, since dates ran backwards, may count yet
        and is not missed.
        """
        if self.last < period - 1:
            self.pass_by(min(period - 1, over), bridged)
        self._ripen(period)
        if begun > self.begun or not self.run:
            self.begun = begun
        self.last = period
        self.run += 1
        if self.run > self.longest:
            self.longest = self.run
        every = self.freezes.earn_every
        if every and self.run % every == 0 and self.in_hand < self.freezes.max:
            self.later.append(self.begun)


def _settled(streak: Streak, state: State) -> Course:
    last = 0 if state[LAST] is None else state[LAST]
    return Course(streak.freezes, last, state[RUN], state[LONGEST], state[HAND], list(state[LATER]), state[BEGUN], [])


def counted(streak: Streak, state: State, period: int, begun: int, bridged: Bridged) -> bool:
    """Take in one fitting event in the period; whether the period counts now and did not before.

    `begun` is the latest period that has begun by the event's time.
    """
    open_ = state[OPEN]
    for row in reversed(open_):
        if row[0] <= period:
            break
    else:
        row = None
    if row is None or row[0] != period:
        row = [period, 0, 0]
        open_.append(row)
        open_.sort()
        _settle(streak, state, bridged)
    row[1] += 1
    if row[1] != streak.at_least:
        return False
    row[2] = begun
    return True


def _settle(streak: Streak, state: State, bridged: Bridged) -> None:
    """Close what nothing can come before any more."""
    open_ = state[OPEN]
    final = open_[-1][0] - _BACK[streak.every]
    if open_[0][0] >= final:
        return
    course = _settled(streak, state)
    while open_[0][0] < final:
        period, events, begun = open_.pop(0)
        if events >= streak.at_least:
            course.count(period, begun, bridged, over=period - 1)
            state[LAST] = period
            state[SHOWN] = [*state[SHOWN][1 - PERIODS_SHOWN :], period]
    state[RUN], state[LONGEST], state[BEGUN] = course.run, course.longest, course.begun
    state[HAND], state[LATER] = course.hand, course.later
    state[FROZEN] = [*state[FROZEN], *course.frozen][-PERIODS_SHOWN:]


def course(streak: Streak, state: State, bridged: Bridged, over: int) -> Course:
    """Up to the last period that counts, open ones included. `over`: the last period that is."""
    found = _settled(streak, state)
    for period, events, begun in state[OPEN]:
        if events >= streak.at_least:
            found.count(period, begun, bridged, over)
    return found


def counting(streak: Streak, state: State) -> set[int]:
    """The newest periods that count, as far as they are remembered."""
    return {*state[SHOWN], *(period for period, events, _ in state[OPEN] if events >= streak.at_least)}


# Pauses


def pause(calendar: Calendar, state: State, first: int, last: int) -> None:
    """Add a pause of these dates, both included; what touches it is joined with it."""
    apart = []
    for start, end in state[PAUSES]:
        if _touches(calendar, end, first) and _touches(calendar, last, start):
            first, last = min(first, start), max(last, end)
        else:
            apart.append([start, end])
    state[PAUSES] = sorted([*apart, [first, last]])[-PAUSES_KEPT:]


def _touches(calendar: Calendar, end: int, start: int) -> bool:
    """Whether no date of the streak lies between one pause's end and another's start."""
    return start <= end + 1 or (calendar.every == "business_day" and calendar.begun(start - 1) <= calendar.begun(end))


def pause_over(state: State, first: int, last: int) -> int | None:
    """Where the pause ends that holds all these dates; None where none does."""
    at = bisect_right(state[PAUSES], first, key=_start) - 1
    return state[PAUSES][at][1] if at >= 0 and state[PAUSES][at][1] >= last else None


def _start(pause: list[int]) -> int:
    return pause[0]


def paused(calendar: Calendar, state: State, period: int) -> bool:
    """Whether all days of the period lie in a pause."""
    return bool(state[PAUSES]) and pause_over(state, calendar.start(period), calendar.end(period) - 1) is not None


def bridges(calendar: Calendar, state: State, short: Bridged) -> Bridged:
    """Which periods break no run although they do not count: paused ones, and those that were too short."""
    return lambda period: paused(calendar, state, period) or short(period)


# Today


@dataclass(frozen=True, slots=True)
class Standing:
    """A streak as it stands today. `ends` is the first date on which the run is over if nothing more arrives."""

    current: int
    longest: int
    freezes: int
    at_risk: bool
    ends: int | None
    frozen: frozenset[int]  # the newest periods that used a freeze


def standing(streak: Streak, state: State, calendar: Calendar, today: int, bridged: Bridged) -> Standing:
    over = calendar.over(today)
    here = course(streak, state, bridged, over)
    here.pass_by(over, bridged)
    freezes, frozen = here.in_hand, frozenset([*state[FROZEN], *here.frozen])
    if not here.run:
        return Standing(0, here.longest, freezes, False, None, frozen)
    running, current = calendar.period(today), here.run
    at_risk = running is not None and running > here.last and not bridged(running)
    while here.run:
        here.pass_by(here.last + 1, bridged)
    return Standing(current, here.longest, freezes, at_risk, calendar.end(here.last), frozen)
