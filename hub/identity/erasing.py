"""Erasing a person: her number stays, and what the program goes by; who she was is gone, from every table.

Three steps, since what was worked out of the log tells of her too: take her out of directory, log and ledger; let the
digest fold her anew; clean what it left, and the database's files (`db.scrub`). A package that keeps what somebody
said in a table of its own, without a reference to `members`, adds what is to be done about it with `also`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from hub import signals
from hub.db import db
from hub.directory import erasures, lookup, merges
from hub.directory import members as directory
from hub.directory.names import short
from hub.directory.sets import among
from hub.directory.tables import members
from hub.directory.writing import take_turns
from hub.gamification.faults import Fault
from hub.ledger import redaction, taking
from hub.ledger.redaction import Person
from hub.ledger.tables import progress

Act = Callable[[Connection, Person], None]
_also: list[Act] = []


def also(act: Act) -> Act:
    """What else is done when somebody is erased, in the same transaction."""
    _also.append(act)
    return act


def leave(connection: Connection, name: str, by: str, now: int) -> int | Fault:
    """Nothing new is taken in about her from here on; -> her number. To be committed before `erase`."""
    known = lookup.member(connection, name)
    if known is None:
        if name in erasures.erased(connection, [name]):
            return Fault("member", erasures.ERASED, f"{short(name)} was erased before")
        return Fault("member", "unknown_member", f"there is no member {short(name)}")
    directory.deactivate(connection, known.no, by, None, now)
    return known.no


def erase(connection: Connection, member: int, by: str, now: int) -> Person:
    """Take her out of everything but what is worked out of the log; what that is, `again` takes."""
    take_turns(connection)
    numbers = frozenset(merges.with_merged(connection, [member]))
    taking.open_rows(connection, [member])
    connection.execute(select(progress.c.member).where(progress.c.member == member).with_for_update())
    names = frozenset(directory.names(connection, member))
    person = Person(numbers, names, names | erasures.told(connection, numbers))
    erasures.begin(connection, numbers, names, by, now)
    _erase(connection, person, now)
    erasures.forget(connection, numbers, person.words, now)
    erasures.finish(connection, numbers, now)
    return person


def again(connection: Connection, person: Person, now: int) -> None:
    """Once she has been folded anew: what somebody sent at the very moment, and what was told meanwhile."""
    erasures.begin_again(connection, person.numbers)
    _erase(connection, person, now)
    erasures.finish(connection, person.numbers, now)


def forget(connection: Connection, person: Person) -> None:
    """What was told of her while she was folded anew."""
    redaction.forget_told(connection, person)


def _erase(connection: Connection, person: Person, now: int) -> None:
    touched = redaction.redact(connection, person, now)
    _whatever_refers_to_her(connection, person.numbers)
    for act in _also:
        act(connection, person)
    gone = {no for no in person.numbers if no != merges.root_of(connection, no)}
    signals.fold_again(connection, touched - gone, now)


def _whatever_refers_to_her(connection: Connection, numbers: Collection[int]) -> None:
    """Sessions, identities, what other packages know of her: rows of tables that the directory does not own."""
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if table.name not in erasures.OWN and any(key.column is members.c.no for key in column.foreign_keys):
                _delete(connection, table, among(connection, column, numbers))


def _delete(connection: Connection, table: Table, where: ColumnElement[bool]) -> None:
    """Delete these rows, and first the rows that refer to them."""
    for other in db.metadata.sorted_tables:
        for column in other.columns:
            for key in column.foreign_keys:
                if key.column.table is table:
                    _delete(connection, other, column.in_(select(key.column).where(where)))
    connection.execute(delete(table).where(where))
