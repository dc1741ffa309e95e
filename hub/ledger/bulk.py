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
    select,
    tuple_,
)

from hub.db import driver, on_sqlite
from hub.directory.sets import among

_KEYS_A_STATEMENT = 200


def insert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Collection[tuple[Any, ...]],
    *,
    upsert: bool = False,
    ignore: bool = False,
) -> None:
    """Insert rows, given in the order of `columns`. Where the key stands already, `upsert` replaces the rest,
    `ignore` leaves it.
    """
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    conflict = _on_conflict(table, columns) if upsert else "ON CONFLICT DO NOTHING" if ignore else ""
    if on_sqlite(connection):
        marks = ", ".join("?" * len(columns))
        with driver(connection) as own:
            own.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks}) {conflict}', rows)  # noqa: S608
        return
    arrays = ", ".join(f"%b::{_type(table.c[name])}[]" for name in columns)
    with driver(connection) as own, own.cursor(binary=True) as cursor:
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


def replace(
    connection: Connection, table: Table, member: int, columns: Sequence[str], rows: Collection[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Make these all the rows that the member has; what stands as it should be is not written. `columns` begin with
    the key. -> the keys of those that are gone.
    """
    key = len(table.primary_key.columns)
    selected = select(*(table.c[name] for name in columns)).where(table.c.member == member)
    standing = {row[:key]: tuple(row) for row in connection.execute(selected)}
    wanted = {row[:key]: row for row in rows}
    gone = [one for one in standing if one not in wanted]
    for at in range(0, len(gone), _KEYS_A_STATEMENT):
        clear_keys(connection, table, columns[:key], gone[at : at + _KEYS_A_STATEMENT])
    changed = [row for one, row in wanted.items() if standing.get(one) != row]
    insert(connection, table, columns, changed, upsert=True)
    return gone


def clear(connection: Connection, table: Table, members: Collection[int], column: str = "member") -> None:
    """Delete the rows of these members."""
    if members:
        connection.execute(delete(table).where(among(connection, table.c[column], members)))


def clear_keys(connection: Connection, table: Table, columns: Sequence[str], keys: Collection[tuple[Any, ...]]) -> None:
    """Delete the rows that have these values in these columns; a few hundred at most."""
    if keys:
        connection.execute(delete(table).where(tuple_(*(table.c[name] for name in columns)).in_(list(keys))))
