"""The bare insert: rows into the log's table, the fast way of each database, and nothing else. What all is measured
by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hub.db import on_sqlite, transaction
from hub.ledger.insertion import Row

_COLUMNS = ", ".join(f'"{name}"' for name in Row._fields)
_SQLITE = f"INSERT INTO entries ({_COLUMNS}) VALUES ({', '.join('?' * len(Row._fields))})"
_TYPES = {"time": "bigint", "offset": "smallint", "received_at": "bigint", "known_at": "bigint"}
_TYPES |= {"member": "bigint", "organization": "bigint"}
_ARRAYS = ", ".join(f"%b::{_TYPES.get(name, 'text')}[]" for name in Row._fields)
_POSTGRES = f"INSERT INTO entries ({_COLUMNS}) SELECT * FROM unnest({_ARRAYS})"


def insert_all(slices: Iterable[Sequence[Row]]) -> None:
    """A transaction each, durable when it returns."""
    for rows in slices:
        _insert(rows)


def _insert(rows: Sequence[Row]) -> None:
    with transaction() as connection:
        driver: Any = connection.connection.driver_connection
        if on_sqlite(connection):
            driver.executemany(_SQLITE, rows)
            return
        with driver.cursor(binary=True) as cursor:
            cursor.execute(_POSTGRES, [list(column) for column in zip(*rows, strict=True)])
