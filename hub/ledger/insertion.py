"""Rows into the log: one prepared statement a batch, on the driver itself, since all that is sent passes here.

Entries get their numbers in the order they are given in; those that are known, and of somebody, are queued with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from struct import Struct, pack
from typing import Any, NamedTuple

import psycopg
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format
from sqlalchemy import Connection
from typing_extensions import override

from hub.db import driver, on_sqlite


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
    with driver(connection) as own:
        return put(own, rows)


# --------------------------------------------------------------------------------------------------------------- SQLite

_INSERT_SQLITE = """
INSERT INTO entries (no, source, id, type, subject, time, "offset", data, received_at, known_at, member, organization)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, id) DO NOTHING
"""
_QUEUE_SQLITE = """
INSERT INTO queue (entry, member, organization)
SELECT no, member, organization FROM entries WHERE no BETWEEN ? AND ? AND known_at IS NOT NULL
AND (member IS NOT NULL OR organization IS NOT NULL)
"""


def _into_sqlite(own: sqlite3.Connection, rows: Sequence[Row]) -> list[int]:
    # The transaction holds the write lock, so nobody else takes these numbers; AUTOINCREMENT follows those given.
    newest = own.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
    first = (newest[0] if newest else 0) + 1
    last = first + len(rows) - 1
    stored = own.executemany(_INSERT_SQLITE, [(no, *row) for no, row in enumerate(rows, first)]).rowcount
    own.execute(_QUEUE_SQLITE, (first, last))
    if stored == len(rows):
        return list(range(first, last + 1))
    new = {no for (no,) in own.execute("SELECT no FROM entries WHERE no BETWEEN ? AND ?", (first, last))}
    return [no if no in new else 0 for no in range(first, last + 1)]


# ----------------------------------------------------------------------------------------------------------- PostgreSQL

# The log's order is the order sent, so numbers are drawn in it; but rows go in sorted by key: two senders that share
# keys wait for each other in one direction only.
_INSERT_POSTGRES = """
WITH incoming AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('entries', 'no')) AS no, t.*
    FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
                %b::bigint[], %b::bigint[], %b::bigint[]) WITH ORDINALITY
        AS t (source, id, type, subject, data, time, "offset", received_at, known_at, member, organization, place)
), new AS (
    INSERT INTO entries
        (no, source, id, type, subject, time, "offset", data, received_at, known_at, member, organization)
    SELECT no, source, id, type, subject, time, "offset", data, received_at, nullif(known_at, 0), nullif(member, 0),
        nullif(organization, 0)
    FROM incoming ORDER BY source COLLATE "C", id COLLATE "C"
    ON CONFLICT (source, id) DO NOTHING
    RETURNING no, member, organization, known_at
), queued AS (
    INSERT INTO queue (entry, member, organization)
    SELECT no, member, organization FROM new
    WHERE known_at IS NOT NULL AND (member IS NOT NULL OR organization IS NOT NULL)
)
SELECT array_agg(no), array_agg(place) FROM new JOIN incoming USING (no)
"""
_TEXTS = (0, 1, 2, 3, 6)
_NUMBERS = (4, 5, 7, 8, 9, 10)


def _into_postgres(own: psycopg.Connection[Any], rows: Sequence[Row]) -> list[int]:
    columns = list(zip(*rows, strict=True))
    arrays = [_Texts(columns[place]) for place in _TEXTS] + [_Numbers(columns[place]) for place in _NUMBERS]
    with own.cursor(binary=True) as cursor:
        numbers, places = cursor.execute(_INSERT_POSTGRES, arrays).fetchall()[0]
    placed = [0] * len(rows)
    for number, place in zip(numbers or (), places or (), strict=True):
        placed[place - 1] = number
    return placed


# psycopg writes arrays value by value, which took as long as the insertion itself.


class _Texts(tuple[str, ...]):
    """A text[]."""


class _Numbers(tuple[int | None, ...]):
    """A bigint[], with 0 for NULL."""


class _TextsDumper(Dumper):
    format = Format.BINARY
    oid = types["text"].array_oid

    @override
    def dump(self, obj: _Texts) -> bytes:
        octets = [text.encode() for text in obj]
        cells = [b""] * (2 * len(octets))
        cells[::2] = [_LENGTH(len(cell)) for cell in octets]
        cells[1::2] = octets
        return _head(types["text"].oid, len(octets)) + b"".join(cells)


class _NumbersDumper(Dumper):
    format = Format.BINARY
    oid = types["int8"].array_oid

    @override
    def dump(self, obj: _Numbers) -> bytes:
        cells = [8] * (2 * len(obj))
        cells[1::2] = [number or 0 for number in obj]
        return _head(types["int8"].oid, len(obj)) + pack(f"!{'iq' * len(obj)}", *cells)


_LENGTH = Struct("!i").pack


def _head(oid: int, length: int) -> bytes:
    """One dimension, no NULLs, counted from 1."""
    return pack("!iiIii", 1, 0, oid, length, 1)


psycopg.adapters.register_dumper(_Texts, _TextsDumper)
psycopg.adapters.register_dumper(_Numbers, _NumbersDumper)
