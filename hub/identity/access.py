"""Who may see and do what: one table, and one function that reads it.

Each route says what it is about by one decorator: `requires(ACT)` for a member's pages, `requires_scope(SCOPE)` for
other systems, `public` for everybody; one that says nothing is closed, and fails the tests. What may not be seen does
not exist: a 404.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import IntEnum
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlencode

from flask import Flask, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Connection, exists, false, literal, or_, select, true

from hub import clock
from hub.db import reader
from hub.directory import lookup
from hub.directory.sets import among
from hub.directory.tables import assignments, members, organizations, present
from hub.identity import keys, limits
from hub.identity.viewers import Viewer, current_member
from hub.web import Problem, not_found, settings, wants_fragment

P = ParamSpec("P")
R = TypeVar("R")


class Reach(IntEnum):
    """How far somebody sees: each includes those before it."""

    SELF = 1
    ORGANIZATION = 2
    ASSIGNED = 3  # and the organizations that she looks after
    ALL = 4


SELF, ORGANIZATION, ASSIGNED, ALL = Reach
#: What every member may, whatever her roles.
MEMBER = "member"

_OWNER = {"partner_owner": ORGANIZATION}
_VENDOR = {"field_team": ASSIGNED, "support_team": ASSIGNED}
_ADMIN = {"program_admin": ALL}

#: For each act how far it reaches, by role. A member with several has the widest.
TABLE: Mapping[str, Mapping[str, Reach]] = {
    # Her own
    "home:see": {MEMBER: SELF},
    "home:arrange": {MEMBER: SELF},
    "me:see": {MEMBER: SELF},
    "me:change": {MEMBER: SELF},
    "actions:hide": {MEMBER: SELF},
    "session:end": {MEMBER: SELF},
    # Of members
    "member:name": {MEMBER: ORGANIZATION, **_VENDOR, **_ADMIN},
    "member:see": {MEMBER: SELF, **_OWNER, **_VENDOR, **_ADMIN},
    "member:activity": {MEMBER: SELF, **_VENDOR, **_ADMIN},
    "why:see": {MEMBER: SELF, **_OWNER, **_VENDOR, **_ADMIN},
    # Of organizations; to follow one is to hear that its goals moved, which its own people see
    "organization:see": {**_OWNER, **_VENDOR, **_ADMIN},
    "partners:see": {**_VENDOR, **_ADMIN},
    "organization:follow": {MEMBER: ORGANIZATION, **_VENDOR, **_ADMIN},
    # Of the program: what boards publish, how to earn
    "leaderboard:see": {MEMBER: ALL},
    "program:see": {MEMBER: ALL},
    # The admin's
    "studio:use": _ADMIN,
}

#: What a live page may listen to: each topic, by its first part, with the act that its viewer must be allowed. What
#: stands behind the first part is the number of whom it is about.
TOPICS: Mapping[str, str] = {
    "points": "member:see",
    "badges": "member:see",
    "streaks": "member:see",
    "goals": "member:see",
    "actions": "member:see",
    "member": "member:see",
    "organization": "organization:follow",
    "leaderboard": "leaderboard:see",
    "program": "program:see",
    "change_over": "program:see",
    "directory": "program:see",
}

#: Endpoints of others' making that are open: files that anybody may have, and the word that there is no stream here.
OPEN_ENDPOINTS = frozenset({"static", "live.none"})
PUBLIC = "public"
_MARK = "hub_access"


def init(app: Flask) -> None:
    app.before_request(_refuse_undeclared)


# The question


def reach(viewer: Viewer, act: str) -> Reach | None:
    """How far this act reaches for this member; None: not at all."""
    row = TABLE[act]
    return max((row[role] for role in (MEMBER, *viewer.rights) if role in row), default=None)


def may(
    connection: Connection,
    viewer: Viewer,
    act: str,
    *,
    member: int | None = None,
    organization: int | None = None,
) -> bool:
    """Whether this member may do that, to a member or an organization (numbers), or at all where neither is named."""
    far = reach(viewer, act)
    if far is None or far == ALL or (member is None and organization is None):
        return far is not None
    if member is not None:
        return bool(connection.scalar(select(exists().where(present.c.member == member, visible(viewer, act)))))
    return bool(connection.scalar(select(_of_organization(viewer, far, literal(organization)))))


def may_follow(viewer: Viewer, topic: str) -> bool:
    """Whether a page of this member may be told that this changed."""
    kind, _, about = topic.partition("/")
    act = TOPICS.get(kind)
    if act is None:
        raise LookupError(f"the topic {topic} has no row in the table of who may see what")
    if reach(viewer, act) == ALL:
        return True
    number = int(about)
    # One's own, as nearly always, is nothing to ask the database about.
    if number == (viewer.organization if kind == "organization" else viewer.no):
        return reach(viewer, act) is not None
    with reader() as connection:
        whose = {"organization": number} if kind == "organization" else {"member": number}
        return may(connection, viewer, act, **whose)


def visible(viewer: Viewer, act: str) -> ColumnElement[bool]:
    """The condition on `present` that a member is one to whom `viewer` may do that: for lists, and for boards."""
    far = reach(viewer, act)
    if far is None:
        return false()
    if far == ALL:
        return true()
    return or_(present.c.member == viewer.no, _of_organization(viewer, far, present.c.organization))


def _of_organization(viewer: Viewer, far: Reach, organization: ColumnElement[int | None]) -> ColumnElement[bool]:
    seen: list[ColumnElement[bool]] = [false()]
    if far >= ORGANIZATION and viewer.organization is not None:
        seen.append(organization == viewer.organization)
    if far >= ASSIGNED:
        seen.append(exists().where(assignments.c.member == viewer.no, assignments.c.organization == organization))
    return or_(*seen)


def member_seen(connection: Connection, viewer: Viewer, act: str, name: str) -> lookup.Person:
    """The member with this id or alias, if `viewer` may do that to it; else a 404, whether it exists or not."""
    known = lookup.member(connection, name)
    if known is None or not may(connection, viewer, act, member=known.no):
        raise not_found()
    person = lookup.profile_now(connection, known.no, clock.now())
    assert person
    return person


def members_seen(connection: Connection, viewer: Viewer, act: str, ids: Collection[str]) -> frozenset[str]:
    """Those of these ids whose members `viewer` may do that to: for the links of a list. One statement at most."""
    far = reach(viewer, act)
    if far is None or not ids:
        return frozenset()
    if far in (SELF, ALL):
        return frozenset(ids) if far == ALL else frozenset({viewer.id}.intersection(ids))
    query = select(members.c.id).join(present, present.c.member == members.c.no)
    return frozenset(connection.scalars(query.where(among(connection, members.c.id, ids), visible(viewer, act))))


def organizations_seen(connection: Connection, viewer: Viewer, act: str, ids: Collection[str]) -> frozenset[str]:
    """Those of these ids whose organizations `viewer` may do that to."""
    far = reach(viewer, act)
    if far is None or not ids:
        return frozenset()
    if far == ALL:
        return frozenset(ids)
    t = organizations.c
    query = select(t.id).where(among(connection, t.id, ids), _of_organization(viewer, far, t.no))
    return frozenset(connection.scalars(query))


# The doors


def public(view: Callable[P, R]) -> Callable[P, R]:
    """A route that is open to everybody."""
    setattr(view, _MARK, PUBLIC)
    return view


def requires(act: str) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """A page of members whose roles let them do that at all. To whom, the page asks with `may` or `member_seen`."""
    if act not in TABLE:
        raise LookupError(f"{act!r} has no row in the table of who may do what")

    def guard(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            viewer = current_member()
            if viewer is None:
                return _ask_to_sign_in()
            if reach(viewer, act) is None:
                raise not_found()
            return view(*args, **kwargs)

        setattr(guarded, _MARK, act)
        return guarded

    return guard


def requires_scope(scope: str, *others: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A route for keys with this scope, or one of the others; the view finds its key by `current_key()`, and asks it
    what it may where its scopes open different things.
    """
    scopes = {scope, *others}
    if unknown := sorted(scopes.difference(keys.SCOPES)):
        raise LookupError(f"{unknown[0]!r} is no scope")

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            key = _key(scopes)
            if key is None:
                limits.take(limits.of_app().refused, limits.address())
                raise _unauthorized()
            limits.take(limits.of_app().api, key.id)
            if not scopes & key.scopes:
                raise _insufficient(scope)
            g.api_key = key
            return view(*args, **kwargs)

        setattr(guarded, _MARK, scope)
        return guarded

    return guard


def _key(scopes: Collection[str]) -> keys.Key | None:
    header = request.headers.get("Authorization")
    given = None
    if keys.PROVISION in scopes:
        given = keys.of_setting(header, "HUB_SCIM_TOKEN", settings().scim_token, keys.PROVISION)
    return given or keys.authenticate(header, clock.now())


def current_key() -> keys.Key:
    """The API key of a request behind `requires_scope`."""
    return cast(keys.Key, g.api_key)


def declared(app: Flask, endpoint: str) -> str | None:
    """What a route says it is about: `public`, an act, or a scope; None: nothing."""
    return PUBLIC if endpoint in OPEN_ENDPOINTS else getattr(app.view_functions[endpoint], _MARK, None)


def _refuse_undeclared() -> None:
    if request.endpoint is not None and declared(current_app, request.endpoint) is None:
        raise LookupError(f"the route {request.endpoint} does not say who may use it")


def _ask_to_sign_in() -> ResponseReturnValue:
    """A person is led to sign in and back; a script or a part of a page is told to."""
    asked = request.full_path.rstrip("?") if request.method == "GET" and not wants_fragment() else "/"
    address = "/sign-in?" + urlencode({"next": asked})
    if request.method in ("GET", "HEAD") and not request.headers.get("HX-Request"):
        return redirect(address)
    raise Problem(401, "unauthorized", "You are signed out. Sign in and try again.", headers={"HX-Redirect": address})


def _unauthorized() -> Problem:
    offered = {"WWW-Authenticate": 'Bearer realm="hub"'}
    return Problem(401, "unauthorized", "This needs a valid API key: Authorization: Bearer KEY.", headers=offered)


def _insufficient(scope: str) -> Problem:
    needed = {"WWW-Authenticate": f'Bearer realm="hub", error="insufficient_scope", scope="{scope}"'}
    return Problem(403, "scope", f"This key lacks the scope {scope}.", headers=needed)
