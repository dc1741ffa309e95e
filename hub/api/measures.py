"""Metrics and goals in a window, of a member and of an organization."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response

from hub import clock
from hub.api import bp, seen
from hub.api.answers import Number, WindowQuery, answer, invalid, plain, query
from hub.api.openapi import describe
from hub.api.seen import READ
from hub.db import reader
from hub.identity.access import current_key, requires_scope
from hub.ledger import measuring, programs, reading
from hub.ledger.standings import GoalStanding, Version


class ObjectsValue(msgspec.Struct):
    """A metric by object: the plain value, and that of each object."""

    value: Number
    objects: dict[str, Any]


class MetricsAnswer(msgspec.Struct):
    """Every metric of the program; null: no value."""

    window: str
    metrics: dict[str, Number | ObjectsValue]


class Goal(msgspec.Struct):
    goal: str
    window: str
    whose: str
    actual: Number
    target: Number
    pace: str | None
    status: str
    final: bool


class GoalsAnswer(msgspec.Struct):
    items: list[Goal]
    next: str | None


@bp.get("/members/<path:member_id>/metrics")
@requires_scope(READ)
@describe(
    "A member's metrics in a window; without one, in all time",
    scope=READ,
    query=WindowQuery,
    answers={200: MetricsAnswer},
)
def get_metrics(member_id: str) -> Response:
    window, now = _asked(), clock.now()
    with reader() as connection:
        person = seen.member(connection, current_key(), member_id, now)
        if programs.newest(connection) is None:
            return answer(MetricsAnswer(window, {}))
        try:
            return answer(metrics(window, measuring.of_member(connection, person.no, window, now)))
        except measuring.NoSuchWindow:
            raise no_window() from None


def _asked() -> str:
    window = query(WindowQuery).window
    return "all" if window is None else window


def metrics(window: str, values: measuring.Values) -> MetricsAnswer:
    return MetricsAnswer(window, {key: _value(value) for key, value in values.items()})


def _value(value: Any) -> Any:
    if isinstance(value, measuring.Objects):
        return ObjectsValue(plain(value.value), {name: _value(one) for name, one in value.objects.items()})
    return value if isinstance(value, str) else plain(value)


def no_window() -> Exception:
    return invalid("window", "window", "the program's calendar has no such window")


@bp.get("/members/<path:member_id>/goals")
@requires_scope(READ)
@describe("A member's goals in a window", scope=READ, query=WindowQuery, answers={200: GoalsAnswer})
def list_goals(member_id: str) -> Response:
    window, now = query(WindowQuery).window, clock.now()
    with reader() as connection:
        person = seen.member(connection, current_key(), member_id, now)
        version = programs.newest(connection)
        check_window(version, window)
        found = reading.goals(connection, version, person.no, now, window) if version else ()
    return answer(GoalsAnswer([goal(one) for one in found], None))


def check_window(version: Version | None, window: str | None) -> None:
    """The Problem 422 where the program's calendar has no window of this name."""
    if version is not None and window is not None and version.program.calendar.named(window) is None:
        raise no_window()


def goal(one: GoalStanding) -> Goal:
    actual, target = plain(one.actual), plain(one.target)
    return Goal(one.goal, one.window.name, one.whose, actual, target, one.pace, one.status, one.final)


@bp.get("/organizations/<path:organization_id>/metrics")
@requires_scope(READ)
@describe(
    "An organization's metrics in a window; without one, in all time",
    scope=READ,
    query=WindowQuery,
    answers={200: MetricsAnswer},
)
def get_organization_metrics(organization_id: str) -> Response:
    window, now = _asked(), clock.now()
    with reader() as connection:
        found = seen.organization(connection, current_key(), organization_id, now)
        if programs.newest(connection) is None:
            return answer(MetricsAnswer(window, {}))
        try:
            return answer(metrics(window, measuring.of_organization(connection, found.no, window, now)))
        except measuring.NoSuchWindow:
            raise no_window() from None


@bp.get("/organizations/<path:organization_id>/goals")
@requires_scope(READ)
@describe("An organization's goals in a window", scope=READ, query=WindowQuery, answers={200: GoalsAnswer})
def list_organization_goals(organization_id: str) -> Response:
    window, now = query(WindowQuery).window, clock.now()
    with reader() as connection:
        found = seen.organization(connection, current_key(), organization_id, now)
        version = programs.newest(connection)
        check_window(version, window)
        standing = reading.organization_goals(connection, version, found.no, now, window) if version else ()
    return answer(GoalsAnswer([goal(one) for one in standing], None))
