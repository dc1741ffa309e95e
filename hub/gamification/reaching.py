"""What an event can reach: the awards that may come or go by it, at whatever place it takes among a member's others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.gamification import awarding
from hub.gamification.events import Event
from hub.gamification.plan import Plan, Touched

#: Of the hub's own events all but this one give something by themselves, or may.
_VISITED = "hub.visited"


@dataclass(frozen=True, slots=True)
class Reach:
    badges: frozenset[str]
    levels: bool


def beaten(plan: Plan, event: Event, before: Sequence[Event]) -> frozenset[str]:
    """The badges for a personal best that look at this event, all those `before` it being less: what came after it may
    be none any more. An event that is no best changes nothing for any of them.
    """
    return frozenset(badge.badge.key for badge in plan.bests if _is_best(plan, badge.index, event, before))


def _is_best(plan: Plan, index: int, event: Event, before: Sequence[Event]) -> bool:
    best = plan.badges[index].badge.best
    value = None if best is None else awarding.best_value(plan, best, plan.fitting(event))
    if best is None or value is None:
        return False
    # The newest first: where values grow with time, one as great is found soon.
    others = (awarding.best_value(plan, best, plan.fitting(other)) for other in reversed(before))
    return all(other is None or other < value for other in others)


def reached(plan: Plan, event: Event, bests: frozenset[str]) -> Reach | None:
    """The badges and levels that may change by the event, of those for a personal best `bests` only; None: any."""
    if plan.actions or (event.type.startswith("hub.") and event.type != _VISITED):
        return None
    touched = plan.touched(event.type, event.time)
    key = (id(touched), bests)
    found: Reach | None = plan.reaches.get(key)
    if found is None:
        found = plan.reaches[key] = _reach(plan, touched, bests)
    return found


def _reach(plan: Plan, touched: Touched, bests: frozenset[str]) -> Reach:
    badges = set(_looked_at(plan, touched)) - {each.index for each in plan.bests if each.badge.key not in bests}
    goals = {*plan.asked, *(goal for metric in touched.metrics for goal in metric.goals)}
    points, size = bool(touched.rules), -1
    while len(badges) + len(goals) + points != size:
        size = len(badges) + len(goals) + points
        points |= _pays(plan, badges, goals)
        badges |= set(_led_to(plan, badges, goals, points))
        if points:
            goals |= {goal for metric in _points(plan) for goal in plan.metrics[metric].goals}
    return Reach(frozenset(plan.badges[index].badge.key for index in badges), points and bool(plan.levels))


def _looked_at(plan: Plan, touched: Touched) -> Iterable[int]:
    """The badges that look at what the event is taken into, or at each event."""
    yield from plan.gated
    for metric in touched.metrics:
        yield from metric.badges
    for streak in touched.streaks:
        yield from plan.badges_by.get(("streak", streak.streak.key), ())


def _pays(plan: Plan, badges: Iterable[int], goals: Iterable[int]) -> bool:
    rewards = [reward for index in goals if (reward := plan.goals[index].goal.reward)]
    return any(plan.badges[index].badge.points for index in badges) or any(reward.points for reward in rewards)


def _led_to(plan: Plan, badges: Iterable[int], goals: Iterable[int], points: bool) -> Iterable[int]:
    """The badges that these badges and goals, and points, may lead to."""
    for index in badges:
        yield from plan.badges_by.get(("badge", plan.badges[index].badge.key), ())
    for goal in (plan.goals[index].goal for index in goals):
        yield from plan.badges_by.get(("goal", goal.key), ())
        if goal.reward is not None and goal.reward.badge is not None:
            yield plan.badge_index[goal.reward.badge]
    if points:
        for metric in _points(plan):
            yield from plan.metrics[metric].badges
        for level in plan.levels:
            yield from plan.badges_by.get(("level", level.key), ())


def _points(plan: Plan) -> Iterable[int]:
    return (plan.metric_index[key] for key in ("points_earned", "points_received"))
