"""Leaderboards: members or organizations ranked by a metric in a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification.conditions import Condition
from hub.gamification.numbers import Number
from hub.gamification.windows import WindowKind


@dataclass(frozen=True, slots=True)
class Prize:
    rank: int
    points: int = 0
    badge: str | None = None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    key: str
    metric: str
    window: WindowKind
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    whose: str = "member"
    among: str = "all"
    for_: Condition | None = None
    minimum: Number | None = None
    show: int = 10
    ties: str = "competition"  # or dense
    direction: str = "highest"  # or lowest
    names: str = "own_organization"  # everyone, own_organization, nobody
    prizes: tuple[Prize, ...] = ()
