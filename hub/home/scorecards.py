"""Scorecards: how a person or an organization does in a window, for whom they are open, on a page that prints well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from hub import clock
from hub.db import reader
from hub.directory import lookup, profiles
from hub.directory.lookup import Organization, Person
from hub.gamification.goals import Goal
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.numbers import Exact
from hub.gamification.plan import Plan, kind_name
from hub.gamification.windows import KINDS, Window
from hub.home import colleagues, current
from hub.home.badges import Given, given
from hub.home.choosing import Windows, months, windows
from hub.identity import Viewer, may, member_seen, requires
from hub.ledger import awarded, entry, programs, reading
from hub.ledger.standings import GoalStanding, Line, Version
from hub.web import not_found
from hub.widgets.told import icon_of, metal
from hub.wording import Quantity
from hub.wording.phrases import Speaker

POINTS = "points_earned"
#: How many badges of a window a scorecard lists.
BADGES = 24
#: The kinds of windows a scorecard begins with, the first that the program keeps.
FIRST = ("quarter", "month", "week", "year", "all")

bp = Blueprint("scorecards", __name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The window of a scorecard, the one before it, and what else can be chosen. `unknown`: another was asked for."""

    kind: str
    window: Window
    before: Window | None
    kinds: tuple[tuple[str, str], ...]  # with the window of each that holds now
    windows: Windows
    unknown: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A metric in the window; `before`: in the one before it; `rose`: how it changed, once the window has ended."""

    title: str
    value: Quantity
    before: Quantity | None
    rose: int | None


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal, and how far it is. `share` is None where the value is to stay below the target."""

    title: str
    metric: str
    window: Window
    actual: Quantity
    target: Quantity
    share: Fraction | None
    status: str
    pace: str | None
    final: bool


@dataclass(frozen=True, slots=True)
class Earned:
    """A badge earned in the window."""

    title: str
    icon: str
    metal: str
    given: Given


@dataclass(frozen=True, slots=True)
class Lately:
    """One of the newest lines of somebody's points."""

    line: Line
    what: str | None
    why: str


@bp.get("/members/<path:id_>")
@requires("member:see")
def member(id_: str) -> ResponseReturnValue:
    viewer, now = current.member(), clock.now()
    with reader() as connection:
        person = member_seen(connection, viewer, "member:see", id_)
        version, plan = current.version(connection), programs.plan(connection)
        if version is None or plan is None:
            raise not_found()
        chosen = _chosen(plan, _kinds_of_members(plan), request.args.get("window"), now)
        told = _of_member(connection, version, plan, viewer, person, chosen, now)
    return render_template(
        "home/member.html", person=person, own=person.no == viewer.no, chosen=chosen, now=now, **told
    )


@bp.get("/organizations/<path:id_>")
@requires("organization:see")
def organization(id_: str) -> ResponseReturnValue:
    viewer, now = current.member(), clock.now()
    with reader() as connection:
        found = _organization_seen(connection, viewer, id_, now)
        version, plan = current.version(connection), programs.plan(connection)
        if version is None or plan is None:
            raise not_found()
        chosen = _chosen(plan, _kinds_of_organizations(plan), request.args.get("window"), now)
        told = _of_organization(connection, version, plan, found, chosen, now)
    return render_template("home/organization.html", firm=found, chosen=chosen, now=now, **told)


def _organization_seen(connection: Connection, viewer: Viewer, id_: str, now: int) -> Organization:
    """The organization with this id, if the viewer may see it; else a 404, whether it exists or not."""
    number = lookup.organizations(connection, [id_]).get(id_)
    if number is None or not may(connection, viewer, "organization:see", organization=number):
        raise not_found()
    return lookup.organizations_now(connection, [number], now)[number]


# ---------------------------------------------------------------------------------------------------------- the window


def _kinds_of_members(plan: Plan) -> set[str]:
    """The kinds of windows that something is kept of, for members."""
    kinds = {kind_name(one.window) for one in _things(plan) if one.whose == "member"}
    return kinds | {"month", "all"}


def _kinds_of_organizations(plan: Plan) -> set[str]:
    return {"month"} | {kind_name(one.window) for one in _things(plan) if one.whose == "organization"}


def _things(plan: Plan) -> tuple[Goal | Leaderboard, ...]:
    return (*plan.program.goals.values(), *plan.program.leaderboards.values())


def _chosen(plan: Plan, kept: set[str], asked: str | None, now: int) -> Chosen:
    """The window that was asked for, if it is of a kind that is kept and not ahead; else the first that holds now."""
    calendar = plan.calendar
    kind = next(one for one in FIRST if one in kept)
    window, unknown = calendar.window(kind, now), False
    if asked is not None:
        named, of = calendar.named(asked), calendar.kind_of(asked)
        fits = named is not None and isinstance(of, str) and of in kept and named.start <= now
        unknown = not fits
        if named is not None and isinstance(of, str) and fits:
            window, kind = named, of
    kinds = tuple((one, calendar.window(one, now).name) for one in KINDS if one in kept)
    before = calendar.previous(kind, window)
    return Chosen(kind, window, before, kinds, windows(calendar, kind, window, now), unknown)


# ---------------------------------------------------------------------------------------------------------- of a member


def _of_member(
    connection: Connection, version: Version, plan: Plan, viewer: Viewer, person: Person, chosen: Chosen, now: int
) -> dict[str, object]:
    by = Speaker(version.program)
    points = reading.points(connection, version, person.no, now)
    found = awarded.within(connection, person.no, chosen.window, BADGES)
    lately = points.lines if may(connection, viewer, "member:activity", member=person.no) else ()
    levels = {level.key: place for place, level in enumerate(version.program.levels, 1)}
    return {
        "tiles": _tiles(by, _values(connection, plan, person.no, chosen, now), chosen, now),
        "goals": [_aim(by, one) for one in _goals(connection, version, plan, person.no, chosen, now)],
        "badges": [_earned(by, one) for one in found],
        "level": by.level(points.level.key) if points.level else None,
        "level_of": (levels[points.level.key], len(levels)) if points.level else None,
        "earned": points.earned,
        "unit": by.title(version.program.settings.points_title, "points"),
        "streaks": [
            (by.of("streaks", one.streak), one.current, one.longest)
            for one in reading.streaks(connection, version, person.no, now)
        ],
        "lately": [Lately(one, by.cause(one.cause, one.key), entry.ref(one.entry)) for one in lately],
        "firm": _address_of_firm(connection, viewer, person),
        "links": _links("scorecards.member", person.id, chosen),
    }


def _address_of_firm(connection: Connection, viewer: Viewer, person: Person) -> str | None:
    belongs = person.organization
    if belongs is None or not may(connection, viewer, "organization:see", organization=belongs.no):
        return None
    return url_for("scorecards.organization", id_=belongs.id)


def _links(page: str, id_: str, chosen: Chosen) -> dict[str, str | None]:
    before, after = chosen.windows.before, chosen.windows.after
    return {
        "before": url_for(page, id_=id_, window=before.name) if before else None,
        "after": url_for(page, id_=id_, window=after.name) if after else None,
        "here": url_for(page, id_=id_),
    }


def _values(connection: Connection, plan: Plan, member: int, chosen: Chosen, now: int) -> dict[tuple[str, str], Exact]:
    """What is kept of the windows; their points are those of their months."""
    shown = [window for window in (chosen.window, chosen.before) if window]
    parts = {window.name: months(plan.calendar, window) for window in shown}
    found = reading.values(connection, member, [*parts, *(name for each in parts.values() for name in each)], now)
    for window, names in parts.items():
        earned = [found[POINTS, name] for name in names if (POINTS, name) in found]
        if earned:
            found[POINTS, window] = sum(earned, Fraction(0))
    return found


def _tiles(by: Speaker, found: Mapping[tuple[str, str], Exact], chosen: Chosen, now: int) -> list[Tile]:
    """The metrics that have a value in the window or had one in the one before, in the program's order."""
    tiles = []
    for metric in by.program.metrics:
        value = found.get((metric, chosen.window.name))
        before = found.get((metric, chosen.before.name)) if chosen.before else None
        if value is None and before is None:
            continue
        earlier = by.quantity(metric, before) if before is not None else None
        # A window that still runs is not yet less than a whole one.
        rose = None if before is None or now < chosen.window.end else _sign(Fraction(value or 0) - Fraction(before))
        tiles.append(Tile(by.of("metrics", metric), by.quantity(metric, value or 0), earlier, rose))
    return tiles


def _sign(change: Fraction) -> int:
    return (change > 0) - (change < 0)


def _goals(
    connection: Connection, version: Version, plan: Plan, member: int, chosen: Chosen, now: int
) -> list[GoalStanding]:
    """The goals in the windows that held at the end of the chosen one, or hold now."""
    found: list[GoalStanding] = []
    for name in _names_of_goals(plan, chosen, now):
        found += reading.goals(connection, version, member, now, name)
    return _in_order(plan, found)


def _names_of_goals(plan: Plan, chosen: Chosen, now: int) -> dict[str, None]:
    at = min(chosen.window.end - 1, now)
    return dict.fromkeys(plan.calendar.window(goal.window, at).name for goal in plan.program.goals.values())


def _in_order(plan: Plan, found: list[GoalStanding]) -> list[GoalStanding]:
    places = {key: place for place, key in enumerate(plan.program.goals)}
    return sorted(found, key=lambda one: places[one.goal])


def _aim(by: Speaker, one: GoalStanding) -> Aim:
    goal = by.program.goals[one.goal]
    share = Fraction(one.actual or 0) / Fraction(one.target) if one.target and goal.direction == "at_least" else None
    return Aim(
        by.of("goals", one.goal),
        by.of("metrics", goal.metric),
        one.window,
        by.quantity(goal.metric, one.actual or 0),
        by.quantity(goal.metric, one.target),
        share,
        one.status,
        one.pace if one.status == "open" else None,
        one.final,
    )


def _earned(by: Speaker, one: awarded.Awarded) -> Earned:
    badge = by.program.badges.get(one.badge)
    title, icon = by.of("badges", one.badge), icon_of(badge)
    return Earned(title, icon, metal(badge, one.tier), given(by, one))


# --------------------------------------------------------------------------------------------------- of an organization


def _of_organization(
    connection: Connection, version: Version, plan: Plan, firm: Organization, chosen: Chosen, now: int
) -> dict[str, object]:
    by = Speaker(version.program)
    names = [window.name for window in (chosen.window, chosen.before) if window]
    profile = profiles.of_organization(connection, firm.no).at(now).values
    people = colleagues.of(connection, firm.no, chosen.window, plan.calendar, request.args.get("after", ""))
    standings: list[GoalStanding] = []
    for name in _names_of_goals(plan, chosen, now):
        standings += reading.organization_goals(connection, version, firm.no, now, name)
    return {
        "tiles": _tiles(by, reading.organization_values_in(connection, firm.no, names), chosen, now),
        "goals": [_aim(by, one) for one in _in_order(plan, standings)],
        "profile": [str(profile[name]) for name in ("type", "tier", "region", "size") if profile.get(name)],
        "people": people.shown,
        "unit": by.title(version.program.settings.points_title, "points"),
        "links": {
            **_links("scorecards.organization", firm.id, chosen),
            "more": url_for("scorecards.organization", id_=firm.id, window=chosen.window.name, after=people.next)
            if people.next
            else None,
        },
    }
