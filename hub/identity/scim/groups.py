"""SCIM's groups. A group gives its members the role that the settings name for it, or whose key is its name.

A group of a key that is bound to an organization gives roles of partners only: no identity provider of a partner makes
anybody an admin of the program, or lets him look at other partners.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from scim2_models import Meta, NotFoundException, PayloadTooLargeException, PreconditionFailedException, Reference
from sqlalchemy import ColumnElement, Row, delete, func, select, true, update

from hub import clock
from hub.directory import checks
from hub.directory.sets import among
from hub.gamification.program import BUILT_IN_ROLES
from hub.identity.scim import people
from hub.identity.scim.clients import Client, folded, refuse
from hub.identity.scim.models import Group, GroupMember
from hub.identity.tables import scim_group_members, scim_groups, scim_users
from hub.identity.viewers import rights_of
from hub.ledger import programs

TYPE = "Group"
#: How many people one request can bring into a group, or out of it.
MAX_CHANGES = 1_000
#: Roles of the vendor's own people.
VENDORS = frozenset({"field_team", "support_team", "program_admin"})

_g, _m = scim_groups.c, scim_group_members.c

#: The attributes whose equality the database can answer.
FOUND_BY: Mapping[str, tuple[ColumnElement[str], bool]] = {
    "displayname": (_g.name_folded, True),
    "externalid": (_g.external_id, False),
    "id": (_g.id, False),
}


# Reading


def get(client: Client, id_: str, *, whole: bool = True) -> Group:
    """The group of this id that the client may know of, or NotFoundException. `whole`: with its members."""
    return _groups(client, [_row(client, id_)], whole=whole)[0]


def count(client: Client, condition: ColumnElement[bool]) -> int:
    rows = select(func.count()).select_from(scim_groups).where(client.owns(scim_groups), condition)
    return client.connection.scalar(rows) or 0


def find(client: Client, condition: ColumnElement[bool], offset: int, limit: int, *, whole: bool = True) -> list[Group]:
    """Groups in the order in which they were made."""
    query = select(scim_groups).where(client.owns(scim_groups), condition)
    rows = client.connection.execute(query.order_by(_g.no).offset(offset).limit(limit)).all()
    return _groups(client, rows, whole=whole)


def _row(client: Client, id_: str) -> Row[Any]:
    row = client.connection.execute(select(scim_groups).where(client.owns(scim_groups), _g.id == id_)).first()
    if row is None:
        raise NotFoundException(detail="There is no such group.")
    return row


def _groups(client: Client, rows: Sequence[Row[Any]], *, whole: bool) -> list[Group]:
    people_of = _people_of(client, [row.no for row in rows]) if whole else {}
    return [_group(row, people_of.get(row.no, ())) for row in rows]


def _people_of(client: Client, groups: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    query = select(_m.group, scim_users.c.id).join(scim_users, scim_users.c.no == _m.user)
    theirs = query.where(among(client.connection, _m.group, groups), client.owns(scim_users)).order_by(_m.user)
    for group, id_ in client.connection.execute(theirs):
        found[group].append(id_)
    return found


def _group(row: Row[Any], users: Iterable[str]) -> Group:
    in_it = [GroupMember(value=id_, ref=Reference(f"Users/{id_}"), type=people.TYPE) for id_ in users]
    return Group(
        id=row.id,
        external_id=row.external_id,
        display_name=row.name,
        members=in_it or None,
        meta=Meta(
            resource_type=TYPE,
            created=clock.moment(row.created_at),
            last_modified=clock.moment(row.modified_at),
            version=f'W/"{row.version}"',
        ),
    )


# Writing


def create(client: Client, sent: Group) -> Group:
    id_ = uuid4().hex
    own = {"id": id_, "owner": client.key.organization, "created_at": client.now, "version": 1}
    no = client.connection.scalar(scim_groups.insert().values(own | _columns(client, sent)).returning(_g.no))
    assert no
    _enter(client, no, frozenset(_members(client, sent).values()))
    return get(client, id_)


def modify(client: Client, sent: Group, expected_version: str | None) -> Group:
    row = _row(client, sent.id or "")
    _require_version(row, expected_version)
    before = _now_in(client, row.no, client.owns(scim_users))
    columns = _columns(client, sent) | {"version": row.version + 1}
    client.connection.execute(update(scim_groups).where(_g.no == row.no).values(columns))
    wanted = frozenset(_members(client, sent).values())
    _leave(client, row.no, before - wanted)
    _enter(client, row.no, wanted - before)
    if columns["name"] != row.name:
        _regrant(client, wanted & before)
    return get(client, row.id)


def remove(client: Client, id_: str, expected_version: str | None) -> None:
    row = _row(client, id_)
    _require_version(row, expected_version)
    _leave(client, row.no, _now_in(client, row.no, true()))
    client.connection.execute(delete(scim_groups).where(_g.no == row.no))


def _require_version(row: Row[Any], expected: str | None) -> None:
    if expected is not None and expected != f'W/"{row.version}"':
        raise PreconditionFailedException


def _columns(client: Client, group: Group) -> dict[str, Any]:
    name = group.display_name or ""
    for fault in (*checks.name("displayName", name), *checks.line("externalId", group.external_id)):
        refuse(fault)
    return {
        "name": name,
        "name_folded": folded(name),
        "external_id": group.external_id,
        "modified_at": client.now,
    }


def _members(client: Client, group: Group) -> dict[str, int]:
    return people.numbers(client, {one.value or "" for one in group.members or ()})


def _now_in(client: Client, group: int, whose: ColumnElement[bool]) -> frozenset[int]:
    users = select(_m.user).join(scim_users, scim_users.c.no == _m.user).where(_m.group == group, whose)
    return frozenset(client.connection.scalars(users))


def _enter(client: Client, group: int, users: Collection[int]) -> None:
    if not users:
        return
    _bound(users)
    rows = [{"group": group, "user": user} for user in sorted(users)]
    client.connection.execute(scim_group_members.insert(), rows)
    _regrant(client, users)


def _leave(client: Client, group: int, users: Collection[int]) -> None:
    if not users:
        return
    _bound(users)
    theirs = among(client.connection, _m.user, users)
    client.connection.execute(delete(scim_group_members).where(_m.group == group, theirs))
    _regrant(client, users)


def _bound(users: Collection[int]) -> None:
    if len(users) > MAX_CHANGES:
        raise PayloadTooLargeException(detail=f"One request changes at most {MAX_CHANGES} members of a group.")


# Roles


def _regrant(client: Client, users: Collection[int]) -> None:
    """Give these users the roles of the groups that they are in now."""
    by_vendor, by_partner = _roles(client)
    roles: dict[int, list[str]] = {user: [] for user in users}
    query = select(_m.user, _g.name_folded, _g.owner).join(scim_groups, _g.no == _m.group).order_by(_m.user, _g.no)
    for user, name, owner in client.connection.execute(query.where(among(client.connection, _m.user, users))):
        role = (by_vendor if owner is None else by_partner).get(name)
        if role is not None and role not in roles[user]:
            roles[user].append(role)
    people.touch(client, users)
    people.grant(client, roles)


def _roles(client: Client) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The role of each group's name: for the vendor's groups, and for those of a partner."""
    version = programs.newest(client.connection)
    known = version.program.roles if version else BUILT_IN_ROLES
    roles = {role: role for role in known} | {folded(name): role for name, role in client.roles.items()}
    of_vendors = {role for role in roles.values() if VENDORS & rights_of(client.connection, (role,))}
    return roles, {name: role for name, role in roles.items() if role not in of_vendors}
