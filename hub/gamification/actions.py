"""Next best actions: one step that is open for a member until its event comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification import badges, conditions, events
from hub.gamification.badges import GoalReached, Leaf, When
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute, EventType
from hub.gamification.metrics import Metric
from hub.gamification.sections import Section

_MAX_PRIORITY = 1000


@dataclass(frozen=True, slots=True)
class Idle:
    """None of the action's event for that long, in microseconds."""

    length: int


@dataclass(frozen=True, slots=True)
class Pace:
    goal: str
    pace: str = "behind"


@dataclass(frozen=True, slots=True)
class Bonus:
    """`within` in microseconds after the opening."""

    points: int
    within: int


@dataclass(frozen=True, slots=True)
class Action:
    key: str
    types: tuple[str, ...]
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None
    where: Condition | None = None
    for_: Condition | None = None
    when: When | Idle | Pace | None = None
    bonus: Bonus | None = None
    again_after: int | None = None  # microseconds
    priority: int = 0
    icon: str | None = None
    owner: str | None = None

    @property
    def conditions(self) -> tuple[Leaf, ...]:
        """The single conditions of a badge's kind, and the goal that a pace is of."""
        if self.when is None or isinstance(self.when, Idle):
            return ()
        if isinstance(self.when, Pace):
            return (GoalReached(self.when.goal),)
        return tuple(badges.leaves_of(self.when))


def read(
    root: Section, declared: Mapping[str, EventType], metrics: Mapping[str, Metric], people: Mapping[str, Attribute]
) -> dict[str, Action]:
    return root.entries("actions", lambda entry: _action(entry, declared, metrics, people))


def _action(
    entry: Section, declared: Mapping[str, EventType], metrics: Mapping[str, Metric], people: Mapping[str, Attribute]
) -> Action:
    types = events.read_types(entry, declared)
    attributes = events.attributes(types, declared) if types else None
    return Action(
        entry.key,
        types,
        link=read_link(entry),
        where=conditions.read(entry, "where", attributes, ", ".join(types)),
        for_=conditions.read_for(entry, people),
        when=entry.read("when", lambda when: _when(when, metrics)),
        bonus=entry.read("bonus", _bonus),
        again_after=entry.duration("again_after"),
        priority=entry.whole("priority", -_MAX_PRIORITY, _MAX_PRIORITY) or 0,
        **entry.entry(),
    )


def _when(section: Section, metrics: Mapping[str, Metric]) -> When | Idle | Pace | None:
    if section.has("idle"):
        return Idle(section.duration("idle") or 0)
    if section.has("pace"):
        goal = section.reference("goal", "goal", section.document.keys("goals"), required=True)
        return Pace(goal or "", section.choice("pace", ("behind", "ahead"), "behind"))
    return badges.read_when(section, metrics)


def _bonus(section: Section) -> Bonus:
    return Bonus(section.whole("points", 1, required=True) or 0, section.duration("within", required=True) or 0)


def read_link(section: Section, *, required: bool = False) -> str | None:
    """An address that a page may lead to: https, or a path of the hub."""
    link = section.text("link", required=required)
    own = link is not None and link.startswith("/") and not link.startswith(("//", "/\\"))
    if link is not None and not own and not link.startswith(("https://", "http://")):
        section.fault("link", "link", "must begin with https:// or /")
        return None
    return link
