"""Organizations: what they are."""

from __future__ import annotations

import msgspec
from flask import Response
from sqlalchemy import Connection, func, select

from hub import clock
from hub.api import bp, seen
from hub.api.answers import Moment, answer, moment
from hub.api.openapi import describe
from hub.api.seen import READ
from hub.db import reader
from hub.directory import rows
from hub.directory.tables import present
from hub.identity.access import current_key, requires_scope


class Organization(msgspec.Struct):
    """An organization's profile now; `members` are its active people."""

    id: str
    name: str
    type: str | None
    tier: str | None
    region: str | None
    size: str | None
    tags: tuple[str, ...]
    members: int
    as_of: Moment


@bp.get("/organizations/<path:organization_id>")
@requires_scope(READ)
@describe("An organization", scope=READ, answers={200: Organization})
def getorganization(organization_id: str) -> Response:
    now = clock.now()
    with reader() as connection:
        found = seen.organization(connection, current_key(), organization_id, now)
        return answer(organization(connection, found.no, now))


def organization(connection: Connection, number: int, now: int) -> Organization:
    row = rows.in_force(rows.organization_rows(connection, [number])[number], now)
    people = select(func.count()).where(present.c.organization == number, present.c.active)
    count = connection.scalar(people) or 0
    return Organization(row.id, row.name, row.type, row.tier, row.region, row.size, row.tags, count, moment(now))
