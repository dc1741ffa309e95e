"""People whom SCIM made before the hub knew their organization: they join it, by the clock, once it is known.

SCIM's models are not needed for it; a worker does without them.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select, update

from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberRecord
from hub.directory.merges import root
from hub.directory.tables import members as member_table
from hub.directory.tables import organizations
from hub.identity.tables import scim_users

#: How many join in one transaction.
AT_ONCE = 200

_u = scim_users.c
_READY = (
    select(_u.no, member_table.c.no.label("member"), member_table.c.id, _u.awaits)
    .join(organizations, organizations.c.id == _u.awaits)
    .join(member_table, member_table.c.no == root(_u.member))
    .order_by(_u.no)
    .limit(AT_ONCE)
)


def join(now: int) -> None:
    more = True
    while more:
        with reader() as connection:
            more = connection.execute(_READY).first() is not None
        if more:
            with transaction() as connection:
                _join(connection, now)


def _join(connection: Connection, now: int) -> None:
    for no, member, id_, organization in connection.execute(_READY).all():
        profile = members.profile_at(connection, member, now)
        assert profile
        members.upsert(connection, [MemberRecord(id_, replace(profile, organization=organization))], now)
        connection.execute(update(scim_users).where(_u.no == no).values(awaits=None))
