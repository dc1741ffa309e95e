"""Goals: a target for a metric in a window, and whether it was reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from hub.gamification import conditions
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute
from hub.gamification.metrics import Metric, read_metric
from hub.gamification.numbers import Number
from hub.gamification.points import read_factor
from hub.gamification.sections import Section
from hub.gamification.windows import Span, WindowKind


@dataclass(frozen=True, slots=True)
class OfPrevious:
    factor: Fraction


Target = Number | OfPrevious


@dataclass(frozen=True, slots=True)
class TargetFor:
    for_: Condition
    target: Target


@dataclass(frozen=True, slots=True)
class Reward:
    points: int = 0
    badge: str | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    key: str
    metric: str
    window: WindowKind
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    target: Target | None = None
    targets: tuple[TargetFor, ...] = ()
    whose: str = "member"
    for_: Condition | None = None
    direction: str = "at_least"
    reward: Reward | None = None
    icon: str | None = None
    owner: str | None = None


def read(root: Section, metrics: Mapping[str, Metric], people: Mapping[str, Attribute]) -> dict[str, Goal]:
    return root.entries("goals", lambda entry: _goal(entry, metrics, people))


def _goal(entry: Section, metrics: Mapping[str, Metric], people: Mapping[str, Attribute]) -> Goal:
    metric = read_metric(entry, metrics)
    whose = entry.choice("whose", ("member", "organization"), "member")
    direction = entry.choice("direction", ("at_least", "at_most"), "at_least")
    window = entry.window("window", required=True)
    previous = not isinstance(window, Span) and window != "all"
    if whose == "organization" and entry.has("reward"):
        entry.fault("reward", "conflict", "only members get rewards")
    return Goal(
        entry.key,
        metric.key if metric else "",
        window,
        target=_target(entry, direction, previous),
        targets=entry.each("targets", lambda each: _target_for(each, people, direction, previous)),
        whose=whose,
        for_=conditions.read_for(entry, people),
        direction=direction,
        reward=entry.read("reward", _reward),
        **entry.entry(),
    )


def _target_for(section: Section, people: Mapping[str, Attribute], direction: str, previous: bool) -> TargetFor:
    if not section.has("for"):
        section.fault("for", "missing", "is missing; a target for all is `target`")
    for_ = conditions.read_for(section, people)
    target = _target(section, direction, previous, required=True)
    return TargetFor(for_ or conditions.All(()), 0 if target is None else target)


def _target(section: Section, direction: str, previous: bool, *, required: bool = False) -> Target | None:
    if not isinstance(section.values.get("target"), dict):
        target = section.number("target", required=required)
        if target is not None and (target < 0 or (target == 0 and direction == "at_least")):
            section.fault("target", "too_small", "must be above 0")
        return target
    if not previous:
        section.fault("target", "conflict", "this goal's window has none before it")
    return section.read("target", lambda of: OfPrevious(read_factor(of, "of_previous") or Fraction(1)))


def _reward(section: Section) -> Reward:
    if not section.has("points") and not section.has("badge"):
        section.fault("", "missing", "needs `points` or `badge`")
    badge = section.reference("badge", "badge", section.document.keys("badges"))
    return Reward(section.whole("points", 1) or 0, badge)
