"""Goals in the fold: whether the event reaches them, and which target a member has."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from hub.gamification import counting
from hub.gamification.goals import OfPrevious
from hub.gamification.moment import Moment
from hub.gamification.numbers import Exact, Number
from hub.gamification.outcome import Reached
from hub.gamification.plan import GoalPlan
from hub.gamification.progress import ENDS, NAME, STARTS, Given


def aim(here: Moment, plan: GoalPlan) -> None:
    """Whether the goal is reached at this event, in the window that holds it."""
    slot = here.state.metrics[plan.metric][plan.position]
    if here.event.time >= slot[ENDS] or here.state.goals.get(plan.goal.key) == slot[NAME]:
        return
    value = counting.value(here, plan.goal.metric, plan.goal.window)
    if value is None:
        return
    before = counting.value_before(here.plan, here.state, plan.goal.metric, plan.goal.window, slot[STARTS])
    target = target_for(plan, slot[NAME], before, here.profile.values, here.given.targets)
    if target is None or value < target:
        return
    here.state.goals[plan.goal.key] = slot[NAME]
    here.outcome.effects.append(Reached(plan.goal.key, slot[NAME], here.event))
    here.changed("goal", plan.goal.key)


def target_of(goal: GoalPlan, window: str, ends: int, before: Exact | None, given: Given) -> Number | None:
    """The member's target in a window that ends at `ends`: its own, else the first that fits, else the goal's; None:
    no such goal.

    `before` is the metric's value in the window before.
    """
    return target_for(goal, window, before, given.timeline.at(min(given.now, ends - 1)).values, given.targets)


def target_for(
    goal: GoalPlan,
    window: str,
    before: Exact | None,
    values: Mapping[str, Any],
    targets: Mapping[tuple[str, str], Number],
) -> Number | None:
    """As `target_of`, of a member with these values of a profile."""
    if goal.for_ is not None and not goal.for_(values):
        return None
    own = targets.get((goal.goal.key, window))
    if own is not None:
        return own
    target = goal.goal.target
    for fits, other in goal.targets:
        if fits is None or fits(values):
            target = other
            break
    if not isinstance(target, OfPrevious):
        return target
    return None if before is None else ceil(Fraction(before) * target.factor)
