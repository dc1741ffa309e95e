"""Which action is suggested to a member: of those that are open the most important, then the nearest to a reward.

An action is as near to a reward as the nearest badge or goal that its event counts toward.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection

from hub.actions import hiding
from hub.actions.hiding import Hidden, Notes
from hub.gamification.actions import Action
from hub.gamification.program import Program
from hub.gamification.windows import local_date
from hub.ledger import reading
from hub.ledger.standings import ActionStanding, BadgeStanding, GoalStanding, Requirement, Version


@dataclass(frozen=True, slots=True)
class Toward:
    """What an action's event counts toward: a tier of a badge with the condition that it helps, or a goal."""

    share: Fraction
    badge: BadgeStanding | None = None
    requirement: Requirement | None = None
    goal: GoalStanding | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`chosen` None: nothing is open that the member wants to see. `noted`: it is known that she saw it today."""

    chosen: ActionStanding | None
    toward: tuple[Toward, ...]  # nearest first
    noted: bool
    hidden: tuple[tuple[str, Hidden], ...]  # open, and hidden by the member


def suggestion(connection: Connection, version: Version, member: int, zone: str | None, now: int) -> Suggestion:
    """`zone`: the member's own, by which days are counted; None: the program's."""
    notes = hiding.of(connection, member)
    standings = reading.actions(connection, version, member, now)
    today = local_date(zone or version.program.settings.time_zone, now)
    hidden = tuple((one.action, found) for one in standings if (found := notes.hides(one.action, now)))
    wanted = [one for one in standings if _is_wanted(one, notes, today, now)]
    chosen, toward = _chosen(connection, version, member, wanted, now)
    shown = notes.shown.get(chosen.action) if chosen else None
    noted = chosen is not None and shown is not None and shown == shown.again(chosen.opened, today)
    return Suggestion(chosen, toward, noted, hidden)


def _is_wanted(one: ActionStanding, notes: Notes, today: int, now: int) -> bool:
    shown = notes.shown.get(one.action)
    rests = shown is not None and shown.rests(one.opened, today)
    return not rests and notes.hides(one.action, now) is None


def _chosen(
    connection: Connection, version: Version, member: int, wanted: Sequence[ActionStanding], now: int
) -> tuple[ActionStanding | None, tuple[Toward, ...]]:
    actions = version.program.actions
    most = max((actions[one.action].priority for one in wanted), default=0)
    best = [one for one in wanted if actions[one.action].priority == most]
    if not best:
        return None, ()
    badges = reading.badges(connection, version, member, now)
    goals = reading.goals(connection, version, member, now)
    toward = {one.action: _toward(version.program, actions[one.action], badges, goals) for one in best}
    chosen = min(best, key=lambda one: (-_share(toward[one.action]), one.action))
    return chosen, toward[chosen.action]


def _share(toward: Sequence[Toward]) -> Fraction:
    return max((one.share for one in toward), default=Fraction(0))


def _toward(
    program: Program, action: Action, badges: Sequence[BadgeStanding], goals: Sequence[GoalStanding]
) -> tuple[Toward, ...]:
    found = [*_of_badges(program, action, badges), *_of_goals(program, action, goals)]
    return tuple(sorted(found, key=lambda one: -one.share))


def _of_badges(program: Program, action: Action, badges: Sequence[BadgeStanding]) -> Iterator[Toward]:
    for badge in badges:
        requirements = badge.next.requirements if badge.next else ()
        helped = next((one for one in requirements if not one.met and _counts(program, action, one)), None)
        if badge.next is not None and helped is not None:
            yield Toward(badge.next.share, badge=badge, requirement=helped)


def _counts(program: Program, action: Action, one: Requirement) -> bool:
    if one.kind == "streak":
        return one.key in program.streaks and bool(set(program.streaks[one.key].types) & set(action.types))
    return one.kind == "metric" and _measures(program, one.key, action)


def _of_goals(program: Program, action: Action, goals: Sequence[GoalStanding]) -> Iterator[Toward]:
    for goal in goals:
        declared = program.goals[goal.goal]
        ahead = goal.status == "open" and declared.direction == "at_least" and goal.target > 0
        if ahead and _measures(program, declared.metric, action):
            yield Toward(Fraction(goal.actual or 0) / Fraction(goal.target), goal=goal)


def _measures(program: Program, key: str, action: Action) -> bool:
    """Whether the metric, or one that it is made from, counts the action's event."""
    metric = program.metrics.get(key)
    if metric is None:
        return False
    own = bool(set(metric.types) & set(action.types))
    return own or any(_measures(program, part, action) for part in metric.parts)
