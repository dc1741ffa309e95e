"""API keys: what another system may do here. A key is shown once, and found again by its hash alone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, or_, select, update

from hub.clock import MINUTE
from hub.db import reader, transaction
from hub.directory.names import is_name
from hub.directory.tables import organizations
from hub.identity.tables import api_keys

#: Creates people and groups by SCIM, and sees those that it made.
PROVISION = "scim:write"
SCOPES = (
    "events:write",
    "events:read",
    "events:reverse",
    "members:read",
    "members:write",
    "awards:write",
    "recognitions:write",
    "program:read",
    "effects:read",
    PROVISION,
)
KEY_BYTES = 32
ID_BYTES = 6
NAME_CHARACTERS = 100
#: Says in a leaked text what it is.
PREFIX = "hub_"


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret. `organization` is a number; it, and empty `sources`, mean no bound."""

    id: str
    name: str
    scopes: frozenset[str]
    sources: frozenset[str]
    organization: int | None
    organization_id: str | None
    created_at: int
    last_used_at: int | None
    revoked_at: int | None

    def may_send(self, source: str) -> bool:
        """Whether it speaks for that source of events."""
        return not self.sources or source in self.sources


@dataclass(frozen=True, slots=True)
class KeyFault:
    """Why a key cannot be made."""

    field: str
    message: str


def create(
    connection: Connection,
    name: str,
    scopes: Collection[str],
    now: int,
    sources: Collection[str] = (),
    organization: str | None = None,
) -> tuple[Key, str] | KeyFault:
    """A new key, and its text: the only time that anybody sees it. `organization` is an id."""
    number = _organization(connection, organization)
    if fault := _fault(name, scopes, sources, organization, number):
        return fault
    text = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    key = Key(
        f"k_{secrets.token_hex(ID_BYTES)}",
        name,
        frozenset(scopes),
        frozenset(sources),
        number,
        organization,
        created_at=now,
        last_used_at=None,
        revoked_at=None,
    )
    connection.execute(api_keys.insert(), _row(key, text))
    return key, text


def list_all(connection: Connection) -> list[Key]:
    """All keys, the revoked ones too, in the order they were made."""
    return [_key(row) for row in connection.execute(_KEYS.order_by(api_keys.c.created_at, api_keys.c.id))]


def revoke(connection: Connection, id_: str, now: int) -> bool:
    """End a key for ever. False where there is none that still works."""
    ending = update(api_keys).where(api_keys.c.id == id_, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
    return connection.execute(ending).rowcount == 1


def authenticate(authorization: str | None, now: int) -> Key | None:
    """The key of an `Authorization` header; None where it names none that works. Its use is noted, once a minute."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text.startswith(PREFIX):
        return None
    with reader() as connection:
        row = connection.execute(_KEYS.where(api_keys.c.hash == _hash(text), api_keys.c.revoked_at.is_(None))).first()
    if row is None:
        return None
    minute = now - now % MINUTE
    if (row.last_used_at or 0) < minute:
        _note_use(row.id, minute)
    return _key(row)


def of_setting(authorization: str | None, name: str, token: str | None, scope: str) -> Key | None:
    """A key that stands in the settings under that name; None where the header holds another."""
    scheme, _, text = (authorization or "").partition(" ")
    given = text.encode("utf-8", "surrogatepass")
    if not token or scheme.lower() != "bearer" or not secrets.compare_digest(given, token.encode()):
        return None
    return Key(name, name, frozenset({scope}), frozenset(), None, None, 0, None, None)


def _note_use(id_: str, minute: int) -> None:
    older = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < minute)
    with transaction() as connection:
        connection.execute(update(api_keys).where(api_keys.c.id == id_, older).values(last_used_at=minute))


def _organization(connection: Connection, id_: str | None) -> int | None:
    if id_ is None or not is_name(id_):
        return None
    return connection.scalar(select(organizations.c.no).where(organizations.c.id == id_))


def _fault(
    name: str, scopes: Collection[str], sources: Collection[str], organization: str | None, number: int | None
) -> KeyFault | None:
    if not 1 <= len(name) <= NAME_CHARACTERS or not name.isprintable():
        return KeyFault("name", f"a name has 1 to {NAME_CHARACTERS} printable characters")
    if not scopes or (unknown := sorted(set(scopes) - set(SCOPES))):
        return KeyFault("scopes", f"{unknown[0]!r} is no scope" if scopes else "a key without a scope opens nothing")
    if wrong := [source for source in sources if not is_name(source)]:
        return KeyFault("sources", f"{wrong[0]!r} cannot be a source")
    if organization is not None and number is None:
        return KeyFault("organization", f"there is no organization {organization!r}")
    return None


def _hash(text: str) -> str:
    # What is compared, in an index, is a hash that nobody can steer: the time it takes tells nothing about the key.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _row(key: Key, text: str) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "hash": _hash(text),
        "scopes": _listed(key.scopes),
        "sources": _listed(key.sources),
        "organization": key.organization,
        "created_at": key.created_at,
    }


def _listed(names: Collection[str]) -> str:
    return msgspec.json.encode(sorted(names)).decode()


def _key(row: Row[Any]) -> Key:
    scopes, sources = (frozenset(msgspec.json.decode(text, type=list[str])) for text in (row.scopes, row.sources))
    return Key(
        row.id,
        row.name,
        scopes,
        sources,
        row.organization,
        row.organization_id,
        row.created_at,
        row.last_used_at,
        row.revoked_at,
    )


_KEYS = select(api_keys, organizations.c.id.label("organization_id")).outerjoin(
    organizations, organizations.c.no == api_keys.c.organization
)
