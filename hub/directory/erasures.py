"""Erasures: a person of whom only the number stays, and what she was for the program (organization, roles, zone).

Her names are forgotten, but for a fingerprint of each: by it what is sent about her again is known, and refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from hub.directory.present import refresh_present
from hub.directory.rows import listing
from hub.directory.sets import among
from hub.directory.tables import (
    aliases,
    assignments,
    deactivations,
    erased_names,
    erasures,
    member_profiles,
    members,
    merges,
    present,
    profiles_due,
    targets,
)

#: Tables with members' numbers of which this module says what stays of them.
OWN = frozenset(
    table.name
    for table in (
        *(aliases, assignments, deactivations, erasures, member_profiles, merges),
        *(present, profiles_due, targets),
    )
)
#: Not a name that anybody can have, or ask for: no name holds a control character.
_NOBODY = "\x1ferased/"
#: What stands where something of hers stood.
ERASED = "erased"


def erased(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of these names that meant somebody who was erased."""
    if not names:
        return set()
    prints = {_fingerprint(name): name for name in names}
    return {prints[one] for one in _known(connection, prints)}


def _known(connection: Connection, prints: Iterable[str]) -> set[str]:
    t = erased_names.c
    return set(connection.scalars(select(t.fingerprint).where(among(connection, t.fingerprint, prints))))


def was_erased(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the member of a column was erased."""
    return select(erasures.c.member).where(erasures.c.member == column).correlate_except(erasures).exists()


def _fingerprint(name: str) -> str:
    return sha256(f"hub/{ERASED}/{name}".encode()).hexdigest()


def begin(connection: Connection, numbers: Collection[int], names: Iterable[str], by: str, now: int) -> None:
    """From here until `finish` this transaction may change what an entry, or a line of the ledger, says."""
    rows = [{"member": no, "at": now, "by": by, "finished_at": None} for no in sorted(numbers)]
    connection.execute(insert(erasures), rows)
    prints = {_fingerprint(name) for name in names}
    if new := prints - _known(connection, prints):
        connection.execute(insert(erased_names), [{"fingerprint": one} for one in sorted(new)])


def begin_again(connection: Connection, numbers: Collection[int]) -> None:
    """As `begin`, for what came of them at the very moment of the first time."""
    connection.execute(update(erasures).where(among(connection, erasures.c.member, numbers)).values(finished_at=None))


def finish(connection: Connection, numbers: Collection[int], now: int) -> None:
    connection.execute(update(erasures).where(among(connection, erasures.c.member, numbers)).values(finished_at=now))


def told(connection: Connection, numbers: Collection[int]) -> set[str]:
    """What her profiles ever said that is hers: names, addresses, numbers to call."""
    t = member_profiles.c
    rows = connection.execute(select(t.name, t.email, t.phone).where(among(connection, t.member, numbers)))
    return {text for row in rows for text in row if text}


def forget(connection: Connection, numbers: Collection[int], words: Collection[str], now: int) -> None:
    """Forget her names and what her profiles say, but for what the program goes by; nobody is looked after by her."""
    for no in sorted(numbers):
        connection.execute(update(members).where(members.c.no == no).values(id=f"{_NOBODY}{no}"))
    for table in (aliases, assignments, profiles_due):
        connection.execute(delete(table).where(among(connection, table.c.member, numbers)))
    _forget_profiles(connection, numbers, words)
    t = deactivations.c
    connection.execute(update(deactivations).where(among(connection, t.member, numbers)).values(reason=None, by=ERASED))
    for table in (deactivations, merges, erasures):
        connection.execute(update(table).where(among(connection, table.c.by, words)).values(by=ERASED))
    refresh_present(connection, numbers, now)


def _forget_profiles(connection: Connection, numbers: Collection[int], words: Collection[str]) -> None:
    t = member_profiles.c
    hers = {word.casefold() for word in words}
    for no, tags in connection.execute(select(t.no, t.tags).where(among(connection, t.member, numbers))).all():
        kept = [tag for tag in listing(tags) if tag.casefold() not in hers]
        blank = {"name": "", "email": None, "phone": None, "title": None, "listed": False}
        blank["tags"] = msgspec.json.encode(kept).decode()
        connection.execute(update(member_profiles).where(t.no == no).values(blank))
