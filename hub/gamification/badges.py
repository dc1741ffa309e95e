"""Badges: conditions on metrics, streaks, badges, levels and goals; tiers; repeats; personal bests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification.conditions import Condition
from hub.gamification.numbers import Number
from hub.gamification.windows import WindowKind


@dataclass(frozen=True, slots=True)
class MetricAtLeast:
    metric: str
    at_least: Number
    within: WindowKind = "all"
    windowed: bool = False  # `within` was written


@dataclass(frozen=True, slots=True)
class StreakAtLeast:
    streak: str
    at_least: int


@dataclass(frozen=True, slots=True)
class HasBadge:
    badge: str
    tier: str | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class HasLevel:
    level: str


@dataclass(frozen=True, slots=True)
class GoalReached:
    goal: str


Leaf = MetricAtLeast | StreakAtLeast | HasBadge | HasLevel | GoalReached


@dataclass(frozen=True, slots=True)
class AtLeastOf:
    """`count` of the conditions hold. `all` is count = how many there are, `any` is 1."""

    count: int
    conditions: tuple[When, ...]


When = Leaf | AtLeastOf


@dataclass(frozen=True, slots=True)
class Tier:
    name: str
    when: Leaf
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonalBest:
    metric: str
    minimum: Number


@dataclass(frozen=True, slots=True)
class Badge:
    """Has `when`, or `tiers`, or `best`; or none of them, where it only comes as a reward or prize or by hand."""

    key: str
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    when: When | None = None
    tiers: tuple[Tier, ...] = ()
    best: PersonalBest | None = None
    repeat: bool = False
    window: WindowKind | None = None  # of a repeated badge: once per window of this kind
    by: str | None = None  # of a badge about objects: the attribute; its conditions are about the same object
    points: int = 0
    secret: bool = False
    state: str = "active"  # draft, active, locked
    on_reversal: str = "keep"  # or revoke
    from_: int | None = None
    until: int | None = None
    for_: Condition | None = None
