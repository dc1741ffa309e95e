"""Rows into the log: one prepared statement a batch, on the driver itself, since all that is sent passes here.

Entries get their numbers in the order they are given in; those that can be applied are queued with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection

from hub.db import on_sqlite


class Row(NamedTuple):
    source: str
    id: str
    type: str
    subject: str
    time: int
    offset: int
    data: str
    received_at: int
    known_at: int | None
    member: int | None
    organization: int | None


def insert(connection: Connection, rows: Sequence[Row]) -> list[int]:
    """The number of each row's new entry, 0 where an entry of that key stands already. Rows have different keys."""
    if not rows:
        return []
    put = _into_sqlite if on_sqlite(connection) else _into_postgres
    return put(connection.connection.driver_connection, rows)


# --------------------------------------------------------------------------------------------------------------- SQLite

_INSERT_SQLITE = """
INSERT INTO entries (no, source, id, type, subject, time, "offset", data, received_at, known_at, member, organization)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, id) DO NOTHING
"""
_QUEUE_SQLITE = """
INSERT INTO queue (entry, member, organization)
SELECT no, member, organization FROM entries WHERE no BETWEEN ? AND ? AND known_at IS NOT NULL
"""


def _into_sqlite(driver: sqlite3.Connection | Any, rows: Sequence[Row]) -> list[int]:
    # The transaction holds the write lock, so nobody else takes these numbers; AUTOINCREMENT follows those given.
    newest = driver.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
    first = (newest[0] if newest else 0) + 1
    last = first + len(rows) - 1
    stored = driver.executemany(_INSERT_SQLITE, [(no, *row) for no, row in enumerate(rows, first)]).rowcount
    driver.execute(_QUEUE_SQLITE, (first, last))
    if stored == len(rows):
        return list(range(first, last + 1))
    new = {no for (no,) in driver.execute("SELECT no FROM entries WHERE no BETWEEN ? AND ?", (first, last))}
    return [no if no in new else 0 for no in range(first, last + 1)]


# ----------------------------------------------------------------------------------------------------------- PostgreSQL

_NUMBERS_POSTGRES = """
SELECT array_agg(nextval(pg_get_serial_sequence('entries', 'no'))) FROM generate_series(1, %b::int)
"""
# Sorted by key: two senders that share keys wait for each other in one direction only.
_INSERT_POSTGRES = """
WITH new AS (
    INSERT INTO entries
        (no, source, id, type, subject, time, "offset", data, received_at, known_at, member, organization)
    SELECT * FROM unnest(
            %b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::smallint[], %b::text[],
            %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[])
        AS t (no, source, id, type, subject, time, "offset", data, received_at, known_at, member, organization)
    ORDER BY source COLLATE "C", id COLLATE "C"
    ON CONFLICT (source, id) DO NOTHING
    RETURNING no, member, organization, known_at
), queued AS (
    INSERT INTO queue (entry, member, organization)
    SELECT no, member, organization FROM new WHERE known_at IS NOT NULL
)
SELECT no FROM new
"""


def _into_postgres(driver: psycopg.Connection[Any] | Any, rows: Sequence[Row]) -> list[int]:
    with driver.cursor(binary=True) as cursor:
        # The log's order is the order sent, whatever the order of insertion.
        numbers = sorted(cursor.execute(_NUMBERS_POSTGRES, [len(rows)]).fetchall()[0][0])
        columns = [list(column) for column in zip(*rows, strict=True)]
        stored = cursor.execute(_INSERT_POSTGRES, [numbers, *columns]).fetchall()
    if len(stored) == len(rows):
        return numbers
    new = {no for (no,) in stored}
    return [no if no in new else 0 for no in numbers]
