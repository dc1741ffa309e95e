"""What the requirements widget shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hub.ledger import entry, reading
from hub.widgets.kit import View, unit_of
from hub.widgets.told import Condition, condition, icon_of, metal, tier_title
from hub.wording import Quantity


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge and the conditions of its next tier. `count`: how many of them it takes; `why`: the event that brought
    what there is of it.
    """

    title: str
    text: str
    tier: str | None
    metal: str
    icon: str
    conditions: tuple[Condition, ...]
    count: int
    share: Fraction
    points: int
    earned_at: int | None
    why: str | None
    all_earned: bool  # there is no further tier
    changed_at: int | None

    @property
    def done(self) -> int:
        return sum(one.met for one in self.conditions)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as one condition: its metric in its window. `at_most`: it is met at the end, by staying below."""

    title: str
    text: str
    condition: Condition
    at_most: bool
    status: str  # open, reached, missed
    points: int
    badge: str | None  # that comes with it
    changed_at: int | None


@dataclass(frozen=True, slots=True)
class Values:
    badge: Badge | None = None
    goal: Goal | None = None


def query(view: View) -> Values:
    if goal := view.options.get("goal"):
        found = reading.goals(view.connection, view.version, view.member.no, view.now, only=goal)
        return Values(goal=_goal(view, found[0]) if found else None)
    standing = _chosen(view)
    return Values(badge=_badge(view, standing) if standing else None)


def _chosen(view: View) -> reading.BadgeStanding | None:
    """The badge that the placement names, where the viewer may know of it; else the one she is nearest to."""
    named = view.options.get("badge")
    standings = reading.badges(view.connection, view.version, view.member.no, view.now)
    if named is not None:
        return next((one for one in standings if one.badge == named), None)
    ahead = [one for one in standings if one.next is not None and not all(each.met for each in one.next.requirements)]
    return max(ahead, key=lambda one: one.next.share if one.next else Fraction(0), default=None)


def _badge(view: View, standing: reading.BadgeStanding) -> Badge:
    badge = view.program.badges.get(standing.badge)
    step, newest = standing.next, max(standing.awards, key=lambda award: award.newest_at, default=None)
    tier = step.tier if step else standing.awards[-1].tier if standing.awards else None
    return Badge(
        title=view.title("badges", standing.badge),
        text=view.said(badge.text, "") if badge else "",
        tier=tier_title(view, badge, tier),
        metal=metal(badge, tier),
        icon=icon_of(badge),
        conditions=tuple(condition(view, one) for one in step.requirements) if step else (),
        count=step.count if step else 0,
        share=step.share if step else Fraction(bool(standing.awards)),
        points=badge.points if badge else 0,
        earned_at=newest.newest_at if newest else None,
        why=entry.ref(newest.entry) if newest else None,
        all_earned=step is None and bool(standing.awards),
        changed_at=standing.changed_at,
    )


def _goal(view: View, standing: reading.GoalStanding) -> Goal:
    declared = view.program.goals[standing.goal]
    metric = view.program.metrics[declared.metric]
    unit = unit_of(view.program, metric)
    actual = Quantity(standing.actual if standing.actual is not None else 0, unit)
    needed = Quantity(standing.target, unit)
    reward = declared.reward
    return Goal(
        title=view.said(declared.title, declared.key),
        text=view.said(declared.text, ""),
        condition=Condition("metric", view.said(metric.title, metric.key), actual, needed, standing.window),
        at_most=declared.direction == "at_most",
        status=standing.status,
        points=reward.points if reward else 0,
        badge=view.title("badges", reward.badge) if reward and reward.badge else None,
        changed_at=standing.changed_at,
    )
