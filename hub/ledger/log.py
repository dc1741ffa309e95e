"""The log: every event once, for ever, in one transaction a batch.

An event is judged in a fixed order: its own fields (before it comes here), its key, what it takes back, its type and
subject, its attributes. Whatever cannot be applied yet is held, and released when what it waits for appears. A rejected
event leaves no key behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from hub.db import driver, on_sqlite
from hub.directory import erasures, lookup
from hub.directory.names import is_name
from hub.directory.sets import among
from hub.gamification import events
from hub.gamification.events import REVERSED, Event, EventType, Key
from hub.gamification.versions import Version
from hub.ledger import entry, insertion, reversals
from hub.ledger.arrivals import Arrival, Verdict, decode_data
from hub.ledger.tables import entries, held, refused
from hub.signals import queue

EventTypes = Mapping[str, EventType]

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
    connection: Connection,
    arrivals: Sequence[Arrival | Verdict],
    event_types: EventTypes,
    taking_back: Collection[Key] = (),
) -> list[Judged | Verdict]:
    """What each arrival is about. Reads only, so it can be done before the write transaction of `write`. `taking_back`:
    reversals that are to be taken for known, though they are not in the log.
    """
    known = _Known(event_types, taking_back)
    known.look_up(connection, [arrival for arrival in arrivals if isinstance(arrival, Arrival)])
    return [arrival if isinstance(arrival, Verdict) else known.judge(arrival) for arrival in arrivals]


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
    _meet(connection, judged, placed)
    if len(placed) == len(judged):
        return [_stored(one, placed[place]) for place, one in enumerate(judged) if isinstance(one, Judged)]
    return _verdicts(connection, judged, first, placed)


# ------------------------------------------------------------------------------------------------------------ judgement


class _Known:
    """What a batch is judged by: the event types, and whom its subjects name."""

    def __init__(self, event_types: EventTypes, taking_back: Collection[Key]) -> None:
        self._types, self._taking_back = event_types, taking_back
        self._checkers: dict[str, events.Checker] = {}
        self._members: dict[str, lookup.Known] = {}
        self._organizations: dict[str, int] = {}
        self._reversals: reversals.Judge | None = None
        self._erased: set[str] = set()

    def look_up(self, connection: Connection, arrivals: Sequence[Arrival]) -> None:
        of_type: defaultdict[str, set[str]] = defaultdict(set)
        for arrival in arrivals:
            of_type[arrival.type].add(arrival.subject)
        if of_type.pop(REVERSED, None):
            taking_back = [arrival for arrival in arrivals if arrival.type == REVERSED]
            self._reversals = reversals.Judge(connection, taking_back, _reversing(connection), self._taking_back)
        named: dict[str, set[str]] = {"member": set(), "organization": set(), "": set()}
        for name, subjects in of_type.items():
            kind = self._type(name)
            named[kind.about if kind else ""] |= subjects
        if named["member"]:
            self._members = lookup.members(connection, named["member"])
        unknown = (named["member"] | named[""]).difference(self._members)
        self._erased = erasures.erased(connection, {name for name in unknown if is_name(name)})
        if named["organization"]:
            self._organizations = lookup.organizations(connection, named["organization"])

    def judge(self, arrival: Arrival) -> Judged:
        if self._reversals is not None and arrival.type == REVERSED:
            # It belongs to whom its event belongs to; that is settled when it is written.
            told = self._reversals.judge(arrival)
            return Judged(arrival, told.member, told.organization, fault=told.fault)
        kind = self._type(arrival.type)
        if arrival.subject in self._erased and (kind is None or kind.about == "member"):
            return Judged(arrival, fault=_about_nobody(arrival))
        if kind is None:
            return Judged(arrival, code="unknown_type", awaits=arrival.type)
        if kind.about == "organization":
            organization = self._organizations.get(arrival.subject)
            if organization is None:
                return Judged(arrival, code="unknown_organization", awaits=arrival.subject)
            return Judged(arrival, organization=organization, fault=self._fault(arrival, kind))
        member = self._members.get(arrival.subject)
        if member is None:
            return Judged(arrival, code="unknown_member", awaits=arrival.subject)
        if not member.active:
            return Judged(arrival, code="inactive_member", awaits=member.id)
        return Judged(arrival, member.no, fault=self._fault(arrival, kind))

    def _type(self, name: str) -> EventType | None:
        # The hub's own need no declaration, and no program either.
        return self._types.get(name) or events.OWN.get(name)

    def _fault(self, arrival: Arrival, kind: EventType) -> Verdict | None:
        """What is wrong with the attributes first."""
        check = self._checkers.get(kind.name)
        if check is None:
            check = self._checkers[kind.name] = events.checker(kind)
        if not (faults := check(arrival.data)):
            return None
        fault = faults[0]
        return Verdict("rejected", arrival.id, arrival.source, 0, fault.code, fault.path, fault.message)


def _about_nobody(arrival: Arrival) -> Verdict:
    told = "the subject was erased; nothing about it is taken in"
    return Verdict("rejected", arrival.id, arrival.source, 0, erasures.ERASED, "subject", told)


def _reversing(connection: Connection) -> Collection[str]:
    """Sources that may take back what others sent."""
    newest = _newest(connection)
    return newest.program.settings.reversals if newest else ()


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
    source, key, kind, subject, time, offset, _, data = one.arrival
    known_at = None if one.code else now
    whose = (None, None) if kind == REVERSED else (one.member, one.organization)
    return insertion.Row(source, key, kind, subject, time, offset, data, now, known_at, *whose)


def _hold(connection: Connection, judged: Sequence[Judged | Verdict], placed: Mapping[int, int]) -> None:
    rows = []
    for place, no in placed.items():
        one = judged[place]
        if isinstance(one, Judged) and one.code:
            rows.append({"entry": no, "code": one.code, "awaits": one.awaits})
    if rows:
        connection.execute(insert(held), rows)


def _meet(connection: Connection, judged: Sequence[Judged | Verdict], placed: Mapping[int, int]) -> None:
    taking_back = {}
    for place, no in placed.items():
        one = judged[place]
        if isinstance(one, Judged) and one.arrival.type == REVERSED:
            taking_back[no] = reversals.key_of(one.arrival)
    reversals.meet(connection, placed.values(), taking_back)


# ------------------------------------------------------------------------------------------------------------- verdicts


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
    standing = entry.of_keys(connection, unplaced)
    verdicts = []
    for place, one in enumerate(judged):
        if isinstance(one, Verdict):
            verdicts.append(one)
            continue
        if place in placed:
            standing[one.arrival.key] = _entered(one, placed[place])
            verdicts.append(_stored(one, placed[place]))
        else:
            verdicts.append(_second(one, standing.get(one.arrival.key)))
    return verdicts


def _entered(one: Judged, no: int) -> entry.Standing:
    kind, subject, time, offset, data = one.arrival.content
    return entry.Standing(no, kind, subject, time, offset, data, one.member, one.organization)


def _second(one: Judged, standing: entry.Standing | None) -> Verdict:
    """The verdict on an arrival that is no new entry, given what stands under its key by then."""
    key, source = one.arrival.id, one.arrival.source
    if standing is None:
        assert one.fault is not None
        return one.fault
    if standing.erased or standing.content == one.arrival.content:
        return Verdict("duplicate", key, source, standing.no)
    return conflict(one.arrival, standing.no)


def conflict(arrival: Arrival, standing: int = 0) -> Verdict:
    """The verdict on an arrival under whose key another event stands, the entry of that number."""
    told = "another event has this source and id"
    return Verdict("conflict", arrival.id, arrival.source, standing, "conflict", "id", told)


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


def first_held(connection: Connection, types: Iterable[str]) -> int | None:
    """The oldest entry that waits for one of these event types."""
    waiting = select(func.min(held.c.entry)).where(held.c.code == "unknown_type")
    oldest: int | None = connection.scalar(waiting.where(among(connection, held.c.awaits, set(types))))
    return oldest


def _declared(connection: Connection) -> EventTypes:
    newest = _newest(connection)
    return newest.program.events if newest else {}


def _newest(connection: Connection) -> Version | None:
    # Publishing releases events, so `programs` imports this module.
    from hub.ledger import programs

    return programs.newest(connection)


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


def releasable(connection: Connection, event_types: EventTypes) -> dict[int, list[int]]:
    """The held entries that a program with these event types would apply: by member, in the order in which they would
    be. Reads only.
    """
    awaited = _awaited(connection, names=(), types=event_types, organizations=())
    found: dict[int, list[int]] = {}
    for start in range(0, len(awaited), RELEASED_PER_SLICE):
        for no, one in _judged(connection, awaited[start : start + RELEASED_PER_SLICE], event_types).items():
            if one.member is not None and not one.code and not one.fault:
                found.setdefault(one.member, []).append(no)
    return found


def held_events(connection: Connection, numbers: Sequence[int], known_at: int) -> dict[int, Event]:
    """Held entries as the events that they would be, were they known at that instant."""
    return {
        no: Event(one.time, one.source, one.id, one.type, one.offset, one.data, no, known_at)
        for no, one in _arrivals(connection, numbers).items()
    }


def _judged(connection: Connection, numbers: Sequence[int], event_types: EventTypes) -> dict[int, Judged]:
    arrived = _arrivals(connection, numbers)
    judged = judge(connection, list(arrived.values()), event_types)
    return {no: one for no, one in zip(arrived, judged, strict=True) if isinstance(one, Judged)}


def _release(connection: Connection, numbers: Sequence[int], event_types: EventTypes, now: int) -> int:
    judged = _judged(connection, numbers, event_types)
    taken_back = reversals.known_at(connection, numbers)
    waiting: list[dict[str, Any]] = []
    wrong: list[dict[str, Any]] = []
    fit: list[dict[str, Any]] = []
    for no, one in judged.items():
        if one.code:
            waiting.append({"number": no, "code": one.code, "awaits": one.awaits})
        elif one.fault:
            wrong.append(_refusal(no, one.fault, now))
        else:
            # After what takes it back in the log's order too, though the clock may stand still.
            known_at = max(now, taken_back[no] + 1) if no in taken_back else now
            fit.append({"number": no, "member": one.member, "organization": one.organization, "known_at": known_at})
    for statement, rows in ((_STILL_HELD, waiting), (insert(refused), wrong), (_KNOWN, fit)):
        if rows:
            connection.execute(statement, rows)
    settled = [*(row["entry"] for row in wrong), *(row["number"] for row in fit)]
    connection.execute(delete(held).where(among(connection, held.c.entry, settled)))
    _queue(connection, [row["number"] for row in fit])
    reversals.meet(connection, [row["number"] for row in fit], {})
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
        no: Arrival(source, key, kind, subject, time, offset, decode_data(data), data)
        for no, source, key, kind, subject, time, offset, data in rows
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


def types_sent(connection: Connection) -> frozenset[str]:
    """The types of all that was ever sent. Reads the whole log: for a person who asks, not for a page."""
    return frozenset(connection.scalars(select(entries.c.type).distinct()))


def pending(connection: Connection, numbers: Iterable[int]) -> set[int]:
    """Which of these entries are not digested yet."""
    return set(connection.scalars(select(queue.c.entry).where(among(connection, queue.c.entry, set(numbers)))))


def _ordered(told: dict[int, list[Event]]) -> dict[int, list[Event]]:
    for events_of_one in told.values():
        events_of_one.sort()  # an event begins with its place, and no two have the same
    return told


def _applied(connection: Connection, column: str, numbers: list[int]) -> Iterable[tuple[int, Event]]:
    """Entries that are known, straight from the driver: a fold from the start reads millions of them."""
    with driver(connection) as own:
        if on_sqlite(connection):
            rows = own.execute(_APPLIED.format(column, "IN (SELECT value FROM json_each(?))"), (str(numbers),))
        else:
            rows = own.cursor(binary=True).execute(_APPLIED.format(column, "= ANY(%s::bigint[])"), [numbers]).fetchall()
        return [
            (owner, Event(time, source, key, kind, offset, decode_data(text), no, known_at))
            for owner, time, source, key, kind, offset, text, no, known_at in rows
        ]


_APPLIED = """
SELECT {0}, time, source, id, type, "offset", data, no, known_at FROM entries WHERE {0} {1} AND known_at IS NOT NULL
"""
