"""The points page: balance, level and months, and every line of one's ledger, newest first, each leading to its why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from hub import clock
from hub.db import reader
from hub.gamification.plan import Plan
from hub.gamification.windows import Window
from hub.home import current
from hub.home.choosing import Choice, windows
from hub.identity import requires
from hub.ledger import entry, programs, reading
from hub.ledger.standings import LevelStanding, Line, Points
from hub.wording.phrases import Speaker

PAGE = 50
_DIGITS = 18
EARNED = "points_earned"

#: What the lines can be narrowed to.
KINDS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "earned": ("points", "bonus"),
    "given": ("prize", "recognition", "adjustment"),
    "less": ("correction", "deduction"),
}

bp = Blueprint("lines", __name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A line: `what` it was for (None: what its kind says), and the public name of the event that it came of."""

    line: Line
    what: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Level:
    """The level reached, and the way to the next; at the top there is none."""

    title: str
    next: str | None
    missing: int
    share: Fraction


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are asked for. `month` None: of all months; `unknown`: another was named."""

    kind: str
    month: Window | None
    before: int | None
    unknown: bool

    @property
    def narrowed(self) -> bool:
        return self.kind != "all" or self.month is not None

    def address(self, **changed: str | int | None) -> str:
        """The page with these lines, but for what is changed."""
        month = self.month.name if self.month else None
        kind = None if self.kind == "all" else self.kind
        return url_for("lines.page", **{"kind": kind, "month": month, **changed})  # type: ignore[arg-type]


@bp.get("/points")
@requires("home:see")
def page() -> ResponseReturnValue:
    member, now = current.member(), clock.now()
    with reader() as connection:
        plan = programs.plan(connection)
        if plan is None:
            return render_template("home/unpublished.html")
        asked, by = _asked(plan, now), Speaker(plan.program)
        points = reading.points(connection, plan.newest, member.no, now)
        lines = reading.newest_lines(connection, member.no, PAGE + 1, asked.before, KINDS[asked.kind], asked.month)
        earned = _earned(connection, member.no, asked.month, now)
    told = [Told(line, by.cause(line.cause, line.key), entry.ref(line.entry)) for line in lines[:PAGE]]
    return render_template(
        "home/points.html",
        it=points,
        level=_level(by, points.level, points) if points.level else None,
        unit=by.title(plan.program.settings.points_title, "points"),
        lines=told,
        asked=asked,
        earned=earned,
        months=_months(plan, asked.month, now),
        older=asked.address(before=told[-1].line.no) if len(lines) > PAGE else None,
    )


def _asked(plan: Plan, now: int) -> Asked:
    kind, named = request.args.get("kind", ""), request.args.get("month", "")
    month = plan.calendar.named(named) if plan.calendar.kind_of(named) == "month" else None
    known = month if month is not None and month.start <= now else None
    return Asked(kind if kind in KINDS else "all", known, _before(), bool(named) and known is None)


def _before() -> int | None:
    """The number of the line that the page before ended with; None for the newest."""
    asked = request.args.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _DIGITS else None


def _earned(connection: Connection, member: int, month: Window | None, now: int) -> int | None:
    """What was earned in the month that is asked for."""
    if month is None:
        return None
    return int(reading.values(connection, member, [month.name], now).get((EARNED, month.name), 0))


def _months(plan: Plan, month: Window | None, now: int) -> list[Choice]:
    running = plan.calendar.window("month", now)
    offered = windows(plan.calendar, "month", month or running, now).offered
    return [one._replace(chosen=month is not None and one.value == month.name) for one in offered]


def _level(by: Speaker, standing: LevelStanding, points: Points) -> Level:
    if standing.next_key is None or standing.next_at is None:
        return Level(by.level(standing.key), None, 0, Fraction(1))
    # A level once reached is kept, so what is earned may have fallen below it.
    done = max(Fraction(points.earned - standing.at, max(standing.next_at - standing.at, 1)), Fraction(0))
    return Level(by.level(standing.key), by.level(standing.next_key), max(standing.next_at - points.earned, 0), done)
