"""Sessions: who is signed in, from where, since when. The cookie holds a token, the record is here.

A session ends by itself when it is not used for some time, when it is old, and with each deactivation of its member,
whichever door that came by: one that is undone brings no session back. So it does where its member is merged into
another.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    update,
)

from hub import clock
from hub.db import transaction
from hub.directory.merges import merged
from hub.directory.sets import among
from hub.directory.tables import deactivations
from hub.identity.tables import sessions
from hub.web import settings

TOKEN_BYTES = 32
#: Use is noted as often as this: not with every request.
NOTED_US = 5 * clock.MINUTE
#: Of one member; one more ends the one that was used longest ago.
SESSIONS_PER_MEMBER = 50


class Proof(NamedTuple):
    """By what somebody proved who she is. `via`: `demo`, `oidc:NAME`, `saml:NAME`; the rest is the provider's."""

    via: str
    issuer: str | None = None
    subject: str | None = None
    session: str | None = None  # what the provider calls its own session
    id_token: str | None = None  # to be shown to it when signing out


@dataclass(frozen=True, slots=True)
class Session:
    """`seen_at`: when it was used last, to about five minutes. `device`: `Firefox, Linux`, or empty."""

    no: int
    member: int
    opened_at: int
    seen_at: int
    device: str
    proof: Proof


def open_(connection: Connection, member: int, proof: Proof, device: str, now: int) -> str:
    """A new session, and its token: the only time that anybody sees it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    last = select(func.coalesce(func.max(deactivations.c.no), 0)).where(deactivations.c.member == member)
    row = {
        "hash": _hash(token),
        "member": member,
        "opened_at": now,
        "seen_at": now,
        "device": device,
        "via": proof.via,
        "issuer": proof.issuer,
        "subject": proof.subject,
        "provider_session": proof.session,
        "id_token": proof.id_token,
    }
    connection.execute(sessions.insert().values(last_deactivation=last.scalar_subquery()), row)
    _end_surplus(connection, member)
    return token


def find(connection: Connection, token: str, now: int) -> Session | None:
    """The session with this token, if it is not over."""
    row = connection.execute(select(sessions).where(sessions.c.hash == _hash(token), _lives(now))).first()
    return _session(row) if row else None


def note_use(session: Session, now: int) -> None:
    """That it was used now, where that was not noted lately. In a transaction of its own."""
    if now - session.seen_at >= NOTED_US:
        with transaction() as connection:
            connection.execute(update(sessions).where(sessions.c.no == session.no).values(seen_at=now))


def of_member(connection: Connection, member: int, now: int) -> list[Session]:
    """All that are not over, the one that was used last first."""
    own = select(sessions).where(sessions.c.member == member, _lives(now))
    return [_session(row) for row in connection.execute(own.order_by(sessions.c.seen_at.desc(), sessions.c.no.desc()))]


def living(connection: Connection, numbers: Collection[int], now: int) -> set[int]:
    """Those of these sessions that are not over."""
    return set(connection.scalars(select(sessions.c.no).where(among(connection, sessions.c.no, numbers), _lives(now))))


def end(connection: Connection, member: int, no: int) -> bool:
    """End one session of this member. False where it has none with this number."""
    ended = connection.execute(delete(sessions).where(sessions.c.no == no, sessions.c.member == member))
    return ended.rowcount == 1


def end_all(connection: Connection, member: int, but: int | None = None) -> int:
    """End all sessions of this member, `but` this one: how many."""
    others = sessions.c.no != but if but is not None else true()
    return connection.execute(delete(sessions).where(sessions.c.member == member, others)).rowcount


def end_of_provider(connection: Connection, issuer: str, subject: str | None, session: str | None) -> int:
    """End what began with this session at the provider; without `session`, all of this subject: how many."""
    t = sessions.c
    these = [t.issuer == issuer]
    if subject is not None:
        these.append(t.subject == subject)
    if session is not None:
        # Of one that came without the name of its provider's session, its subject alone is known.
        unnamed = t.provider_session.is_(None) if subject is not None else false()
        these.append(or_(t.provider_session == session, unnamed))
    return connection.execute(delete(sessions).where(*these)).rowcount


def end_token(connection: Connection, token: str) -> None:
    """End the session with this token, if there is one."""
    connection.execute(delete(sessions).where(sessions.c.hash == _hash(token)))


def forget(now: int) -> None:
    """Delete those that are over."""
    with transaction() as connection:
        connection.execute(delete(sessions).where(not_(_lives(now))))


def _lives(now: int) -> ColumnElement[bool]:
    t, hub = sessions.c, settings()
    since = exists().where(deactivations.c.member == t.member, deactivations.c.no > t.last_deactivation)
    idle, whole = hub.session_idle_hours * clock.HOUR, hub.session_hours * clock.HOUR
    return and_(t.seen_at > now - idle, t.opened_at > now - whole, ~since, ~merged(t.member))


def _end_surplus(connection: Connection, member: int) -> None:
    own = select(sessions.c.no).where(sessions.c.member == member)
    latest = own.order_by(sessions.c.seen_at.desc(), sessions.c.no.desc()).limit(SESSIONS_PER_MEMBER)
    connection.execute(delete(sessions).where(sessions.c.member == member, sessions.c.no.not_in(latest)))


def _hash(token: str) -> str:
    # 256 random bits need no slower hash, and what is compared is nothing that anybody can steer.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _session(row: Row[Any]) -> Session:
    proof = Proof(row.via, row.issuer, row.subject, row.provider_session, row.id_token)
    return Session(row.no, row.member, row.opened_at, row.seen_at, row.device, proof)
