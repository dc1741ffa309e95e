"""Where an event counts: the goals and leaderboards whose metrics it is in, and how those stand now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from sqlalchemy import Connection

from hub.gamification.events import Event
from hub.gamification.explain import unit_of
from hub.gamification.numbers import Exact
from hub.gamification.windows import Window
from hub.ledger import aftermath, programs, reading
from hub.ledger.aftermath import Place
from hub.ledger.closing import GOAL
from hub.ledger.effects import Told
from hub.ledger.entry import Entry
from hub.ledger.standings import GoalStanding, Version
from hub.wording import Quantity
from hub.wording.phrases import Speaker


@dataclass(frozen=True, slots=True)
class Counted:
    """A window of a goal or a leaderboard that the event counts in, and how that stands now. `late`: it was final
    before the event was known, so that nothing changed in it.
    """

    kind: str  # goal, leaderboard
    title: str
    window: Window
    whose: str
    metric: str
    value: Quantity
    target: Quantity | None = None
    share: Fraction | None = None
    status: str | None = None
    rank: int | None = None
    total: int = 0
    late: bool = False
    stays: bool = False  # the event was taken back, after this was final


def counted(
    connection: Connection, found: Entry, event: Event, told: Told, gone_at: int | None, now: int
) -> Iterator[Counted]:
    """`gone_at`: since when the event is known to be taken back, if it is; it still counts in what was final before."""
    version, plan = programs.newest(connection), programs.plan(connection)
    assert version is not None
    assert plan is not None
    places = aftermath.counts_in(plan, event, told.effects)
    late = aftermath.late_for(connection, places, event.known_at)
    if gone_at is not None:
        places = [place for place in aftermath.late_for(connection, places, gone_at) if place not in late]
    for place in places:
        told_place = _goal if place.kind == GOAL else _board
        standing = told_place(connection, version, found, place, now)
        if standing is not None:
            yield replace(standing, late=place in late, stays=gone_at is not None)


def _goal(connection: Connection, version: Version, found: Entry, place: Place, now: int) -> Counted | None:
    goal = version.program.goals[place.key]
    standings: Iterable[GoalStanding] = ()
    if found.member is not None:
        standings = reading.goals(connection, version, found.member, now, place.window.name)
    elif found.organization is not None:
        standings = reading.organization_goals(connection, version, found.organization, now, place.window.name)
    standing = next((one for one in standings if one.goal == place.key), None)
    if standing is None:
        return None
    actual, target = standing.actual or 0, standing.target
    return Counted(
        place.kind,
        Speaker(version.program).of("goals", place.key),
        place.window,
        whose=goal.whose,
        metric=Speaker(version.program).of("metrics", goal.metric),
        value=_quantity(version, goal.metric, actual),
        target=_quantity(version, goal.metric, target),
        share=Fraction(actual) / Fraction(target) if target and goal.direction == "at_least" else None,
        status=standing.status,
    )


def _board(connection: Connection, version: Version, found: Entry, place: Place, now: int) -> Counted | None:
    board = version.program.leaderboards[place.key]
    if found.member is None:
        return None
    standing = reading.board(connection, version, place.key, found.member, now, window=place.window.name)
    if standing is None or standing.mine is None:
        return None
    return Counted(
        place.kind,
        Speaker(version.program).of("leaderboards", place.key),
        place.window,
        whose=board.whose,
        metric=Speaker(version.program).of("metrics", board.metric),
        value=_quantity(version, board.metric, standing.mine.score),
        rank=standing.mine.rank,
        total=standing.total,
    )


def _quantity(version: Version, metric: str, value: Exact) -> Quantity:
    return Quantity(value, unit_of(version.program, version.program.metrics[metric]))
