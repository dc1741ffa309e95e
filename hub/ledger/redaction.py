"""Redaction: what log and ledger say of a person who is erased, without saying who she is.

Numbers, times and types stay, and of the data what the program goes by; so every fold comes to what it came to. What
the program goes by and is hers (an address that something is once per) is replaced by one word for each. Ids of entries
that tell of her are written anew, wherever they are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, delete, func, insert, or_, select, update

from hub.db import db
from hub.directory.erasures import ERASED
from hub.directory.sets import among
from hub.gamification.events import REVERSED, REVOKED
from hub.gamification.needed import needed
from hub.gamification.program import Program
from hub.gamification.progress import token
from hub.ledger import programs
from hub.ledger.arrivals import canonical, decode_data
from hub.ledger.tables import (
    awards,
    entries,
    feed,
    former_values,
    held,
    refused,
    reversals,
    revocations,
    set_aside,
    transfers,
)

#: A word of so many characters is looked for within what others wrote, one of letters only from that many on: a shorter
#: one could be any word, and is found as a whole value only.
TELLING, TELLING_LETTERS = 5, 8


@dataclass(frozen=True, slots=True)
class Person:
    """Who is erased: her numbers, her names, and all words that are hers (names, addresses, numbers to call)."""

    numbers: frozenset[int]
    names: frozenset[str]
    words: frozenset[str]

    def in_(self, text: str) -> bool:
        """Whether a text that is about her holds a word of hers."""
        return any(_within(word).search(text) for word in self.words)

    def is_telling(self, word: str) -> bool:
        """Whether a word of hers can be no other's."""
        return len(word) >= (TELLING_LETTERS if word.isalpha() else TELLING)

    def without(self, text: str) -> str:
        """A text that is about somebody else, without her."""
        if text.casefold() in {word.casefold() for word in self.words}:
            return ERASED
        for word in sorted(self.words, key=len, reverse=True):
            if self.is_telling(word):
                text = _within(word).sub(ERASED, text)
        return text


def _within(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)


@dataclass(slots=True)
class Renamed:
    """The entries that have another id now, with both; values of hers, with the words in their place; members, and
    organizations negated, to be folded anew.
    """

    ids: dict[int, tuple[str, str]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    def key(self, key: str) -> str:
        """The key of an award, or of a cause: at its end there may be an id, or what it is about."""
        for old, new in self.ids.values():
            if key.endswith((f"/{old}", f"\x1f{old}")):
                return key[: -len(old)] + new
        for old, new in self.values.items():
            if key.endswith(f"/{token(old)}"):
                return key[: -len(token(old))] + token(new)
        return key


def redact(connection: Connection, person: Person, now: int) -> set[int]:
    """Take her out of log and ledger; -> who is to be folded anew, organizations by their number negated."""
    plan = programs.plan(connection)
    versions = [version.program for version in plan.versions] if plan else []
    renamed = Renamed(touched=set(person.numbers))
    _entries(connection, person, versions, renamed)
    _waiting(connection, person, now)
    _elsewhere(connection, person, renamed)
    _ids(connection, renamed)
    _causes(connection, renamed)
    forget_told(connection, person)
    return renamed.touched


# ----------------------------------------------------------------------------------------------------- her own entries


def _entries(connection: Connection, person: Person, versions: list[Program], renamed: Renamed) -> None:
    t = entries.c
    rows = connection.execute(select(entries).where(among(connection, t.member, person.numbers))).all()
    ids = {row.no: _id(row.no, row.id, person) for row in rows}
    for row in rows:
        if ids[row.no] != row.id:
            renamed.ids[row.no] = (row.id, ids[row.no])
    changed = []
    # Awards are revoked by their keys, which may tell of a value of another event.
    for row in sorted(rows, key=lambda row: row.type == REVOKED):
        data = _data(row, person, versions, renamed)
        if (row.id, row.subject, row.data) != (ids[row.no], "", data):
            changed.append({"number": row.no, "id": ids[row.no], "subject": "", "data": data})
    _change(connection, changed)
    _reversals(connection, [row.no for row in rows if row.type == REVERSED])


def _id(no: int, id_: str, person: Person) -> str:
    return f"{ERASED}/{no:019}" if person.in_(id_) else id_


def _data(row: Row[Any], person: Person, versions: Iterable[Program], renamed: Renamed) -> str:
    data = decode_data(row.data)
    if row.type == REVERSED:
        kept = {name: data[name] for name in ("source", "id")}
        kept["id"] = dict(renamed.ids.values()).get(kept["id"], kept["id"])
    else:
        kept = needed(versions, row.type, data)
    if row.type == REVOKED:
        kept["award"] = renamed.key(kept["award"])
    return canonical({name: _value(value, person, renamed) for name, value in kept.items()})


def _value(value: Any, person: Person, renamed: Renamed) -> Any:
    if not isinstance(value, str) or value.startswith(f"{ERASED}/") or not person.in_(value):
        return value
    return renamed.values.setdefault(value, _word(value))


def _word(value: str) -> str:
    """One word for each value: what is once per that value stays so."""
    return f"{ERASED}/{sha256(value.encode()).hexdigest()[:16]}"


def _change(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(update(entries).where(entries.c.no == bindparam("number")), rows)


def _reversals(connection: Connection, numbers: list[int]) -> None:
    """What these reversals take back, as their data says now."""
    t = entries.c
    for number, text in connection.execute(select(t.no, t.data).where(among(connection, t.no, numbers))).all():
        data = decode_data(text)
        told = {"source": data["source"], "id": data["id"]}
        connection.execute(update(reversals).where(reversals.c.entry == number).values(told))


def _waiting(connection: Connection, person: Person, now: int) -> None:
    """What waits for her, or was refused, says nothing any more, and waits no more."""
    t = entries.c
    nobodys = select(t.no, t.id, refused.c.entry).outerjoin(refused, refused.c.entry == t.no)
    rows = connection.execute(nobodys.where(t.member.is_(None), among(connection, t.subject, person.names))).all()
    numbers = [row.no for row in rows]
    _change(
        connection, [{"number": row.no, "id": _id(row.no, row.id, person), "subject": "", "data": "{}"} for row in rows]
    )
    connection.execute(delete(held).where(among(connection, held.c.entry, numbers)))
    told = {"code": ERASED, "path": "subject", "message": "the subject was erased"}
    connection.execute(update(refused).where(among(connection, refused.c.entry, numbers)).values(told))
    new = [{"entry": row.no, "at": now, **told} for row in rows if row.entry is None]
    if new:
        connection.execute(insert(refused), new)


# ------------------------------------------------------------------------------------------------------------ elsewhere


def _elsewhere(connection: Connection, person: Person, renamed: Renamed) -> None:
    """Where others' entries tell of her: who did something, to whom, what somebody wrote."""
    t = entries.c
    # Databases know the small letters of ASCII only.
    like = or_(*(func.lower(t.data).contains(_json(word.lower()), autoescape=True) for word in person.words))
    like = or_(like, *(t.data.contains(_json(word), autoescape=True) for word in person.words))
    others = or_(t.member.is_(None), ~among(connection, t.member, person.numbers))
    changed, taking_back = [], []
    for row in connection.execute(select(entries).where(others, like)).all():
        data = canonical(_mapped(decode_data(row.data), person.without))
        if data != row.data:
            changed.append({"number": row.no, "id": row.id, "subject": row.subject, "data": data})
            renamed.touched |= {row.member} if row.member else {-row.organization} if row.organization else set()
            taking_back += [row.no] if row.type == REVERSED else []
    _change(connection, changed)
    _reversals(connection, taking_back)


def _json(word: str) -> str:
    return canonical({"": word})[5:-2]


def _mapped(value: Any, map_: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return map_(value)
    if isinstance(value, list):
        return [_mapped(one, map_) for one in value]
    if isinstance(value, Mapping):
        return {name: _mapped(one, map_) for name, one in value.items()}
    return value


# -------------------------------------------------------------------------------------------------- wherever it is told


def _ids(connection: Connection, renamed: Renamed) -> None:
    """The new ids in every table that names an event by its source and id."""
    if not renamed.ids:
        return
    sources = select(entries.c.no, entries.c.source).where(among(connection, entries.c.no, list(renamed.ids)))
    keys = {(source, renamed.ids[no][0]): renamed.ids[no][1] for no, source in connection.execute(sources)}
    for table in db.metadata.sorted_tables:
        for source, id_ in (("source", "id"), ("changed_source", "changed_id")):
            if table is not entries and source in table.c and id_ in table.c:
                _rename(connection, table, table.c[source], table.c[id_], keys)


def _rename(
    connection: Connection,
    table: Table,
    source: ColumnElement[Any],
    id_: ColumnElement[Any],
    keys: Mapping[tuple[str, str], str],
) -> None:
    olds = among(connection, id_, {old for _, old in keys})
    for told in map(tuple, connection.execute(select(source, id_).where(olds).distinct()).all()):
        if told in keys:
            here = (source == told[0], id_ == told[1])
            connection.execute(update(table).where(*here).values({id_.name: keys[told]}))


def _causes(connection: Connection, renamed: Renamed) -> None:
    """Cause keys and awards that tell of an id, or of a value that is hers."""
    people = {no for no in renamed.touched if no > 0}
    for table, name in ((transfers, "cause"), (awards, "key"), (revocations, "key")):
        keys = select(table.c.member, table.c[name]).where(among(connection, table.c.member, people)).distinct()
        for member, key in connection.execute(keys).all():
            if (new := renamed.key(key)) != key:
                here = (table.c.member == member, table.c[name] == key)
                connection.execute(update(table).where(*here).values({name: new}))
    for table in (awards, revocations):
        for old, new in renamed.values.items():
            here = (among(connection, table.c.member, people), table.c.object == old)
            connection.execute(update(table).where(*here).values(object=new))


def forget_told(connection: Connection, person: Person) -> None:
    """What was told of her in passing: it is worked out anew, or of no use any more."""
    for table in (feed, set_aside):
        connection.execute(delete(table).where(among(connection, table.c.member, person.numbers)))
    connection.execute(delete(former_values).where(among(connection, former_values.c.who, person.numbers)))
    t = revocations.c
    connection.execute(update(revocations).where(among(connection, t.member, person.numbers)).values(reason=ERASED))
