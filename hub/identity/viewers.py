"""Who looks: the signed-in member of a request, as it is now. A member deactivated a moment ago is signed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import session
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy import Connection

from hub import clock
from hub.db import reader
from hub.directory import lookup
from hub.ledger import programs

login = LoginManager()
#: An address changes with the network of a phone: it is no proof of theft.
login.session_protection = None


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

    # What Flask-Login asks of a user.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.no)


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
    )


def rights_of(connection: Connection, roles: tuple[str, ...]) -> frozenset[str]:
    """These roles, and those that the program declares them `like`."""
    version = programs.newest(connection)
    declared = version.program.roles if version else {}
    alike = (declared[role].like for role in roles if role in declared)
    return frozenset(roles) | {role for role in alike if role}


def current_member() -> Viewer | None:
    """Who is signed in, once a request; None: nobody."""
    # Not the proxy, which would be somebody else outside of the request.
    return cast(Viewer, current_user._get_current_object()) if current_user.is_authenticated else None  # noqa: SLF001


def sign_in(member: Viewer) -> None:
    """From here on the session is this member's. Nothing of an earlier one stays in it."""
    session.clear()
    session.permanent = True
    login_user(member)


def sign_out() -> None:
    logout_user()
    session.clear()


@login.user_loader  # type: ignore[untyped-decorator, unused-ignore]
def _load(number: str) -> Viewer | None:
    if not number.isdigit():
        return None
    with reader() as connection:
        return viewer(connection, int(number), clock.now())
