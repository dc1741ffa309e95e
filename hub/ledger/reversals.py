"""Reversals: events that take back another, of which any door may learn first.

A reversal belongs to whom its event belongs to, and so is in the queue of the same member, or organization. Whoever of
the two comes second finds the first; where it was there before, in no matter how many transactions, they meet in
`meet`. An event that is known after its reversal never takes effect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, exists, insert, select, text, update

from hub.db import on_sqlite
from hub.directory.names import short
from hub.directory.sets import among
from hub.gamification import events
from hub.gamification.events import REVERSAL, REVERSED, Key
from hub.ledger import entry
from hub.ledger.arrivals import HUB, MAX_TEXT, Arrival, Verdict, decode_data
from hub.ledger.tables import entries, reversals
from hub.signals import queue

#: Who enters reversals waits on PostgreSQL for those who enter events, and they for it (an advisory lock of this
#: number).
_MEETING = 0x72657665


def key_of(arrival: Arrival) -> Key:
    """The key of the event that a reversal without fault takes back."""
    return (arrival.data["source"], arrival.data["id"])


# ------------------------------------------------------------------------------------------------------------ judgement


class Judgement(NamedTuple):
    """What is wrong with a reversal first; the member and the organization of its event, as far as they are known."""

    fault: Verdict | None
    member: int | None = None
    organization: int | None = None


class Judge:
    """What the reversals of one batch are judged by: what they name, which sources may name others' events, and what
    reversals there are beside those in the log.
    """

    def __init__(
        self, connection: Connection, arrivals: Sequence[Arrival], reversing: Collection[str], before: Collection[Key]
    ) -> None:
        self._reversing = reversing
        self._check = events.checker(REVERSAL)
        self._named = entry.of_keys(connection, {key_of(one) for one in arrivals if not _misnames(one)})
        self._before = {*before}  # and those of this batch

    def judge(self, arrival: Arrival) -> Judgement:
        path = _misnames(arrival)
        if path is not None:
            told = f"names the event that is taken back, in 1 to {MAX_TEXT} characters"
            return Judgement(_rejected(arrival, "attribute", path, told))
        named = self._named.get(key_of(arrival))
        fault = self._forbidden(arrival, named) or self._unfit(arrival)
        if fault is None:
            self._before.add(arrival.key)
        return Judgement(fault, named.member, named.organization) if named else Judgement(fault)

    def _forbidden(self, arrival: Arrival, named: entry.Standing | None) -> Verdict | None:
        source = arrival.data["source"]
        if source == HUB:
            return _rejected(
                arrival, "forbidden", "data.source", "the hub's own events are not taken back from outside"
            )
        if source != arrival.source and arrival.source not in self._reversing:
            told = f"{short(arrival.source)} may not take back what {short(source)} sent"
            return _rejected(arrival, "forbidden", "data.source", told)
        if self._is_reversal(arrival, named):
            return _rejected(arrival, "forbidden", "data.id", "a reversal cannot be taken back")
        return None

    def _is_reversal(self, arrival: Arrival, named: entry.Standing | None) -> bool:
        if named is not None:
            return named.type == REVERSED
        return key_of(arrival) in self._before or key_of(arrival) == arrival.key

    def _unfit(self, arrival: Arrival) -> Verdict | None:
        faults = self._check(arrival.data)
        return _rejected(arrival, faults[0].code, faults[0].path, faults[0].message) if faults else None


def _misnames(arrival: Arrival) -> str | None:
    """The path of what cannot be part of any event's key."""
    for name in ("source", "id"):
        value = arrival.data.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or "\0" in value:
            return f"data.{name}"
    return None


def _rejected(arrival: Arrival, code: str, path: str, message: str) -> Verdict:
    return Verdict("rejected", arrival.id, arrival.source, 0, code, path, message)


# -------------------------------------------------------------------------------------------------------------- meeting


def meet(connection: Connection, known: Collection[int], taking_back: Mapping[int, Key]) -> None:
    """Bring together what has just been entered or released with what it takes back, or is taken back by.

    `known` are all these entries, `taking_back` the reversals among them. The last thing of its transaction that
    waits for another: whoever has passed here is seen by who passes later.
    """
    if taking_back:
        rows = [{"entry": no, "source": source, "id": key} for no, (source, key) in taking_back.items()]
        connection.execute(insert(reversals), rows)
    if not on_sqlite(connection):
        shared = "" if taking_back else "_shared"
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{shared}({_MEETING})")
    pairs = _by_reversal(connection, taking_back) if taking_back else []
    if len(known) > len(taking_back) and _any_waits(connection):
        pairs += _by_event(connection, known)
    if pairs:
        _join(connection, {pair.reversal: pair for pair in pairs})


class _Pair(NamedTuple):
    """A reversal and its event, and whose that is."""

    reversal: int
    number: int
    member: int | None
    organization: int | None


def _any_waits(connection: Connection) -> bool:
    return bool(connection.scalar(select(exists(select(reversals.c.entry).where(reversals.c.reversed.is_(None))))))


def _by_reversal(connection: Connection, taking_back: Collection[int]) -> list[_Pair]:
    r, e = reversals.c, entries.c
    found = (
        select(r.entry, e.no, e.member, e.organization)
        .join(entries, (e.source == r.source) & (e.id == r.id))
        .where(among(connection, r.entry, taking_back), e.known_at.is_not(None), e.type != REVERSED)
    )
    return [_Pair(*row) for row in connection.execute(found)]


def _by_event(connection: Connection, known: Collection[int]) -> list[_Pair]:
    return [_Pair(*row) for row in connection.execute(*_of_events(connection, _WAITING, known))]


# Joins in this order: SQLite would look at every reversal that waits, and ask whether its event is among these.
_WAITING = """
SELECT r.entry, e.no, e.member, e.organization FROM {0}
{1} entries AS e ON e.no = k.value {1} reversals AS r ON r.source = e.source AND r.id = e.id
WHERE r.reversed IS NULL AND e.known_at IS NOT NULL AND e.type <> 'event.reversed'
"""
_KNOWN_AT = """
SELECT e.no, min(o.known_at) FROM {0}
{1} entries AS e ON e.no = k.value {1} reversals AS r ON r.source = e.source AND r.id = e.id
{1} entries AS o ON o.no = r.entry GROUP BY e.no
"""


def _of_events(connection: Connection, query: str, numbers: Collection[int]) -> tuple[Any, dict[str, Any]]:
    if on_sqlite(connection):
        told = msgspec.json.encode(list(numbers)).decode()
        return text(query.format("json_each(:numbers) AS k", "CROSS JOIN")), {"numbers": told}
    listed = "unnest(CAST(:numbers AS bigint[])) AS k (value)"
    return text(query.format(listed, "JOIN")), {"numbers": list(numbers)}


def _join(connection: Connection, pairs: Mapping[int, _Pair]) -> None:
    rows = [pair._asdict() for pair in pairs.values()]
    connection.execute(_REVERSES, rows)
    connection.execute(_BELONGS, rows)
    whose = [
        {"entry": pair.reversal, "member": pair.member, "organization": pair.organization} for pair in pairs.values()
    ]
    connection.execute(insert(queue), whose)


_REVERSES = update(reversals).where(reversals.c.entry == bindparam("reversal")).values(reversed=bindparam("number"))
_BELONGS = (
    update(entries)
    .where(entries.c.no == bindparam("reversal"))
    .values(member=bindparam("member"), organization=bindparam("organization"))
)


# -------------------------------------------------------------------------------------------------------------- reading


def known_at(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    """Of which of these entries a reversal is in the log, and since when the first of them is."""
    if not _any_waits(connection):
        return {}
    rows = connection.execute(*_of_events(connection, _KNOWN_AT, numbers))
    return {row[0]: row[1] for row in rows}


def taken_back(connection: Connection, numbers: Collection[int]) -> dict[int, set[int]]:
    """Which of these entries are taken back, and by which."""
    r = reversals.c
    found: dict[int, set[int]] = {}
    for number, by in connection.execute(select(r.reversed, r.entry).where(among(connection, r.reversed, numbers))):
        found.setdefault(number, set()).add(by)
    return found


class Other(NamedTuple):
    """The other one of a reversal and its event. `number`: its entry, None where it is not known yet."""

    number: int | None
    source: str
    id: str


def taken_back_by(connection: Connection, number: int) -> Other | None:
    """What this entry takes back, where it is a reversal."""
    r = reversals.c
    row = connection.execute(select(r.reversed, r.source, r.id).where(r.entry == number)).first()
    return None if row is None else Other(*row)


def reversal_of(connection: Connection, source: str, key: str) -> Other | None:
    """The first reversal of the event of this key."""
    r, e = reversals.c, entries.c
    query = select(e.no, e.source, e.id).join(entries, e.no == r.entry).where(r.source == source, r.id == key)
    row = connection.execute(query.order_by(e.known_at, e.no).limit(1)).first()
    return None if row is None else Other(*row)


def breaches(connection: Connection) -> Iterator[str]:
    """Where the table says otherwise than the log. Reads all reversals."""
    r, e = reversals.c, entries.c
    told = select(e.no, e.data, r.source, r.id).outerjoin(reversals, r.entry == e.no).where(e.type == REVERSED)
    for number, data, *key in connection.execute(told.order_by(e.no)):
        named = decode_data(data)
        if key != [named["source"], named["id"]]:
            yield f"entry {number} takes back {named['source']} {named['id']}, the table of reversals says {key}"
    strange = select(r.entry).where(~exists().where(e.no == r.entry, e.type == REVERSED))
    for number in connection.scalars(strange):
        yield f"entry {number} is in the table of reversals, and takes nothing back"
