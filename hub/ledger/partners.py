"""How the organizations that somebody looks after are doing, at a glance: who did something lately, and who is near to
a goal or a badge.

It costs as much as there are people to look after, never more: a statement for all of them, by index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from hub.clock import DAY
from hub.directory import profiles
from hub.directory.knowledge import known_now
from hub.directory.lookup import COMPANY
from hub.directory.sets import among
from hub.directory.tables import assignments, member_profiles, members, organizations, present
from hub.gamification.aiming import target_of
from hub.gamification.goals import Goal
from hub.gamification.numbers import Exact
from hub.gamification.plan import GoalPlan, Plan
from hub.gamification.progress import Given
from hub.gamification.ranking import number
from hub.gamification.windows import Window
from hub.ledger import programs
from hub.ledger.tables import entries, member_values, organization_values

#: How many people are looked at, at most.
PEOPLE = 2_000


@dataclass(frozen=True, slots=True)
class Person:
    """`last_at`: when she did something last, None: never; `points`: what she has earned this month."""

    no: int
    id: str
    name: str
    last_at: int | None
    points: int


@dataclass(frozen=True, slots=True)
class Partner:
    """An organization and its people, those first who did something last."""

    no: int
    id: str
    name: str
    people: tuple[Person, ...]

    @property
    def last_at(self) -> int | None:
        return self.people[0].last_at

    @property
    def points(self) -> int:
        return sum(one.points for one in self.people)

    def active(self, since: int) -> int:
        """How many of its people did something since then."""
        return sum(one.last_at is not None and one.last_at >= since for one in self.people)


@dataclass(frozen=True, slots=True)
class GoalAhead:
    """A goal of an organization, in the window that holds now, that is not reached yet."""

    organization: int
    goal: str
    window: Window
    actual: Exact
    target: Exact

    @property
    def share(self) -> Fraction:
        return Fraction(self.actual) / Fraction(self.target)


def looked_after(connection: Connection, member: int, now: int) -> tuple[Partner, ...]:
    """The organizations that somebody looks after and that have people."""
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    month = plan.calendar.window("month", now).name
    # Of a clock that runs ahead, nothing is told before its time.
    asked = {"viewer": member, "month": month, "now": now + DAY, "most": PEOPLE}
    found: dict[int, list[Any]] = {}
    for row in connection.execute(_PEOPLE, asked):
        found.setdefault(row.organization, []).append(row)
    return tuple(_partner(no, rows) for no, rows in found.items())


def _partner(no: int, rows: Sequence[Any]) -> Partner:
    people = [
        Person(row.no, row.id, row.name, row.last_at, int(number(row.points)) if row.points is not None else 0)
        for row in rows
    ]
    people.sort(key=lambda one: (-(one.last_at or 0), one.id))
    return Partner(no, rows[0].organization_id, rows[0].company, tuple(people))


_LAST = (
    select(func.max(entries.c.time))
    .where(entries.c.member == present.c.member, entries.c.time <= bindparam("now"))
    .scalar_subquery()
)
_POINTS = (
    select(member_values.c.value)
    .where(
        member_values.c.member == present.c.member,
        member_values.c.metric == "points_earned",
        member_values.c.window == bindparam("month"),
    )
    .scalar_subquery()
)
_PEOPLE = (
    select(
        present.c.member.label("no"),
        members.c.id,
        present.c.name,
        present.c.organization,
        organizations.c.id.label("organization_id"),
        COMPANY.label("company"),
        _LAST.label("last_at"),
        _POINTS.label("points"),
    )
    .join(members, members.c.no == present.c.member)
    .join(organizations, organizations.c.no == present.c.organization)
    .where(
        present.c.organization.in_(
            select(assignments.c.organization).where(assignments.c.member == bindparam("viewer"))
        ),
        present.c.active,
    )
    .order_by(present.c.organization, present.c.member)
    .limit(bindparam("most"))
)


def addresses(connection: Connection, numbers: Collection[int], now: int) -> dict[int, str]:
    """Where mail reaches these people; those without an address are left out."""
    found: dict[int, str | None] = {}
    for row in connection.execute(_ADDRESSES.where(among(connection, member_profiles.c.member, numbers)), {"now": now}):
        found[row.member] = row.email
    return {no: email for no, email in found.items() if email}


# A person's rows come oldest first: the last is the one in force.
_ADDRESSES = (
    select(member_profiles.c.member, member_profiles.c.email)
    .where(known_now(member_profiles), member_profiles.c.valid_from <= bindparam("now"))
    .order_by(member_profiles.c.valid_from)
)


def goals_ahead(connection: Connection, numbers: Collection[int], now: int) -> tuple[GoalAhead, ...]:
    """The goals of these organizations that are to be reached and are not yet, nearest first."""
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    goals = [one for one in plan.program.goals.values() if one.whose == "organization" and one.direction == "at_least"]
    if not goals or not numbers:
        return ()
    windows = {goal.key: _windows(plan, goal, now) for goal in goals}
    values = _values(connection, numbers, goals, [name for several in windows.values() for name, _ in several])
    given = {no: Given(was, now, who=-no) for no, was in profiles.of_organizations(connection, numbers).items()}
    found = [
        ahead
        for no in numbers
        for goal in goals
        if (ahead := _ahead(goal, windows[goal.key], no, values, given[no])) is not None
    ]
    return tuple(sorted(found, key=lambda one: -one.share))


def _windows(plan: Plan, goal: Goal, now: int) -> list[tuple[str, Window]]:
    """The window that holds now, and the one before, by name."""
    held = plan.calendar.window(goal.window, now)
    before = plan.calendar.previous(goal.window, held)
    return [(one.name, one) for one in (held, before) if one is not None]


def _values(
    connection: Connection, numbers: Collection[int], goals: Sequence[Goal], windows: Sequence[str]
) -> Mapping[tuple[int, str, str], Exact]:
    t = organization_values.c
    query = select(t.organization, t.metric, t.window, t.value).where(
        among(connection, t.organization, numbers),
        among(connection, t.metric, {goal.metric for goal in goals}),
        among(connection, t.window, set(windows)),
    )
    return {(row.organization, row.metric, row.window): number(row.value) for row in connection.execute(query)}


def _ahead(
    goal: Goal,
    windows: Sequence[tuple[str, Window]],
    no: int,
    values: Mapping[tuple[int, str, str], Exact],
    given: Given,
) -> GoalAhead | None:
    found: Iterator[Exact | None] = (values.get((no, goal.metric, name)) for name, _ in windows)
    actual, before = next(found), next(found, None)
    window = windows[0][1]
    target = target_of(GoalPlan.of(goal), window.name, window.end, before, given)
    if target is None or target <= 0 or actual is None or actual >= target:
        return None
    return GoalAhead(no, goal.key, window, actual, target)
