"""The points page: every line of one's ledger, newest first, each leading to its why."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub import clock
from hub.db import reader
from hub.identity import current_member, requires
from hub.ledger import entry, programs, reading
from hub.ledger.standings import Line
from hub.web import not_found
from hub.wording.phrases import Speaker

PAGE = 50
_DIGITS = 18

bp = Blueprint("lines", __name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A line: `what` it was for (None: what its kind says), and the public name of the event that it came of."""

    line: Line
    what: str | None
    why: str


@bp.get("/points")
@requires("home:see")
def page() -> ResponseReturnValue:
    member, before = current_member(), _before()
    assert member is not None, "requires() lets nobody else in"
    with reader() as connection:
        version = programs.newest(connection)
        if version is None:
            raise not_found()
        by = Speaker(version.program)
        points = reading.points(connection, version, member.no, clock.now())
        lines = reading.newest_lines(connection, member.no, PAGE + 1, before)
    told = [Told(line, by.cause(line.cause, line.key), entry.ref(line.entry)) for line in lines[:PAGE]]
    older = url_for("lines.page", before=told[-1].line.no) if len(lines) > PAGE else None
    unit = by.title(version.program.settings.points_title, "points")
    return render_template("home/points.html", it=points, unit=unit, lines=told, older=older, first=before is None)


def _before() -> int | None:
    """The number of the line that the page before ended with; None for the newest."""
    asked = request.args.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _DIGITS else None
