"""Goals: a target for a metric in a window, and whether it was reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from hub.gamification.conditions import Condition
from hub.gamification.numbers import Number
from hub.gamification.windows import WindowKind


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
