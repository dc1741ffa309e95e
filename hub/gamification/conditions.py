"""Conditions on named values: the program's only way to choose events and people.

A condition is data (so that it can be explained) and compiles to a closure (so that it is fast).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.gamification.numbers import Number

Value = Number | str | bool

#: What follows from a missing value: these hold, all others but `present: false` do not.
NEGATIVE = ("not", "not_in")


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
class Any_:  # noqa: N801 (`Any` is typing's)
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class None_:  # noqa: N801
    conditions: tuple[Condition, ...]


Condition = Test | All | Any_ | None_

#: Values by name. A tuple is several values: roles, tags.
Values = Mapping[str, Any]
Predicate = Callable[[Values], bool]


class Failure(NamedTuple):
    """The first test that decided against a condition. `found` is None where the value is missing."""

    test: Test
    found: Any
    wanted: bool = True  # False: inside a `none`, where the test holds and should not


def compiled(condition: Condition | None) -> Predicate:
    """The condition as a function of the values. None always holds."""
    if condition is None:
        return _always
    if isinstance(condition, Test):
        return _test(condition)
    parts = tuple(compiled(part) for part in condition.conditions)
    if isinstance(condition, All):
        return parts[0] if len(parts) == 1 else _all(parts)
    if isinstance(condition, Any_):
        return parts[0] if len(parts) == 1 else _any(parts)
    return _none(parts)


def holds(condition: Condition | None, values: Values) -> bool:
    """Whether the condition holds.

    A missing value (absent, None, none of several) satisfies only `present: false`, `not` and `not_in`.
    """
    return compiled(condition)(values)


def first_failure(condition: Condition | None, values: Values) -> Failure | None:
    """Why the condition does not hold: its first test that fails; of alternatives the first one's. None if it does."""
    if condition is None or holds(condition, values):
        return None
    if isinstance(condition, Test):
        return Failure(condition, _found(condition, values))
    if isinstance(condition, None_):
        return next(_success(part, values) for part in condition.conditions if holds(part, values))
    return next(failure for part in condition.conditions if (failure := first_failure(part, values)))


def _success(condition: Condition, values: Values) -> Failure:
    """The first test by which a condition that should not hold does."""
    if isinstance(condition, Test):
        return Failure(condition, _found(condition, values), wanted=False)
    if isinstance(condition, None_):
        return next(failure for part in condition.conditions if (failure := first_failure(part, values)))
    return next(_success(part, values) for part in condition.conditions if holds(part, values))


def _found(test: Test, values: Values) -> Any:
    found = values.get(test.name)
    return None if found == () else found


def _always(_values: Values) -> bool:
    return True


def _all(parts: tuple[Predicate, ...]) -> Predicate:
    def test(values: Values) -> bool:
        for part in parts:  # noqa: SIM110 (a generator costs twice as much)
            if not part(values):
                return False
        return True

    return test


def _any(parts: tuple[Predicate, ...]) -> Predicate:
    def test(values: Values) -> bool:
        for part in parts:  # noqa: SIM110
            if part(values):
                return True
        return False

    return test


def _none(parts: tuple[Predicate, ...]) -> Predicate:
    def test(values: Values) -> bool:
        for part in parts:  # noqa: SIM110
            if part(values):
                return False
        return True

    return test


def _test(test: Test) -> Predicate:
    if test.operator == "present":
        return _present(test.name, test.value is True)
    if test.operator in NEGATIVE:
        return _negative(test.name, _equality(test.value))
    return _positive(test.name, _fit(test.operator, test.value))


def _present(name: str, wanted: bool) -> Predicate:
    def test(values: Values) -> bool:
        found = values.get(name)
        return (found is not None and found != ()) is wanted

    return test


def _positive(name: str, fits: Callable[[Any], bool]) -> Predicate:
    def test(values: Values) -> bool:
        found = values.get(name)
        if found is None:
            return False
        if found.__class__ is tuple:
            for each in found:  # noqa: SIM110
                if fits(each):
                    return True
            return False
        return fits(found)

    return test


def _negative(name: str, fits: Callable[[Any], bool]) -> Predicate:
    def test(values: Values) -> bool:
        found = values.get(name)
        if found is None:
            return True
        if found.__class__ is tuple:
            return not any(map(fits, found))
        return not fits(found)

    return test


# What one value must be. The log may hold values of a type other than was declared later:
# they fit nothing and raise nothing.


def _fit(operator: str, wanted: Any) -> Callable[[Any], bool]:
    if operator in ("is", "in"):
        return _equality(wanted)
    if operator == "starts_with":
        return lambda found: isinstance(found, str) and found.startswith(wanted)
    return _order(operator, wanted)


def _equality(wanted: Any) -> Callable[[Any], bool]:
    """Equal, or one of several. True is not 1."""
    if isinstance(wanted, tuple):
        return _membership(wanted)
    if isinstance(wanted, bool):
        return lambda found: found is wanted
    if isinstance(wanted, str):
        return lambda found: bool(found == wanted)
    return lambda found: found == wanted and found.__class__ is not bool


def _membership(wanted: tuple[Value, ...]) -> Callable[[Any], bool]:
    texts = frozenset(value for value in wanted if isinstance(value, str))
    truths = frozenset(value for value in wanted if isinstance(value, bool))
    numbers = frozenset(value for value in wanted if not isinstance(value, str | bool))

    def fits(found: Any) -> bool:
        if found.__class__ is str:
            return found in texts
        if found.__class__ is bool:
            return found in truths
        try:
            return found in numbers
        except TypeError:  # a list or an object, which no attribute of a program is
            return False

    return fits


def _order(operator: str, wanted: Any) -> Callable[[Any], bool]:
    compare: dict[str, Callable[[Any], bool]] = {
        "at_least": lambda found: found >= wanted,
        "more_than": lambda found: found > wanted,
        "at_most": lambda found: found <= wanted,
        "less_than": lambda found: found < wanted,
    }
    fits = compare[operator]

    def guarded(found: Any) -> bool:
        try:
            return fits(found) and found.__class__ is not bool
        except TypeError:
            return False

    return guarded
