"""Goals in the fold: whether an event reaches them, what that brings, and which target a member has."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from hub.gamification import awarding, counting
from hub.gamification.because import Aimed, Rewarded
from hub.gamification.goals import OfPrevious, Reward
from hub.gamification.moment import Moment
from hub.gamification.numbers import Exact, Number
from hub.gamification.outcome import Points, Reached
from hub.gamification.plan import GoalPlan
from hub.gamification.progress import ENDS, NAME, STARTS, Decided, Given
from hub.gamification.ranking import order_key
from hub.gamification.windows import Window

#: The hub's own event that decides an `at_most` goal at the final instant of its window.
CLOSED = "hub.goal.closed"


def aim(here: Moment, plan: GoalPlan) -> None:
    """Whether the goal is reached at this event, in the window that holds it."""
    slot, key = here.state.metrics[plan.metric][plan.position], plan.goal.key
    if here.event.time >= slot[ENDS]:
        return
    value = counting.value(here, plan.goal.metric, plan.goal.window)
    if plan.falls:
        _remember_peak(here, key, slot[NAME], value)
    if value is None or here.state.goals.get(key) == slot[NAME]:
        return
    if plan.goal.direction == "at_most" or (key, slot[NAME]) in here.given.closed:
        return
    before = counting.value_before(here.plan, here.state, plan.goal.metric, plan.goal.window, slot[STARTS])
    target = target_for(plan, slot[NAME], before, here.profile.values, here.given.targets)
    if target is not None and value >= target:
        aimed = Aimed(value, target, Window(slot[NAME], slot[STARTS], slot[ENDS]))
        _reach(here, plan, slot[NAME], aimed, rewarded=here.plan.rewards(key, slot[ENDS]))


def _remember_peak(here: Moment, goal: str, window: str, value: Exact | None) -> None:
    """Pages show a goal as reached once its value was at the target, which may be another by then: so the greatest
    value is kept, and told where the value has fallen from it.
    """
    now, kept = None if value is None else order_key(value), here.state.peaks.get(goal)
    if kept is None or kept[0] != window or (now is not None and now >= kept[1]):
        if now is not None:
            here.state.peaks[goal] = [window, now]
    else:
        here.outcome.peaks[goal, window] = kept[1]


def close(here: Moment) -> None:
    """Take in the hub's own word on an `at_most` goal."""
    goal, window, status = (str(here.event.data.get(name)) for name in ("goal", "window", "status"))
    plan = next((plan for plan in here.plan.goals if plan.goal.key == goal), None)
    stands = any((one.goal, one.window) == (goal, window) for one in here.given.decided)
    if plan is not None and status == "reached" and not stands:
        _reach(here, plan, window, Aimed(None, None, None), rewarded=True)


def stand(here: Moment, decided: Decided) -> None:
    """A goal that was reached in a window now final takes its place, with the reward it brought."""
    here.state.goals[decided.goal] = decided.window
    here.outcome.effects.append(Reached(decided.goal, decided.window, here.event, decided.points, decided.badge))
    if here.traced:
        here.tell(Aimed(None, None, None))
    here.changed("goal", decided.goal)
    if decided.points:
        _pay(here, decided.goal, decided.window, decided.points)
    if decided.badge is not None:
        awarding.give(here, decided.badge, Rewarded("goal", decided.goal))
    gained, here.gained = here.gained + decided.points, 0
    if gained:
        counting.earn(here, gained)


def _reach(here: Moment, plan: GoalPlan, window: str, aimed: Aimed, *, rewarded: bool) -> None:
    key, reward = plan.goal.key, plan.goal.reward if rewarded and plan.goal.reward else Reward()
    here.state.goals[key] = window
    here.outcome.effects.append(Reached(key, window, here.event, reward.points, reward.badge))
    if here.traced:
        here.tell(aimed)
    here.changed("goal", key)
    if reward.points:
        _pay(here, key, window, reward.points)
        here.gained += reward.points
    if reward.badge is not None:
        awarding.give(here, reward.badge, Rewarded("goal", key))


def _pay(here: Moment, goal: str, window: str, points: int) -> None:
    version = here.plan.newest.number
    here.outcome.effects.append(Points(f"goal/{goal}/{window}", "bonus", "goal", goal, points, here.event, version))
    if here.traced:
        here.tell(Rewarded("goal", goal))


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
