"""A set of numbers or names as one parameter of a statement, whatever its size.

SQLite limits how many parameters a statement has, and a statement per size would be parsed anew each time; so SQLite
gets one JSON text and PostgreSQL one array.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from hub.db import on_sqlite


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[int | str]) -> ColumnElement[bool]:
    """The condition that `column` is one of `values`. Texts must be storable (`names.storable`)."""
    several = list(values)
    if len(several) == 1:
        # Most questions are about one; this one is said, and understood, faster.
        return column == several[0]
    if on_sqlite(connection):
        listed = func.json_each(msgspec.json.encode(several).decode()).table_valued("value")
        return column.in_(select(listed.c.value))
    kind = Text if isinstance(column.type, Text) else BigInteger
    return column == any_(bindparam(None, several, ARRAY(kind)))
