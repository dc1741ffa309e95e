"""Conditions on named values: the program's only way to choose events and people.

A condition is data (so that it can be explained) and compiles to a closure (so that it is fast).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.gamification.events import Attribute, is_date
from hub.gamification.numbers import Number
from hub.gamification.sections import MAX_KEY, Section, kind_of
from hub.gamification.source import BROKEN

Value = Number | str | bool

#: What follows from a missing value: these hold, all others but `present: false` do not.
NEGATIVE = ("not", "not_in")

ORDERS = ("at_least", "more_than", "at_most", "less_than")
OPERATORS = (*ORDERS, "is", "not", "in", "not_in", "starts_with", "present")

MAX_DEPTH = 32
MAX_TESTS = 1000

_PROFILE = "a profile"
#: What `for` may name of a profile.
PROFILE = ("role", "organization", "region", "tier", "type", "size", "locale", "tag")


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


def names_in(condition: Condition) -> Iterator[str]:
    """The names that a condition looks at."""
    if isinstance(condition, Test):
        yield condition.name
    else:
        for part in condition.conditions:
            yield from names_in(part)


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


# Reading.


def read(section: Section, field: str, names: Mapping[str, Attribute] | None, of: str) -> Condition | None:
    """The condition in a field. `names` are what it may name, None where that is unknown; `of` says what has them."""
    value = section.take(field)
    if value is None or value is BROKEN:
        return None
    return _Reader(section, names, of).condition(field, value, 0)


def people(roles: Collection[str]) -> dict[str, Attribute]:
    """What `for` may name: profiles' values, all of them texts."""
    return {name: Attribute(name, "text", one_of=tuple(roles) if name == "role" else ()) for name in PROFILE}


def read_for(section: Section, names: Mapping[str, Attribute], field: str = "for") -> Condition | None:
    """A condition on people's profiles; `names` from `people`."""
    return read(section, field, names, _PROFILE)


class _Reader:
    def __init__(self, section: Section, names: Mapping[str, Attribute] | None, of: str) -> None:
        self._section = section
        self._names = names
        self._of = of
        self._tests = 0

    def condition(self, path: str, value: Any, depth: int) -> Condition | None:
        if not isinstance(value, dict):
            self._fault(path, "type", f"must be a mapping of names to values, not {kind_of(value)}")
            return None
        if not value or depth >= MAX_DEPTH:
            self._fault(path, "too_large" if value else "empty", f"nested deeper than {MAX_DEPTH}" if value else _EMPTY)
            return None
        parts = [part for name in value for part in self._parts(f"{path}.{name}", name, value[name], depth)]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _parts(self, path: str, name: str, value: Any, depth: int) -> Iterator[Condition]:
        if name not in _COMBINED:
            yield from self._tests_of(path, name, value)
        elif not isinstance(value, list):
            self._fault(path, "type", f"must be a list of conditions, not {kind_of(value)}")
        elif not value:
            self._fault(path, "empty", _EMPTY)
        else:
            places = [(f"{path}[{at}]", each) for at, each in enumerate(value) if self._countable(path)]
            parts = [self.condition(place, each, depth + 1) for place, each in places]
            yield _COMBINED[name](tuple([part for part in parts if part is not None]))

    def _countable(self, path: str) -> bool:
        self._tests += 1
        if self._tests == MAX_TESTS + 1:
            self._fault(path, "too_large", f"more than {MAX_TESTS} tests in one condition")
        return self._tests <= MAX_TESTS

    def _tests_of(self, path: str, name: str, value: Any) -> Iterator[Test]:
        attribute = self._attribute(path, name)
        if value is BROKEN:
            return
        operators = value if isinstance(value, dict) else {"in" if isinstance(value, list) else "is": value}
        if not operators:
            self._fault(path, "empty", _EMPTY)
        for operator, wanted in operators.items():
            at = f"{path}.{operator}" if isinstance(value, dict) else path
            if operator not in OPERATORS:
                message = f'no operator "{operator[:MAX_KEY]}"'
                self._section.document.faults.unknown(self._section.at(at), "unknown", message, operator, OPERATORS)
            elif self._countable(path) and (found := self._wanted(at, operator, wanted, attribute)) is not None:
                yield Test(name, operator, found)

    def _attribute(self, path: str, name: str) -> Attribute | None:
        if self._names is None:
            return None
        attribute = self._names.get(name)
        if attribute is None:
            what = "attribute " if self._of != _PROFILE else ""
            message = f'{self._of} has no {what}"{name[:MAX_KEY]}"'
            self._section.document.faults.unknown(self._section.at(path), "unknown", message, name, self._names)
        elif attribute.type == "mixed":
            self._fault(path, "type", f'"{name}" has different types in these events')
            return None
        return attribute

    def _wanted(self, path: str, operator: str, value: Any, attribute: Attribute | None) -> Any:
        """The value that an operator compares with, checked; None after a fault."""
        if operator == "present":
            return value if isinstance(value, bool) else self._fault(path, "type", "must be true or false")
        if operator in ("in", "not_in"):
            return self._several(path, value, attribute)
        if attribute and operator in ORDERS and attribute.type in ("text", "boolean"):
            return self._fault(path, "type", f'"{attribute.name}" is no number and no date: it has no order')
        if attribute and operator == "starts_with" and attribute.type != "text":
            return self._fault(path, "type", f'"{attribute.name}" is no text')
        return self._one(path, value, attribute, listed=operator != "starts_with")

    def _several(self, path: str, value: Any, attribute: Attribute | None) -> Any:
        if not isinstance(value, list):
            return self._fault(path, "type", f"must be a list, not {kind_of(value)}")
        if not value:
            return self._fault(path, "empty", _EMPTY)
        if len(value) > MAX_TESTS:
            return self._fault(path, "too_large", f"has more than {MAX_TESTS} values")
        found = (self._one(f"{path}[{at}]", each, attribute) for at, each in enumerate(value))
        return tuple([each for each in found if each is not None])

    def _one(self, path: str, value: Any, attribute: Attribute | None, *, listed: bool = True) -> Any:
        if value is BROKEN:
            return None
        if value is None:
            return self._fault(path, "missing", "is missing; `present: false` finds what is missing")
        if isinstance(value, dict | list):
            return self._fault(path, "type", f"must be one value, not {kind_of(value)}")
        kind = "text" if attribute is None else attribute.type
        if attribute is not None and not _FITTING[kind](value):
            return self._fault(path, "type", f'"{attribute.name}" is {_WORDS[kind]}, not {kind_of(value)}')
        if attribute is not None and attribute.one_of and listed and value not in attribute.one_of:
            named = f'no {attribute.name} "{value[:MAX_KEY]}"'
            message = named if self._of == _PROFILE else f'{attribute.name} is never "{value[:MAX_KEY]}"'
            self._section.document.faults.unknown(self._section.at(path), "unknown", message, value, attribute.one_of)
        return value

    def _fault(self, path: str, code: str, message: str) -> Any:
        """Notes the fault; None, for the value that is not to be had."""
        return self._section.fault(path, code, message)


_EMPTY = "must not be empty"
_COMBINED: dict[str, Callable[[tuple[Condition, ...]], Condition]] = {"all": All, "any": Any_, "none": None_}


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


_FITTING: dict[str, Callable[[Any], bool]] = {
    "number": _is_number,
    "integer": _is_number,
    "text": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "date": is_date,
}
_WORDS = {"number": "a number", "integer": "a number", "text": "text", "boolean": "true or false", "date": "a date"}
