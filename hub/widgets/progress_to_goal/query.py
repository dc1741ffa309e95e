"""What the progress-to-goal widget shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from hub.gamification.goals import Goal as Declared
from hub.gamification.windows import Calendar, Window
from hub.ledger import reading
from hub.widgets.kit import View, unit_of
from hub.wording import Quantity


@dataclass(frozen=True, slots=True)
class Goal:
    """`share` of the target that is reached, may be above 1; `due`: what an even pace would have reached by now."""

    title: str
    metric: str
    whose: str
    at_most: bool
    window: Window
    actual: Quantity
    target: Quantity
    missing: Quantity
    share: Fraction
    due: Fraction | None
    pace: str | None
    status: str
    final: bool
    days_left: int | None  # None: it has no end, or has ended
    a_day: Quantity | None  # what it takes on each day that is left, today included, rounded up
    reward: int
    reward_badge: str | None
    reached_at: int | None
    changed_at: int | None


@dataclass(frozen=True, slots=True)
class Values:
    goals: tuple[Goal, ...]


def query(view: View) -> Values:
    only = view.options.get("goal")
    standings = reading.goals(view.connection, view.version, view.member.no, view.now, only=only)
    return Values(tuple(_goal(view, one) for one in standings))


def _goal(view: View, standing: reading.GoalStanding) -> Goal:
    declared = view.program.goals[standing.goal]
    metric = view.program.metrics[declared.metric]
    unit = unit_of(view.program, metric)
    actual = standing.actual if standing.actual is not None else 0
    reward = declared.reward
    missing = max(Fraction(standing.target) - Fraction(actual), Fraction(0))
    days_left = _days_left(view, standing.window)
    return Goal(
        title=view.said(declared.title, declared.key),
        metric=view.said(metric.title, metric.key),
        whose=standing.whose,
        at_most=declared.direction == "at_most",
        window=standing.window,
        actual=Quantity(actual, unit),
        target=Quantity(standing.target, unit),
        missing=Quantity(missing, unit),
        share=Fraction(actual) / Fraction(standing.target) if standing.target else Fraction(1),
        due=_due(declared, standing, view.now),
        pace=standing.pace,
        status=standing.status,
        final=standing.final,
        days_left=days_left,
        a_day=_a_day(standing, declared, missing, days_left, unit),
        reward=reward.points if reward else 0,
        reward_badge=view.title("badges", reward.badge) if reward and reward.badge else None,
        reached_at=standing.reached_at,
        changed_at=standing.changed_at,
    )


def _a_day(
    standing: reading.GoalStanding, declared: Declared, missing: Fraction, days_left: int | None, unit: str | None
) -> Quantity | None:
    if standing.status != "open" or declared.direction == "at_most" or not days_left or unit == "%":
        return None
    return Quantity(ceil(missing / (days_left + 1)), unit)


def _due(declared: Declared, standing: reading.GoalStanding, now: int) -> Fraction | None:
    window = standing.window
    if standing.status != "open" or window.name == "all" or declared.direction == "at_most":
        return None
    return Fraction(min(max(now - window.start, 0), window.end - window.start), window.end - window.start)


def _days_left(view: View, window: Window) -> int | None:
    """Dates of the program's calendar after today; 0: it ends today."""
    if window.name == "all" or window.end <= view.now:
        return None
    calendar = Calendar(view.program.settings.time_zone, view.program.settings.week_starts)
    return calendar.day(window.end - 1) - calendar.day(view.now)
