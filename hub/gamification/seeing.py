"""What the conditions of badges look at, and what they find there at the event at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.gamification import climbing, counting, tallies, walking
from hub.gamification.badges import AtLeastOf, GoalReached, HasBadge, Leaf, MetricAtLeast, StreakAtLeast, When
from hub.gamification.because import Seen, SeenOf, SeenSome
from hub.gamification.moment import Check, Moment
from hub.gamification.numbers import Exact, Number
from hub.gamification.plan import Plan
from hub.gamification.progress import ENDS, TALLY

#: Of these there is a value where nothing was counted: 0.
_FROM_ZERO = ("count", "sum", "distinct", "days")


def found(here: Moment, leaf: Leaf, thing: Any = None) -> Exact | None:
    """What one condition finds: a value, the longest run, how often a badge was earned, 1 or 0 of a level and a goal;
    None: no value. `thing`: the object that it is about.
    """
    if isinstance(leaf, MetricAtLeast):
        return _measured(here, leaf, thing)
    if isinstance(leaf, StreakAtLeast):
        plan = here.plan.streaks[here.plan.streak_index[leaf.streak]]
        return walking.course(here, plan).longest
    if isinstance(leaf, HasBadge):
        times = here.state.times.get(leaf.badge, {})
        return sum(times.values()) if leaf.tier is None else times.get(leaf.tier, 0)
    if isinstance(leaf, GoalReached):
        return int(leaf.goal in here.state.goals)
    return int(climbing.has(here, leaf))


def needed(leaf: Leaf) -> Number:
    """What one condition asks for."""
    if isinstance(leaf, MetricAtLeast | StreakAtLeast):
        return leaf.at_least
    return leaf.times if isinstance(leaf, HasBadge) else 1


def by_object(here: Moment, leaf: MetricAtLeast) -> bool:
    return here.plan.program.metrics[leaf.metric].about_objects


def _measured(here: Moment, leaf: MetricAtLeast, thing: Any) -> Exact | None:
    take = here.plan.program.metrics[leaf.metric].take
    value: Any
    if thing is not None and by_object(here, leaf):
        window = here.plan.calendar.window(leaf.within, here.event.time)
        part = here.parts.get(counting.object_part(leaf.metric, window.name, thing))
        known = part is not None and window.start <= here.event.time < window.end
        value = tallies.value(take, part[1]) if known else None
    else:
        value = counting.value(here, leaf.metric, leaf.within)
    if value is None:
        return 0 if take in _FROM_ZERO else None
    return None if isinstance(value, str) else value


def compiled(plan: Plan, when: When) -> Check:
    """Whether the condition holds at the event at hand, and for an object: with what the plan says looked up before."""
    if isinstance(when, AtLeastOf):
        return _some(when.count, [compiled(plan, inner) for inner in when.conditions])
    if isinstance(when, MetricAtLeast):
        metric = plan.metrics[plan.metric_index[when.metric]]
        if metric.plain and not metric.metric.about_objects:
            empty = metric.metric.take in _FROM_ZERO and when.at_least <= 0
            return _tallied(metric.index, metric.position(when.within), when.at_least, empty)
    return _found(when, needed(when))


def _some(wanted: int, checks: Sequence[Check]) -> Check:
    def check(here: Moment, thing: Any) -> bool:
        count = 0
        for holds in checks:
            count += holds(here, thing)
            if count >= wanted:
                return True
        return wanted <= 0

    return check


def _tallied(index: int, at: int, wanted: Number, empty: bool) -> Check:
    """Of a metric whose tally is its value; `empty`: what is so without one."""

    def check(here: Moment, _: Any) -> bool:
        slot = here.state.metrics[index][at]
        tally = slot[TALLY] if here.event.time < slot[ENDS] else None
        return empty if tally is None else tally >= wanted

    return check


def _found(leaf: Leaf, wanted: Number) -> Check:
    def check(here: Moment, thing: Any) -> bool:
        value = found(here, leaf, thing)
        return value is not None and value >= wanted

    return check


def seen(here: Moment, when: When, thing: Any = None) -> SeenOf:
    """A condition with all that it finds."""
    if isinstance(when, AtLeastOf):
        return SeenSome(when.count, tuple(seen(here, part, thing) for part in when.conditions))
    value = found(here, when, thing)
    met = value is not None and value >= needed(when)
    if not isinstance(when, MetricAtLeast):
        return Seen(when, value, met)
    window = None if when.within == "all" else here.plan.calendar.window(when.within, here.event.time)
    return Seen(when, value, met, window, thing if by_object(here, when) else None)
