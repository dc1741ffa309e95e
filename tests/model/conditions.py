"""`where` and `for`. Section "Attributes, conditions, times"."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from hub.gamification.conditions import All, Any_, Condition, Test


def token(value: Any) -> tuple[str, Any]:
    """What a value is equal to: "numbers equal by value (1 is 1.0), texts by code point"."""
    if isinstance(value, bool):
        return ("boolean", value)
    return ("text", value) if isinstance(value, str) else ("number", Fraction(value))


def holds(condition: Condition | None, values: Mapping[str, Any]) -> bool:
    if condition is None:
        return True
    if isinstance(condition, Test):
        return _test(condition, values.get(condition.name))
    held = [holds(part, values) for part in condition.conditions]
    return all(held) if isinstance(condition, All) else any(held) if isinstance(condition, Any_) else not any(held)


def _test(test: Test, found: Any) -> bool:
    # "A name with several values fits if any value does; `not` and `not_in` fit if none of the values is named."
    several = found if isinstance(found, tuple) else () if found is None else (found,)
    if test.operator == "present":
        return bool(several) == test.value
    wanted = test.value if isinstance(test.value, tuple) else (test.value,)
    named = any(token(each) == token(one) for each in several for one in wanted)
    if test.operator in ("not", "not_in"):
        return not named
    if test.operator in ("is", "in"):
        return named
    return any(_compares(test.operator, each, test.value) for each in several)


def _compares(operator: str, found: Any, wanted: Any) -> bool:
    if operator == "starts_with":
        return isinstance(found, str) and found.startswith(wanted)
    (kind, one), (other_kind, other) = token(found), token(wanted)
    if kind != other_kind or kind == "boolean":
        return False
    return bool(
        {
            "at_least": one >= other,
            "more_than": one > other,
            "at_most": one <= other,
            "less_than": one < other,
        }[operator]
    )
