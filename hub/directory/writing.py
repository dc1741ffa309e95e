"""Writing to the directory: one writer at a time, and rows that replace those of the same key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, text
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
