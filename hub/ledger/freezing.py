"""What a window's goals and boards say at its final instant: profiles at the window's end, as they were known by then.

Members' values are those that stand: the digest has come just up to that instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from hub.directory import lookup, profiles, targets
from hub.directory.sets import among
from hub.directory.tables import members as member_table
from hub.directory.tables import organizations as organization_table
from hub.gamification.aiming import CLOSED, target_for
from hub.gamification.conditions import compiled
from hub.gamification.goals import Goal
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.numbers import Exact
from hub.gamification.outcome import Outcome
from hub.gamification.plan import GoalPlan, Plan
from hub.gamification.profiles import Timeline
from hub.gamification.ranking import number, order_key
from hub.gamification.windows import Window
from hub.ledger import rollup, topics
from hub.ledger.arrivals import HUB_PRIZE, MAX_TEXT, Arrival, own
from hub.ledger.rankings import Stand
from hub.ledger.tables import goal_peaks, member_values, organization_values

#: Members looked up together.
MEMBERS = 5_000

BOARD_COLUMNS = (
    "leaderboard", "window", "among", "who", "position", "rank", "value", "changed_at", "changed_source", "changed_id",
)  # fmt: skip
GOAL_COLUMNS = ("goal", "window", "member", "value", "target", "status")


@dataclass(slots=True)
class Frozen:
    """Rows to be kept, and the entries that closing makes."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[Arrival] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)


def freeze(
    connection: Connection,
    plan: Plan,
    kind: str,
    key: str,
    window: Window,
    final_at: int,
    then: Mapping[int, Outcome],
) -> Frozen:
    """What the goal (`kind` goal) or leaderboard says of a window at its final instant. `then`: what those had come to
    by that instant, members and organizations, of whom the digest has taken in more.
    """
    known = _Known(connection, plan, window, final_at, then)
    if kind == "goal":
        return _goal(known, plan.program.goals[key])
    return _board(known, plan.program.leaderboards[key])


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known at a window's final instant."""

    connection: Connection
    plan: Plan
    window: Window
    final_at: int
    then: Mapping[int, Outcome]

    def timelines(self, whose: str, who: Sequence[int]) -> Mapping[int, Timeline]:
        if whose == "member":
            return profiles.timelines(self.connection, who, self.final_at)
        return profiles.of_organizations(self.connection, who, self.final_at)

    def values(self, whose: str, metric: str, window: str) -> dict[int, Stand]:
        """By member or organization, the value as an order key and the event that last changed it."""
        t = member_values.c if whose == "member" else organization_values.c
        who = t.member if whose == "member" else t.organization
        query = select(who, t.value, t.changed_at, t.changed_source, t.changed_id)
        rows = self.connection.execute(query.where(t.metric == metric, t.window == window))
        stands = {no: Stand(*stand) for no, *stand in rows}
        for no, stand in (self._then(whose, metric, window) if self.then else {}).items():
            stands.pop(no, None)
            if stand is not None:
                stands[no] = stand
        return stands

    def _then(self, whose: str, metric: str, window: str) -> Mapping[int, Stand | None]:
        """What the values were of those that have changed since."""
        if whose == "organization":
            found = rollup.values_then(self.connection, self.plan, metric, window, self.then)
            return {no: None if one is None else Stand(order_key(one[0]), *one[1]) for no, one in found.items()}
        valued = {no: outcome.values.get((metric, window)) for no, outcome in self.then.items() if no > 0}
        return {no: None if one is None else Stand(order_key(one.value), *one.place) for no, one in valued.items()}


def _slices(who: Sequence[int]) -> Iterator[Sequence[int]]:
    return (who[at : at + MEMBERS] for at in range(0, len(who), MEMBERS))


def _ids(connection: Connection, whose: str, who: Sequence[int]) -> dict[int, str]:
    t = member_table.c if whose == "member" else organization_table.c
    rows = connection.execute(select(t.no, t.id).where(among(connection, t.no, who)))
    return {row.no: row.id for row in rows}


def _about(*words: str, no: int) -> str:
    """The id of an entry that closing makes: what it is about, the member last."""
    whole = "/".join(words)
    # A member's id may itself be as long as an entry's: then its number stands for it.
    return whole if len(whole) <= MAX_TEXT else "/".join((*words[:-1], f"no/{no}"))


# --------------------------------------------------------------------------------------------------------------- boards


@dataclass(frozen=True, slots=True)
class _Placed:
    among: str  # "" on a board for all
    stand: Stand
    who: int
    id: str
    listed: bool


def _board(known: _Known, board: Leaderboard) -> Frozen:
    frozen = Frozen(topics={topics.leaderboard(board.key)})
    placed = sorted(_placed(known, board), key=lambda one: (one.among, one.stand[1:], one.id))
    for among_, group in groupby(placed, lambda one: one.among):
        # The sort is stable: inside a tie whose value changed earlier stays first.
        ranked = sorted(group, key=lambda one: one.stand.value, reverse=board.direction == "highest")
        for one, position, rank in _ranked(board, ranked):
            frozen.rows.append((board.key, known.window.name, among_, one.who, position, rank, *one.stand))
            if position is not None:
                frozen.entries += _prize(known, board, one, rank)
    return frozen


def _placed(known: _Known, board: Leaderboard) -> Iterator[_Placed]:
    """All who have a rank, listed or not."""
    least = None if board.minimum is None else order_key(board.minimum)
    stands = known.values(board.whose, board.metric, known.window.name)
    fits = compiled(board.for_)
    for who in _slices(sorted(no for no, stand in stands.items() if least is None or stand.value >= least)):
        timelines, ids = known.timelines(board.whose, who), _ids(known.connection, board.whose, who)
        active = lookup.active(known.connection, who, known.final_at) if board.whose == "member" else set(who)
        for no in who:
            if no not in timelines or no not in ids:
                continue
            values = timelines[no].at(known.window.end - 1).values
            segment = "" if board.among == "all" else values.get(board.among)
            if fits(values) and segment is not None:
                listed = no in active and timelines[no].at(known.final_at).listed
                yield _Placed(str(segment), stands[no], no, ids[no], listed)


def _ranked(board: Leaderboard, ordered: Sequence[_Placed]) -> Iterator[tuple[_Placed, int | None, int]]:
    """Each with its position and rank; who is not listed has no position, and the rank she would have."""
    position = rank = 0
    value: str | None = None
    for one in ordered:
        better = one.stand.value != value
        next_rank = rank if not better else rank + 1 if board.ties == "dense" else position + 1
        if not one.listed:
            yield one, None, next_rank
            continue
        position, rank, value = position + 1, next_rank, one.stand.value
        yield one, position, rank


def _prize(known: _Known, board: Leaderboard, winner: _Placed, rank: int) -> Iterator[Arrival]:
    for prize in board.prizes:
        if prize.rank == rank:
            about = _about(board.key, known.window.name, winner.among or "all", winner.id, no=winner.who)
            data = {"leaderboard": board.key, "window": known.window.name, "rank": rank, "points": prize.points}
            data |= {"badge": prize.badge} if prize.badge else {}
            yield own(HUB_PRIZE, about, winner.id, known.final_at, data=data)


# ---------------------------------------------------------------------------------------------------------------- goals


def _goal(known: _Known, goal: Goal) -> Frozen:
    frozen, aimed, whose = Frozen(), GoalPlan.of(goal), goal.whose
    before = known.plan.calendar.previous(goal.window, known.window)
    values = known.values(whose, goal.metric, known.window.name)
    earlier = known.values(whose, goal.metric, before.name) if before else {}
    t = (member_table if whose == "member" else organization_table).c.no
    for who in _slices(list(known.connection.scalars(select(t).order_by(t)))):
        aims = targets.own(known.connection, who, known.final_at) if whose == "member" else {}
        goals = {}
        for no, timeline in known.timelines(whose, who).items():
            last = number(earlier[no].value) if no in earlier else None
            values_then = timeline.at(known.window.end - 1).values
            target = target_for(aimed, known.window.name, last, values_then, aims.get(no, {}))
            if target is not None:
                goals[no] = target
        _decide(known, goal, frozen, goals, {no: number(values[no].value) for no in goals if no in values})
    return frozen


def _decide(known: _Known, goal: Goal, frozen: Frozen, goals: Mapping[int, Exact], values: Mapping[int, Exact]) -> None:
    """Whether these, who have the goal with these targets, have reached it."""
    members = goal.whose == "member"
    peaks = _peaks(known, goal, list(goals)) if members else {}
    active = lookup.active(known.connection, list(goals), known.final_at) if members else set(goals)
    decides = members and goal.direction == "at_most"
    ids = _ids(known.connection, goal.whose, list(goals)) if decides else {}
    for no, target in goals.items():
        value = counted(known.plan, goal, values.get(no)) if goal.direction == "at_most" else values.get(no)
        reached = _reached(
            goal, value, max((one for one in (value, peaks.get(no)) if one is not None), default=None), target
        )
        status = "reached" if reached and (no in active or not decides) else "missed"
        shown = None if no not in values else order_key(values[no])
        frozen.rows.append((goal.key, known.window.name, no if members else -no, shown, str(target), status))
        frozen.topics.add(topics.goals(no) if members else topics.organization(no))
        if decides and no in active:
            frozen.entries.append(_decided(known, goal, no, ids[no], status))


def _peaks(known: _Known, goal: Goal, who: Sequence[int]) -> dict[int, Exact]:
    t = goal_peaks.c
    query = select(t.member, t.peak).where(t.goal == goal.key, t.window == known.window.name)
    rows = known.connection.execute(query.where(among(known.connection, t.member, who)))
    peaks: dict[int, str] = dict(rows.all())
    for no, outcome in known.then.items():
        peaks.pop(no, None)
        if (goal.key, known.window.name) in outcome.peaks:
            peaks[no] = outcome.peaks[goal.key, known.window.name]
    return {no: number(peak) for no, peak in peaks.items()}


def _reached(goal: Goal, value: Exact | None, peak: Exact | None, target: Exact) -> bool:
    if goal.direction == "at_most":
        return value is not None and value <= target
    return peak is not None and peak >= target


def counted(plan: Plan, goal: Goal, value: Exact | None) -> Exact | None:
    """A count, a sum, distinct values and days are 0 where there is nothing; all else is then no value."""
    nothing = plan.program.metrics[goal.metric].take in ("count", "sum", "distinct", "days")
    return 0 if value is None and nothing else value


def _decided(known: _Known, goal: Goal, no: int, id_: str, status: str) -> Arrival:
    data = {"goal": goal.key, "window": known.window.name, "status": status}
    about = _about("goal", goal.key, known.window.name, id_, no=no)
    return own(CLOSED, about, id_, known.final_at, data=data)
