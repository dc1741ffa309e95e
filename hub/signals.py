"""Signals: what changed (notices), and who has work (the queue). Anybody below may publish; workers and `live` listen.

Both are rows that commit with the change they tell of. Their numbers may become visible out of order on PostgreSQL:
a queue row is deleted by who digests it, and a follower of notices remembers the gaps (`Follower`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, bindparam, delete, func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import db

#: An integer key that counts up by itself on both databases.
Number = BigInteger().with_variant(Integer, "sqlite")

notices = Table(
    "notices",
    db.metadata,
    Column("id", Number, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("topics", Text, nullable=False),  # a JSON list
    sqlite_autoincrement=True,
)

#: One row for each entry of the log that is not digested yet; its member, or the organization it is about.
queue = Table(
    "queue",
    db.metadata,
    Column("entry", Number, primary_key=True, autoincrement=False),
    Column("member", BigInteger, index=True),
    Column("organization", BigInteger),
)

#: Members to be folded again from the log: a changed past, an imported target, a new program.
refolds = Table(
    "refolds",
    db.metadata,
    Column("member", Number, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

TOPICS_PER_NOTICE = 1_000
NOTICES_PER_READ = 1_000
NOTICES_KEPT_US = 15 * 60 * 1_000_000
#: A transaction that took a number has its own id within this time of it.
GAP_SETTLES_US = 2 * 1_000_000
GAPS_KEPT = 10_000

#: The topic of what cannot be told apart: look at everything again.
EVERYTHING = "all"


def publish(connection: Connection, topics: Iterable[str], at: int) -> None:
    """Tell, with this transaction's commit, that these topics changed."""
    changed = sorted(set(topics))
    slices = [changed[i : i + TOPICS_PER_NOTICE] for i in range(0, len(changed), TOPICS_PER_NOTICE)]
    if slices:
        connection.execute(
            notices.insert(), [{"at": at, "topics": msgspec.json.encode(part).decode()} for part in slices]
        )


def fold_again(connection: Connection, members: Iterable[int], at: int) -> None:
    """Ask for these members to be folded again from the log; one that is being folded is asked for once more."""
    rows = [{"member": member, "at": at} for member in sorted(set(members))]
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    asked = dialect.insert(refolds)
    later = func.greatest if dialect is postgresql else func.max
    once_more = {"at": later(refolds.c.at + 1, asked.excluded.at)}
    connection.execute(asked.on_conflict_do_update(index_elements=["member"], set_=once_more), rows)


def forget(connection: Connection, now: int) -> None:
    """Delete notices that every page has long seen. The newest stays: it tells who read it that nothing was missed."""
    newest = select(func.max(notices.c.id)).scalar_subquery()
    connection.execute(delete(notices).where(notices.c.at < now - NOTICES_KEPT_US, notices.c.id < newest))


def since(connection: Connection, cursor: int) -> set[str]:
    """The topics told after notice `cursor`; EVERYTHING where they are too many or partly forgotten."""
    oldest, newest = connection.execute(_KEPT).one()
    if oldest is None:
        return set() if cursor == 0 else {EVERYTHING}
    if not oldest - 1 <= cursor <= newest:
        return {EVERYTHING}
    rows = connection.execute(_SINCE, {"last": cursor}).all()
    return {EVERYTHING} if len(rows) > NOTICES_PER_READ else _topics(told for _, told in rows)


def _topics(told: Iterable[str]) -> set[str]:
    topics: set[str] = set()
    for notice in told:
        topics.update(msgspec.json.decode(notice))
    return topics


class Follower:
    """Reads each notice once, in spite of numbers that become visible late.

    A number that is jumped over belongs to a transaction that still runs, or to one that was rolled back. It is
    looked for until every transaction that ran when it was missed has ended, however long that takes.
    """

    def __init__(self, connection: Connection) -> None:
        self.last: int = connection.execute(_KEPT).one()[1] or 0
        self._gaps: dict[int, _Gap] = {}

    @property
    def cursor(self) -> int:
        """All notices up to this number were read, or will never be."""
        return min(self._gaps, default=self.last + 1) - 1

    def read(self, connection: Connection, now: int) -> set[str]:
        """The topics of notices not read yet, of at most NOTICES_PER_READ of them: ask until there are none."""
        over = self._over(connection, now)
        rows = connection.execute(_UNREAD, {"last": self.last, "gaps": list(self._gaps) or [-1]}).all()
        if not rows:
            self._drop(over)
            return set()
        lost = self._forgotten(connection)
        self._drop([*over, *(number for number, _ in rows)])
        # SQLite has one writer at a time: its numbers come in order, and those of what was rolled back are given again.
        if connection.dialect.name != "sqlite":
            lost |= not self._miss([number for number, _ in rows], now)
        self.last = max(self.last, rows[-1][0])
        return {EVERYTHING} if lost else _topics(told for _, told in rows)

    def _over(self, connection: Connection, now: int) -> list[int]:
        """The gaps of transactions that have all ended: what this read does not find will never be there."""
        if not self._gaps:
            return []
        settled = [gap for gap in self._gaps.values() if gap.until is None and now - gap.seen >= GAP_SETTLES_US]
        if settled:
            coming = connection.scalar(_YOUNGEST)
            for gap in settled:
                gap.until = coming
        running = connection.scalar(_OLDEST) or 0
        return [number for number, gap in self._gaps.items() if gap.until is not None and gap.until <= running]

    def _forgotten(self, connection: Connection) -> bool:
        """Whether notices may have been deleted unread: what was read last is gone, and it was not the first ever."""
        oldest, _ = connection.execute(_KEPT).one()
        return self.last > 0 and oldest is not None and oldest > self.last

    def _miss(self, numbers: list[int], now: int) -> bool:
        """Note the numbers that are jumped over; False where not all of them can be looked for, but only the newest."""
        new = [self.last, *(number for number in numbers if number > self.last)]
        jumps = [range(before + 1, number) for before, number in pairwise(new)]
        newest_first = chain.from_iterable(reversed(jump) for jump in reversed(jumps))
        few = len(self._gaps) + sum(map(len, jumps)) <= GAPS_KEPT
        if not few:
            self._gaps.clear()
        self._gaps.update((gap, _Gap(now)) for gap in islice(newest_first, GAPS_KEPT))
        return few

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._gaps.pop(number, None)


@dataclass
class _Gap:
    """A number not seen: since when it is missed, and the first transaction that cannot be the one that took it."""

    seen: int
    until: int | None = None


class Changes:
    """Whether anybody may have committed since it was last asked. PostgreSQL cannot tell: there it is always so."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._version: int | None = None

    def __call__(self) -> bool:
        if self._connection.dialect.name != "sqlite":
            return True
        version = self._connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        self._connection.rollback()
        changed: bool = version != self._version
        self._version = version
        return changed


@contextmanager
def polling() -> Iterator[Connection]:
    """A connection of one's own to ask the same short question again and again; the pool has one as before.

    On SQLite the caller ends each question with `rollback()`, or it would see the same state for ever.
    """
    options: dict[str, Any] = {"hub_reads": True}
    if db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "AUTOCOMMIT"
    with db.engine.connect().execution_options(**options) as connection:
        connection.detach()
        yield connection


_KEPT = select(func.min(notices.c.id), func.max(notices.c.id))
_SINCE = (
    select(notices.c.id, notices.c.topics)
    .where(notices.c.id > bindparam("last"))
    .order_by(notices.c.id)
    .limit(NOTICES_PER_READ + 1)
)
_UNREAD = (
    select(notices.c.id, notices.c.topics)
    .where(or_(notices.c.id > bindparam("last"), notices.c.id.in_(bindparam("gaps", expanding=True))))
    .order_by(notices.c.id)
    .limit(NOTICES_PER_READ)
)
#: The id of the oldest transaction that still runs; and one above those of all that have begun. The end of a snapshot
#: is no such: it is one above those that have ended, and there may be others above it that run.
_OLDEST = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_YOUNGEST = text("SELECT pg_current_xact_id()::text::bigint")
