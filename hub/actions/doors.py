"""Putting an action off, saying that it is not for oneself, taking that back; and that one was seen."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from hub import clock
from hub.actions import hiding
from hub.actions.hiding import Hidden
from hub.db import reader, transaction
from hub.directory import profiles
from hub.gamification.conditions import holds
from hub.gamification.windows import first_instant, local_date
from hub.identity import Viewer, current_member, requires
from hub.identity.landing import local
from hub.ledger import programs, reading
from hub.ledger.standings import Version
from hub.web import FieldFault, Problem, not_found, wants_fragment

bp = Blueprint("actions", __name__)

#: For how many days one can put an action off.
SNOOZES = (1, 7, 30)
#: Why it is not for somebody.
REASONS = ("done", "not_mine", "not_wanted")


@bp.post("/actions/<key>/snooze")
@requires("actions:hide")
def snooze(key: str) -> ResponseReturnValue:
    days = request.form.get("days", "")
    if days not in map(str, SNOOZES):
        raise _fault("days", f"one of {', '.join(map(str, SNOOZES))}")
    member, now = _member(), clock.now()
    with transaction() as connection:
        version = _offered(connection, member, key, now)
        zone = _zone(version, member)
        until = first_instant(zone, local_date(zone, now) + int(days))
        hiding.hide(connection, member.no, key, Hidden(until, None), now)
    return _back(request.form.get("back", ""))


@bp.post("/actions/<key>/dismissal")
@requires("actions:hide")
def dismiss(key: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    if reason not in REASONS:
        raise _fault("reason", f"one of {', '.join(REASONS)}")
    member, now = _member(), clock.now()
    with transaction() as connection:
        _offered(connection, member, key, now)
        hiding.hide(connection, member.no, key, Hidden(None, reason), now)
    return _back(request.form.get("back", ""))


@bp.delete("/actions/<key>/hiding")
@requires("actions:hide")
def reveal(key: str) -> ResponseReturnValue:
    member, now = _member(), clock.now()
    with transaction() as connection:
        _offered(connection, member, key, now)
        hiding.reveal(connection, member.no, key, now)
    return _back(request.values.get("back", ""))


@bp.post("/actions/<key>/showing")
@requires("actions:hide")
def show(key: str) -> ResponseReturnValue:
    """The page says that the action came into sight. One that was closed meanwhile is none any more."""
    member, now = _member(), clock.now()
    with reader() as connection:
        version = _offered(connection, member, key, now)
        opened = {one.action: one.opened for one in reading.actions(connection, version, member.no, now)}
    if key in opened:
        with transaction() as connection:
            hiding.note_shown(connection, member.no, key, opened[key], local_date(_zone(version, member), now))
    return "", 204


def _offered(connection: Connection, member: Viewer, key: str, now: int) -> Version:
    """The program, which has this action for this member; else there is none."""
    version = programs.newest(connection)
    action = version.program.actions.get(key) if version else None
    if version is None or action is None:
        raise not_found()
    if action.for_ is not None and not holds(action.for_, profiles.of_member(connection, member.no).at(now).values):
        raise not_found()
    return version


def _zone(version: Version, member: Viewer) -> str:
    return member.time_zone or version.program.settings.time_zone


def _back(address: str) -> ResponseReturnValue:
    """To where the widget stands: itself for htmx, else the page it is on."""
    return redirect(local(address) if wants_fragment() else "/", 303)


def _fault(field: str, message: str) -> Problem:
    return Problem(422, "value", f"{field}: {message}", [FieldFault(field, "value", message)])


def _member() -> Viewer:
    member = current_member()
    assert member is not None, "requires() lets nobody else in"
    return member
