"""The digest: log -> engine -> transfers, progress and notices.

A batch takes the oldest undigested entries of members that nobody else works on, folds them, and writes all that a
member's fold came to in one transaction. On PostgreSQL that is one transaction a batch, and the lock on a member's
progress row is the lease; on SQLite there is one worker, which reads and computes first, and writes in slices, so that
it never holds the write lock for long. Members that are folded anew have batches of their own, in turns with new
entries. An organization's own events are folded like a member's, under its number negated.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from sqlalchemy import Connection, delete, select

from hub import clock, signals
from hub.db import on_sqlite, reader, settle, transaction
from hub.directory.sets import among
from hub.gamification.plan import Plan
from hub.ledger import changeover, closing, grown, programs, rollup, taking, writing
from hub.ledger.folding import Folding, fold_all
from hub.ledger.taking import Kind, Stretch, Taken
from hub.signals import queue, refolds

#: A slice on SQLite: how long its transaction may take; how many rows that is, follows from the slice before.
SLICE_SECONDS = 0.04
FEWEST_ROWS, MOST_ROWS = 500, 20_000
#: While there is more to digest, organizations' values are added up so often.
ROLLUP_SECONDS = 1.0
#: So long a batch goes on folding members anew: whoever has new entries waits for its end.
ANEW_SECONDS = 0.15
#: How far a change-over is, pages are told so often.
TELL_SECONDS = 2.0

_rows_a_slice = 1_000
_rolled_up_at = _told_at = float("-inf")
_last: Kind | None = None


def run() -> int:
    """Digest one batch: how many entries and members were taken up; 0: there is nothing to do."""
    with reader() as connection:
        on_file, stretch = on_sqlite(connection), _stretch(connection)
        if stretch is None:
            return 0
        kind = _turn(taking.kinds(connection, stretch))
        newest = stretch.plan.newest.number
        changing = kind is Kind.ANEW and changeover.going_on(connection, newest)
    if kind is None:
        return rollup.run(stretch.plan) or _close(stretch)
    done = _run_sqlite(kind) if on_file else _run_postgres(kind)
    _roll_up_at_times(stretch.plan)
    if changing:
        _tell_how_far(newest)
    return done


def _stretch(connection: Connection) -> Stretch | None:
    """Up to the next window that is to be closed; None before a program is published."""
    plan = programs.plan(connection)
    if plan is None:
        return None
    before = closing.barrier(connection, plan, clock.now())
    return Stretch(plan) if before is None else Stretch(programs.before(plan, before), before)


def _close(stretch: Stretch) -> int:
    """Close what is final, now that all is digested that was known before."""
    if stretch.before is not None:
        # Who stamped an entry with an earlier time has committed after this: it is looked for once more.
        settle()
        with reader() as connection:
            late = bool(taking.kinds(connection, stretch))
        if late:
            return run()
    return closing.run(stretch.before, grown.outcomes)


def _turn(waiting: list[Kind]) -> Kind | None:
    """Which kind of work is next: they take turns, so that neither waits for the other's end."""
    global _last
    if not waiting:
        return None
    _last = next((kind for kind in waiting if kind is not _last), waiting[0])
    return _last


def _roll_up_at_times(plan: Plan) -> None:
    """Many batches change the same organizations: adding them up after each would cost more than the batches."""
    global _rolled_up_at
    if monotonic() - _rolled_up_at >= ROLLUP_SECONDS:
        rollup.run(plan)
        _rolled_up_at = monotonic()


def _tell_how_far(newest: int) -> None:
    """How far a change-over is, now and then, and that it is over."""
    global _told_at
    with reader() as connection:
        over = not changeover.going_on(connection, newest)
    if over or monotonic() - _told_at >= TELL_SECONDS:
        with transaction() as connection:
            signals.publish(connection, [changeover.CHANGE_OVER], clock.now())
        _told_at = monotonic()


def pending() -> bool:
    """Whether anything waits to be digested; members set aside do not count."""
    with reader() as connection:
        stretch = _stretch(connection)
        if stretch is None:
            return False
        if taking.kinds(connection, stretch) or rollup.pending(connection):
            return True
        return closing.pending(connection, stretch.plan, clock.now())


def _run_sqlite(kind: Kind) -> int:
    with reader() as connection:
        stretch = _stretch(connection)
        assert stretch is not None, "versions do not go away"
        found = taking.candidates(connection, stretch, kind)
        if kind is Kind.NEW:
            found = found[: taking.filling(connection, found)]
        taken = taking.take(connection, stretch, kind, found)
        folding = _fold(connection, stretch, kind, taken)
    for slice_ in _slices(folding):
        with transaction() as connection:
            began = monotonic()
            _write(connection, stretch.plan, taken, slice_)
        _learn(sum(result.rows for result in slice_.results), monotonic() - began)
    return taken.count


def _slices(folding: Folding) -> Iterator[Folding]:
    """The folds in slices of a few members, each written by itself."""
    slice_, rows = Folding(failed=folding.failed), 0
    for result in folding.results:
        if rows and rows + result.rows > _rows_a_slice:
            yield slice_
            slice_, rows = Folding(), 0
        slice_.results.append(result)
        rows += result.rows
    yield slice_


def _learn(rows: int, seconds: float) -> None:
    """How many rows a slice may have, from how long these took."""
    global _rows_a_slice
    fitting = rows * SLICE_SECONDS / max(seconds, 0.001)
    _rows_a_slice = int(min(max((_rows_a_slice + fitting) / 2, FEWEST_ROWS), MOST_ROWS))


def _run_postgres(kind: Kind) -> int:
    with transaction() as connection:
        stretch = _stretch(connection)
        assert stretch is not None, "versions do not go away"
        found = taking.candidates(connection, stretch, kind)
        taking.open_rows(connection, found)
        most = taking.filling(connection, found) if kind is Kind.NEW else len(found)
    with transaction() as connection:
        taken = taking.take(connection, stretch, kind, taking.lock(connection, found, most))
        if stretch.before is None:
            # Asked again: what was published meanwhile may hold for what was taken.
            stretch = Stretch(programs.plan(connection) or stretch.plan)
        _write(connection, stretch.plan, taken, _fold(connection, stretch, kind, taken))
        return taken.count


def _fold(connection: Connection, stretch: Stretch, kind: Kind, taken: Taken) -> Folding:
    seconds = ANEW_SECONDS if kind is Kind.ANEW else None
    return fold_all(
        connection, stretch.plan, taken.entries, taken.again, clock.now(), before=stretch.before, seconds=seconds
    )


def _write(connection: Connection, plan: Plan, taken: Taken, folding: Folding) -> None:
    writing.write(connection, plan, folding, clock.now())
    digested = [entry for result in folding.results for entry in result.digested]
    if digested:
        connection.execute(delete(queue).where(among(connection, queue.c.entry, digested)))
    _fulfil(
        connection, {result.who: taken.again[result.who] for result in folding.results if result.who in taken.again}
    )


def _fulfil(connection: Connection, folded: dict[int, int]) -> None:
    """Forget who was asked to be folded again, but for those of whom it was asked once more meanwhile."""
    if not folded:
        return
    # Locked in the order in which they are asked for, or the two could wait for each other.
    asked = select(refolds).where(among(connection, refolds.c.member, folded)).order_by(refolds.c.member)
    done = [row.member for row in connection.execute(asked.with_for_update()) if row.at == folded[row.member]]
    if done:
        connection.execute(delete(refolds).where(among(connection, refolds.c.member, done)))
