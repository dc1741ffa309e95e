"""What may be shown once: assertions and logout tokens, by who issued them and what they are called."""

from __future__ import annotations

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import on_sqlite, transaction
from hub.identity.tables import used_once


def first_use(connection: Connection, issuer: str, id_: str, until: int) -> bool:
    """Note that this was shown; False where it was before. It is remembered `until` nobody would believe it anyway."""
    insert = (sqlite if on_sqlite(connection) else postgresql).insert(used_once)
    shown = {"issuer": issuer, "id": id_, "until": until}
    noted = insert.values(shown).on_conflict_do_nothing().returning(used_once.c.id)
    return connection.execute(noted).first() is not None


def forget(now: int) -> None:
    """Delete what nobody would believe any more."""
    with transaction() as connection:
        connection.execute(delete(used_once).where(used_once.c.until < now))
