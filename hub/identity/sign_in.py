"""Signing in. In a demo hub one chooses who to be; single sign-on has its own doors.

After signing in one lands on the page that was asked for, if it is one of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby, islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection, Row, func, or_, select

from hub import clock
from hub.db import reader
from hub.directory import lookup
from hub.directory.tables import members, present
from hub.identity.access import public, requires
from hub.identity.landing import local
from hub.identity.oidc.pages import sign_out_address
from hub.identity.sessions import Proof
from hub.identity.viewers import current_session, sign_in, sign_out, viewer
from hub.ledger import programs
from hub.web import Problem, not_found, settings
from hub.wording import language, said

bp = Blueprint("identity", __name__)

#: The ids that a demo puts first in each role, among the app's extensions.
FIRST = "sign_in_first"
PEOPLE = 60
#: How many of a role are offered to who has not searched: so one role is not a page long.
OF_ROLE = 9
SEARCH_CHARACTERS = 100


class Door(NamedTuple):
    """A way to sign in: its name, and where it begins."""

    title: str
    address: str


class Choice(NamedTuple):
    """Somebody to be, in a demo hub."""

    id: str
    name: str
    role: str
    organization: str | None


@bp.get("/sign-in")
@public
def page() -> ResponseReturnValue:
    asked = request.args.get("q", "")[:SEARCH_CHARACTERS].strip()
    groups = _by_role(asked) if settings().demo else []
    return render_template(
        "identity/sign_in.html",
        demo=settings().demo,
        doors=_doors(local(request.args.get("next", ""))),
        groups=groups,
        asked=asked,
        next=local(request.args.get("next", "")),
    )


@bp.post("/sign-in")
@public
def choose() -> ResponseReturnValue:
    if not settings().demo:
        raise not_found()
    with reader() as connection:
        known = lookup.member(connection, request.form.get("member", ""))
        chosen = viewer(connection, known.no, clock.now()) if known else None
    if chosen is None:
        raise Problem(422, "unknown_member", "There is nobody by that name here, or no longer.")
    sign_in(chosen, Proof("demo"))
    return redirect(local(request.form.get("next", "")), 303)


@bp.post("/sign-out")
@requires("session:end")
def leave() -> ResponseReturnValue:
    session = current_session()
    sign_out()
    elsewhere = sign_out_address(session.proof) if session else None
    if elsewhere is None:
        return redirect("/sign-in", 303)
    # Not a redirect: the policy of our pages sends their forms nowhere else.
    return render_template("identity/signed_out.html", address=elsewhere)


def _doors(wanted: str) -> list[Door]:
    hub, query = settings(), "?" + urlencode({"next": wanted}) if wanted != "/" else ""
    doors = [("oidc", one) for one in hub.oidc] + [("saml", one) for one in hub.saml]
    return [Door(one.title, f"/auth/{kind}/{one.name}{query}") for kind, one in doors]


def _by_role(asked: str) -> list[tuple[str, list[Choice]]]:
    """Some people of each role; or all those whose name, id or organization matches what was asked."""
    with reader() as connection:
        found = [_choice(row) for row in _people(connection, asked)]
        titles = _titles(connection)
    order = {role: place for place, role in enumerate(titles)}
    found.sort(key=lambda one: (order.get(one.role, len(order)), one.role))
    groups = groupby(found, key=lambda one: one.role)
    most = PEOPLE if asked else OF_ROLE
    return [
        (said(titles.get(role, {}), role, language()) or gettext("No role"), list(islice(several, most)))
        for role, several in groups
    ]


def _titles(connection: Connection) -> dict[str, Mapping[str, str]]:
    version = programs.newest(connection)
    return {key: role.title for key, role in version.program.roles.items()} if version else {}


def _people(connection: Connection, asked: str) -> list[Row[Any]]:
    # A member's place among those of the same roles: so the first PEOPLE are not all of one.
    first = members.c.id.in_(current_app.extensions.get(FIRST, ()))
    order = (first.desc(), present.c.name, present.c.member)
    place = func.row_number().over(partition_by=present.c.roles, order_by=order)
    people = (
        select(members.c.id, present.c.name, present.c.roles, lookup.COMPANY.label("company"))
        .join(present, present.c.member == members.c.no)
        .where(present.c.active)
    )
    if asked:
        people = people.where(
            or_(*(one.icontains(asked, autoescape=True) for one in (present.c.name, members.c.id, lookup.COMPANY)))
        )
    return list(connection.execute(people.order_by(place, present.c.roles, present.c.member).limit(PEOPLE)))


def _choice(row: Row[Any]) -> Choice:
    return Choice(row.id, row.name, row.roles.strip("|").split("|")[0], row.company)
