"""What became of an entry beside its effects: what it came too late for, and where it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select, tuple_

from hub.gamification.conditions import holds
from hub.gamification.events import Event
from hub.gamification.goals import Goal
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.outcome import Effect, Points
from hub.gamification.plan import Plan
from hub.gamification.windows import Window
from hub.ledger import closing
from hub.ledger.tables import awards, finals, goals_reached, transfers


class Place(NamedTuple):
    """A window of a goal or a leaderboard. `kind`: goal, leaderboard."""

    kind: str
    key: str
    window: Window


def counts_in(plan: Plan, event: Event, effects: Iterable[Effect]) -> list[Place]:
    """The windows of goals and leaderboards whose metrics the event is in."""
    touched = _touched(plan, event, effects)
    return [
        Place(kind, thing.key, window)
        for kind, thing in _things(plan)
        if not touched.isdisjoint(plan.with_parts(thing.metric))
        and (window := plan.calendar.window(thing.window, event.time)).start <= event.time < window.end
    ]


def late_for(connection: Connection, places: Iterable[Place], known_at: int) -> list[Place]:
    """Those of these windows that were final when the event became known: it changed nothing in them."""
    by_key = {(place.kind, place.key, place.window.name): place for place in places}
    t = finals.c
    which = tuple_(t.kind, t.key, t.window).in_(list(by_key))
    rows = connection.execute(select(t.kind, t.key, t.window).where(which, t.final_at <= known_at)) if by_key else ()
    late = {(kind, key, window) for kind, key, window in rows}
    return [place for key, place in by_key.items() if key in late]


class Moved(NamedTuple):
    """Something that an event once brought and another one brings by now. `kind`: badge, goal."""

    kind: str
    key: str
    entry: int


def moved(connection: Connection, member: int, number: int) -> list[Moved]:
    """Badges and goals whose points were posted with this entry, and that come of another by now."""
    t = transfers.c
    causes = connection.scalars(select(t.cause).where(t.entry == number, t.kind == "bonus").order_by(t.no)).all()
    found = []
    for cause in causes:
        kind, key, *rest = cause.split("/")
        now = _award(connection, member, cause) if kind == "badge" else None
        if kind == "goal":
            now = _goal(connection, member, key, "/".join(rest))
        if now is not None and now != number:
            found.append(Moved(kind, key, now))
    return found


def _award(connection: Connection, member: int, key: str) -> int | None:
    return connection.scalar(select(awards.c.entry).where(awards.c.member == member, awards.c.key == key))


def _goal(connection: Connection, member: int, goal: str, window: str) -> int | None:
    t = goals_reached.c
    return connection.scalar(select(t.entry).where(t.member == member, t.goal == goal, t.window == window))


def _things(plan: Plan) -> Iterator[tuple[str, Goal | Leaderboard]]:
    yield from ((closing.GOAL, goal) for goal in plan.program.goals.values())
    yield from ((closing.BOARD, board) for board in plan.program.leaderboards.values())


def _touched(plan: Plan, event: Event, effects: Iterable[Effect]) -> set[str]:
    """The metrics that the event brings something to."""
    touched = {
        metric.key
        for metric in plan.program.metrics.values()
        if event.type in metric.types and holds(metric.where, event.data)
    }
    touched |= _RECOGNITIONS.get(event.type, set())
    if any(isinstance(effect, Points) for effect in effects):
        touched |= {"points_earned", "points_received"}
    return touched


_RECOGNITIONS = {
    "hub.recognition.given": {"recognitions_given"},
    "hub.recognition.received": {"recognitions_received", "points_received"},
}
