"""Streaks in the fold."""

from __future__ import annotations

from hub.gamification import calendars, counting, runs
from hub.gamification.calendars import Bridged
from hub.gamification.moment import Moment
from hub.gamification.outcome import Extended, Paused
from hub.gamification.plan import StreakPlan
from hub.gamification.windows import ordinal, written_date


def walk(here: Moment, plan: StreakPlan) -> None:
    """Take the event into a streak on its type."""
    if plan.where is not None and not plan.where(here.event.data):
        return
    streak, state = plan.streak, here.state.streaks[plan.index]
    day = counting.day(here, streak.clock)
    period = begun = plan.calendar.period(day)
    if streak.freezes.earn_every:
        # A freeze saves only what had not begun when it was earned.
        begun = plan.calendar.begun(_latest_date(here, plan, state, day))
    state[runs.OFFSET] = here.event.offset
    if period is None or begun is None or not runs.counted(streak, state, period, begun, bridged(here, plan)):
        return
    here.courses.pop(plan.index, None)
    here.changed("streak", streak.key)
    here.outcome.effects.append(Extended(streak.key, course(here, plan).run, here.event))


def course(here: Moment, plan: StreakPlan) -> runs.Course:
    """What the streak's periods have come to at the event, whether or not it is one of the streak's."""
    found = here.courses.get(plan.index)
    if found is None:
        found = here.courses[plan.index] = _course(here, plan)
    return found


def _course(here: Moment, plan: StreakPlan) -> runs.Course:
    state = here.state.streaks[plan.index]
    if plan.streak.clock == "event":
        today = written_date(here.event.time, state[runs.OFFSET])
    else:
        today = counting.day(here, plan.streak.clock)
    return runs.course(plan.streak, state, bridged(here, plan), plan.calendar.over(today))


def _latest_date(here: Moment, plan: StreakPlan, state: runs.State, day: int) -> int:
    """The latest date that the streak's calendar has shown by now; `day` is the date now."""
    if plan.streak.clock != "event":
        mine = calendars.hers(plan.streak, here.given.timeline)
        return calendars.latest_date(mine, here.plan.time_zone, here.event.time)
    before = written_date(here.event.time - 1, state[runs.OFFSET]) if state[runs.LATEST_DATE] else day
    latest: int = max(state[runs.LATEST_DATE], before, day)
    state[runs.LATEST_DATE] = latest
    return latest


def bridged(here: Moment, plan: StreakPlan) -> Bridged:
    """Which periods cannot break the member's runs."""
    found = here.bridged.get(plan.index)
    if found is None:
        short = calendars.short_days(plan.streak, plan.calendar, here.given.timeline, here.plan.time_zone)
        found = runs.bridges(plan.calendar, here.state.streaks[plan.index], short)
        here.bridged[plan.index] = found
    return found


def pause(here: Moment) -> None:
    """Take in a pause, of one streak or of all."""
    data = here.event.data
    first, last, only = ordinal(data["from"]), ordinal(data["to"]), data.get("streak")
    for plan in here.plan.streaks:
        if first is not None and last is not None and only in (None, plan.streak.key):
            runs.pause(plan.calendar, here.state.streaks[plan.index], first, last)
            here.courses.clear()
            here.changed("streak", plan.streak.key)
            here.outcome.effects.append(Paused(plan.streak.key, first, last, here.event))
