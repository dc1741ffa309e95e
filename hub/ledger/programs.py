"""Versions of the program: publishing, and the plan of what is published."""

from __future__ import annotations

from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Engine, Row, func, select

from hub.db import on_sqlite, once
from hub.gamification import homepages
from hub.gamification import program as programs
from hub.gamification.faults import Fault
from hub.gamification.homepages import Widgets
from hub.gamification.plan import Plan, Version
from hub.gamification.program import Program
from hub.gamification.versions import BEGINNING
from hub.ledger import log
from hub.ledger.tables import entries, versions
from hub.signals import publish as tell

#: Topic of what depends on the program as such.
PROGRAM = "program"

_plans: WeakKeyDictionary[Engine, Plan] = WeakKeyDictionary()


def plan(connection: Connection) -> Plan | None:
    """The plan of all published versions; None before the first. Versions are immutable, so one is made once a
    process.
    """
    row = once(connection, "newest version", lambda: connection.execute(_NEWEST).first())
    if row is None:
        return None
    known = _plans.get(connection.engine)
    # The instant too: a publishing that was rolled back leaves its number to another.
    if known is None or (known.newest.number, known.newest.published_at) != tuple(row):
        known = _plans[connection.engine] = Plan(_versions(connection))
    return known


_NEWEST = select(versions.c.version, versions.c.published_at).order_by(versions.c.version.desc()).limit(1)


def before(plan: Plan, instant: int) -> Plan:
    """The plan of the versions that were published before an instant; there was one."""
    return plan.as_of(max(version.number for version in plan.versions if version.published_at < instant))


def of_version(connection: Connection, number: int) -> programs.Program:
    """The program as that version has it."""
    known = plan(connection)
    assert known is not None, "no program is published"
    return next(version.program for version in known.versions if version.number == number)


def newest(connection: Connection) -> Version | None:
    """The newest version; None before the first publishing."""
    known = plan(connection)
    return None if known is None else known.newest


def _versions(connection: Connection) -> list[Version]:
    rows = connection.execute(select(versions).order_by(versions.c.version)).all()
    return [
        Version(row.version, _published(row), row.in_force_from, row.published_at, row.live_from, row.after)
        for row in rows
    ]


def _published(row: Row[Any]) -> Program:
    kept = msgspec.json.decode(row.holidays or "{}", type=dict[str, list[date]])
    return programs.published(row.text, {code: [day.toordinal() for day in days] for code, days in kept.items()})


def _holidays(program: Program) -> str:
    """The dates of public holidays that the program names: a later version of the package changes none of them."""
    kept = {
        streak.holidays_of: [date.fromordinal(day) for day in sorted(streak.holidays)]
        for streak in program.streaks.values()
        if streak.holidays_of is not None
    }
    return msgspec.json.encode(kept).decode()


def publish_text(
    connection: Connection,
    text: str,
    now: int,
    widgets: Widgets = homepages.SERVED,
    in_force_from: int | None = None,
) -> Version | list[Fault]:
    """Make the text the next version, in force from now, or from that instant (version 1: from the beginning of time);
    or its faults.

    `widgets` are those that homepages may place. Whoever publishes at the same moment waits, and comes after this.
    """
    _take_turns(connection)
    version = draft(connection, text, now, widgets, in_force_from)
    if isinstance(version, list):
        return version
    connection.execute(
        versions.insert().values(
            version=version.number,
            text=text,
            published_at=version.published_at,
            in_force_from=version.in_force_from,
            live_from=version.live_from,
            after=version.after,
            holidays=_holidays(version.program),
        )
    )
    types = version.program.events
    log.release(connection, version.published_at, types=list(types), event_types=types)
    tell(connection, [PROGRAM], now)
    return version


def draft(
    connection: Connection, text: str | bytes, now: int, widgets: Widgets, in_force_from: int | None = None
) -> Version | list[Fault]:
    """The version that this text would be, were it published now; or its faults."""
    reading = programs.read(text, now=now, widgets=widgets)
    if reading.program is None:
        return list(reading.faults)
    earlier = plan(connection)
    for version in earlier.versions if earlier else ():
        if faults := programs.changed(version.program, reading.program):
            return faults
    after = _newest_before(connection, reading.program)
    return _version(reading.program, earlier.newest if earlier else None, now, in_force_from, after)


def _newest_before(connection: Connection, program: Program) -> int:
    """The newest entry that comes before this program's place in the log, of those of the same instant: what its
    publication releases comes after it.
    """
    newest = connection.scalar(select(func.max(entries.c.no))) or 0
    released = log.first_held(connection, program.events)
    return newest if released is None else min(newest, released - 1)


def _version(program: Program, before: Version | None, now: int, in_force_from: int | None, after: int) -> Version:
    live = program.settings.live_from
    if before is None:
        if live is None:
            live = program.calendar.window("day", now).start
        return Version(1, program, BEGINNING, now, live, after)
    # Who waited for another publication read the clock before it. A later version has a later place in the log, also
    # where the clock stands still.
    now = max(now, before.published_at)
    after = max(after, before.after) if now == before.published_at else after
    since = now if in_force_from is None else in_force_from
    return Version(before.number + 1, program, since, now, before.live_from if live is None else live, after)


def _take_turns(connection: Connection) -> None:
    """Wait for who publishes at this moment. On SQLite everybody waits who writes."""
    if not on_sqlite(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PUBLISHING})")


#: Any number that nothing else locks by.
_PUBLISHING = 4_827_713_063
