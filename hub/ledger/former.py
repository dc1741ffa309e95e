"""Former values: what members and organizations stood at, kept for whoever pages through a board while it changes.

Whoever asks for a board's first page has its values watched for a while, and is given a moment: what she has seen of
the database. From then on whoever changes a watched value first keeps what it was. So the board of that moment is: what
has not changed since, as it stands; and of all others what was kept first. Where nobody pages, nothing is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from hub import clock
from hub.db import on_sqlite, settle, transaction
from hub.directory.sets import among
from hub.ledger import bulk
from hub.ledger.tables import former_values, watched_values

#: A cursor is good for so long; what it needs is kept a little longer, since clocks differ.
KEPT_US = 15 * clock.MINUTE
MARGIN_US = clock.MINUTE
FORGOTTEN_A_TIME = 1_000

#: Writers of values share this advisory lock on PostgreSQL; who begins to watch some waits until those have ended that
#: may not know of it.
_WATCHING = 0x70616765

#: Whose value of which metric in which window; organizations have their number negated.
Key = tuple[int, str, str]


class Moment(NamedTuple):
    """What somebody has seen: of the watch `no`, begun at an instant. `seen`: on SQLite the newest row that was kept by
    then; on PostgreSQL a snapshot, its two ends and the transactions between them that ran.
    """

    no: int
    begun: int
    seen: list[int]


# ------------------------------------------------------------------------------------------------------------ watching


def watch(metric: str, window: str, now: int) -> None:
    """Have these values watched: all changes that a moment of now on does not see are kept."""
    t = watched_values.c
    with transaction() as connection:
        connection.execute(delete(watched_values).where(t.until <= now))
        dialect = sqlite if on_sqlite(connection) else postgresql
        row = dialect.insert(watched_values).values(metric=metric, window=window, until=now + 2 * KEPT_US)
        longer = {"until": row.excluded.until}
        connection.execute(row.on_conflict_do_update(index_elements=["metric", "window"], set_=longer))
    settle(_WATCHING)


def moment(connection: Connection, metric: str, window: str, now: int) -> Moment | None:
    """The moment that the snapshot of `connection` sees; None where these values are not watched for long enough."""
    t = watched_values.c
    no = connection.scalar(
        select(t.no).where(t.metric == metric, t.window == window, t.until >= now + KEPT_US + MARGIN_US)
    )
    return None if no is None else Moment(no, now, _seen(connection))


def _seen(connection: Connection) -> list[int]:
    if on_sqlite(connection):
        newest = text("SELECT seq FROM sqlite_sequence WHERE name = 'former_values'")
        return [connection.scalar(newest) or 0]
    start, end, running = str(connection.scalar(text("SELECT pg_current_snapshot()::text"))).split(":")
    return [int(start), int(end), *(int(one) for one in running.split(",") if one)]


def holds(connection: Connection, then: Moment, metric: str, window: str, now: int) -> bool:
    """Whether everything that changed since then was kept, and still is."""
    t = watched_values.c
    watched = select(t.no).where(t.no == then.no, t.metric == metric, t.window == window, t.until > now)
    wanted = 1 if on_sqlite(connection) else 2
    return now < then.begun + KEPT_US and len(then.seen) >= wanted and connection.scalar(watched) is not None


# -------------------------------------------------------------------------------------------------------------- keeping


def watched(connection: Connection, now: int) -> frozenset[tuple[str, str]]:
    """Metrics and windows of which the writer at hand has to keep what it changes."""
    if not on_sqlite(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_WATCHING})")
    t = watched_values.c
    rows = connection.execute(select(t.metric, t.window).where(t.until > now))
    return frozenset((metric, window) for metric, window in rows)


def keep(connection: Connection, table: Table, new: Mapping[Key, tuple[Any, ...] | None], now: int) -> None:
    """Keep what these values were, where they are to be other ones: (value, instant, source, id), or None."""
    if not new:
        return
    standing = _standing(connection, table, new)
    changed = [(key, standing.get(key)) for key, value in new.items() if standing.get(key) != value]
    writer = None if on_sqlite(connection) else connection.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
    rows = [(metric, window, who, *(old or _NONE), writer or 0, now) for (who, metric, window), old in changed]
    bulk.insert(connection, former_values, _ROW, rows)


_ROW = ("metric", "window", "who", "value", "changed_at", "changed_source", "changed_id", "writer", "kept_at")
_NONE = (None, None, None, None)


def _standing(connection: Connection, table: Table, keys: Collection[Key]) -> dict[Key, tuple[Any, ...]]:
    of_members = "member" in table.c
    t, who = table.c, table.c.member if of_members else table.c.organization
    found: dict[Key, tuple[Any, ...]] = {}
    for metric, window in {(metric, window) for _, metric, window in keys}:
        wanted = [abs(one) for one, *of in keys if tuple(of) == (metric, window)]
        query = select(who, t.value, t.changed_at, t.changed_source, t.changed_id)
        rows = connection.execute(query.where(t.metric == metric, t.window == window, among(connection, who, wanted)))
        found |= {(no if of_members else -no, metric, window): tuple(stand) for no, *stand in rows}
    return found


def forget(now: int) -> None:
    """Delete what no cursor needs any more, a few rows at a time."""
    with transaction() as connection:
        connection.execute(delete(watched_values).where(watched_values.c.until <= now))
    t = former_values.c
    old = select(t.no).where(t.kept_at < now - KEPT_US - MARGIN_US).limit(FORGOTTEN_A_TIME)
    while True:
        with transaction() as connection:
            gone = connection.execute(delete(former_values).where(t.no.in_(old))).rowcount
        if gone < FORGOTTEN_A_TIME:
            return


# -------------------------------------------------------------------------------------------------------------- reading


def first_since(connection: Connection, t: Any, then: Moment) -> ColumnElement[bool]:
    """The condition that a row of kept values says what stood at that moment."""
    earlier = former_values.alias()
    before = and_(
        *(earlier.c[name] == t[name] for name in ("metric", "window", "who")),
        earlier.c.no < t.no,
        _unseen(connection, earlier.c, then),
    )
    return and_(_unseen(connection, t, then), ~exists().where(before))


def changed_since(connection: Connection, metric: str, window: str, who: ColumnElement[int], then: Moment) -> Any:
    """The condition that somebody's value is no longer what it was at that moment."""
    t = former_values.c
    return exists().where(t.metric == metric, t.window == window, t.who == who, _unseen(connection, t, then))


def stood(connection: Connection, metric: str, window: str, then: Moment) -> dict[int, tuple[Any, ...] | None]:
    """Where those stood whose value has changed since that moment: (value, instant, source, id), or nowhere: None."""
    t = former_values.c
    query = select(t.who, t.value, t.changed_at, t.changed_source, t.changed_id)
    rows = connection.execute(query.where(t.metric == metric, t.window == window, first_since(connection, t, then)))
    return {who: None if stand[0] is None else tuple(stand) for who, *stand in rows}


def _unseen(connection: Connection, t: Any, then: Moment) -> ColumnElement[bool]:
    """The condition that a row was kept by a change that the moment does not see."""
    if on_sqlite(connection):
        unseen: ColumnElement[bool] = t.no > then.seen[0]
        return unseen
    start, end, *running = then.seen
    return or_(t.writer >= end, and_(t.writer >= start, among(connection, t.writer, running)))
