"""The program: every section read and checked together, into frozen values or a list of faults."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hub.gamification import (
    actions,
    badges,
    conditions,
    events,
    goals,
    homepages,
    leaderboards,
    levels,
    metrics,
    points,
    recognition,
    source,
    streaks,
    surveys,
    suspicion,
)
from hub.gamification.actions import Action
from hub.gamification.badges import Badge
from hub.gamification.events import EventType
from hub.gamification.faults import Fault, Faults
from hub.gamification.goals import Goal
from hub.gamification.graphs import circles
from hub.gamification.homepages import Placement as Placement
from hub.gamification.homepages import Widgets
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.levels import Level
from hub.gamification.metrics import Metric
from hub.gamification.numbers import PROGRAM_DIGITS, program_number
from hub.gamification.points import Boost, Rule, SharedCap
from hub.gamification.recognition import Recognition
from hub.gamification.sections import Document, Section
from hub.gamification.streaks import Streak
from hub.gamification.surveys import Surveys
from hub.gamification.windows import HOUR, WEEKDAYS, Calendar, time_zones

BUILT_IN_ROLES = (
    "sales_rep",
    "partner_owner",
    "marketing",
    "service_support",
    "field_team",
    "support_team",
    "program_admin",
)

SECTIONS = (
    "program",
    "roles",
    "events",
    "metrics",
    "points",
    "caps",
    "boosts",
    "badges",
    "streaks",
    "goals",
    "leaderboards",
    "levels",
    "actions",
    "surveys",
    "recognition",
    "homepages",
)

#: What the program language has and the hub does not serve yet: paths, `*` for any key, `=` for one value of a field.
#: Entries are read and checked all the same, so that serving one means to remove its line.
NOT_YET = (
    "surveys",
    "recognition",
)

MAX_GRACE = 336 * HOUR
MAX_NAME = 200
_MAX_SOURCE = 255
VALUE = re.compile(r"(\d+(?:\.\d+)?) ([A-Z]{3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """Section `program`. `grace` in microseconds; `live_from` an instant, None: the day of first publishing."""

    name: str
    time_zone: str
    week_starts: str = "monday"
    grace: int = 72 * 3_600_000_000
    live_from: int | None = None
    points_title: Mapping[str, str] = field(default_factory=dict)
    point_value: Fraction | None = None  # of one point, in `currency`
    currency: str | None = None
    reversals: tuple[str, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    key: str
    title: Mapping[str, str]
    like: str | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    settings: Settings
    roles: Mapping[str, Role]  # built-in ones included
    events: Mapping[str, EventType]  # declared and the hub's own
    metrics: Mapping[str, Metric]  # declared and built-in
    rules: Mapping[str, Rule]  # section `points`
    caps: Mapping[str, SharedCap]
    boosts: Mapping[str, Boost]
    badges: Mapping[str, Badge]
    streaks: Mapping[str, Streak]
    goals: Mapping[str, Goal]
    leaderboards: Mapping[str, Leaderboard]
    levels: tuple[Level, ...]  # ascending
    homepages: Mapping[str, tuple[Placement, ...]]
    actions: Mapping[str, Action] = field(default_factory=dict)
    surveys: Surveys = field(default_factory=Surveys)
    recognition: Recognition = field(default_factory=Recognition)

    @property
    def calendar(self) -> Calendar:
        """A new calendar of the program; keep it, for it remembers its windows."""
        return Calendar(self.settings.time_zone, self.settings.week_starts)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a file: a program, or the faults that forbid it; warnings of what is suspect with either."""

    program: Program | None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


def read(
    text: str | bytes,
    *,
    now: int,
    widgets: Widgets | None = homepages.SERVED,
    sent: Collection[str] | None = None,
    not_yet: Collection[str] = NOT_YET,
    holidays: Mapping[str, Collection[int]] | None = None,
) -> Reading:
    """Reads a program file. `widgets` None: whatever the file places.

    `now` in microseconds, for warnings; `sent`: event types in the log, if known; `holidays`: dates that a code stands
    for, whatever the package says of it.
    """
    faults = Faults()
    values = source.load(text, faults)
    if values is source.BROKEN:
        return Reading(None, tuple(faults.faults))
    if not isinstance(values, dict):
        faults.add("", "type", "a program is a mapping of its sections")
        return Reading(None, tuple(faults.faults))
    return _read(Document(values, faults, holidays=holidays or {}), now, widgets, sent, not_yet)


def published(text: str | bytes, holidays: Mapping[str, Collection[int]] | None = None) -> Program:
    """A program that was free of faults when it was published, read again: a widget that is gone since is none either,
    and holidays are the dates that were kept.

    Raises ValueError where the text is no such program.
    """
    reading = read(text, now=0, widgets=None, not_yet=(), holidays=holidays)
    if reading.program is None:
        raise ValueError(f"not a published program: {reading.faults[0]}")
    return reading.program


def changed(old: Program, new: Program) -> list[Fault]:
    """What a newer program may not change of an older one: the type of an event or of an attribute."""
    return events.changed(old.events, new.events)


def _read(
    document: Document, now: int, widgets: Widgets | None, sent: Collection[str] | None, not_yet: Collection[str]
) -> Reading:
    program = _program(document, widgets)
    for path in not_yet:
        for found in _used(path, document.values):
            document.faults.add(found, "not_supported_yet", "is not supported yet")
    suspicion.warn(program, document.root, now, sent)
    faults = tuple(document.faults.faults)
    return Reading(None if faults else program, faults, tuple(document.faults.warnings))


def _program(document: Document, widgets: Widgets | None) -> Program:
    root = document.root
    settings = root.read("program", _settings, required=True) or Settings("", "UTC")
    document.calendar = Calendar(settings.time_zone, settings.week_starts)
    roles = _roles(root)
    people = conditions.people(roles)
    declared = events.read(root)
    measured = metrics.read(root, declared)
    program = Program(
        settings=settings,
        roles=roles,
        events=declared,
        metrics=measured,
        rules=points.read_rules(root, declared, people),
        caps=points.read_caps(root),
        boosts=points.read_boosts(root, people),
        badges=badges.read(root, measured, people),
        streaks=streaks.read(root, declared),
        goals=goals.read(root, measured, people),
        leaderboards=leaderboards.read(root, measured, people),
        levels=levels.read(root),
        homepages=homepages.read(root, roles, measured, people, widgets),
        actions=actions.read(root, declared, measured, people),
        surveys=surveys.read(root, declared, people),
        recognition=recognition.read(root, people),
    )
    root.done()
    _check_goals_of_members(root, program)
    return program


# Section `program`.


def _settings(section: Section) -> Settings:
    zone = _time_zone(section)
    week_starts = section.choice("week_starts", WEEKDAYS, "monday")
    section.document.calendar = Calendar(zone, week_starts)
    shown = section.section("points")
    title, value, currency = _points(shown) if shown else ({}, None, None)
    return Settings(
        section.text("name", longest=MAX_NAME) or "Partner program",
        zone,
        week_starts,
        section.duration("grace", 72 * HOUR, longest=MAX_GRACE) or 0,
        section.instant("live_from"),
        title,
        value,
        currency,
        _sources(section),
        **section.entry(),
    )


def _time_zone(section: Section) -> str:
    zone = section.text("time_zone", required=True)
    if zone is None or zone in time_zones():
        return zone or "UTC"
    section.unknown("time_zone", "time zone", zone, time_zones())
    return "UTC"


def _points(section: Section) -> tuple[Mapping[str, str], Fraction | None, str | None]:
    title, value = section.titles("title"), section.text("value")
    section.done()
    if value is None:
        return title, None, None
    match = VALUE.fullmatch(value)
    number = program_number(match[1]) if match else None
    if match is None or number is None:
        section.fault("value", "value", "must be an amount and a currency, such as 0.01 EUR", 10**PROGRAM_DIGITS)
        return title, None, None
    return title, Fraction(number), match[2]


def _sources(section: Section) -> tuple[str, ...]:
    found = section.one_or_list("reversals")
    for place, value in found:
        if not isinstance(value, str) or not 1 <= len(value) <= _MAX_SOURCE:
            section.fault(place, "type", f"must be the name of a source, 1 to {_MAX_SOURCE} characters", _MAX_SOURCE)
    return tuple(value for _, value in found if isinstance(value, str))


# Section `roles`.


def _roles(root: Section) -> dict[str, Role]:
    names = (*BUILT_IN_ROLES, *(key for key in root.document.keys("roles") if key not in BUILT_IN_ROLES))
    declared = root.entries("roles", lambda entry: _role(entry, names))
    for circle in circles({key: (role.like,) if role.like else () for key, role in declared.items()}):
        root.fault(f"roles.{circle[0]}.like", "circle", f"is like itself: {' -> '.join((*circle, circle[0]))}")
    built_in = {key: Role(key, {"": key.replace("_", " ").capitalize()}) for key in BUILT_IN_ROLES}
    return {**built_in, **declared}


def _role(entry: Section, names: Collection[str]) -> Role:
    entry.only_with(("like",), entry.key not in BUILT_IN_ROLES, "a role of the program's own")
    return Role(entry.key, like=entry.reference("like", "role", names), **entry.entry())


# Across sections.


def _check_goals_of_members(root: Section, program: Program) -> None:
    """Badges and actions look at goals of the member's own."""
    of_badges = ((f"badges.{badge.key}", leaf) for badge in program.badges.values() for leaf in _leaves(badge))
    of_actions = ((f"actions.{one.key}", leaf) for one in program.actions.values() for leaf in one.conditions)
    for path, leaf in (*of_badges, *of_actions):
        goal = program.goals.get(leaf.goal) if isinstance(leaf, badges.GoalReached) else None
        if goal and goal.whose != "member":
            root.fault(path, "conflict", f'the goal "{goal.key}" is of organizations: no member reaches it')


def _leaves(badge: Badge) -> Iterator[badges.Leaf]:
    return (leaf for when in badge.conditions for leaf in badges.leaves_of(when))


def _used(path: str, values: Any, so_far: str = "") -> Iterator[str]:
    """Where a file uses what a path of `NOT_YET` names."""
    name, _, rest = path.partition(".")
    field_, _, value = name.partition("=")
    if not isinstance(values, dict):
        return
    for key in values if field_ == "*" else (field_,):
        found = values.get(key)
        if found is None or (value and found != value):
            continue
        at = f"{so_far}.{key}" if so_far else key
        if rest:
            yield from _used(rest, found, at)
        else:
            yield at
