"""The log: every event once, for ever, in one transaction a batch.

An event is judged in a fixed order: its own fields (before it comes here), its key, its type and subject, its
attributes. Whatever cannot be applied yet is held, and released when what it waits for appears. A rejected event leaves
no key behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_, update

from hub.db import on_sqlite
from hub.directory import lookup
from hub.directory.sets import among
from hub.gamification import events
from hub.gamification.events import Event, EventType
from hub.ledger import insertion
from hub.ledger.arrivals import HUB, HUB_TYPES, Arrival, Verdict, decode_data
from hub.ledger.tables import entries, held, refused
from hub.signals import queue

EventTypes = Mapping[str, EventType]

KEYS_PER_QUERY = 400
RELEASED_PER_SLICE = 2_000

#: Who holds events and who releases them take turns on PostgreSQL (an advisory lock of this number).
_HOLDING = 0x68656C64


class Judged(NamedTuple):
    """What an arrival is about (a member or an organization), or what it waits for, or what is wrong with it."""

    arrival: Arrival
    member: int | None = None
    organization: int | None = None
    code: str | None = None
    awaits: str = ""
    fault: Verdict | None = None


def append(
    connection: Connection, arrivals: Sequence[Arrival | Verdict], event_types: EventTypes, now: int
) -> list[Verdict]:
    """Take arrivals into the log, each judged; a `Verdict` among them stays. One verdict for each, in their order."""
    return write(connection, judge(connection, arrivals, event_types), event_types, now)


def judge(
    connection: Connection, arrivals: Sequence[Arrival | Verdict], event_types: EventTypes
) -> list[Judged | Verdict]:
    """What each arrival is about. Reads only, so it can be done before the write transaction of `write`."""
    names = {a.subject for a in arrivals if isinstance(a, Arrival) and _about(a.type, event_types) == "member"}
    ids = {a.subject for a in arrivals if isinstance(a, Arrival) and _about(a.type, event_types) == "organization"}
    members = lookup.members(connection, names) if names else {}
    organizations = lookup.organizations(connection, ids) if ids else {}
    return [
        arrival if isinstance(arrival, Verdict) else _judged(arrival, event_types, members, organizations)
        for arrival in arrivals
    ]


def write(
    connection: Connection, judged: Sequence[Judged | Verdict], event_types: EventTypes, now: int
) -> list[Verdict]:
    """Take judged arrivals into the log, in a write transaction."""
    if any(isinstance(one, Judged) and one.code for one in judged):
        judged = _judge_again(connection, judged, event_types)
    first: dict[tuple[str, str], int] = {}
    for place, one in enumerate(judged):
        if isinstance(one, Judged) and not one.fault:
            first.setdefault(one.arrival.key, place)
    candidates = [judged[place] for place in first.values()]
    numbers = insertion.insert(connection, [_row(one, now) for one in candidates if isinstance(one, Judged)])
    placed = {place: no for place, no in zip(first.values(), numbers, strict=True) if no}
    _hold(connection, judged, placed)
    if len(placed) == len(judged):
        return [_stored(one, placed[place]) for place, one in enumerate(judged) if isinstance(one, Judged)]
    return _verdicts(connection, judged, first, placed)


# ------------------------------------------------------------------------------------------------------------ judgement


def _about(kind: str, event_types: EventTypes) -> str | None:
    """What an event of this type is about, None where the type is not known. The hub's own need no declaration."""
    declared = event_types.get(kind)
    if declared is not None:
        return declared.about
    return "member" if kind.startswith(HUB_TYPES) else None


def _judged(
    arrival: Arrival, event_types: EventTypes, members: Mapping[str, lookup.Known], organizations: Mapping[str, int]
) -> Judged:
    about = _about(arrival.type, event_types)
    if about is None:
        return Judged(arrival, code="unknown_type", awaits=arrival.type)
    if about == "organization":
        organization = organizations.get(arrival.subject)
        if organization is None:
            return Judged(arrival, code="unknown_organization", awaits=arrival.subject)
        return Judged(arrival, None, organization, fault=_fault(arrival, event_types))
    known = members.get(arrival.subject)
    if known is None:
        return Judged(arrival, code="unknown_member", awaits=arrival.subject)
    if not known.active and arrival.source != HUB:
        return Judged(arrival, code="inactive_member", awaits=known.id)
    return Judged(arrival, known.no, None, fault=_fault(arrival, event_types))


def _fault(arrival: Arrival, event_types: EventTypes) -> Verdict | None:
    """What is wrong with the attributes, by the event's declared type."""
    declared = event_types.get(arrival.type)
    faults = events.check(declared, arrival.data) if declared is not None else ()
    if not faults:
        return None
    fault = faults[0]
    return Verdict("rejected", arrival.id, arrival.source, 0, "attribute", fault.path, fault.message)


def _judge_again(
    connection: Connection, judged: Sequence[Judged | Verdict], event_types: EventTypes
) -> list[Judged | Verdict]:
    """Look again for what was not there, now that whoever releases events has either seen ours or lets us see theirs.

    Without this an event could be held for a member that appears at this very moment, and wait for ever.
    """
    if not on_sqlite(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_HOLDING})")
    again = judge(
        connection, [one.arrival if isinstance(one, Judged) and one.code else _SETTLED for one in judged], event_types
    )
    return [new if isinstance(new, Judged) else old for old, new in zip(judged, again, strict=True)]


_SETTLED = Verdict("settled", None, None)


def _row(one: Judged, now: int) -> insertion.Row:
    source, key, kind, subject, time, offset, _, text = one.arrival
    known_at = None if one.code else now
    return insertion.Row(source, key, kind, subject, time, offset, text, now, known_at, one.member, one.organization)


def _hold(connection: Connection, judged: Sequence[Judged | Verdict], placed: Mapping[int, int]) -> None:
    rows = []
    for place, no in placed.items():
        one = judged[place]
        if isinstance(one, Judged) and one.code:
            rows.append({"entry": no, "code": one.code, "awaits": one.awaits})
    if rows:
        connection.execute(insert(held), rows)


# ------------------------------------------------------------------------------------------------------------- verdicts


class _Standing(NamedTuple):
    """The entry that holds a key."""

    no: int
    content: tuple[str, str, int, int, str]


def _stored(one: Judged, no: int) -> Verdict:
    status = "held" if one.code else "accepted"
    return Verdict(status, one.arrival.id, one.arrival.source, no, one.code)


def _verdicts(
    connection: Connection,
    judged: Sequence[Judged | Verdict],
    first: Mapping[tuple[str, str], int],
    placed: Mapping[int, int],
) -> list[Verdict]:
    """Verdicts where not every arrival became an entry: of each key, what stands under it decides."""
    unplaced = {
        one.arrival.key for one in judged if isinstance(one, Judged) and first.get(one.arrival.key, -1) not in placed
    }
    standing = _standing(connection, unplaced)
    verdicts = []
    for place, one in enumerate(judged):
        if isinstance(one, Verdict):
            verdicts.append(one)
            continue
        if place in placed:
            standing[one.arrival.key] = _Standing(placed[place], one.arrival.content)
            verdicts.append(_stored(one, placed[place]))
        else:
            verdicts.append(_second(one, standing.get(one.arrival.key)))
    return verdicts


def _second(one: Judged, standing: _Standing | None) -> Verdict:
    """The verdict on an arrival that is no new entry, given what stands under its key by then."""
    key, source = one.arrival.id, one.arrival.source
    if standing is None:
        assert one.fault is not None
        return one.fault
    if standing.content == one.arrival.content:
        return Verdict("duplicate", key, source, standing.no)
    return Verdict("conflict", key, source, standing.no, "conflict", "id", "another event has this source and id")


def _standing(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], _Standing]:
    found: dict[tuple[str, str], _Standing] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), KEYS_PER_QUERY):
        some = ordered[start : start + KEYS_PER_QUERY]
        for no, source, key, *content in connection.execute(_BY_KEYS, {"keys": some}):
            kind, subject, time, offset, text = content
            found[source, key] = _Standing(no, (kind, subject, time, offset, text))
    return found


_BY_KEYS = select(
    entries.c.no,
    entries.c.source,
    entries.c.id,
    entries.c.type,
    entries.c.subject,
    entries.c.time,
    entries.c.offset,
    entries.c.data,
).where(tuple_(entries.c.source, entries.c.id).in_(bindparam("keys", expanding=True)))


# ---------------------------------------------------------------------------------------------------------- held events


def release(
    connection: Connection,
    now: int,
    *,
    names: Iterable[str] = (),
    types: Iterable[str] = (),
    organizations: Iterable[str] = (),
    event_types: EventTypes | None = None,
) -> int:
    """Apply the held events that waited for these: members by id or alias, event types, organizations by id.

    In the order in which they were held. What still lacks something else stays held for that; what does not fit any
    more moves to `refused`. Declared are the newest program's event types, unless others are given. Answers how many
    were queued.
    """
    if not on_sqlite(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_HOLDING})")
    awaited = _awaited(connection, names=names, types=types, organizations=organizations)
    declared = _declared(connection) if awaited and event_types is None else event_types or {}
    return sum(
        _release(connection, awaited[start : start + RELEASED_PER_SLICE], declared, now)
        for start in range(0, len(awaited), RELEASED_PER_SLICE)
    )


def _declared(connection: Connection) -> EventTypes:
    # Publishing releases events, so `programs` imports this module.
    from hub.ledger import programs

    newest = programs.newest(connection)
    return newest.program.events if newest else {}


def _awaited(
    connection: Connection, *, names: Iterable[str], types: Iterable[str], organizations: Iterable[str]
) -> list[int]:
    """The numbers of the held entries that wait for any of these, oldest first."""
    found: set[int] = set()
    waiting = ((_MEMBER_CODES, names), (("unknown_type",), types), (("unknown_organization",), organizations))
    for codes, awaited in waiting:
        if wanted := set(awaited):
            rows = select(held.c.entry).where(among(connection, held.c.awaits, wanted), held.c.code.in_(codes))
            found.update(connection.scalars(rows))
    return sorted(found)


_MEMBER_CODES = ("unknown_member", "inactive_member")


def _release(connection: Connection, numbers: Sequence[int], event_types: EventTypes, now: int) -> int:
    arrived = _arrivals(connection, numbers)
    judged = dict(zip(arrived, judge(connection, list(arrived.values()), event_types), strict=True))
    waiting: list[dict[str, Any]] = []
    wrong: list[dict[str, Any]] = []
    fit: list[dict[str, Any]] = []
    for no, one in judged.items():
        assert isinstance(one, Judged)
        if one.code:
            waiting.append({"number": no, "code": one.code, "awaits": one.awaits})
        elif one.fault:
            wrong.append(_refusal(no, one.fault, now))
        else:
            fit.append({"number": no, "member": one.member, "organization": one.organization, "known_at": now})
    for statement, rows in ((_STILL_HELD, waiting), (insert(refused), wrong), (_KNOWN, fit)):
        if rows:
            connection.execute(statement, rows)
    settled = [*(row["entry"] for row in wrong), *(row["number"] for row in fit)]
    connection.execute(delete(held).where(among(connection, held.c.entry, settled)))
    _queue(connection, [row["number"] for row in fit])
    return len(fit)


def _refusal(no: int, fault: Verdict, now: int) -> dict[str, Any]:
    return {"entry": no, "at": now, "code": fault.code, "path": fault.path, "message": fault.message}


def _queue(connection: Connection, numbers: Sequence[int]) -> None:
    rows = select(entries.c.no, entries.c.member, entries.c.organization).where(
        among(connection, entries.c.no, numbers)
    )
    connection.execute(insert(queue).from_select(["entry", "member", "organization"], rows))


_STILL_HELD = update(held).where(held.c.entry == bindparam("number"))
_KNOWN = update(entries).where(entries.c.no == bindparam("number"))


def _arrivals(connection: Connection, numbers: Sequence[int]) -> dict[int, Arrival]:
    """Held entries as they arrived, oldest first."""
    t = entries.c
    columns = (t.no, t.source, t.id, t.type, t.subject, t.time, t.offset, t.data)
    rows = connection.execute(select(*columns).where(among(connection, t.no, numbers)).order_by(t.no))
    return {
        no: Arrival(source, key, kind, subject, time, offset, decode_data(text), text)
        for no, source, key, kind, subject, time, offset, text in rows
    }


# -------------------------------------------------------------------------------------------------------------- reading


def of_members(connection: Connection, members: Iterable[int]) -> dict[int, list[Event]]:
    """All that ever happened to each of these members, in canonical order."""
    told: dict[int, list[Event]] = {member: [] for member in members}
    for member, event in _applied(connection, "member", list(told)):
        told[member].append(event)
    return _ordered(told)


def of_organizations(connection: Connection, organizations: Iterable[int]) -> dict[int, list[Event]]:
    """All events about each of these organizations, in canonical order."""
    told: dict[int, list[Event]] = {organization: [] for organization in organizations}
    for organization, event in _applied(connection, "organization", list(told)):
        told[organization].append(event)
    return _ordered(told)


def of_entries(connection: Connection, numbers: Iterable[int]) -> dict[int, Event]:
    """The events of these entries, by number; in no particular order."""
    return dict(_applied(connection, "no", list(numbers)))


def pending(connection: Connection, numbers: Iterable[int]) -> set[int]:
    """Which of these entries are not digested yet."""
    return set(connection.scalars(select(queue.c.entry).where(among(connection, queue.c.entry, set(numbers)))))


def _ordered(told: dict[int, list[Event]]) -> dict[int, list[Event]]:
    for events_of_one in told.values():
        events_of_one.sort()  # an event begins with its place, and no two have the same
    return told


def _applied(connection: Connection, column: str, numbers: list[int]) -> Iterable[tuple[int, Event]]:
    """Entries that are known, straight from the driver: a fold from the start reads millions of them."""
    driver = connection.connection.driver_connection
    assert driver is not None
    if on_sqlite(connection):
        rows = driver.execute(_APPLIED.format(column, "IN (SELECT value FROM json_each(?))"), (str(numbers),))
    else:
        rows = driver.cursor(binary=True).execute(_APPLIED.format(column, "= ANY(%s::bigint[])"), [numbers]).fetchall()
    return [
        (owner, Event(time, source, key, kind, offset, decode_data(text), no, known_at))
        for owner, time, source, key, kind, offset, text, no, known_at in rows
    ]


_APPLIED = """
SELECT {0}, time, source, id, type, "offset", data, no, known_at FROM entries WHERE {0} {1} AND known_at IS NOT NULL
"""
