"""Versions of the program: publishing, and the plan of what is published."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from hub.db import once
from hub.gamification import homepages
from hub.gamification import program as programs
from hub.gamification.faults import Fault
from hub.gamification.homepages import Widgets
from hub.gamification.plan import Plan, Version
from hub.gamification.windows import Calendar
from hub.ledger import log
from hub.ledger.tables import progress, versions
from hub.signals import publish as tell

BEGINNING = -(2**62)

#: Topic of what depends on the program as such.
PROGRAM = "program"

_plans: WeakKeyDictionary[Engine, Plan] = WeakKeyDictionary()


def plan(connection: Connection) -> Plan | None:
    """The plan of all published versions; None before the first. Versions are immutable, so one is made once a
    process.
    """
    query = select(versions.c.version, versions.c.published_at).order_by(versions.c.version.desc()).limit(1)
    row = once(connection, "newest version", lambda: connection.execute(query).first())
    if row is None:
        return None
    known = _plans.get(connection.engine)
    # The instant too: a publishing that was rolled back leaves its number to another.
    if known is None or (known.newest.number, known.newest.published_at) != tuple(row):
        known = _plans[connection.engine] = Plan(_versions(connection))
    return known


def newest(connection: Connection) -> Version | None:
    """The newest version; None before the first publishing."""
    known = plan(connection)
    return None if known is None else known.newest


def _versions(connection: Connection) -> list[Version]:
    rows = connection.execute(select(versions).order_by(versions.c.version)).all()
    return [
        Version(row.version, programs.published(row.text), row.in_force_from, row.published_at, row.live_from)
        for row in rows
    ]


def publish_text(
    connection: Connection, text: str, now: int, widgets: Widgets = homepages.SERVED
) -> Version | list[Fault]:
    """Make the text the next version, in force from now (version 1: from the beginning of time); or its faults.

    `widgets` are those that homepages may place.
    """
    reading = programs.read(text, now=now, widgets=widgets)
    if reading.program is None:
        return list(reading.faults)
    earlier = plan(connection)
    for version in earlier.versions if earlier else ():
        if faults := programs.changed(version.program, reading.program):
            return faults
    before = earlier.newest if earlier else None
    version = _version(reading.program, before, now)
    connection.execute(
        versions.insert().values(
            version=version.number,
            text=text,
            published_at=now,
            in_force_from=version.in_force_from,
            live_from=version.live_from,
        )
    )
    log.release(connection, now, types=list(version.program.events))
    tell(connection, [PROGRAM], now)
    return version


def _version(program: programs.Program, before: Version | None, now: int) -> Version:
    if before is not None:
        live = program.settings.live_from
        return Version(before.number + 1, program, now, now, before.live_from if live is None else live)
    live = program.settings.live_from
    if live is None:
        calendar = Calendar(program.settings.time_zone, program.settings.week_starts)
        live = calendar.window("day", now).start
    return Version(1, program, BEGINNING, now, live)


def share_folded(connection: Connection, newest: Version) -> tuple[int, int]:
    """How many members' progress is of the newest version, and of how many."""
    of = select(func.count()).select_from(progress)
    done = of.where(progress.c.version == newest.number)
    return connection.scalar(done) or 0, connection.scalar(of) or 0
