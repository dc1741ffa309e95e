"""What the points widget shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from hub.ledger import entry, reading
from hub.widgets.kit import View
from hub.widgets.told import tier_title

#: How much of what is coming is told.
COMING = 2

#: The program's section that names what a ledger line is for.
SECTIONS = {"rule": "rules", "badge": "badges", "goal": "goals", "action": "actions", "leaderboard": "leaderboards"}


@dataclass(frozen=True, slots=True)
class Level:
    """`share`: how much of the way to the next level is done; at the top there is no next, and it is 1."""

    title: str
    next_title: str | None
    missing: int
    share: Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """`why`: the public name of the event that it came of."""

    what: str | None  # None: what its kind says
    kind: str
    amount: int
    at: int
    why: str


@dataclass(frozen=True, slots=True)
class Coming:
    """Points that a badge, or a goal, brings once it is reached, and how far that is."""

    title: str
    tier: str | None
    points: int
    share: Fraction


@dataclass(frozen=True, slots=True)
class Values:
    unit: str
    balance: int
    months: tuple[reading.Earned, ...]
    level: Level | None
    lines: tuple[Line, ...]
    changed_at: int | None
    coming: tuple[Coming, ...] = ()  # nearest first


def query(view: View) -> Values:
    points = reading.points(view.connection, view.version, view.member.no, view.now)
    coming = sorted(chain(_of_goals(view), _of_badges(view)), key=lambda one: -one.share)
    return Values(
        coming=tuple(coming[:COMING]),
        unit=view.said(view.program.settings.points_title, "points"),
        balance=points.balance,
        months=points.months,
        level=_level(view, points.level, points.earned) if points.level else None,
        lines=tuple(_line(view, line) for line in points.lines),
        changed_at=points.changed_at,
    )


def _of_goals(view: View) -> Iterator[Coming]:
    for one in reading.goals(view.connection, view.version, view.member.no, view.now):
        goal = view.program.goals[one.goal]
        points = goal.reward.points if goal.reward else 0
        if points and one.status == "open" and goal.direction == "at_least" and one.target > 0:
            share = Fraction(one.actual or 0) / Fraction(one.target)
            yield Coming(view.said(goal.title, goal.key), None, points, max(share, Fraction(0)))


def _of_badges(view: View) -> Iterator[Coming]:
    for one in reading.badges(view.connection, view.version, view.member.no, view.now):
        badge = view.program.badges.get(one.badge)
        # What this month, or this course, has already brought is not near: it begins anew.
        if badge is not None and badge.points > 0 and one.next is not None and 0 < one.next.share < 1:
            tier = tier_title(view, badge, one.next.tier)
            yield Coming(view.said(badge.title, badge.key), tier, badge.points, one.next.share)


def _level(view: View, standing: reading.LevelStanding, earned: int) -> Level:
    titles = {level.key: view.said(level.title, level.key) for level in view.program.levels}
    title = titles.get(standing.key, standing.key)
    if standing.next_key is None or standing.next_at is None:
        return Level(title, None, 0, Fraction(1))
    # A level once reached is kept, so what is earned may have fallen below it.
    done = max(Fraction(earned - standing.at, max(standing.next_at - standing.at, 1)), Fraction(0))
    missing = max(standing.next_at - earned, 0)
    return Level(title, titles.get(standing.next_key, standing.next_key), missing, done)


def _line(view: View, line: reading.Line) -> Line:
    section = SECTIONS.get(line.cause)
    title = view.title(section, line.key) if section else None
    return Line(title, line.kind, line.amount, line.at, entry.ref(line.entry))
