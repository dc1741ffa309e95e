"""Redaction: what log and ledger say of a person who is erased, without saying who she is.

Numbers, times and types stay, and of the data what the program goes by; so every fold comes to what it came to. What
the program goes by and is hers (an address that something is once per) is replaced by one word for each. Ids of entries
that tell of her are written anew, wherever they are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, delete, func, insert, or_, select, update

from hub.db import db
from hub.directory.erasures import ERASED
from hub.directory.sets import among
from hub.gamification.events import REVERSED, REVOKED, Key
from hub.gamification.needed import free_texts, needed
from hub.gamification.program import Program
from hub.gamification.progress import token
from hub.ledger import feed as feeds
from hub.ledger import programs
from hub.ledger.arrivals import HUB, canonical, decode_data
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
    """The events that have another id now, with that; values of hers, with the words in their place; members, and
    organizations negated, to be folded anew.
    """

    ids: dict[Key, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    _ends: dict[str, str] = field(default_factory=dict)

    def event(self, source: str, old: str, new: str) -> None:
        """An event has another id from now on."""
        self.ids[source, old] = new
        self._ends[f"{source}\x1f{old}"] = f"{source}\x1f{new}"
        if source == HUB:
            # Acts and prizes are causes by their ids alone.
            self._ends[old] = new

    def value(self, value: str) -> str:
        """The word in place of a value of hers."""
        if value not in self.values:
            self.values[value] = _word(value)
            self._ends[token(value)] = token(self.values[value])
        return self.values[value]

    def key(self, key: str) -> str:
        """The key of an award, or of a cause: at its end there may be an id, or what it is about."""
        for slash in re.finditer("/", key):
            new = self._ends.get(key[slash.end() :])
            if new is not None:
                return key[: slash.end()] + new
        return key


def _word(value: str) -> str:
    """One word for each value: what is once per that value stays so."""
    return f"{ERASED}/{sha256(value.encode()).hexdigest()[:16]}"


def redact(connection: Connection, person: Person, now: int) -> set[int]:
    """Take her out of log and ledger; -> who is to be folded anew, organizations by their number negated."""
    plan = programs.plan(connection)
    versions = [version.program for version in plan.versions] if plan else []
    renamed = Renamed(touched=set(person.numbers))
    _entries(connection, person, versions, renamed)
    _waiting(connection, person, now)
    _elsewhere(connection, person, versions, renamed)
    _ids(connection, renamed)
    _causes(connection, person, renamed)
    forget_told(connection, person)
    return renamed.touched


# ----------------------------------------------------------------------------------------------------- her own entries


def _entries(connection: Connection, person: Person, versions: Sequence[Program], renamed: Renamed) -> None:
    t = entries.c
    rows = connection.execute(select(entries).where(among(connection, t.member, person.numbers))).all()
    ids = {row.no: _id(row.no, row.id, person) for row in rows}
    for row in rows:
        if ids[row.no] != row.id:
            renamed.event(row.source, row.id, ids[row.no])
    changed = []
    for row in sorted(rows, key=_revokes):
        data = canonical(_needed(row, versions, renamed, person.in_))
        if (row.id, row.subject, row.data) != (ids[row.no], "", data):
            changed.append({"number": row.no, "id": ids[row.no], "subject": "", "data": data})
    _change(connection, changed)
    _reversals(connection, [row.no for row in rows if row.type == REVERSED])


def _id(no: int, id_: str, person: Person) -> str:
    return f"{ERASED}/{no:019}" if person.in_(id_) else id_


def _revokes(row: Row[Any]) -> bool:
    """Those come last: awards are revoked by their keys, which may tell of a value of another event."""
    return bool(row.type == REVOKED)


def _needed(
    row: Row[Any], versions: Sequence[Program], renamed: Renamed, is_hers: Callable[[str], bool]
) -> dict[str, Any]:
    """Of an entry's data what the program goes by; a text that is hers is replaced by its word."""
    data = decode_data(row.data)
    if row.type == REVERSED:
        source, id_ = data["source"], data["id"]
        return {"source": source, "id": renamed.ids.get((source, id_), id_)}
    kept = needed(versions, row.type, data)
    if row.type == REVOKED:
        kept["award"] = renamed.key(kept["award"])
    for name in free_texts(versions, row.type) & kept.keys():
        value = kept[name]
        # Another version may have had a number there.
        if isinstance(value, str) and not value.startswith(f"{ERASED}/") and is_hers(value):
            kept[name] = renamed.value(value)
    return kept


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


def _elsewhere(connection: Connection, person: Person, versions: Sequence[Program], renamed: Renamed) -> None:
    """Where others' entries tell of her: who did something, to whom, what somebody wrote."""

    def is_hers(text: str) -> bool:
        return text in renamed.values or person.without(text) != text

    t = entries.c
    # Databases know the small letters of ASCII only.
    like = or_(*(func.lower(t.data).contains(_json(word.lower()), autoescape=True) for word in person.words))
    like = or_(like, *(t.data.contains(_json(word), autoescape=True) for word in person.words))
    others = or_(t.member.is_(None), ~among(connection, t.member, person.numbers))
    changed, taking_back = [], []
    for row in sorted(connection.execute(select(entries).where(others, like)), key=_revokes):
        told = _mapped(decode_data(row.data), person.without)
        # Nobody has what a reversal names before it comes.
        has_owner = row.member is not None or row.organization is not None
        data = canonical(told | _needed(row, versions, renamed, is_hers) if has_owner else told)
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
    for table in db.metadata.sorted_tables:
        for source, id_ in (("source", "id"), ("changed_source", "changed_id")):
            if table is not entries and source in table.c and id_ in table.c:
                _rename(connection, table, table.c[source], table.c[id_], renamed.ids)


def _rename(
    connection: Connection,
    table: Table,
    source: ColumnElement[Any],
    id_: ColumnElement[Any],
    keys: Mapping[Key, str],
) -> None:
    olds = among(connection, id_, {old for _, old in keys})
    for told in map(tuple, connection.execute(select(source, id_).where(olds).distinct()).all()):
        if told in keys:
            here = (source == told[0], id_ == told[1])
            connection.execute(update(table).where(*here).values({id_.name: keys[told]}))


def _causes(connection: Connection, person: Person, renamed: Renamed) -> None:
    """Cause keys, awards and told effects that tell of an id, or of a value that is hers."""
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
    words = renamed.values | _reasons(connection, person, people)
    feeds.reword(connection, people, lambda told: _mapped(told, lambda text: words.get(text, text)))


def _reasons(connection: Connection, person: Person, people: set[int]) -> dict[str, str]:
    """Why others' awards ended, without her; -> what these reasons were, and are now."""
    t = revocations.c
    found = set(connection.scalars(select(t.reason).where(among(connection, t.member, people - person.numbers))))
    changed = {reason: new for reason in found if (new := person.without(reason)) != reason}
    for old, new in changed.items():
        here = (among(connection, t.member, people), t.reason == old)
        connection.execute(update(revocations).where(*here).values(reason=new))
    return changed


def forget_told(connection: Connection, person: Person) -> None:
    """What was told of her in passing: it is worked out anew, or of no use any more."""
    for table in (feed, set_aside):
        connection.execute(delete(table).where(among(connection, table.c.member, person.numbers)))
    connection.execute(delete(former_values).where(among(connection, former_values.c.who, person.numbers)))
    t = revocations.c
    connection.execute(update(revocations).where(among(connection, t.member, person.numbers)).values(reason=ERASED))
