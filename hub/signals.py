"""Signals: what changed (notices), and who has work (the queue). Anybody below may publish; workers and `live` listen.

Both are rows that commit with the change they tell of. Their numbers may become visible out of order on PostgreSQL:
a queue row is deleted by who digests it, and a follower of notices remembers the gaps (`Follower`).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, bindparam, delete, or_, select
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
NOTICES_KEPT_US = 15 * 60 * 1_000_000
GAP_KEPT_US = 60 * 1_000_000


def publish(connection: Connection, topics: Iterable[str], at: int) -> None:
    """Tell, with this transaction's commit, that these topics changed."""
    changed = sorted(set(topics))
    slices = [changed[i : i + TOPICS_PER_NOTICE] for i in range(0, len(changed), TOPICS_PER_NOTICE)]
    if slices:
        connection.execute(
            notices.insert(), [{"at": at, "topics": msgspec.json.encode(part).decode()} for part in slices]
        )


def fold_again(connection: Connection, members: Iterable[int], at: int) -> None:
    """Ask for these members to be folded again from the log."""
    rows = [{"member": member, "at": at} for member in sorted(set(members))]
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(refolds).on_conflict_do_nothing(), rows)


def forget(connection: Connection, now: int) -> None:
    """Delete notices that every page has long seen."""
    connection.execute(delete(notices).where(notices.c.at < now - NOTICES_KEPT_US))


class Follower:
    """Reads each notice once, in spite of numbers that become visible late: a gap is looked for again for a minute."""

    def __init__(self, connection: Connection, after: int | None = None) -> None:
        newest = connection.execute(select(notices.c.id).order_by(notices.c.id.desc()).limit(1)).scalar()
        self.last = (newest or 0) if after is None else after
        self._gaps: dict[int, int] = {}

    def read(self, connection: Connection, now: int) -> set[str]:
        """The topics of all notices not read yet."""
        self._gaps = {gap: seen for gap, seen in self._gaps.items() if now - seen < GAP_KEPT_US}
        rows = connection.execute(_UNREAD, {"last": self.last, "gaps": list(self._gaps) or [-1]}).all()
        topics: set[str] = set()
        for number, told in rows:
            topics.update(msgspec.json.decode(told))
            self._gaps.pop(number, None)
            if number > self.last:
                self._gaps.update(dict.fromkeys(range(self.last + 1, number), now))
                self.last = number
        return topics


_UNREAD = (
    select(notices.c.id, notices.c.topics)
    .where(or_(notices.c.id > bindparam("last"), notices.c.id.in_(bindparam("gaps", expanding=True))))
    .order_by(notices.c.id)
)
