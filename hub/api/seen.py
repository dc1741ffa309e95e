"""Whom an API key sees: everybody, or one organization's people. Whoever it may not see is not there: a 404."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.directory import lookup
from hub.directory.lookup import Organization, Person
from hub.identity.keys import Key
from hub.web import not_found

READ, WRITE = "members:read", "members:write"


def member(connection: Connection, key: Key, name: str, now: int) -> Person:
    """The member with this id or alias."""
    known = lookup.member(connection, name)
    person = None if known is None else lookup.profile_now(connection, known.no, now)
    if person is None or not sees(key, person):
        raise not_found()
    return person


def sees(key: Key, person: Person) -> bool:
    belongs = person.organization.no if person.organization else None
    return key.organization is None or belongs == key.organization


def organization(connection: Connection, key: Key, id_: str, now: int) -> Organization:
    number = lookup.organizations(connection, [id_]).get(id_)
    if number is None or key.organization not in (None, number):
        raise not_found()
    return lookup.organizations_now(connection, [number], now)[number]
