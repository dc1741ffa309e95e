"""Closing: windows become final, in the order of their final instants, and what their goals and boards then say is
written down for good.

A window is final at its end + grace. The digest does not go past that instant (`barrier`) until the window is closed:
so all that was known before it is in, and nothing that was known later. What is written are the standings of the
window's boards and goals, and the entries that closing makes: prizes, and the decision of `at_most` goals, known at
that very instant.

Windows that were final when a version first named a goal or a board are closed too, over the log as it was at that
publication, as soon as everybody is folded with that version. They bring neither prizes nor rewards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, delete, func, select

from hub import clock, signals
from hub.db import db, once, reader, transaction
from hub.gamification.events import LogPlace
from hub.gamification.goals import Goal
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.outcome import Outcome
from hub.gamification.plan import Plan
from hub.gamification.program import Program
from hub.gamification.versions import Version
from hub.gamification.windows import Window
from hub.ledger import bulk, freezing, log, programs
from hub.ledger.freezing import BOARD_COLUMNS, GOAL_COLUMNS, Frozen
from hub.ledger.tables import final_boards, final_goals, finals

#: Rows a transaction: on SQLite the write lock is everybody's.
ROWS = 2_000

GOAL, BOARD = "goal", "leaderboard"

#: Closers take turns on PostgreSQL (an advisory lock of this number).
_CLOSING = 0x636C6F73

T = TypeVar("T")

#: What members, and organizations, had come to at a place in the log, of whom more is known since that concerns the
#: time before an instant.
HadComeTo = Callable[[Connection, Plan, LogPlace, int], Mapping[int, Outcome]]


class Due(NamedTuple):
    """A goal's or a board's window that is to be closed. `late`: it was final before the program knew of it."""

    kind: str
    key: str
    window: Window
    final_at: int
    late: bool


def barrier(connection: Connection, plan: Plan, now: int) -> int | None:
    """The instant past which the digest may not go yet: of the next window to be closed, if it is final by now."""
    if _is_quiet(connection, plan, now):
        return None
    return min((due.final_at for due in _next(connection, plan) if not due.late and due.final_at <= now), default=None)


def pending(connection: Connection, plan: Plan, now: int) -> bool:
    """Whether a window is to be closed."""
    return not _is_quiet(connection, plan, now) and any(due.final_at <= now for due in _next(connection, plan))


def closed(connection: Connection) -> frozenset[tuple[str, str]]:
    """Goals and their windows that are final."""
    query = select(finals.c.key, finals.c.window).where(finals.c.kind == GOAL)
    return once(
        connection, "closed goals", lambda: frozenset((key, window) for key, window in connection.execute(query))
    )


def is_closed(connection: Connection, kind: str, key: str, window: Window, now: int) -> bool:
    """Whether this goal's, or board's, window is final; none is before it has ended."""
    if now < window.end:
        return False
    t = finals.c
    query = select(t.window).where(t.kind == kind, t.key == key, t.window == window.name)
    return once(connection, ("closed", kind, key, window.name), lambda: connection.scalar(query) is not None)


def final_at(plan: Plan, kind: str, key: str, window: Window) -> int | None:
    """When this window of a goal or leaderboard becomes final; None: never, it lies in history or has no end."""
    if window.name == "all" or window.end <= plan.newest.live_from:
        return None
    thing = plan.program.goals[key] if kind == GOAL else plan.program.leaderboards[key]
    return _of(plan, kind, thing, window).final_at


def run(before: int | None, had_come_to: HadComeTo) -> int:
    """Close what is final at the barrier, or where there is none, what was final before the program knew of it. All
    that was known before must be digested. -> how many windows of goals and boards.
    """
    with reader() as connection:
        newest = programs.plan(connection)
        assert newest is not None
        dues = list(_due(connection, newest, before))
        plan = newest if before is None else programs.before(newest, before)
        then = _as_published(connection, plan, dues, had_come_to)
        frozen = [
            (due, freezing.freeze(connection, plan, due.kind, due.key, due.window, due.final_at, then.get(due, {})))
            for due in dues
        ]
    for due, found in frozen:
        _write(plan, due, found)
    return len(dues)


def _as_published(
    connection: Connection, plan: Plan, dues: Sequence[Due], had_come_to: HadComeTo
) -> Mapping[Due, Mapping[int, Outcome]]:
    """Of those that were final when they were named: what members had come to then, whose log has grown since."""
    late = {due: plan.first_with(due.kind, due.key).read for due in dues if due.late}
    until = max((due.window.end for due in late), default=0)
    found = {place: had_come_to(connection, plan, place, until) for place in set(late.values())}
    return {due: found[place] for due, place in late.items()}


# ---------------------------------------------------------------------------------------------------------- what is due


def _due(connection: Connection, plan: Plan, before: int | None) -> Iterator[Due]:
    now = clock.now()
    for due in _next(connection, plan):
        if before is None:
            if due.late and due.final_at <= now:
                yield from _all_late(plan, due)
        elif not due.late and due.final_at == before:
            yield due


#: By database: the newest version, and until when no window of it becomes final. The digest asks many times a second.
_quiet: WeakKeyDictionary[Engine, tuple[int, int]] = WeakKeyDictionary()


def _is_quiet(connection: Connection, plan: Plan, now: int) -> bool:
    version, until = _quiet.get(connection.engine, (0, 0))
    if version != plan.newest.number:
        until = min((due.final_at for due in _next(connection, plan)), default=now + 1)
        _quiet[connection.engine] = (plan.newest.number, until)
    if now < until:
        return True
    _quiet.pop(connection.engine, None)
    return False


def _next(connection: Connection, plan: Plan) -> list[Due]:
    """Of each goal and board the next window to be closed; as the version had it under which it became final."""
    return once(
        connection,
        ("next to close", plan.newest.number),
        lambda: list(dict.fromkeys(_find_next(connection, plan))),
    )


def _find_next(connection: Connection, plan: Plan) -> Iterator[Due]:
    t = finals.c
    ends = select(t.kind, t.key, func.max(t.ends), func.max(t.final_at)).group_by(t.kind, t.key)
    rows = connection.execute(ends).all()
    last = {(kind, key): ended for kind, key, ended, _ in rows}
    for then, until in _stretches(plan, max((final_at for *_, final_at in rows), default=0)):
        for kind, thing in _things(then.program):
            ended = last.get((kind, thing.key))
            window = _first(then, thing) if ended is None else _following(then, thing, ended)
            due = None if window is None else _of(then, kind, thing, window)
            # What became final under a version is closed as that one has it, whenever the digest comes to it.
            if due and (until is None or (not due.late and then.newest.published_at < due.final_at <= until)):
                yield due


def _stretches(plan: Plan, closed: int) -> Iterator[tuple[Plan, int | None]]:
    """The plan as it was under each version of which something may still be to be closed, and until when. Windows
    close in the order of their final instants, so all before the last that was is done.
    """
    for version, following in pairwise(plan.versions):
        if following.published_at >= closed and _closed_something(version, following.published_at):
            yield plan.as_of(version.number), following.published_at
    yield plan, None


def _closed_something(version: Version, until: int) -> bool:
    """Whether a window of it became final from its publication until then."""
    program, grace = version.program, version.program.settings.grace
    kinds = {thing.window for _, thing in _things(program)} - {"all"}
    since = version.published_at - grace
    return any(program.calendar.window(kind, since).end + grace <= until for kind in kinds)


def _things(program: Program) -> Iterator[tuple[str, Goal | Leaderboard]]:
    yield from ((GOAL, goal) for goal in program.goals.values())
    yield from ((BOARD, board) for board in program.leaderboards.values())


def _first(plan: Plan, thing: Goal | Leaderboard) -> Window | None:
    """The first window that is not history."""
    if thing.window == "all":
        return None
    window = plan.calendar.window(thing.window, plan.newest.live_from)
    return window if window.end > plan.newest.live_from else None


def _following(plan: Plan, thing: Goal | Leaderboard, ended: int) -> Window | None:
    window = plan.calendar.window(thing.window, ended)
    return window if window.start >= ended else None


def _of(plan: Plan, kind: str, thing: Goal | Leaderboard, window: Window) -> Due:
    named_at = plan.named_at(kind, thing.key)
    final_at = window.end + plan.program.settings.grace
    return Due(kind, thing.key, window, max(final_at, named_at), final_at <= named_at)


def _all_late(plan: Plan, due: Due) -> Iterator[Due]:
    """This one and all after it that were final when they were first named."""
    thing = plan.program.goals[due.key] if due.kind == GOAL else plan.program.leaderboards[due.key]
    window: Window | None = due.window
    while window is not None and (one := _of(plan, due.kind, thing, window)).late:
        yield one
        window = _following(plan, thing, window.end)


# -------------------------------------------------------------------------------------------------------------- writing


def _write(plan: Plan, due: Due, frozen: Frozen) -> None:
    """On SQLite in slices, of which the last says that it is done: what was begun before is begun anew."""
    steps = list(_steps(plan, due, frozen))
    if db.engine.dialect.name == "sqlite":
        for step in steps:
            with transaction() as connection:
                step(connection)
        return
    with transaction() as connection:
        # Of several workers one closes it.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CLOSING})")
        if not is_closed(connection, due.kind, due.key, due.window, due.final_at):
            for step in steps:
                step(connection)


def _steps(plan: Plan, due: Due, frozen: Frozen) -> Iterator[Callable[[Connection], object]]:
    table, columns = (final_goals, GOAL_COLUMNS) if due.kind == GOAL else (final_boards, BOARD_COLUMNS)
    begun = delete(table).where(table.c[due.kind] == due.key, table.c.window == due.window.name)
    yield lambda connection: connection.execute(begun)
    for rows in _slices(frozen.rows):
        yield partial(bulk.insert, table=table, columns=columns, rows=rows)
    for made in _slices(() if due.late else frozen.entries):
        yield partial(log.append, arrivals=made, event_types=plan.program.events, now=due.final_at)
    yield partial(_say_done, plan=plan, due=due, topics=frozen.topics)


def _say_done(connection: Connection, plan: Plan, due: Due, topics: Collection[str]) -> None:
    now = clock.now()
    row = (due.kind, due.key, due.window.name, due.window.end, due.final_at, now, plan.newest.number)
    bulk.insert(connection, finals, _FINAL, [row], ignore=True)
    signals.publish(connection, topics, now)


_FINAL = ("kind", "key", "window", "ends", "final_at", "closed_at", "version")


def _slices(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[at : at + ROWS] for at in range(0, len(rows), ROWS))
