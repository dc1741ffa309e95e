"""Streaks: runs of periods on the member's own calendar.

A period counts once however many events it holds; a freeze bridges a missed one without adding to the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification.conditions import Condition


@dataclass(frozen=True, slots=True)
class Freezes:
    start: int = 0
    earn_every: int | None = None
    max: int = 0


@dataclass(frozen=True, slots=True)
class Streak:
    key: str
    types: tuple[str, ...]
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    where: Condition | None = None
    at_least: int = 1
    every: str = "day"  # day, business_day, week, month
    clock: str = "member"  # member, event, program
    holidays: frozenset[int] = frozenset()  # date ordinals
    freezes: Freezes = Freezes()
