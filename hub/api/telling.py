"""Telling the hub about people and organizations: what is absent stays, null clears."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec
from flask import Response
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Connection

from hub import clock
from hub.api import bp, seen
from hub.api import members as members_api
from hub.api import organizations as organizations_api
from hub.api.answers import answer, body, invalid, refused
from hub.api.members import Member
from hub.api.openapi import describe
from hub.api.organizations import Organization
from hub.api.seen import WRITE
from hub.db import reader, transaction
from hub.directory import lookup, members, organizations
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.identity.access import current_key, requires_scope
from hub.identity.keys import Key
from hub.ledger import log
from hub.web import not_found

Text = str | None | UnsetType
Texts = list[str] | None | UnsetType


class MemberChange(msgspec.Struct, forbid_unknown_fields=True):
    """What changes of a member, from `valid_from` (default: now) on. What is absent stays; null clears."""

    id: str | UnsetType = UNSET
    name: Text = UNSET
    email: Text = UNSET
    organization: Text = UNSET
    roles: Texts = UNSET
    time_zone: Text = UNSET
    locale: Text = UNSET
    region: Text = UNSET
    tags: Texts = UNSET
    phone: Text = UNSET
    title: Text = UNSET
    listed: bool | UnsetType | None = UNSET
    aliases: Texts = UNSET
    valid_from: Annotated[str | UnsetType | None, Meta(extra_json_schema={"format": "date-time"})] = UNSET
    active: bool | UnsetType = UNSET


_LISTS = ("roles", "tags")
_PROFILE = ("name", "email", "organization", *_LISTS, "time_zone", "locale", "region", "phone", "title", "listed")
#: Whose act a deactivation by a key is.
_BY = "key/"


@bp.put("/members/<path:member_id>")
@requires_scope(WRITE)
@describe("Create or change a member", scope=WRITE, body=MemberChange, answers={200: Member, 201: Member})
def put_member(member_id: str) -> Response:
    change, key = body(MemberChange), current_key()
    with transaction() as connection:
        now = clock.now()
        known = lookup.member(connection, member_id)
        id_ = known.id if known else member_id
        if change.id is not UNSET and change.id not in (id_, member_id):
            raise invalid("id", "conflict", "the id is that of the address")
        since = valid_from(change.valid_from, now)
        before = _before(connection, key, known, since, now)
        record = MemberRecord(id_, _changed(before, change, id_, key), _aliases(change), since)
        _take(connection, record, change, key, now)
    with reader() as connection:
        person = seen.member(connection, key, id_, now)
        return answer(members_api.member(connection, person, now), 200 if known else 201)


def _before(connection: Connection, key: Key, known: lookup.Known | None, since: int, now: int) -> MemberProfile | None:
    """What the member is at the time from which on it changes, if the key sees it; None: it is new."""
    if known is None:
        return None
    person = lookup.profile_now(connection, known.no, now)
    if person is None or not seen.sees(key, person):
        raise not_found()
    return members.profile_at(connection, known.no, since)


def _changed(before: MemberProfile | None, change: MemberChange, id_: str, key: Key) -> MemberProfile:
    told = {name: getattr(change, name) for name in _PROFILE if getattr(change, name) is not UNSET}
    told |= {name: tuple(told[name] or ()) for name in _LISTS if name in told}
    if "name" in told:
        told["name"] = told["name"] or id_
    if told.get("listed", False) is None:
        told["listed"] = True
    if before is None:
        told = {"organization": key.organization_id} | told
    profile = replace(before or MemberProfile(id_), **told)
    if key.organization is not None and profile.organization != key.organization_id:
        raise invalid("organization", "forbidden", "this key writes people of its own organization only")
    return profile


def _aliases(change: MemberChange) -> tuple[str, ...]:
    return tuple(change.aliases) if isinstance(change.aliases, list) else ()


def valid_from(text: str | UnsetType | None, now: int) -> int:
    """The instant of a `valid_from`, by default now."""
    if not isinstance(text, str):
        return now
    try:
        return clock.instant(text)
    except (ValueError, OverflowError):
        raise invalid(
            "valid_from", "time", "valid_from is a time with an offset, such as 2026-11-20T09:30:00Z"
        ) from None


def _take(connection: Connection, record: MemberRecord, change: MemberChange, key: Key, now: int) -> None:
    upserted = members.upsert(connection, [record], now)
    if faults := upserted.outcomes[0].faults:
        raise refused(faults)
    appeared = list(upserted.appeared)
    known = lookup.member(connection, record.id)
    assert known
    if change.active is False:
        members.deactivate(connection, known.no, _BY + key.id, None, now)
    elif change.active is True:
        appeared += members.reactivate(connection, known.no, now)
    log.release(connection, now, names=appeared)


# ---------------------------------------------------------------------------------------------------- organizations


class OrganizationChange(msgspec.Struct, forbid_unknown_fields=True):
    """What changes of an organization, from `valid_from` (default: now) on. What is absent stays; null clears."""

    id: str | UnsetType = UNSET
    name: Text = UNSET
    type: Text = UNSET
    tier: Text = UNSET
    region: Text = UNSET
    size: Text = UNSET
    tags: Texts = UNSET
    valid_from: Text = UNSET


_ORGANIZATION = ("name", "type", "tier", "region", "size", "tags")


@bp.put("/organizations/<path:organization_id>")
@requires_scope(WRITE)
@describe(
    "Create or change an organization",
    scope=WRITE,
    body=OrganizationChange,
    answers={200: Organization, 201: Organization},
)
def put_organization(organization_id: str) -> Response:
    change, key = body(OrganizationChange), current_key()
    if change.id not in (UNSET, organization_id):
        raise invalid("id", "conflict", "the id is that of the address")
    with transaction() as connection:
        now = clock.now()
        known = lookup.organizations(connection, [organization_id]).get(organization_id)
        if key.organization not in (None, known):
            raise not_found()
        since = valid_from(change.valid_from, now)
        before = None if known is None else organizations.profile_at(connection, known, since)
        record = OrganizationRecord(organization_id, _organization_changed(before, change, organization_id), since)
        _take_organization(connection, record, now)
        number = lookup.organizations(connection, [organization_id])[organization_id]
        return answer(organizations_api.organization(connection, number, now), 200 if known else 201)


def _organization_changed(
    before: OrganizationProfile | None, change: OrganizationChange, id_: str
) -> OrganizationProfile:
    told = {name: getattr(change, name) for name in _ORGANIZATION if getattr(change, name) is not UNSET}
    if "name" in told:
        told["name"] = told["name"] or id_
    if "tags" in told:
        told["tags"] = tuple(told["tags"] or ())
    return replace(before or OrganizationProfile(id_), **told)


def _take_organization(connection: Connection, record: OrganizationRecord, now: int) -> None:
    upserted = organizations.upsert(connection, [record], now)
    if faults := upserted.outcomes[0].faults:
        raise refused(faults)
    log.release(connection, now, organizations=upserted.appeared)
