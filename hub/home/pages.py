"""The homepage, and each of its cells at an address of its own, to be fetched again when what it shows has changed."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from hub import clock, wording
from hub.db import reader, transaction
from hub.directory import preferences
from hub.home import arrangement, cells, current, layout, moments, visits
from hub.identity import Viewer, requires
from hub.ledger import changeover, programs, topics
from hub.ledger.arrivals import Arrival
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
        looked = moments.looked(connection, member.no, now)
        news = moments.news(cells.view(connection, version, member, now), looked)
        quiet = preferences.is_quiet(connection, member.no)
        visit = visits.pending(connection, version, member, now)
        told = _recalculating(connection, version)
    if request.method == "GET":
        _note(version, member, visit, looked)
    page = _page(member, shown, now) | told
    page["news"] = news if moments.worth_telling(news, now) and not quiet else None
    return render_template("home/home.html", shown=shown, roles=roles, only=only, **page)


def _note(version: Version, member: Viewer, visit: Arrival | None, looked: moments.Looks) -> None:
    """That the page was seen, and what it told."""
    if visit is not None:
        visits.record(version, visit)
    if moments.to_note(looked):
        moments.note(member.no, looked.now)


@bp.post("/moments")
@requires("home:see")
def celebrate() -> ResponseReturnValue:
    """What an open page is to celebrate, once: whichever of a member's pages asks first."""
    member, now = current.member(), clock.now()
    with reader() as connection:
        if preferences.is_quiet(connection, member.no) or not moments.looked(connection, member.no, now).moments:
            return "", 204
    with transaction() as connection:
        version = programs.newest(connection)
        news = moments.take(cells.view(connection, version, member, now)) if version else None
    if news is None:
        return "", 204
    return render_template("home/moments.html", news=news)


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
    earned = (topics.points(member.no), topics.badges(member.no), topics.goals(member.no))
    heard = {topic for one in shown for topic in one.topics}.union(_CHANGES, earned)
    hour = clock.moment(now).astimezone(wording.zone()).hour
    time_of_day = "morning" if hour < MORNING_UNTIL else "afternoon" if hour < AFTERNOON_UNTIL else "evening"
    return {
        "first_name": member.name.split()[0] if member.name.split() else member.name,
        "time_of_day": time_of_day,
        "today": clock.moment(now).astimezone(wording.zone()).date().toordinal(),
        "member": member,
        "topics": heard,
        "earned": earned,
    }
