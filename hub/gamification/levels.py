"""Levels: ascending steps of points earned; once reached, kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from hub.gamification.sections import Section


@dataclass(frozen=True, slots=True)
class Level:
    key: str
    at: int
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


def read(root: Section) -> tuple[Level, ...]:
    levels = tuple(root.entries("levels", _level).values())
    if levels and levels[0].at != 0:
        root.fault(f"levels.{levels[0].key}.at", "order", "the first level is at 0")
    for lower, level in pairwise(levels):
        if level.at <= lower.at:
            root.fault(f"levels.{level.key}.at", "order", "levels must ascend")
    return levels


def _level(entry: Section) -> Level:
    return Level(entry.key, entry.whole("at", required=True) or 0, **entry.entry())
