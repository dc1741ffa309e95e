"""Conditions on named values: the program's only way to choose events and people.

A condition is data (so that it can be explained) and compiles to a closure (so that it is fast).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.gamification.numbers import Number

Value = Number | str | bool


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one name: at_least, more_than, at_most, less_than, is, not, in, not_in, starts_with, present."""

    name: str
    operator: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class All:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class None_:
    conditions: tuple[Condition, ...]


Condition = Test | All | Any_ | None_


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Whether the condition holds. A missing value (absent or None) satisfies only `present: false`, `not`, `not_in`."""
    raise AssertionError("replaced")
