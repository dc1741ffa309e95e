"""Writing to the directory: one writer at a time; rows that replace those of the same key, or supersede them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, text, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import on_sqlite

#: Any number that no other lock of this database has.
_LOCK = 0x6469_7265


def take_turns(connection: Connection) -> None:
    """Wait for other writers of the directory, until this transaction ends: two of them could create the same name.

    On SQLite a write transaction is alone anyway.
    """
    if not on_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, each in place of the one with its primary key. All rows have the same columns."""
    if not rows:
        return
    insert = (sqlite if on_sqlite(connection) else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), rows)


def supersede(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    former: Sequence[Mapping[str, Any]],
    now: int,
) -> None:
    """Insert these rows as known from `now` on. The rows known so far under the keys `former` stay, superseded."""
    if former:
        same = [table.c[name] == bindparam(f"of_{name}") for name in former[0]]
        ended = update(table).where(*same, table.c.superseded_at.is_(None)).values(superseded_at=now)
        connection.execute(ended, [{f"of_{name}": value for name, value in key.items()} for key in former])
    if rows:
        connection.execute(table.insert(), [{**row, "recorded_at": now} for row in rows])
