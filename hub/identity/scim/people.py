"""SCIM's users: members that SCIM made.

What was sent is kept as it came; what the hub makes use of goes into the member's profile, and of a change only what
differs from what SCIM said before, so that what somebody else set (a time zone of one's own choice) stays. A user that
is deleted is a member deactivated: what it earned stays on the books.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import msgspec
from scim2_models import (
    InvalidValueException,
    Meta,
    NotFoundException,
    PreconditionFailedException,
    Reference,
    UniquenessException,
)
from sqlalchemy import ColumnElement, Row, bindparam, delete, func, literal, select, update

from hub import clock
from hub.directory import checks, lookup, members
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.merges import known_as, root
from hub.directory.names import is_name
from hub.directory.sets import among
from hub.directory.tables import members as member_table
from hub.directory.tables import present
from hub.gamification.faults import Fault
from hub.identity.scim.clients import Client, folded, refuse
from hub.identity.scim.models import Email, EnterpriseUser, GroupMembership, Person, PhoneNumber, User
from hub.identity.tables import scim_group_members, scim_groups, scim_users
from hub.ledger import log

TYPE = "User"
MAX_RESOURCE_BYTES = 32 * 1024

_u = scim_users.c
_ALIVE = _u.deleted_at.is_(None)
#: Whose number it is by now: the member may have been merged into another.
_ROOT = root(_u.member)
_SELECT = select(scim_users, _ROOT.label("root"), present.c.active).select_from(
    scim_users.join(present, present.c.member == _ROOT)
)

#: The attributes whose equality the database can answer.
FOUND_BY: Mapping[str, tuple[ColumnElement[str], bool]] = {
    "username": (_u.name_folded, True),
    "externalid": (_u.external_id, False),
    "id": (_u.id, False),
}


# Reading


def get(client: Client, id_: str, *, whole: bool = True) -> User[EnterpriseUser]:  # noqa: ARG001
    """The user of this id that the client may know of, or NotFoundException."""
    return _users(client, [_row(client, id_)])[0]


def count(client: Client, condition: ColumnElement[bool]) -> int:
    rows = select(func.count()).select_from(scim_users).where(_ALIVE, client.owns(scim_users), condition)
    return client.connection.scalar(rows) or 0


def find(
    client: Client,
    condition: ColumnElement[bool],
    offset: int,
    limit: int,
    *,
    whole: bool = True,  # noqa: ARG001
) -> list[User[EnterpriseUser]]:
    """Users in the order in which they were made."""
    query = _SELECT.where(_ALIVE, client.owns(scim_users), condition).order_by(_u.no).offset(offset).limit(limit)
    return _users(client, client.connection.execute(query).all())


def numbers(client: Client, ids: Collection[str]) -> dict[str, int]:
    """The numbers of these users; one that there is not is an InvalidValueException."""
    mine = _ALIVE, client.owns(scim_users), among(client.connection, _u.id, ids)
    known = {row.id: row.no for row in client.connection.execute(select(_u.id, _u.no).where(*mine))}
    if missing := [id_ for id_ in ids if id_ not in known]:
        raise InvalidValueException(detail=f"members: there is no user {missing[0][:60]!r}.")
    return known


def _row(client: Client, id_: str) -> Row[Any]:
    row = client.connection.execute(_SELECT.where(_ALIVE, client.owns(scim_users), _u.id == id_)).first()
    if row is None:
        raise NotFoundException(detail="There is no such user.")
    return row


def _users(client: Client, rows: Sequence[Row[Any]]) -> list[User[EnterpriseUser]]:
    belongs = _memberships(client, [row.no for row in rows])
    return [_user(row, belongs.get(row.no)) for row in rows]


def _memberships(client: Client, users: Collection[int]) -> dict[int, list[GroupMembership]]:
    """The groups of each of these users that the client may know of: others may have put them into theirs."""
    g, m = scim_groups.c, scim_group_members.c
    query = select(m.user, g.id, g.name).join(scim_group_members, m.group == g.no)
    theirs = query.where(among(client.connection, m.user, users), client.owns(scim_groups)).order_by(g.no)
    found: dict[int, list[GroupMembership]] = {}
    for user, id_, name in client.connection.execute(theirs):
        one = GroupMembership(value=id_, ref=Reference(f"Groups/{id_}"), display=name)
        found.setdefault(user, []).append(one)
    return found


def _user(row: Row[Any], groups: list[GroupMembership] | None) -> User[EnterpriseUser]:
    user = Person.model_validate(msgspec.json.decode(row.resource))
    user.id = row.id
    user.groups = groups
    # Somebody of the hub may have deactivated the member, or an attribute may have been taken away.
    if user.active is not None or not row.active:
        user.active = row.active
    user.meta = Meta(
        resource_type=TYPE,
        created=clock.moment(row.created_at),
        last_modified=clock.moment(row.modified_at),
        version=f'W/"{row.version}{"" if row.active else "-inactive"}"',
    )
    return user


# Writing


def create(client: Client, sent: User[EnterpriseUser]) -> User[EnterpriseUser]:
    """A new user, and its member; one that SCIM made and deleted before has its member again."""
    if sent.active is None:
        sent.active = True
    name = sent.user_name or ""
    _require_free(client, name)
    known = lookup.member(client.connection, name)
    if known is not None and not _may_return(client, known.no):
        raise UniquenessException(detail="Somebody has this userName already.")
    told = _told(client, sent)
    profile = MemberProfile(**told)
    if known is not None:
        profile = replace(_profile(client, known.no), **told)
    member = _upsert(client, known.id if known else name, profile)
    row = _columns(client, sent) | {
        "id": uuid4().hex,
        "member": member,
        "owner": client.key.organization,
        "granted": "[]",
        "created_at": client.now,
        "version": 1,
    }
    client.connection.execute(scim_users.insert(), row)
    _activate(client, member, active=sent.active)
    return get(client, row["id"])


def modify(client: Client, sent: User[EnterpriseUser], expected_version: str | None) -> User[EnterpriseUser]:
    """The user as it is now to be; what is not in `sent` goes."""
    row = _row(client, sent.id or "")
    before = _user(row, None)
    _require_version(before, expected_version)
    _require_free(client, sent.user_name or "", row.no)
    told, then = _told(client, sent), _told(client, before)
    changed = {name: value for name, value in told.items() if value != then[name]}
    profile = replace(_profile(client, row.root), **changed)
    _upsert(client, _id(client, row.root), profile, (sent.user_name or "",))
    columns = _columns(client, sent) | {"version": row.version + 1}
    client.connection.execute(update(scim_users).where(_u.no == row.no).values(columns))
    _activate(client, row.root, active=sent.active is not False)
    return get(client, row.id)


def remove(client: Client, id_: str, expected_version: str | None) -> None:
    """End a user: its member is deactivated, and has no role by a group any more."""
    row = _row(client, id_)
    _require_version(_user(row, None), expected_version)
    m = scim_group_members.c
    groups = client.connection.scalars(select(m.group).where(m.user == row.no)).all()
    client.connection.execute(delete(scim_group_members).where(m.user == row.no))
    touch_groups(client, groups)
    grant(client, {row.no: ()})
    members.deactivate(client.connection, row.root, _by(client), "deleted", client.now)
    gone = {"deleted_at": client.now, "resource": "{}", "external_id": None, "awaits": None, "name_folded": ""}
    client.connection.execute(update(scim_users).where(_u.no == row.no).values(gone))


def grant(client: Client, roles: Mapping[int, Collection[str]]) -> None:
    """Give each of these users the roles of its groups, and take away those that it had by groups it has left."""
    theirs = _SELECT.add_columns(member_table.c.id.label("name")).join(member_table, member_table.c.no == _ROOT)
    rows = client.connection.execute(theirs.where(among(client.connection, _u.no, roles))).all()
    profiles = members.profiles_at(client.connection, [row.root for row in rows], client.now)
    changed: list[MemberRecord] = []
    granted: list[dict[str, Any]] = []
    for row in rows:
        before: list[str] = msgspec.json.decode(row.granted)
        profile = profiles[row.name]
        others = [role for role in profile.roles if role not in before]
        by_groups = [role for role in roles[row.no] if role not in others]
        if sorted(by_groups) != sorted(before):
            profiles[row.name] = replace(profile, roles=(*others, *by_groups))
            changed.append(MemberRecord(row.name, profiles[row.name]))
            granted.append({"user": row.no, "roles": msgspec.json.encode(by_groups).decode()})
    if changed:
        # All of them at once: on SQLite nobody else writes meanwhile.
        _take(client, changed)
        one = update(scim_users).where(_u.no == bindparam("user")).values(granted=bindparam("roles"))
        client.connection.execute(one, granted)


def touch(client: Client, users: Collection[int]) -> None:
    """These users' groups have changed, and so have they."""
    changed = {"version": _u.version + 1, "modified_at": client.now}
    client.connection.execute(update(scim_users).where(among(client.connection, _u.no, users)).values(changed))


def touch_groups(client: Client, groups: Collection[int]) -> None:
    """These groups' members have changed."""
    g = scim_groups.c
    changed = {"version": g.version + 1, "modified_at": client.now}
    client.connection.execute(update(scim_groups).where(among(client.connection, g.no, groups)).values(changed))


def _may_return(client: Client, member: int) -> bool:
    """Whether the member is one that this client's SCIM made, and deleted."""
    whose = known_as(_u.member, literal(member))
    mine = select(_u.no).where(whose, client.owns(scim_users))
    alive = select(_u.no).where(whose, _ALIVE)
    return client.connection.scalar(mine) is not None and client.connection.scalar(alive) is None


def _require_free(client: Client, name: str, own: int = 0) -> None:
    """UniquenessException where another user has this name, in whatever case: of whichever key, for names are one."""
    taken = select(_u.no).where(_ALIVE, _u.name_folded == folded(name), _u.no != own)
    if is_name(name) and client.connection.scalar(taken) is not None:
        raise UniquenessException(detail="Somebody has this userName already.")


def _require_version(user: User[EnterpriseUser], expected: str | None) -> None:
    if expected is not None and user.meta is not None and user.meta.version != expected:
        raise PreconditionFailedException


def _take(client: Client, records: Sequence[MemberRecord]) -> None:
    upserted = members.upsert(client.connection, records, client.now)
    for outcome in upserted.outcomes:
        if outcome.faults:
            refuse(outcome.faults[0])
    log.release(client.connection, client.now, names=upserted.appeared)


def _upsert(client: Client, id_: str, profile: MemberProfile, names: tuple[str, ...] = ()) -> int:
    _take(client, [MemberRecord(id_, profile, names)])
    known = lookup.member(client.connection, id_)
    assert known
    return known.no


def _activate(client: Client, member: int, *, active: bool) -> None:
    if active:
        names = members.reactivate(client.connection, member, client.now)
        log.release(client.connection, client.now, names=names)
    else:
        members.deactivate(client.connection, member, _by(client), None, client.now)


def _by(client: Client) -> str:
    return f"scim:{client.key.id}"


def _profile(client: Client, member: int) -> MemberProfile:
    profile = members.profile_at(client.connection, member, client.now)
    assert profile
    return profile


def _id(client: Client, member: int) -> str:
    return members.names(client.connection, member)[0]


# What a user says of its member


def _columns(client: Client, user: User[EnterpriseUser]) -> dict[str, Any]:
    kept = msgspec.json.encode(user.model_dump(exclude={"id", "meta", "groups"})).decode()
    if len(kept) > MAX_RESOURCE_BYTES:
        refuse(Fault("user", "too_large", f"a user has at most {MAX_RESOURCE_BYTES} bytes"))
    for fault in checks.line("externalId", user.external_id):
        refuse(fault)
    organization = _organization(client, user)
    return {
        "resource": kept,
        "name_folded": folded(user.user_name or ""),
        "external_id": user.external_id,
        "awaits": organization if organization and not _knows(client, organization) else None,
        "modified_at": client.now,
    }


def _told(client: Client, user: User[EnterpriseUser]) -> dict[str, Any]:
    """What it says of the member's profile. A zone, a language that the hub does not know says nothing."""
    organization = _organization(client, user)
    return {
        "name": _full_name(user),
        "email": _main(user.emails),
        "organization": organization if organization and _knows(client, organization) else None,
        "time_zone": None if list(checks.time_zone("timezone", user.timezone)) else user.timezone or None,
        "locale": _locale(user.locale) or _locale(user.preferred_language),
        "phone": _main(user.phone_numbers),
        "title": user.title or None,
    }


def _full_name(user: User[EnterpriseUser]) -> str:
    parts = (user.name.given_name, user.name.family_name) if user.name else ()
    whole = " ".join(part for part in parts if part)
    return user.display_name or (user.name and user.name.formatted) or whole or user.user_name or ""


def _main(several: Sequence[Email | PhoneNumber] | None) -> str | None:
    """The primary one, else the first."""
    given = [one for one in several or () if one.value]
    return next((one.value for one in given if one.primary), given[0].value if given else None)


def _locale(written: str | None) -> str | None:
    locale = (written or "").replace("_", "-") or None
    return None if list(checks.locale("locale", locale)) else locale


def _organization(client: Client, user: User[EnterpriseUser]) -> str | None:
    """The id of the organization that the member belongs to, as soon as the hub knows it."""
    works = user[EnterpriseUser]
    named = (works.organization if works else None) or None
    for fault in checks.line("organization", named):
        refuse(fault)
    bound = client.key.organization_id
    if bound is not None and named not in (None, bound):
        refuse(Fault("organization", "forbidden", f"this key is for the people of {bound}"))
    return bound or named


def _knows(client: Client, organization: str) -> bool:
    return organization in lookup.organizations(client.connection, [organization])
