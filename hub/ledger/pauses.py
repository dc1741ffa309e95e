"""Pauses: days on which a member's runs need not go on, entered into the log as the hub's own event.

A pause says in its id what it is about: entered twice it is entered once.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, literal, select

from hub.directory import merges
from hub.directory.tables import members
from hub.gamification.events import PAUSED
from hub.gamification.faults import Fault, Faults
from hub.gamification.windows import DAY, local_date
from hub.ledger import arrivals, log, programs
from hub.ledger.arrivals import HUB, MAX_TEXT, decode_data
from hub.ledger.tables import entries

#: How long a pause may be, and how far ahead it may begin, in days.
MAX_DAYS = 366
#: How many pauses of one member may be not over yet.
MAX_PLANNED = 32


class Pause(NamedTuple):
    """Dates as ordinals on the member's calendar, both included; `streak` None: all of hers."""

    streak: str | None
    first: int
    last: int


class Whom(NamedTuple):
    no: int
    id: str
    time_zone: str | None


def enter(connection: Connection, whom: Whom, pause: Pause, by: str, now: int) -> tuple[int, bool] | Fault:
    """Pause a member's streaks; -> the entry, and whether it is new."""
    connection.execute(select(members.c.no).where(members.c.no == whom.no).with_for_update(key_share=True))
    id_ = _id(whom, pause)
    standing = connection.scalar(select(entries.c.no).where(entries.c.source == HUB, entries.c.id == id_))
    if standing is not None:
        return standing, False
    fault = _fault(connection, whom, pause, now)
    if fault is not None:
        return fault
    data = {"from": _written(pause.first), "to": _written(pause.last), "by": by}
    if pause.streak is not None:
        data["streak"] = pause.streak
    [verdict] = log.append(connection, [arrivals.own(PAUSED, id_, whom.id, now, data=data)], {}, now)
    if verdict.status != "accepted":
        return Fault("member", "inactive", "the member is not active")
    return verdict.entry, True


def _id(whom: Whom, pause: Pause) -> str:
    about = f"{pause.streak or ''}/{_written(pause.first)}/{_written(pause.last)}"
    whole = f"pause/{whom.id}/{about}"
    # A member's id may itself be as long as an entry's: then its number stands for it.
    return whole if len(whole) <= MAX_TEXT else f"pause/no/{whom.no}/{about}"


def _fault(connection: Connection, whom: Whom, pause: Pause, now: int) -> Fault | None:
    program = programs.newest(connection)
    streaks = program.program.streaks if program else {}
    if pause.streak is not None and pause.streak not in streaks:
        faults = Faults()
        faults.unknown("streak", "unknown", f'no streak "{pause.streak}"', pause.streak, streaks)
        return faults.faults[0]
    running = today(connection, whom, now)
    if pause.first < running:
        return Fault("from", "past", f"a pause may not begin in the past; it is {_written(running)} for the member")
    if pause.first > running + MAX_DAYS:
        return Fault("from", "too_large", f"a pause begins within {MAX_DAYS} days", limit=MAX_DAYS)
    if pause.last < pause.first:
        return Fault("to", "order", "must not be before `from`")
    if pause.last - pause.first >= MAX_DAYS:
        return Fault("to", "too_large", f"a pause has at most {MAX_DAYS} days", limit=MAX_DAYS)
    if len(planned(connection, whom, now)) >= MAX_PLANNED:
        return Fault("from", "limit", f"{MAX_PLANNED} pauses are not over yet", limit=MAX_PLANNED)
    return None


def today(connection: Connection, whom: Whom, now: int) -> int:
    """The date on the member's calendar, as an ordinal."""
    program = programs.newest(connection)
    return local_date(whom.time_zone or (program.program.settings.time_zone if program else "UTC"), now)


def planned(connection: Connection, whom: Whom, now: int) -> list[Pause]:
    """The member's pauses that are not over, the one that begins first first."""
    running = today(connection, whom, now)
    mine = [pause for pause in _entered(connection, whom, now) if pause.last >= running]
    return sorted(mine, key=lambda pause: (pause.first, pause.last, pause.streak or ""))


def _entered(connection: Connection, whom: Whom, now: int) -> list[Pause]:
    """Those that may not be over: all of them were entered since they could begin."""
    t = entries.c
    since = now - 2 * (MAX_DAYS + 1) * DAY
    hers = merges.known_as(t.member, literal(whom.no))
    told = map(decode_data, connection.scalars(select(t.data).where(hers, t.time >= since, t.type == PAUSED)))
    return [Pause(one.get("streak"), _ordinal(one["from"]), _ordinal(one["to"])) for one in told]


def _ordinal(written: str) -> int:
    return date.fromisoformat(written).toordinal()


def _written(day: int) -> str:
    return date.fromordinal(day).isoformat()
