"""The digest: log -> engine -> transfers, progress and notices, one transaction a batch.

A batch takes the oldest undigested entries of members that nobody else works on, folds them, and makes all of it
visible together.
On PostgreSQL the lock on a member's progress row is the lease; on SQLite there is one worker, which reads and
computes first and
holds the write lock only to write. An organization's own events are folded like a member's, under its number negated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from sqlalchemy import Column, Connection, Select, delete, or_, select

from hub import clock
from hub.db import on_sqlite, reader, transaction
from hub.directory.sets import among
from hub.gamification.events import Event
from hub.gamification.plan import Plan
from hub.ledger import bulk, programs, rollup, writing
from hub.ledger.folding import Folding, fold_all, in_log_order
from hub.ledger.tables import progress, set_aside
from hub.signals import queue, refolds

#: Entries a batch. On SQLite it follows the time that writing takes.
BATCH = 10_000
SMALLEST_BATCH = 200
MEMBERS = 2_000
WRITE_SECONDS = 0.035

_sqlite_batch = 1_000


@dataclass(slots=True)
class Taken:
    """The work of one batch: entries by who they are of (in the log's order), and who is to be folded again in any
    case.
    """

    entries: dict[int, list[Event]] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)

    @property
    def count(self) -> int:
        return sum(map(len, self.entries.values())) + len(self.again - self.entries.keys())


def run() -> int:
    """Digest one batch: how many entries and members were taken up; 0: there is nothing to do."""
    with reader() as connection:
        on_file, plan = on_sqlite(connection), programs.plan(connection)
        if plan is None or not _has_work(connection, plan):
            return rollup.run() if plan is not None else 0
    done = _run_sqlite(plan) if on_file else _run_postgres(plan)
    rollup.run()
    return done


def pending() -> bool:
    """Whether anything waits to be digested; members set aside do not count."""
    with reader() as connection:
        plan = programs.plan(connection)
        return plan is not None and (_has_work(connection, plan) or rollup.pending(connection))


def _has_work(connection: Connection, plan: Plan) -> bool:
    taken = _candidates(connection, plan, 1)
    return bool(taken)


def _run_sqlite(plan: Plan) -> int:
    global _sqlite_batch
    with reader() as connection:
        taken = _take(connection, _candidates(connection, plan, _sqlite_batch), _sqlite_batch)
        folding = fold_all(connection, plan, taken.entries, taken.again, clock.now())
    began = monotonic()
    with transaction() as connection:
        _write(connection, plan, taken, folding)
    spent = max(monotonic() - began, 0.001)
    _sqlite_batch = int(min(max(_sqlite_batch * min(WRITE_SECONDS / spent, 2), SMALLEST_BATCH), BATCH))
    return taken.count


def _run_postgres(plan: Plan) -> int:
    with transaction() as connection:
        locked = _lock(connection, _candidates(connection, plan, BATCH))
        taken = _take(connection, locked, BATCH)
        folding = fold_all(connection, plan, taken.entries, taken.again, clock.now())
        _write(connection, plan, taken, folding)
        return taken.count


def _write(connection: Connection, plan: Plan, taken: Taken, folding: Folding) -> None:
    writing.write(connection, plan, folding, clock.now())
    if folding.digested:
        connection.execute(delete(queue).where(among(connection, queue.c.entry, folding.digested)))
    folded = [who for who in taken.again if who not in folding.failed]
    if folded:
        connection.execute(delete(refolds).where(among(connection, refolds.c.member, folded)))


# ---------------------------------------------------------------------------------------------------------- taking work


def _candidates(connection: Connection, plan: Plan, entries: int) -> list[int]:
    """Who has work, the longest waiting first: with undigested entries, to be folded again, of an older version."""
    waiting = connection.execute(
        select(queue.c.member, queue.c.organization)
        .where(
            ~select(set_aside.c.member)
            .where(or_(set_aside.c.member == queue.c.member, set_aside.c.member == -queue.c.organization))
            .exists()
        )
        .order_by(queue.c.entry)
        .limit(entries)
    )
    found = dict.fromkeys(member or -organization for member, organization in waiting)
    found |= dict.fromkeys(connection.scalars(_aside(refolds.c.member).limit(MEMBERS)))
    if len(found) < MEMBERS:
        older = _aside(progress.c.member).where(progress.c.version < plan.newest.number).limit(MEMBERS)
        found |= dict.fromkeys(connection.scalars(older))
    return list(found)[:MEMBERS]


def _aside(column: Column[Any]) -> Select[tuple[int]]:
    """The column's members but those set aside."""
    return select(column).where(~select(set_aside.c.member).where(set_aside.c.member == column).exists())


def _lock(connection: Connection, candidates: list[int]) -> list[int]:
    """Take the lease on half of them at most, so that another worker finds work too."""
    if not candidates:
        return []
    bulk.insert(
        connection, progress, ("member", "version", "state"), [(who, 0, b"") for who in sorted(candidates)], ignore=True
    )
    share = max(len(candidates) // 2, 100)
    rows = select(progress.c.member).where(among(connection, progress.c.member, candidates))
    return list(connection.scalars(rows.limit(share).with_for_update(skip_locked=True)))


def _take(connection: Connection, who: list[int], limit: int) -> Taken:
    """All that these have in the queue, the oldest first; what goes over the limit is left to the next batch."""
    if not who:
        return Taken()
    members, organizations = [n for n in who if n > 0], [-n for n in who if n < 0]
    rows = connection.execute(
        select(queue.c.entry, queue.c.member, queue.c.organization)
        .where(or_(among(connection, queue.c.member, members), among(connection, queue.c.organization, organizations)))
        .order_by(queue.c.entry)
        .limit(limit)
    ).all()
    owners = {entry: member or -organization for entry, member, organization in rows}
    asked = select(refolds.c.member).where(among(connection, refolds.c.member, who))
    taken = Taken(in_log_order(connection, owners), set(connection.scalars(asked)))
    # The rest of those taken are here because their progress is of an older version.
    taken.again |= {one for one in who if one not in taken.entries}
    return taken
