"""The homepage, and each of its cells at an address of its own, to be fetched again when what it shows has changed."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from hub import clock, wording
from hub.db import reader
from hub.home import arrangement, cells, current, layout, visits
from hub.identity import Viewer, requires
from hub.ledger import changeover, programs
from hub.ledger.standings import Version
from hub.web import not_found, with_etag

bp = Blueprint("home", __name__)

#: Until when, on the member's clock, it is morning, and then afternoon.
MORNING_UNTIL, AFTERNOON_UNTIL = 12, 18


@bp.get("/")
@requires("home:see")
def index() -> ResponseReturnValue:
    member, now = current.member(), clock.now()
    with reader() as connection:
        version = current.version(connection)
        if version is None:
            return render_template("home/unpublished.html")
        roles = layout.roles_with_pages(version.program, member)
        only = request.args.get("role") if request.args.get("role") in roles else None
        hers = arrangement.hers(connection, version.program, member, now, only)
        shown = [cells.show(connection, version, member, cell, now) for cell in hers]
        visit = visits.pending(connection, version, member, now) if request.method == "GET" else None
        told = _recalculating(connection, version)
    if visit is not None:
        visits.record(version, visit)
    return render_template("home/home.html", shown=shown, roles=roles, only=only, **told, **_page(member, shown, now))


@bp.get("/recalculating")
@requires("home:see")
def recalculating() -> ResponseReturnValue:
    """That a new version of the program takes over, and how far it is."""
    with reader() as connection:
        version = current.version(connection)
        if version is None:
            raise not_found()
        told = _recalculating(connection, version)
    return with_etag(make_response(render_template("home/recalculating.html", **told)))


def _recalculating(connection: Connection, version: Version) -> dict[str, object]:
    share = changeover.share(connection, version.number)
    return {"recalculating": None if share is None else share.part, "recalculating_topics": _CHANGES}


#: What the note on a change-over listens to: that one begins, and how far it is.
_CHANGES = (programs.PROGRAM, changeover.CHANGE_OVER)


@bp.get("/w/<key>")
@requires("home:see")
def cell(key: str) -> ResponseReturnValue:
    """One cell. What does not stand on the member's homepage does not exist."""
    member, now = current.member(), clock.now()
    with reader() as connection:
        version = current.version(connection)
        hers = arrangement.hers(connection, version.program, member, now) if version else ()
        found = next((one for one in hers if one.key == key), None)
        if version is None or found is None:
            raise not_found()
        shown = cells.show(connection, version, member, found, now)
    return with_etag(make_response(render_template("home/cell.html", one=shown)))


def _page(member: Viewer, shown: list[cells.Shown], now: int) -> dict[str, object]:
    """What the page has beside its cells: a greeting for the hour, and what its one stream tells of."""
    topics = {topic for one in shown for topic in one.topics}.union(_CHANGES)
    hour = clock.moment(now).astimezone(wording.zone()).hour
    time_of_day = "morning" if hour < MORNING_UNTIL else "afternoon" if hour < AFTERNOON_UNTIL else "evening"
    return {
        "first_name": member.name.split()[0] if member.name.split() else member.name,
        "time_of_day": time_of_day,
        "today": clock.moment(now).astimezone(wording.zone()).date().toordinal(),
        "member": member,
        "topics": topics,
    }
