"""Recognition as the program declares it: for what, who may give how much to whom, from which budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification import conditions
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute
from hub.gamification.sections import Section
from hub.gamification.source import BROKEN
from hub.gamification.windows import HOUR, WindowKind


@dataclass(frozen=True, slots=True)
class Category:
    key: str
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Giving:
    """`at_most`: points to each recipient at a time, None: without points; `per_person` in each window `per`."""

    to: str  # everyone, assigned, own_organization
    for_: Condition | None = None
    at_most: int | None = None
    per_person: int | None = None
    per: WindowKind = "all"


@dataclass(frozen=True, slots=True)
class Budget:
    points: int
    per: WindowKind
    for_: Condition | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Recognition:
    """`undo` in microseconds."""

    categories: Mapping[str, Category] = field(default_factory=dict)
    give: tuple[Giving, ...] = ()
    budgets: tuple[Budget, ...] = ()
    undo: int = 24 * HOUR


def read(root: Section, people: Mapping[str, Attribute]) -> Recognition:
    return root.read("recognition", lambda section: _recognition(section, people)) or Recognition()


def _recognition(section: Section, people: Mapping[str, Attribute]) -> Recognition:
    categories = section.entries("categories", lambda entry: Category(entry.key, **entry.entry()))
    return Recognition(
        categories,
        section.each("give", lambda each: _giving(each, people)),
        section.each("budgets", lambda each: _budget(each, people, categories)),
        section.duration("undo", 24 * HOUR) or 0,
    )


def _giving(section: Section, people: Mapping[str, Attribute]) -> Giving:
    per_person = section.section("per_person")
    points = per_person.whole("points", 1, required=True) if per_person else None
    per = per_person.window("per") if per_person else "all"
    if per_person:
        per_person.done()
    return Giving(
        section.choice("to", ("everyone", "assigned", "own_organization"), "own_organization", required=True),
        conditions.read_for(section, people),
        _points(section),
        points,
        per,
    )


def _points(section: Section) -> int | None:
    """`none`, or `{at_most: 200}`."""
    value = section.values.get("points")
    if isinstance(value, dict):
        return section.read("points", lambda points: points.whole("at_most", 1, required=True))
    if section.take("points") not in (None, "none", BROKEN):
        section.fault("points", "type", "must be none or {at_most: 200}")
    return None


def _budget(section: Section, people: Mapping[str, Attribute], categories: Mapping[str, Category]) -> Budget:
    return Budget(
        section.whole("points", 1, required=True) or 0,
        section.window("per", required=True),
        conditions.read_for(section, people),
        section.reference("category", "category", categories),
    )
