"""Streaks in the fold."""

from __future__ import annotations

from hub.gamification import counting, runs
from hub.gamification.moment import Moment
from hub.gamification.outcome import Extended
from hub.gamification.plan import StreakPlan


def walk(here: Moment, plan: StreakPlan) -> None:
    """Take the event into a streak on its type."""
    if plan.where is not None and not plan.where(here.event.data):
        return
    state = here.state.streaks[plan.index]
    state[runs.OFFSET] = here.event.offset
    day = counting.day(here, plan.streak.clock)
    period = day if plan.streak.every == "day" else plan.calendar.period(day)
    bridge = bridged(here, plan)
    if period is None or not runs.counted(plan.streak, state, period, bridge):
        return
    here.changed("streak", plan.streak.key)
    here.outcome.effects.append(Extended(plan.streak.key, runs.tail(plan.streak, state, bridge)[1], here.event))


def bridged(here: Moment, plan: StreakPlan) -> runs.Bridged:
    """Which periods cannot break the member's runs."""
    found = here.bridged.get(plan.index)
    if found is None:
        found = runs.bridges(plan.streak, plan.calendar, here.given.timeline, here.plan.time_zone)
        here.bridged[plan.index] = found
    return found
