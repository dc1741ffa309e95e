"""Who looks: the signed-in member of a request, as it is now. A member deactivated a moment ago is signed out.

The signed cookie holds the token of a session's record (`sessions`) and nothing else of who somebody is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import request, session
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy import Connection

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup
from hub.identity import sessions
from hub.identity.devices import device
from hub.identity.sessions import Proof, Session
from hub.ledger import programs

login = LoginManager()
#: An address changes with the network of a phone: it is no proof of theft.
login.session_protection = None
#: Where Flask-Login keeps a session's token.
KEPT_AS = "_user_id"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in member. `rights`: its roles and those that they are declared `like`; `organization`: a number."""

    no: int
    id: str
    name: str
    organization: int | None
    organization_name: str | None
    roles: tuple[str, ...]
    rights: frozenset[str]
    time_zone: str | None
    locale: str | None
    organization_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member and her session: what Flask-Login calls a user."""

    token: str
    viewer: Viewer
    session: Session | None = None  # None: opened by this very request

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.token


def viewer(connection: Connection, member: int, now: int) -> Viewer | None:
    """The active member with this number, as somebody who looks."""
    person = lookup.profile_now(connection, member, now)
    if person is None or not person.active:
        return None
    at = person.organization
    return Viewer(
        person.no,
        person.id,
        person.name,
        at.no if at else None,
        at.name if at else None,
        person.roles,
        rights_of(connection, person.roles),
        person.time_zone,
        person.locale,
        at.id if at else None,
    )


def rights_of(connection: Connection, roles: tuple[str, ...]) -> frozenset[str]:
    """These roles, and those that the program declares them `like`."""
    version = programs.newest(connection)
    declared = version.program.roles if version else {}
    rights: set[str] = set()
    following = list(roles)
    while following:
        role = following.pop()
        if role in rights:
            continue
        rights.add(role)
        like = declared[role].like if role in declared else None
        following += [like] if like else []
    return frozenset(rights)


def current_member() -> Viewer | None:
    """Who is signed in, once a request; None: nobody."""
    user = _current()
    return user.viewer if user else None


def current_session() -> Session | None:
    """The session that the request came with; None: nobody is signed in."""
    user = _current()
    return user.session if user else None


def _current() -> SignedIn | None:
    # Not the proxy, which would be somebody else outside of the request.
    return cast(SignedIn, current_user._get_current_object()) if current_user.is_authenticated else None  # noqa: SLF001


def sign_in(member: Viewer, proof: Proof) -> None:
    """From here on this browser is this member's, by a session of its own. Nothing of an earlier one stays."""
    with transaction() as connection:
        _end_own(connection)
        token = sessions.open_(connection, member.no, proof, device(request.user_agent.string), clock.now())
    session.clear()
    session.permanent = True
    login_user(SignedIn(token, member))


def sign_out() -> None:
    with transaction() as connection:
        _end_own(connection)
    logout_user()
    session.clear()


def _end_own(connection: Connection) -> None:
    if token := session.get(KEPT_AS):
        sessions.end_token(connection, str(token))


@login.user_loader  # type: ignore[untyped-decorator, unused-ignore]
def _load(token: str) -> SignedIn | None:
    now = clock.now()
    with reader() as connection:
        found = sessions.find(connection, token, now)
        member = viewer(connection, found.member, now) if found else None
    if found is None or member is None:
        return None
    sessions.note_use(found, now)
    return SignedIn(token, member, found)
