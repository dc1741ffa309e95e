"""One entry of the log as people and other systems ask for it: by its public ref, or by source and id."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, select, text

from hub.db import on_sqlite
from hub.directory import merges
from hub.gamification.events import Key
from hub.ledger.tables import entries, held, refused

Status = Literal["accepted", "held", "rejected"]

PREFIX = "e_"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_BITS, _LENGTH = 40, 8
#: A bijection of 40 bits: refs of neighbours do not look alike, and do not tell how many there are.
_FACTOR = 0x9E3779B97F | 1
_INVERSE = pow(_FACTOR, -1, 1 << _BITS)
_MASK = (1 << _BITS) - 1
_PAIRS = tuple(high + low for high in _LETTERS for low in _LETTERS)
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}


def ref(number: int) -> str:
    """The public name of an entry: short, stable, and nothing to read in it."""
    mixed = number * _FACTOR & _MASK
    return (
        f"{PREFIX}{_PAIRS[mixed >> 30]}{_PAIRS[mixed >> 20 & 1023]}{_PAIRS[mixed >> 10 & 1023]}{_PAIRS[mixed & 1023]}"
    )


def number(name: str) -> int | None:
    """The number of the entry with this public name; None where it is no such name."""
    letters = name.removeprefix(PREFIX)
    if len(letters) != _LENGTH or name == letters or not all(letter in _VALUES for letter in letters):
        return None
    mixed = 0
    for letter in letters:
        mixed = mixed << 5 | _VALUES[letter]
    return mixed * _INVERSE & _MASK


@dataclass(frozen=True, slots=True)
class Entry:
    """`status` is accepted, held or rejected (held once, found wrong later); `code`, `path`, `message` say why.

    `time`, `received_at` and `known_at` in microseconds, `offset` in minutes; `data` is JSON. `member`: whose it is by
    now.
    """

    number: int
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
    status: Status
    code: str | None
    path: str | None
    message: str | None


def read(connection: Connection, name: str) -> Entry | None:
    """The entry with this public name."""
    wanted = number(name)
    return None if wanted is None else _one(connection, entries.c.no == wanted)


def of_number(connection: Connection, wanted: int) -> Entry:
    """The entry with this number, which there is."""
    found = _one(connection, entries.c.no == wanted)
    assert found is not None
    return found


def of_key(connection: Connection, source: str, key: str) -> Entry | None:
    return _one(connection, (entries.c.source == source) & (entries.c.id == key))


class Standing(NamedTuple):
    """An entry as its key is judged by."""

    no: int
    type: str
    subject: str
    time: int
    offset: int
    data: str
    member: int | None
    organization: int | None
    erased: bool = False  # whose it was; what it said is gone

    @property
    def content(self) -> tuple[str, str, int, int, str]:
        return (self.type, self.subject, self.time, self.offset, self.data)


def of_keys(connection: Connection, keys: Iterable[Key]) -> dict[Key, Standing]:
    """What stands under these keys."""
    wanted = list(keys)
    if not wanted:
        return {}
    values: dict[str, Any]
    if on_sqlite(connection):
        query, values = _STANDING_SQLITE, {"keys": msgspec.json.encode(wanted).decode()}
    else:
        sources, ids = zip(*wanted, strict=True)
        query, values = _STANDING_POSTGRES, {"sources": list(sources), "ids": list(ids)}
    rows = connection.execute(text(query), values)
    return {(source, key): Standing(*told) for source, key, *told in rows}


# Joins, since SQLite would search the whole log for `(source, id) IN (...)`.
_STANDING = """
e.source, e.id, e.no, e.type, e.subject, e.time, e."offset", e.data,
COALESCE((SELECT m.root FROM merges AS m WHERE m.member = e.member), e.member), e.organization,
EXISTS (SELECT 1 FROM erasures AS x WHERE x.member = e.member)
OR EXISTS (SELECT 1 FROM refused AS r WHERE r.entry = e.no AND r.code = 'erased')"""
_STANDING_SQLITE = f"""
SELECT {_STANDING} FROM json_each(:keys) AS k
CROSS JOIN entries AS e ON e.source = k.value ->> 0 AND e.id = k.value ->> 1
"""  # noqa: S608
_STANDING_POSTGRES = f"""
SELECT {_STANDING} FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS k (source, id)
JOIN entries AS e ON e.source = k.source COLLATE "C" AND e.id = k.id COLLATE "C"
"""  # noqa: S608


def waiting(connection: Connection, after: int, limit: int, sources: Collection[str] = ()) -> list[Entry]:
    """Held entries in the order they came, from the one after `after` on; of these sources, where some are named."""
    which = _ENTRY.where(held.c.entry > after)
    if sources:
        which = which.where(entries.c.source.in_(sources))
    return [_entry(tuple(row)) for row in connection.execute(which.order_by(held.c.entry).limit(limit))]


def _one(connection: Connection, which: ColumnElement[bool]) -> Entry | None:
    row = connection.execute(_ENTRY.where(which)).first()
    return None if row is None else _entry(tuple(row))


def _entry(row: Sequence[Any]) -> Entry:
    *told, code, refused_code, path, message = row
    status: Status = "held" if code else "rejected" if refused_code else "accepted"
    return Entry(*told, status, code or refused_code, path, message)  # type: ignore[call-arg]


_ENTRY = (
    select(
        entries.c.no,
        entries.c.source,
        entries.c.id,
        entries.c.type,
        entries.c.subject,
        entries.c.time,
        entries.c.offset,
        entries.c.data,
        entries.c.received_at,
        entries.c.known_at,
        merges.root(entries.c.member),
        entries.c.organization,
        held.c.code,
        refused.c.code,
        refused.c.path,
        refused.c.message,
    )
    .outerjoin(held, held.c.entry == entries.c.no)
    .outerjoin(refused, refused.c.entry == entries.c.no)
)
