"""Many rows at once, the fast way of each database: executemany on SQLite, one INSERT from arrays on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    delete,
    tuple_,
)

from hub.db import on_sqlite
from hub.directory.sets import among


def insert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Collection[tuple[Any, ...]],
    *,
    upsert: bool = False,
    ignore: bool = False,
) -> None:
    """Insert rows, given in the order of `columns`. Where the key stands already, `upsert` replaces the rest, `ignore` leaves it."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    conflict = _on_conflict(table, columns) if upsert else "ON CONFLICT DO NOTHING" if ignore else ""
    driver: Any = connection.connection.driver_connection
    if on_sqlite(connection):
        marks = ", ".join("?" * len(columns))
        driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks}) {conflict}', rows)  # noqa: S608
        return
    arrays = ", ".join(f"%b::{_type(table.c[name])}[]" for name in columns)
    with driver.cursor(binary=True) as cursor:
        cursor.execute(
            f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({arrays}) {conflict}',  # noqa: S608
            [list(column) for column in zip(*rows, strict=True)],
        )


def _on_conflict(table: Table, columns: Sequence[str]) -> str:
    keys = [column.name for column in table.primary_key.columns]
    rest = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in keys)
    return f"ON CONFLICT ({', '.join(keys_quoted(keys))}) DO " + (f"UPDATE SET {rest}" if rest else "NOTHING")


def keys_quoted(keys: Iterable[str]) -> list[str]:
    return [f'"{key}"' for key in keys]


def _type(column: Column[Any]) -> str:
    kinds: list[tuple[type, str]] = [
        (BigInteger, "bigint"),
        (SmallInteger, "smallint"),
        (Integer, "int"),
        (LargeBinary, "bytea"),
        (Boolean, "boolean"),
    ]
    return next((name for kind, name in kinds if isinstance(column.type, kind)), "text")


def clear(connection: Connection, table: Table, members: Collection[int], column: str = "member") -> None:
    """Delete the rows of these members."""
    if members:
        connection.execute(delete(table).where(among(connection, table.c[column], members)))


def clear_keys(connection: Connection, table: Table, columns: Sequence[str], keys: Collection[tuple[Any, ...]]) -> None:
    """Delete the rows that have these values in these columns; a few hundred at most."""
    if keys:
        connection.execute(delete(table).where(tuple_(*(table.c[name] for name in columns)).in_(list(keys))))
