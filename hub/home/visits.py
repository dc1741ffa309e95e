"""Visits: that a member used the hub is an entry of the log, once on each day of her calendar."""

from __future__ import annotations

import logging

from sqlalchemy import Connection, bindparam, exists, select
from sqlalchemy.exc import OperationalError

from hub import clock
from hub.db import transaction
from hub.identity import Viewer
from hub.ledger import arrivals
from hub.ledger import log as entries_log
from hub.ledger.arrivals import HUB, HUB_VISITED, MAX_TEXT, Arrival
from hub.ledger.standings import Version
from hub.ledger.tables import entries
from hub.wording import zone_of

log = logging.getLogger(__name__)


def pending(connection: Connection, version: Version, member: Viewer, now: int) -> Arrival | None:
    """The visit to be recorded; None where today's is already in the log. Cheap: one look into an index."""
    visit = _visit(version, member, now)
    return None if connection.scalar(_KNOWN, {"id": visit.id}) else visit


_KNOWN = select(exists().where(entries.c.source == HUB, entries.c.id == bindparam("id")))


def record(version: Version, visit: Arrival) -> None:
    """Enter the visit. A page is not refused because the database is too busy to note that it was seen."""
    try:
        with transaction() as connection:
            entries_log.append(connection, [visit], version.program.events, clock.now())
    except OperationalError:
        # Not whose: an id in a line of a log would outlive its member.
        log.exception("a visit was not recorded")


def _visit(version: Version, member: Viewer, now: int) -> Arrival:
    zone = zone_of(member.time_zone or version.program.settings.time_zone)
    local = clock.moment(now).astimezone(zone)
    offset = local.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    return arrivals.own(HUB_VISITED, _id(member, local.date().isoformat()), member.id, now, minutes)


def _id(member: Viewer, date: str) -> str:
    whole = f"visit/{member.id}/{date}"
    # A member's id may itself be as long as an entry's: then its number stands for it.
    return whole if len(whole) <= MAX_TEXT else f"visit/no/{member.no}/{date}"
