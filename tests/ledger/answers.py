"""What the hub says if the model of `tests/model` is right, as far as the model knows.

`said` asks the hub, `expected` the model; both name each question alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, select

from hub.db import reader
from hub.directory import lookup
from hub.ledger import boards, measuring, programs, reading
from hub.ledger.boards import Asked, Asking
from hub.ledger.standings import GoalStanding, Line, Version
from hub.ledger.tables import awards
from tests.gamification.telling import written
from tests.model import World
from tests.model.boards import Board
from tests.model.facts import Fact
from tests.model.goals import Shown
from tests.model.streaks import Run
from tests.model.times import Window

Answers = dict[str, Any]
KINDS = ("day", "week", "month", "quarter", "year")


def measured(world: World, back: int) -> list[str]:
    """Of these, those of which metrics are asked for: a fold of everybody each time."""
    kinds = MEASURED[back % 4]
    return [name for kind, name in windows(world, back) if kind in kinds]


#: By how many windows ago.
MEASURED = (("week", "all"), ("month",), ("day", "quarter"), ("week",))


def windows(world: World, back: int) -> list[tuple[Any, str]]:
    """Kinds and names of the windows that held so many windows ago; now those without a before, too."""
    calendar, program = world.known.calendar, world.known.program
    found = []
    for kind in KINDS:
        window: Window | None = calendar.window(kind, world.now)
        for _ in range(back):
            window = window and calendar.previous(kind, window)
        found += [(kind, window.name)] if window else []
    spans = [each.window for each in (*program.goals.values(), *program.leaderboards.values())]
    named = {span.name: span for span in spans if not isinstance(span, str)}
    return found if back else [*found, *((span, name) for name, span in named.items()), ("all", "all")]


# ---------------------------------------------------------------------------------------------------------- the model


def expected(world: World, people: Iterable[str], back: int) -> Answers:
    found: Answers = {}
    for who in people:
        found |= {f"{who}: {question}": told for question, told in _of_member(world, who, back)}
    for firm in world.known.organizations:
        found |= {f"{firm}: {question}": told for question, told in _of_organization(world, firm, back)}
    found |= dict(_boards(world, back))
    return found


def _of_member(world: World, who: str, back: int) -> Iterator[tuple[str, Any]]:
    program = world.known.program
    lines = world.lines(who)
    yield "balance", sum(lines.values())
    yield "earned", world.metric(who, "points_earned") or 0
    yield "transfers", _causes(lines)
    yield "badges", _held(world.badges(who))
    yield "awards", Counter(map(_award, world.badges(who)))
    yield "level", _level(world, who)
    for key in program.streaks:
        run = world.streak(who, key)
        yield f"streak {key}", run
    for kind, name in windows(world, back):
        for key, metric in program.metrics.items() if name in measured(world, back) else ():
            if metric.by is None or metric.numeric:
                yield f"{key} in {name}", world.metric(who, key, name)
            if metric.by is not None:
                things = world.objects(who, key, name).items()
                yield f"{key} by object in {name}", {written(thing): value for thing, value in things}
        organization = world.known.own_row(who, world.now).get("organization")
        for goal in program.goals.values():
            if goal.window == kind:
                whose = who if goal.whose == "member" else organization
                yield f"goal {goal.key} in {name}", whose and _goal(world.goal(whose, goal.key, name))


def _of_organization(world: World, firm: str, back: int) -> Iterator[tuple[str, Any]]:
    program = world.known.program
    for kind, name in windows(world, back):
        for key, metric in program.metrics.items() if name in measured(world, back) else ():
            if metric.by is None or metric.numeric:
                yield f"{key} in {name}", world.organization(firm, key, name)
        for goal in program.goals.values():
            if goal.whose == "organization" and goal.window == kind:
                yield f"goal {goal.key} in {name}", _goal(world.goal(firm, goal.key, name))


def _boards(world: World, back: int) -> Iterator[tuple[str, Any]]:
    for board in world.known.program.leaderboards.values():
        for kind, name in windows(world, back):
            if board.window == kind:
                for among in AMONG[board.among]:
                    yield f"board {board.key} in {name} among {among}", _board(world.board(board.key, name, among))


AMONG: Mapping[str, tuple[str | None, ...]] = {
    "all": (None,),
    "region": ("emea", "apac"),
    "tier": ("gold", "silver"),
    "organization": ("acme", "bora"),
}


def _board(board: Board) -> Any:
    return board.final, [(row.rank, row.id, row.score) for row in board.rows]


def _goal(shown: Shown | None) -> Any:
    if shown is None:
        return None
    # Without a value it is shown as none, or as 0: nobody says which. Nor what the pace of a final goal is whose
    # direction was changed since.
    return shown.actual or 0, shown.target, not shown.final and shown.pace, shown.status, shown.final


def _level(world: World, who: str) -> str | None:
    reached = {fact.key.name for fact in world.levels(who)}
    keys = [level.key for level in world.known.program.levels]
    return max((key for key in keys if key in reached), key=keys.index, default=keys[0] if keys else None)


def _held(facts: Iterable[Fact]) -> dict[tuple[str, str | None], tuple[int, int]]:
    """By badge and tier: how often, and when first."""
    found: dict[tuple[str, str | None], list[int]] = {}
    for fact in facts:
        found.setdefault((fact.key.name, fact.key.tier), []).append(fact.place[0])
    return {each: (len(times), min(times)) for each, times in found.items()}


def _award(fact: Fact) -> tuple[Any, ...]:
    key = fact.key
    return key.name, key.tier, fact.place[0], written(key.object), key.window, fact.kept is not None


def _causes(lines: Mapping[tuple[Any, ...], int]) -> dict[tuple[str, str], int]:
    """The lines as transfers name their causes."""
    found: Counter[tuple[str, str]] = Counter()
    for (kind, *rest), amount in lines.items():
        # Of a prize: `leaderboard/window/among/member`.
        name = rest[1].split("/")[0] if kind == "prize" else rest[1] if kind == "adjustment" else rest[0]
        found[{"prize": "leaderboard", "adjustment": "member"}.get(kind, kind), name] += amount
    return {cause: amount for cause, amount in found.items() if amount}


# ------------------------------------------------------------------------------------------------------------ the hub


def said(world: World, people: Iterable[str], back: int) -> Answers:
    """What the hub says to the same questions, in one snapshot, by what its pages and answers are made of. The model is
    asked only how they are named.
    """
    found: Answers = {}
    with reader() as connection:
        version = programs.newest(connection)
        assert version is not None
        hub = _Hub(connection, version, world, windows(world, back), measured(world, back))
        numbers = lookup.members(connection, list(people))
        for who, one in numbers.items():
            found |= {f"{who}: {question}": told for question, told in hub.member(one.no)}
        for firm, number in lookup.organizations(connection, world.known.organizations).items():
            found |= {f"{firm}: {question}": told for question, told in hub.organization(number)}
        found |= dict(hub.boards())
    return found


@dataclass(frozen=True)
class _Hub:
    connection: Connection
    version: Version
    world: World
    windows: list[tuple[Any, str]]
    measured: list[str]

    def member(self, no: int) -> Iterator[tuple[str, Any]]:
        asked = (self.connection, self.version, no, self.world.now)
        points = reading.points(*asked)
        yield "balance", points.balance
        yield "earned", points.earned
        yield "level", points.level and points.level.key
        yield "transfers", _said_causes(reading.newest_lines(self.connection, no, 1000))
        yield (
            "badges",
            {
                (badge.badge, one.tier): (one.times, one.earned_at)
                for badge in reading.badges(*asked)
                for one in badge.awards
            },
        )
        yield "awards", Counter(map(_said_award, self._awards(no)))
        for one in reading.streaks(*asked):
            yield f"streak {one.streak}", Run(one.current, one.longest, one.freezes, one.at_risk, one.alive_until)
        for kind, name in self.windows:
            if name in self.measured:
                values = measuring.of_member(self.connection, no, name, self.world.now)
                yield from self._metrics(values, name, objects=True)
            yield from self._goals(reading.goals(*asked, name), kind, name)

    def _awards(self, no: int) -> Sequence[Row[Any]]:
        badges = select(awards).where(awards.c.member == no, awards.c.kind == "badge")
        return self.connection.execute(badges).all()

    def organization(self, no: int) -> Iterator[tuple[str, Any]]:
        for kind, name in self.windows:
            if name in self.measured:
                values = measuring.of_organization(self.connection, no, name, self.world.now)
                yield from self._metrics(values, name, objects=False)
            found = reading.organization_goals(self.connection, self.version, no, self.world.now, name)
            yield from self._goals(found, kind, name, ("organization",))

    def _metrics(self, values: measuring.Values, name: str, *, objects: bool) -> Iterator[tuple[str, Any]]:
        for key, metric in self.version.program.metrics.items():
            value = values[key]
            if isinstance(value, measuring.Objects):
                told = {thing: _exact(one) for thing, one in value.objects.items()}
                if objects:
                    yield f"{key} by object in {name}", told
                if metric.numeric:
                    yield f"{key} in {name}", _exact(value.value)
            else:
                yield f"{key} in {name}", _exact(value)

    def _goals(
        self, found: Iterable[GoalStanding], kind: Any, name: str, whose: Sequence[str] = ("member", "organization")
    ) -> Iterator[tuple[str, Any]]:
        told = {one.goal: one for one in found}
        for goal in self.version.program.goals.values():
            if goal.window == kind and goal.whose in whose:
                yield f"goal {goal.key} in {name}", _said_goal(told.get(goal.key))

    def boards(self) -> Iterator[tuple[str, Any]]:
        for board in self.version.program.leaderboards.values():
            for kind, name in self.windows:
                for among in AMONG[board.among] if board.window == kind else ():
                    asked = Asked(name, among, limit=100)
                    found = boards.standing(
                        self.connection, self.version, board, Asking(everything=True), self.world.now, asked
                    )
                    assert found is not None
                    rows = [(row.rank, row.id, _exact(row.score)) for row in found.items]
                    yield f"board {board.key} in {name} among {among}", (found.final, rows)


def _said_goal(one: GoalStanding | None) -> Any:
    return one and (_exact(one.actual) or 0, _exact(one.target), not one.final and one.pace, one.status, one.final)


def _said_causes(lines: Iterable[Line]) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for line in lines:
        found[line.cause, line.key] += line.amount
    return {cause: amount for cause, amount in found.items() if amount}


def _said_award(row: Row[Any]) -> tuple[Any, ...]:
    return row.badge, row.tier, row.time, row.object, row.window, row.kept is not None


def _exact(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else Fraction(value)
