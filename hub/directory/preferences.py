"""Preferences: what a member chose for herself. It goes before what imports and other systems say of her."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from hub.directory.sets import among
from hub.directory.tables import preferences
from hub.directory.writing import put


@dataclass(frozen=True, slots=True)
class Preferences:
    """`time_zone`, `locale`: None: as others say. `unlisted`: her name stands on no board; `quiet`: nothing is
    celebrated.
    """

    time_zone: str | None = None
    locale: str | None = None
    unlisted: bool = False
    quiet: bool = False


NONE = Preferences()


def of(connection: Connection, members: Collection[int]) -> dict[int, Preferences]:
    """Of those of these members who chose anything."""
    t = preferences.c
    rows = connection.execute(select(preferences).where(among(connection, t.member, members)))
    return {row.member: Preferences(row.time_zone, row.locale, row.unlisted, row.quiet) for row in rows}


def is_quiet(connection: Connection, member: int) -> bool:
    return bool(connection.scalar(select(preferences.c.quiet).where(preferences.c.member == member)))


def write(connection: Connection, member: int, chosen: Preferences, now: int) -> None:
    row = {
        "member": member,
        "time_zone": chosen.time_zone,
        "locale": chosen.locale,
        "unlisted": chosen.unlisted,
        "quiet": chosen.quiet,
        "changed_at": now,
    }
    put(connection, preferences, [row])
