"""A member's or an organization's metrics in any window: from the state where it holds it, else folded from the log.

The program decides which windows are kept; a question about another is answered by the same engine, with a plan that
keeps that kind of window too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from hub.directory.organizations import members_ever
from hub.gamification import counting, tallies
from hub.gamification.metrics import Metric
from hub.gamification.numbers import Exact
from hub.gamification.outcome import Outcome
from hub.gamification.plan import Plan, kind_name
from hub.gamification.progress import Parts, State
from hub.gamification.windows import WindowKind
from hub.ledger import changeover, folding, programs, refold, rollup
from hub.ledger.tables import progress

#: Plans kept for further kinds of windows: dates that somebody chose (`from/until`) are each a kind of their own.
KEPT_PLANS = 16

Value = Exact | str | None


@dataclass(frozen=True, slots=True)
class Objects:
    """A metric by object: the plain value, None where there is none, and that of each object."""

    value: Exact | None
    objects: Mapping[str, Value]


Values = dict[str, Exact | Objects | None]


class NoSuchWindow(Exception):
    """The program's calendar has no window of this name."""


def of_member(connection: Connection, member: int, window: str, now: int) -> Values:
    """A value for every metric of the program, None where there is none. Raises NoSuchWindow."""
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    kind = _kind(plan, window)
    if kind == "all" and _is_current(connection, plan, member):
        return _from_state(connection, plan, folding.stands(connection, plan, member, now).state, member, now)
    wider = _plan(plan, kind)
    outcome, parts = _folded(connection, wider, member, now)
    return {key: _of_fold(metric, window, outcome, parts) for key, metric in wider.program.metrics.items()}


def of_organization(connection: Connection, organization: int, window: str, now: int) -> Values:
    """As `of_member`: of events of its members while they belonged to it, and of events about it."""
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    wider = _plan(plan, _kind(plan, window))
    found: dict[str, list[Any]] = {}
    for who in [*sorted(members_ever(connection, [organization])), -organization]:
        outcome, _ = _folded(connection, wider, who, now)
        for (whose, metric, name), (tally, _) in outcome.organizations.items():
            if (whose, name) == (organization, window):
                found.setdefault(metric, []).append(tally)
    return {key: _of_organization(wider, metric, found) for key, metric in wider.program.metrics.items()}


# --------------------------------------------------------------------------------------------------------------- plans


_plans: WeakKeyDictionary[Plan, OrderedDict[str, Plan]] = WeakKeyDictionary()


def _kind(plan: Plan, window: str) -> WindowKind:
    kind = plan.calendar.kind_of(window)
    if kind is None or plan.calendar.named(window) is None:
        raise NoSuchWindow(window)
    return kind


def _plan(plan: Plan, kind: WindowKind) -> Plan:
    """The plan that keeps this kind of window too."""
    known = _plans.setdefault(plan, OrderedDict())
    name = kind_name(kind)
    wider = known.get(name)
    if wider is None:
        wider = known[name] = Plan(plan.versions, also=kind)
        while len(known) > KEPT_PLANS:
            known.popitem(last=False)
    return wider


# -------------------------------------------------------------------------------------------------------- from a fold


def _folded(connection: Connection, plan: Plan, who: int, now: int) -> tuple[Outcome, Parts]:
    """All that was digested of a member (or, negated, an organization) folded anew, with the facts that stand."""
    kept, standing = folding.facts(connection, [who]).get(who, (set(), {}))
    given = replace(folding.standing_given(connection, who, now), kept=(), posted={})
    folded = refold.again(plan, folding.digested(connection, who), [], standing, kept, given)
    return folded.outcome, folded.parts


def _of_fold(metric: Metric, window: str, outcome: Outcome, parts: Parts) -> Exact | Objects | None:
    valued = outcome.values.get((metric.key, window))
    value = None if valued is None else valued.value
    if metric.by is None:
        return value
    return _with_objects(metric, value, (part for _, part in parts.under(f"object/{metric.key}/{window}/")))


def _of_organization(plan: Plan, metric: Metric, found: Mapping[str, list[Any]]) -> Exact | Objects | None:
    value = rollup.value_of(plan, metric.key, lambda key: found.get(key, []))
    plain = None if isinstance(value, str) else value
    if metric.by is None:
        return plain
    about = rollup.objects_of(metric, found.get(metric.key, []))
    return Objects(plain, {_named(thing): value for thing, value in about})


# ----------------------------------------------------------------------------------------------------- from the state


def _is_current(connection: Connection, plan: Plan, member: int) -> bool:
    """Whether what stands was folded with the newest version; of nothing, nothing stands."""
    marked = connection.scalar(select(progress.c.version).where(progress.c.member == member))
    return marked is None or marked == changeover.mark(plan.newest.number)


def _from_state(connection: Connection, plan: Plan, state: State, member: int, now: int) -> Values:
    """In the window `all`, which the state keeps of every metric."""
    values: Values = {}
    for key, metric in plan.program.metrics.items():
        value = counting.value_at(plan, state, key, "all", now)
        about = [] if metric.by is None else folding.objects(connection, plan, member, key, "all")
        values[key] = value if metric.by is None else _with_objects(metric, value, about)
    return values


def _with_objects(metric: Metric, value: Exact | None, about: Iterable[tuple[Any, Any]]) -> Objects:
    return Objects(value, {_named(thing): tallies.value(metric.take, tally) for thing, tally in about})


def _named(thing: Any) -> str:
    """An object as a key of JSON: texts as they are, numbers and truths as JSON writes them."""
    if isinstance(thing, list):
        thing = Decimal(thing[0])
    return str(thing).lower() if isinstance(thing, bool) else str(thing)
