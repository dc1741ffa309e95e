"""The program: every section read and checked together, into frozen values or a list of faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hub.gamification.badges import Badge
from hub.gamification.conditions import Condition
from hub.gamification.events import EventType
from hub.gamification.goals import Goal
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.levels import Level
from hub.gamification.metrics import Metric
from hub.gamification.points import Boost, Rule, SharedCap
from hub.gamification.streaks import Streak

BUILT_IN_ROLES = ("sales_rep", "partner_owner", "marketing", "service_support", "field_team", "support_team", "program_admin")


@dataclass(frozen=True, slots=True)
class Settings:
    """Section `program`. `grace` in microseconds; `live_from` an instant, None: the day of the first publishing."""

    name: str
    time_zone: str
    week_starts: str = "monday"
    grace: int = 72 * 3_600_000_000
    live_from: int | None = None
    points_title: Mapping[str, str] = field(default_factory=dict)
    point_value: Fraction | None = None  # of one point, in `currency`
    currency: str | None = None
    reversals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    key: str
    title: Mapping[str, str]
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """A widget put on a homepage. `options` are the widget's own, as written."""

    widget: str
    options: Mapping[str, Any] = field(default_factory=dict)
    title: Mapping[str, str] = field(default_factory=dict)
    size: str = "small"  # small, wide, full
    pinned: bool = False
    offer: bool = False
    for_: Condition | None = None


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
