"""Next best actions, as far as the fold goes: when they open and close. Section "Next best action".

An opening may lie between two events: where a profile begins, where one has been idle for long enough, where a pace
falls behind. Each such moment is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hub.gamification.actions import Idle, Pace
from tests.model import goals
from tests.model.conditions import holds
from tests.model.places import Canonical, Entry
from tests.model.times import EVER, Window

if TYPE_CHECKING:
    from tests.model.fold import Fold

#: 2000-01-01: no event is earlier, and what has been so for ever has been so since then.
FIRST = 946_684_800_000_000
BEFORE_ALL: Canonical = (-EVER, "", "")


@dataclass(frozen=True)
class Opening:
    action: str
    since: int


class Openings:
    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.open: dict[str, Opening] = {}
        self.count = 0
        #: From when on an action may open: from the first instant that an event can have; `again_after` its closing.
        self.may_open = dict.fromkeys(fold.program.actions, FIRST)
        self.seen = FIRST

    def until(self, time: int) -> None:
        """Opens what opens by itself, without an event, up to a time."""
        self.last = self.fold.upto = self.fold.events[self.fold.taken - 1].place if self.fold.taken else BEFORE_ALL
        for action in self.fold.program.actions.values():
            moments = sorted(at for at in {*self._moments(action, time)} if self._may(action, at) and at <= time)
            opening = next((at for at in moments if self._holds(action, at)), None)
            if opening is not None:
                self._open(action, opening)
        self.seen = time

    def look(self, event: Entry, *, first: bool) -> None:
        """In a pass: in the first the event closes what is open; it opens what it leads to, and does not close that."""
        self.last = event.place
        if first:
            self._close(event)
        self._opened_by(event)

    def _close(self, event: Entry) -> None:
        """The event of an open action closes it, and brings its bonus if it comes in time."""
        for action in self.fold.program.actions.values():
            opening = self.open.get(action.key)
            if opening is None or not _is_its(action, event):
                continue
            del self.open[action.key]
            self.may_open[action.key] = EVER if action.again_after is None else event.time + action.again_after
            if action.bonus and event.time - opening.since <= action.bonus.within:
                self.fold.pay_bonus(action)

    def _opened_by(self, event: Entry) -> None:
        for action in self.fold.program.actions.values():
            if self._may(action, event.time) and self._holds(action, event.time):
                self._open(action, event.time)

    def _open(self, action: Any, since: int) -> None:
        self.open[action.key] = Opening(action.key, since)
        self.count += 1

    def _may(self, action: Any, at: int) -> bool:
        return action.key not in self.open and at >= self.may_open[action.key] and at >= self.seen

    def _holds(self, action: Any, at: int) -> bool:
        fold = self.fold
        # What stands alone between events is seen from the moment after its place on: there nothing is looked at.
        fold.at, fold.upto = at, max(self.last, (at, "", ""))
        if not holds(action.for_, fold.known.profile(fold.member, at)):
            return False
        if isinstance(action.when, Idle):
            return at >= self._idle_since(action) + action.when.length
        if isinstance(action.when, Pace):
            return self._pace(action.when, at) == action.when.pace
        return action.when is None or fold.meets_for_some(action.when)

    def _idle_since(self, action: Any) -> int:
        """The time of its last event; a member who never had one is idle."""
        mine = [one.time for one in self.fold.events if one.place <= self.fold.upto and _is_its(action, one)]
        return mine[-1] if mine else -EVER

    def _pace(self, when: Pace, at: int) -> str | None:
        fold, goal = self.fold, self.fold.program.goals[when.goal]
        window = fold.calendar.window(goal.window, at)
        wanted = fold.target(goal, window, fold.known.profile(fold.member, at))
        if wanted is None or not window.holds(at):
            return None
        return goals.pace(goal, fold.number(goal.metric, window), wanted, window, at)

    def _moments(self, action: Any, until: int) -> Iterator[int]:
        """The moments from the last one asked until a time at which something may begin to hold."""
        yield self.seen
        yield self.may_open[action.key]
        yield from self.fold.known.turns(self.fold.member)
        standing = self.fold.standing
        stands = [*standing.kept.values(), *(each for each in standing.final.values() if each is not None)]
        yield from (each.place[0] + 1 for each in stands)
        if isinstance(action.when, Idle):
            yield self._idle_since(action) + action.when.length
        if isinstance(action.when, Pace):
            yield from self._turns(action.when, until)

    def _turns(self, when: Pace, until: int) -> Iterator[int]:
        """Where the pace may turn: one percent into a window, and where it falls behind, whatever the profile then."""
        fold, goal = self.fold, self.fold.program.goals[when.goal]
        starts = fold.known.turns(fold.member)
        for window in self._windows(goal, until):
            yield window.start + (window.end - window.start + 99) // 100
            for at in {window.start, *(start for start in starts if window.holds(start))}:
                wanted = fold.target(goal, window, fold.known.profile(fold.member, at))
                found = fold.number(goal.metric, window) or Fraction(0)
                if wanted is not None:
                    yield goals.falls_behind(found, wanted, window)

    def _windows(self, goal: Any, until: int) -> set[Window]:
        """The windows that are unlike the one before: where something is, and the two after it; the others repeat."""
        known, calendar = self.fold.known, self.fold.calendar
        marks = {self.seen, *self.may_open.values(), *(one.time for one in self.fold.events)}
        marks |= known.turns(self.fold.member)
        targets = [each for each in known.targets(self.fold.member) if each.goal == goal.key]
        marks |= {window.start for each in targets if (window := calendar.find(goal.window, each.window)) is not None}
        found: set[Window] = set()
        for mark in (mark for mark in marks if self.seen <= mark <= until):
            windows = calendar.from_on(goal.window, mark)
            found |= {window for _, window in zip(range(3), windows, strict=False) if window.start <= until}
        return found


def _is_its(action: Any, event: Entry) -> bool:
    return event.type in action.types and holds(action.where, event.data)
