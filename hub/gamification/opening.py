"""Next best actions in the fold: since when each is open, what closes it, and whether that brings its bonus.

An action opens at an event, or by time alone: a profile comes into force, its event has not come for long enough, a
goal's pace falls behind. What time did since the newest event is made up for when the next one comes, to the
microsecond, so that a bonus does not depend on who looked when.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

from hub.gamification import aiming, awarding, counting
from hub.gamification.actions import Idle, Pace
from hub.gamification.because import Answered
from hub.gamification.events import Event
from hub.gamification.moment import Moment
from hub.gamification.outcome import Points
from hub.gamification.plan import ActionPlan, GoalPlan, Plan
from hub.gamification.progress import Given, Parts, State
from hub.gamification.versions import BEGINNING
from hub.gamification.windows import Window

#: What is kept of an action: since when it is open, when it was closed last, when its event came last.
OPENED, CLOSED, LAST = range(3)

#: The first instant that an event can have, 2000-01-01: what has been so since for ever, has been so since then.
FOR_EVER = 946_684_800_000_000

#: Before this share of its window (1 / 100) a goal has no pace.
_PACE_FROM = 100


def pass_time(here: Moment, until: int) -> None:
    """Open what time alone opens after the newest event, or what stands without one, up to `until`."""
    newest = here.state.place[0] if here.state.place else BEGINNING
    since = max(newest, here.state.alone) + 1
    for plan in here.plan.actions:
        if _may_open(here, plan):
            begin = max(since, _not_before(here, plan), FOR_EVER)
            _kept(here, plan)[OPENED] = _first_moment(here, plan, begin, until)


def look_at(here: Moment, plan: ActionPlan, *, close: bool) -> None:
    """Open the action where it is to be open from this event on; before that `close` it where this is its event."""
    if close and here.event.type in plan.action.types and (plan.where is None or plan.where(here.event.data)):
        _close(here, plan)
    time = here.event.time
    if _may_open(here, plan) and time >= _not_before(here, plan) and _holds(here, plan):
        _kept(here, plan)[OPENED] = time


def standing(plan: Plan, state: State, given: Given, now: int) -> dict[str, int]:
    """Since when which actions are open, by key; the state is changed."""
    here = Moment.of(plan, state, Parts(), given, frozenset())
    pass_time(here, now)
    kept = {key: row[OPENED] for key, row in state.actions.items()}
    return {one.action.key: at for one in plan.actions if (at := kept.get(one.action.key)) is not None}


def _kept(here: Moment, plan: ActionPlan) -> list[int | None]:
    row = here.state.actions.get(plan.action.key)
    if row is None:
        row = here.state.actions[plan.action.key] = [None, None, None]
    return row


def _may_open(here: Moment, plan: ActionPlan) -> bool:
    opened, closed, _ = _kept(here, plan)
    return opened is None and (closed is None or plan.action.again_after is not None)


def _not_before(here: Moment, plan: ActionPlan) -> int:
    closed = _kept(here, plan)[CLOSED]
    return BEGINNING if closed is None else closed + (plan.action.again_after or 0)


def _close(here: Moment, plan: ActionPlan) -> None:
    row, event, bonus = _kept(here, plan), here.event, plan.action.bonus
    opened, row[LAST] = row[OPENED], event.time
    if opened is None:
        return
    row[OPENED], row[CLOSED] = None, event.time
    if bonus is not None and event.time - opened <= bonus.within:
        key, version = f"action/{plan.action.key}/{event.entry}", here.plan.newest.number
        here.outcome.effects.append(Points(key, "bonus", "action", plan.action.key, bonus.points, event, version))
        if here.traced:
            here.tell(Answered(opened, opened + bonus.within))
        here.gained += bonus.points


def _holds(here: Moment, plan: ActionPlan) -> bool:
    """Whether it is to be open at the event at hand."""
    fits = plan.for_ is None or plan.for_(here.profile.values)
    return fits and _first_in(here, plan, here.event.time, here.event.time) is not None


# Opened by time


def _first_moment(here: Moment, plan: ActionPlan, begin: int, until: int) -> int | None:
    """The first moment, both included, at which the action is to be open."""
    for start, end in _stretches(here.given, begin, until):
        here.turn_to(Event(start, "", "", "", 0, {}))
        if plan.for_ is None or plan.for_(here.profile.values):
            found = _first_in(here, plan, start, end)
            if found is not None:
                return found
    return None


def _stretches(given: Given, begin: int, until: int) -> Iterator[tuple[int, int]]:
    """From `begin` to `until` in pieces, each under one profile; both ends belong to it."""
    starts = given.timeline.starts
    within = starts[bisect_right(starts, begin) : bisect_right(starts, until)]
    return zip([begin, *within], [*(start - 1 for start in within), until], strict=True) if begin <= until else iter(())


def _first_in(here: Moment, plan: ActionPlan, start: int, end: int) -> int | None:
    """The first moment of a stretch at which `when` holds, all events up to it being told."""
    when = plan.action.when
    if when is None:
        return start
    if isinstance(when, Idle):
        last = _kept(here, plan)[LAST]
        idle = start if last is None else max(start, last + when.length)
        return idle if idle <= end else None
    if isinstance(when, Pace):
        aimed = next(one for one in here.plan.goals if one.goal.key == when.goal)
        return _first_pace(here, aimed, when.pace == "behind", start, end)
    # No condition of a badge becomes true by time alone.
    return start if awarding.true(here, when) else None


def _first_pace(here: Moment, aimed: GoalPlan, behind: bool, start: int, end: int) -> int | None:
    """The first moment of a stretch at which a goal's pace is behind, or ahead.

    Pace is actual / (target x elapsed share of the window), ahead from 1 on: for a while after an event, then behind.
    """
    kind = aimed.goal.window
    if kind == "all" or aimed.goal.direction == "at_most":
        return None
    window: Window | None = here.plan.calendar.window(kind, start)
    while window is not None and window.start <= end:
        length = window.end - window.start
        low = max(start, window.start + ceil(Fraction(length, _PACE_FROM)))
        high = min(end, window.end - 1)
        turns = _falls_behind(here, aimed, window, low)
        if low <= high and turns is not None:
            if behind and turns <= high:
                return max(low, turns)
            if not behind and turns > low:
                return low
        window = here.plan.calendar.next(kind, window)
    return None


def _falls_behind(here: Moment, aimed: GoalPlan, window: Window, time: int) -> int | None:
    """The first instant at which the pace is behind, should nothing more come; None: the member has no such goal."""
    before = counting.value_before(here.plan, here.state, aimed.goal.metric, aimed.goal.window, window.start)
    target = aiming.target_for(aimed, window.name, before, here.profile.values, here.given.targets)
    if target is None:
        return None
    actual = counting.value_at(here.plan, here.state, aimed.goal.metric, aimed.goal.window, time) or 0
    if target <= 0:
        return window.end if actual >= target else window.start
    return window.start + floor(Fraction(actual) * (window.end - window.start) / Fraction(target)) + 1
