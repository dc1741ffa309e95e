"""A program's condition on profiles as a clause over `present`: who fits now, found by the database.

It says the same as `conditions.compiled` of the values that `present` was made from; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true

from hub.directory.tables import organizations, present
from hub.gamification.conditions import NEGATIVE, All, Any_, Condition, Test

#: Columns that hold several values, as "|one|two|".
_SEVERAL = {"role": present.c.roles, "tag": present.c.tags}

Fit = Callable[[ColumnElement[Any]], ColumnElement[bool]]


def clause(condition: Condition | None) -> ColumnElement[bool]:
    """The condition over `present`. None always holds."""
    if condition is None:
        return true()
    if isinstance(condition, Test):
        return _test(condition)
    parts = [clause(part) for part in condition.conditions]
    if isinstance(condition, All):
        return and_(true(), *parts)
    return or_(false(), *parts) if isinstance(condition, Any_) else not_(or_(false(), *parts))


def stands_among(name: str, value: str) -> ColumnElement[bool]:
    """Whose region, tier, type or organization is this one."""
    return clause(Test(name, "is", value))


def _test(test: Test) -> ColumnElement[bool]:
    if test.operator == "present":
        there = _there(test.name)
        return there if test.value is True else not_(there)
    fits = _fits(test.name, test.operator, _texts(test.value))
    # A missing value is NULL, which fits nothing and is nothing: `not` holds of it.
    return not_(func.coalesce(fits, false())) if test.operator in NEGATIVE else func.coalesce(fits, false())


def _texts(value: Any) -> list[str]:
    wanted = value if isinstance(value, tuple) else (value,)
    return [one for one in wanted if isinstance(one, str)]


def _there(name: str) -> ColumnElement[bool]:
    if name in _SEVERAL:
        return _SEVERAL[name] != ""
    column: ColumnElement[Any] = present.c[name]
    return column.is_not(None)


def _fits(name: str, operator: str, wanted: Sequence[str]) -> ColumnElement[bool]:
    """Whether the value, or one of several, is one of `wanted`, or starts with it."""
    starts = operator == "starts_with"
    if name in _SEVERAL:
        return or_(false(), *(_holds(_SEVERAL[name], one, starts) for one in wanted))
    fit: Fit = (lambda column: _starts(column, wanted[0])) if starts else (lambda column: column.in_(wanted))
    if name == "organization":
        numbers = select(organizations.c.no).where(fit(organizations.c.id))
        return present.c.organization.in_(numbers)
    return fit(present.c[name])


def _holds(column: ColumnElement[str], value: str, starts: bool) -> ColumnElement[bool]:
    # Of what both databases have, `replace` alone finds a text by code point; LIKE knows no case on SQLite.
    if "|" in value:
        return false()
    return func.replace(column, f"|{value}" if starts else f"|{value}|", "") != column


def _starts(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    return func.substr(column, 1, len(value)) == value
