"""What explanations are made of: the program's entries by their names, units of values. `hub.wording` has the words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from hub.gamification.actions import Action
from hub.gamification.badges import Badge
from hub.gamification.conditions import All, Condition, Test, holds, names_in
from hub.gamification.events import Attribute, EventType
from hub.gamification.goals import Goal
from hub.gamification.homepages import Placement
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.levels import Level
from hub.gamification.metrics import Metric
from hub.gamification.outcome import Skip
from hub.gamification.points import Boost, Rule, SharedCap
from hub.gamification.program import SECTIONS, Program, Role, Settings
from hub.gamification.recognition import Category, Recognition
from hub.gamification.streaks import Streak
from hub.gamification.surveys import Survey, Surveys


class Page(NamedTuple):
    """A role's homepage."""

    role: str
    placements: tuple[Placement, ...]


class Placed(NamedTuple):
    """One widget of a role's homepage."""

    role: str
    placement: Placement


Thing = (
    Settings
    | Role
    | EventType
    | Metric
    | Rule
    | SharedCap
    | Boost
    | Badge
    | Streak
    | Goal
    | Leaderboard
    | Level
    | Action
    | Survey
    | Surveys
    | Category
    | Recognition
    | Page
    | Placed
)


class Entry(NamedTuple):
    section: str
    key: str
    thing: Thing


# Entries by their names


def named(program: Program, name: str) -> list[Entry]:
    """The entries with this key, `SECTION.KEY`, or the name of a section that is no list of entries, as in the file."""
    section, _, key = name.partition(".")
    return [entry for entry in entries(program) if entry.key == name or (entry.section == section and entry.key == key)]


def nearest(program: Program, name: str) -> str | None:
    """The key that a mistyped one most resembles."""
    found = get_close_matches(name, dict.fromkeys(entry.key for entry in entries(program)), n=1)
    return found[0] if found else None


def entries(program: Program) -> Iterator[Entry]:
    """All entries, in the order of the sections; of sections that a program lacks, those that are built in."""
    found = _by_section(program)
    for section in SECTIONS:
        yield from (Entry(section, key, thing) for key, thing in found[section])


def _by_section(program: Program) -> Mapping[str, Iterable[tuple[str, Thing]]]:
    return {
        "program": [("program", program.settings)],
        "roles": program.roles.items(),
        "events": program.events.items(),
        "metrics": program.metrics.items(),
        "points": program.rules.items(),
        "caps": program.caps.items(),
        "boosts": program.boosts.items(),
        "badges": program.badges.items(),
        "streaks": program.streaks.items(),
        "goals": program.goals.items(),
        "leaderboards": program.leaderboards.items(),
        "levels": [(level.key, level) for level in program.levels],
        "actions": program.actions.items(),
        "surveys": [("surveys", program.surveys), *program.surveys.surveys.items()],
        "recognition": [("recognition", program.recognition), *program.recognition.categories.items()],
        "homepages": _placed(program),
    }


def _placed(program: Program) -> Iterator[tuple[str, Thing]]:
    """Homepages by role, then each of their widgets by its name."""
    for role, placements in program.homepages.items():
        yield role, Page(role, placements)
    for role, placements in program.homepages.items():
        yield from ((placement.widget, Placed(role, placement)) for placement in placements)


# Conditions, with what met them


class Check(NamedTuple):
    """One part of a condition, all of which must hold: whether it does, and the values it looks at."""

    part: Condition
    met: bool
    found: tuple[tuple[str, Any], ...]  # by name


def checks(condition: Condition | None, values: Mapping[str, Any]) -> tuple[Check, ...]:
    """The parts of a condition that must hold, each with what it finds among these values."""
    if condition is None:
        return ()
    parts = condition.conditions if isinstance(condition, All) else (condition,)
    return tuple(
        Check(part, holds(part, values), tuple((name, values.get(name)) for name in dict.fromkeys(names_in(part))))
        for part in parts
    )


def failed(skip: Skip) -> Test | None:
    """The test that decided a skip, where one did."""
    detail = skip.detail
    return Test(detail["name"], detail["operator"], detail["wanted"]) if "operator" in detail else None


# Units


def unit_of(program: Program, metric: Metric) -> str | None:
    """What a metric is counted in: its own unit, that of the attribute it adds up, of its parts, `%` of a share."""
    if metric.share is not None:
        return "%"
    if metric.parts:
        units = {unit_of(program, program.metrics[part]) for part in metric.parts if part in program.metrics}
        return units.pop() if len(units) == 1 else None
    if metric.unit is not None or metric.of is None or metric.take in {"count", "distinct", "days"}:
        return metric.unit
    declared = (program.events[name].attributes.get(metric.of) for name in metric.types if name in program.events)
    return next((attribute.unit for attribute in declared if attribute is not None and attribute.unit), None)


def sole_amount(attributes: Mapping[str, Attribute]) -> str | None:
    """The one attribute that has a unit: what an event is "of" without its being named."""
    having = [attribute.name for attribute in attributes.values() if attribute.unit]
    return having[0] if len(having) == 1 else None
