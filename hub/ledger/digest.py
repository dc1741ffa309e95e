"""The digest: log -> engine -> transfers, progress and notices.

A batch takes the oldest undigested entries of members that nobody else works on, folds them, and writes all that a
member's fold came to in one transaction. On PostgreSQL that is one transaction a batch, and the lock on a member's
progress row is the lease; on SQLite there is one worker, which reads and computes first, and writes in slices, so that
it never holds the write lock for long. An organization's own events are folded like a member's, under its number
negated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from sqlalchemy import Column, Connection, Select, delete, or_, select

from hub import clock
from hub.db import on_sqlite, reader, settle, transaction
from hub.directory.sets import among
from hub.gamification.events import Event
from hub.gamification.plan import Plan
from hub.ledger import bulk, closing, programs, rollup, writing
from hub.ledger.folding import Folding, fold_all, in_log_order
from hub.ledger.tables import entries, progress, set_aside
from hub.signals import queue, refolds

#: Entries a batch, and members.
BATCH, MEMBERS = 10_000, 2_000
#: A slice on SQLite: how long its transaction may take; how many rows that is, follows from the slice before.
SLICE_SECONDS = 0.04
FEWEST_ROWS, MOST_ROWS = 500, 20_000
#: While there is more to digest, organizations' values are added up so often.
ROLLUP_SECONDS = 1.0

_rows_a_slice = 1_000
_rolled_up_at = float("-inf")


@dataclass(slots=True)
class Taken:
    """The work of one batch: entries by who they are of (in the log's order); who is to be folded again in any case,
    and as of when that was asked for.
    """

    entries: dict[int, list[Event]] = field(default_factory=dict)
    again: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(map(len, self.entries.values())) + len(self.again.keys() - self.entries.keys())


@dataclass(frozen=True, slots=True)
class Stretch:
    """What may be digested now: what was known before `before` (None: all), by the versions there were."""

    plan: Plan
    before: int | None = None


def run() -> int:
    """Digest one batch: how many entries and members were taken up; 0: there is nothing to do."""
    with reader() as connection:
        on_file, stretch = on_sqlite(connection), _stretch(connection)
        if stretch is None:
            return 0
        working = _has_work(connection, stretch)
    if not working:
        return rollup.run() or _close(stretch)
    done = _run_sqlite(stretch) if on_file else _run_postgres(stretch)
    _roll_up_at_times()
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
            if _has_work(connection, stretch):
                return 0
    return closing.run(stretch.before)


def _roll_up_at_times() -> None:
    """Many batches change the same organizations: adding them up after each would cost more than the batches."""
    global _rolled_up_at
    if monotonic() - _rolled_up_at >= ROLLUP_SECONDS:
        rollup.run()
        _rolled_up_at = monotonic()


def pending() -> bool:
    """Whether anything waits to be digested; members set aside do not count."""
    with reader() as connection:
        stretch = _stretch(connection)
        if stretch is None:
            return False
        if _has_work(connection, stretch) or rollup.pending(connection):
            return True
        return closing.pending(connection, stretch.plan, clock.now())


def _has_work(connection: Connection, stretch: Stretch) -> bool:
    return bool(_candidates(connection, stretch, 1))


def _run_sqlite(stretch: Stretch) -> int:
    with reader() as connection:
        taken = _take(connection, stretch, _candidates(connection, stretch, BATCH), BATCH)
        folding = fold_all(connection, stretch.plan, taken.entries, taken.again, clock.now(), stretch.before)
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


def _run_postgres(stretch: Stretch) -> int:
    with transaction() as connection:
        candidates = _candidates(connection, stretch, BATCH)
        _open(connection, candidates)
    with transaction() as connection:
        locked = _lock(connection, candidates)
        taken = _take(connection, stretch, locked, BATCH)
        folding = fold_all(connection, stretch.plan, taken.entries, taken.again, clock.now(), stretch.before)
        _write(connection, stretch.plan, taken, folding)
        return taken.count


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


# ---------------------------------------------------------------------------------------------------------- taking work


def _candidates(connection: Connection, stretch: Stretch, limit: int) -> list[int]:
    """Who has work, the longest waiting first: with undigested entries, to be folded again, of an older version."""
    waiting = connection.execute(
        _within(stretch, select(queue.c.member, queue.c.organization))
        .where(
            ~select(set_aside.c.member)
            .where(or_(set_aside.c.member == queue.c.member, set_aside.c.member == -queue.c.organization))
            .exists()
        )
        .order_by(queue.c.entry)
        .limit(limit)
    )
    found = dict.fromkeys(member or -organization for member, organization in waiting)
    found |= dict.fromkeys(connection.scalars(_asked(stretch, _aside(refolds.c.member)).limit(MEMBERS)))
    if len(found) < MEMBERS:
        older = _aside(progress.c.member).where(progress.c.version < stretch.plan.newest.number).limit(MEMBERS)
        found |= dict.fromkeys(connection.scalars(older))
    return list(found)[:MEMBERS]


def _within(stretch: Stretch, waiting: Select[Any]) -> Select[Any]:
    """Of queued entries those that were known before."""
    if stretch.before is None:
        return waiting
    return waiting.join(entries, entries.c.no == queue.c.entry).where(entries.c.known_at < stretch.before)


def _asked(stretch: Stretch, again: Select[Any]) -> Select[Any]:
    """Of those to be folded again those of whom it was asked before."""
    return again if stretch.before is None else again.where(refolds.c.at < stretch.before)


def _aside(column: Column[Any]) -> Select[tuple[int]]:
    """The column's members but those set aside."""
    return select(column).where(~select(set_aside.c.member).where(set_aside.c.member == column).exists())


def _open(connection: Connection, candidates: list[int]) -> None:
    """Give each of them a row to lock, in a transaction that ends at once: whoever inserts a row that another worker
    has just made, or is just writing, waits until that one has committed.
    """
    known = set(connection.scalars(select(progress.c.member).where(among(connection, progress.c.member, candidates))))
    rows = [(who, 0, b"") for who in sorted(candidates) if who not in known]
    bulk.insert(connection, progress, ("member", "version", "state"), rows, ignore=True)


def _lock(connection: Connection, candidates: list[int]) -> list[int]:
    """Take the lease on half of them at most, so that another worker finds work too."""
    share = max(len(candidates) // 2, 100)
    rows = select(progress.c.member).where(among(connection, progress.c.member, candidates))
    return list(connection.scalars(rows.limit(share).with_for_update(skip_locked=True)))


def _take(connection: Connection, stretch: Stretch, who: list[int], limit: int) -> Taken:
    """All that these have in the queue, the oldest first; what goes over the limit is left to the next batch."""
    if not who:
        return Taken()
    members, organizations = [n for n in who if n > 0], [-n for n in who if n < 0]
    rows = connection.execute(
        _within(stretch, select(queue.c.entry, queue.c.member, queue.c.organization))
        .where(or_(among(connection, queue.c.member, members), among(connection, queue.c.organization, organizations)))
        .order_by(queue.c.entry)
        .limit(limit)
    ).all()
    owners = {entry: member or -organization for entry, member, organization in rows}
    asked = connection.execute(_asked(stretch, select(refolds)).where(among(connection, refolds.c.member, who)))
    taken = Taken(in_log_order(connection, owners), {row.member: row.at for row in asked})
    # The rest of those taken are here because their progress is of an older version.
    for one in who:
        if one not in taken.entries:
            taken.again.setdefault(one, 0)
    return taken
