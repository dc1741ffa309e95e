"""Earning rules: what an event is worth, to whom, how often, up to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from hub.gamification.conditions import Condition
from hub.gamification.numbers import Number
from hub.gamification.windows import WindowKind


@dataclass(frozen=True, slots=True)
class Award:
    """Fixed `points`, or floor(`of` / `for_every`) x `points`, raised to `at_least` and cut to `at_most`."""

    points: int
    of: str | None = None
    for_every: Number | None = None
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    points: int | None = None
    times: int | None = None
    per: WindowKind = "all"


@dataclass(frozen=True, slots=True)
class Rule:
    key: str
    types: tuple[str, ...]
    award: Award
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    where: Condition | None = None
    for_: Condition | None = None
    once_per: str | bool | None = None  # an attribute, or True: once ever
    cooldown: int | None = None  # microseconds
    caps: tuple[Cap, ...] = ()
    from_: int | None = None  # instant, counts
    until: int | None = None  # instant, does not


@dataclass(frozen=True, slots=True)
class SharedCap:
    key: str
    rules: tuple[str, ...]
    cap: Cap


@dataclass(frozen=True, slots=True)
class Boost:
    key: str
    rules: tuple[str, ...]
    factor: Fraction
    from_: int | None = None
    until: int | None = None
    for_: Condition | None = None
    title: Mapping[str, str] = field(default_factory=dict)
