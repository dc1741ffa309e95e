"""Metrics in the fold: what an event brings to each, in every window and for every object that is kept."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hub.gamification import tallies
from hub.gamification.events import Event
from hub.gamification.moment import Moment
from hub.gamification.numbers import Exact
from hub.gamification.outcome import Valued
from hub.gamification.plan import MetricPlan, Plan
from hub.gamification.progress import BEFORE, ENDS, NAME, STARTS, TALLY, Slot, State, frozen_number, token
from hub.gamification.windows import WindowKind, local_date

#: What a tally may change of without its value.
_FINER = ("average", "latest")

_MINUTE = 60_000_000
_DAY_US = 86_400_000_000
_EPOCH_DAY = 719_163  # ordinal of 1970-01-01


def measure(here: Moment, plan: MetricPlan) -> None:
    """Take the event into a metric on its type."""
    event, metric = here.event, plan.metric
    if plan.where is not None and not plan.where(event.data):
        return
    found = _found(here, plan)
    if found is None:
        return
    if metric.by is None:
        _grow(here, plan, found)
    elif event.data.get(metric.by) is not None:
        _grow_object(here, plan, found, event.data[metric.by])


def earn(here: Moment, amount: int) -> None:
    """Points, counted in the built-in metrics."""
    _grow(here, here.points_earned, amount)
    receive(here, amount)
    levels, level = here.plan.levels, here.state.level
    if level < len(levels) and not here.climbing:
        earned = here.state.metrics[here.points_earned.index][0][TALLY]  # `all` is the first of its windows
        here.climbing = earned >= levels[level].at


def receive(here: Moment, amount: int) -> None:
    """Points that nothing of the program gave: a prize, recognition, an adjustment; what is taken so counts nowhere."""
    if amount > 0:
        _grow(here, here.points_received, amount)


def _found(here: Moment, plan: MetricPlan) -> Any:
    """What the event brings to the metric: a weight, a number, a day, a value; None: it is not in it."""
    metric, data = plan.metric, here.event.data
    if metric.take == "count":
        return metric.types[here.event.type]
    if metric.take == "days":
        return day(here, metric.clock)
    found = data.get(metric.of or "")
    if metric.take == "latest" and found is not None:
        shown = {name: frozen_number(data[name]) for name in metric.show if data.get(name) is not None}
        return [frozen_number(found), shown, here.event.time]
    return found


def day(here: Moment, clock: str) -> int:
    if clock == "event":
        return (here.event.time + here.event.offset * _MINUTE) // _DAY_US + _EPOCH_DAY
    zone = here.profile.time_zone if clock == "member" else None
    return local_date(zone or here.plan.time_zone, here.event.time)


def _grow(here: Moment, plan: MetricPlan, found: Any) -> None:
    take, time, slots, changed = plan.metric.take, here.event.time, here.state.metrics[plan.index], False
    for at, kind, shown in plan.slots:
        slot = slots[at]
        if time >= slot[ENDS] and not _turn(here, slot, kind):
            continue
        before = slot[TALLY]
        if take != "distinct":
            after = plan.grow(before, found)
        else:
            after = before if here.saw(seen_part(plan, slot[NAME], here.event, None)) else (before or 0) + 1
        if after != before:
            slot[TALLY] = after
            changed = True
            if shown and (plan.plain or take not in _FINER or _number(plan, before) != _number(plan, after)):
                _show(here, plan, slot)
    if changed:
        _changed(here, plan)
    if plan.organization_kinds and here.profile.organization is not None:
        _grow_organization(here, plan, found, here.profile.organization, None)


def _turn(here: Moment, slot: Slot, kind: WindowKind) -> bool:
    """Begin the window that holds the event; the tally so far is that of the window before, if it is the one
    right before. False where the kind is a span that does not hold the event.
    """
    window = here.plan.calendar.window(kind, here.event.time)
    if not window.start <= here.event.time < window.end:
        return False
    slot[BEFORE] = slot[TALLY] if slot[ENDS] == window.start else None
    slot[ENDS], slot[NAME], slot[TALLY], slot[STARTS] = window.end, window.name, None, window.start
    return True


def _changed(here: Moment, plan: MetricPlan) -> None:
    if plan.badges:
        here.dirty.update(plan.badges)
    if plan.goals:
        here.aims.update(plan.goals)
    if plan.feeds:
        here.fed.update(plan.feeds)


def _show(here: Moment, plan: MetricPlan, slot: Slot) -> None:
    value = slot[TALLY] if plan.plain else _number(plan, slot[TALLY])
    shown = None if value is None else Valued(value, here.event.place)
    here.outcome.values[plan.metric.key, slot[NAME]] = shown


def combine(here: Moment) -> None:
    """Combined metrics that are shown: their slot holds what was shown last."""
    fed, here.fed = sorted(here.fed), set()
    for index, at in fed:
        plan = here.plan.metrics[index]
        slot = here.state.metrics[index][at]
        if here.event.time >= slot[ENDS] and not _turn(here, slot, plan.kinds[at]):
            continue
        found = value(here, plan.metric.key, plan.kinds[at])
        if found != slot[TALLY]:
            slot[TALLY] = found
            _show(here, plan, slot)


def value(here: Moment, key: str, kind: WindowKind) -> Exact | None:
    """The metric's value in the window that holds the event."""
    return value_at(here.plan, here.state, key, kind, here.event.time)


def _grow_object(here: Moment, plan: MetricPlan, found: Any, thing: Any) -> None:
    metric, slots = plan.metric, here.state.metrics[plan.index]
    for at, kind in enumerate(plan.kinds):
        slot = slots[at]
        if here.event.time >= slot[ENDS] and not _turn(here, slot, kind):
            continue
        name = object_part(metric.key, slot[NAME], thing)
        part = here.parts.get(name)
        old = part[1] if part is not None else None
        if metric.take != "distinct":
            new = plan.grow(old, found)
        else:
            new = old if here.saw(seen_part(plan, slot[NAME], here.event, thing)) else (old or 0) + 1
        if new == old:
            continue
        here.parts.put(name, [frozen_number(thing), new])
        _total(here, plan, at, slot, old, new)
        _changed(here, plan)
    if plan.organization_kinds and here.profile.organization is not None:
        _grow_organization(here, plan, found, here.profile.organization, thing)


def _total(here: Moment, plan: MetricPlan, at: int, slot: Slot, old: Any, new: Any) -> None:
    """The plain value from the objects', kept only where it can be: numbers."""
    metric, before = plan.metric, slot[TALLY]
    if not metric.numeric:
        return
    a, b = tallies.value(metric.take, old), tallies.value(metric.take, new)
    if metric.total == "count":
        slot[TALLY] = (before or 0) + (old is None)
    elif metric.total == "sum":
        slot[TALLY] = tallies.exact(Fraction(before or 0) - Fraction(a or 0) + Fraction(b or 0))
    elif before is None or b >= before:
        slot[TALLY] = b
    elif a == before:
        slot[TALLY] = _greatest(here, plan, slot)
    if slot[TALLY] != before and at in plan.shown:
        _show(here, plan, slot)


def _greatest(here: Moment, plan: MetricPlan, slot: Slot) -> Any:
    known = here.parts.under(objects(plan.metric.key, slot[NAME]))
    return max(tallies.value(plan.metric.take, part[1]) for _, part in known)  # type: ignore[type-var]


def _grow_organization(here: Moment, plan: MetricPlan, found: Any, organization: int, thing: Any) -> None:
    metric = plan.metric
    for at, kind in enumerate(plan.organization_kinds):
        page = here.state.organizations[plan.index][at]
        if here.event.time >= page[0]:
            window = here.plan.calendar.window(kind, here.event.time)
            if not window.start <= here.event.time < window.end:
                continue
            page[:] = [window.end, window.name, {}]
        old = page[2].get(organization)
        if thing is None:
            new = _organization_tally(here, plan, old, found)
        else:
            new = _organization_objects(here, plan, old or {}, found, thing)
        page[2][organization] = new
        if new != old:
            here.outcome.organizations[organization, metric.key, page[1]] = [new, list(here.event.place)]


def _organization_objects(here: Moment, plan: MetricPlan, old: Any, found: Any, thing: Any) -> Any:
    _, tally = old.get(token(thing), (None, None))
    return {**old, token(thing): [frozen_number(thing), _organization_tally(here, plan, tally, found)]}


def _organization_tally(here: Moment, plan: MetricPlan, old: Any, found: Any) -> Any:
    take = plan.metric.take
    if take in ("days", "distinct"):
        known = old or []
        thing = found if take == "days" else token(found)
        return known if thing in known else [*known, thing]
    if take == "latest":
        return [found[0], *here.event.place]
    return plan.grow(old, found)


def value_at(plan: Plan, state: State, key: str, kind: WindowKind, time: int) -> Exact | None:
    """A metric's value in the window of the kind that holds `time`, which is not before the newest event; no text."""
    metric = plan.metrics[plan.metric_index[key]]
    if metric.metric.combined:
        return _combined(metric, lambda part: value_at(plan, state, part, kind, time))
    slot = state.metrics[metric.index][metric.position(kind)]
    if time >= slot[ENDS]:
        return None
    return slot[TALLY] if metric.plain else _number(metric, slot[TALLY])


def value_before(plan: Plan, state: State, key: str, kind: WindowKind, start: int) -> Exact | None:
    """A metric's value in the window before the one that starts at `start` and is the newest or comes after it."""
    metric = plan.metrics[plan.metric_index[key]]
    if metric.metric.combined:
        return _combined(metric, lambda part: value_before(plan, state, part, kind, start))
    slot = state.metrics[metric.index][metric.position(kind)]
    if slot[STARTS] == start:
        return _number(metric, slot[BEFORE])
    return _number(metric, slot[TALLY]) if slot[ENDS] == start else None


def _combined(metric: MetricPlan, part: Callable[[str], Exact | None]) -> Exact | None:
    known = metric.metric
    if known.share is not None and known.share_of is not None:
        return tallies.share(part(known.share), part(known.share_of), known.minimum)
    return tallies.balance([part(key) for key in known.plus], [part(key) for key in known.minus])


def _number(metric: MetricPlan, tally: Any) -> Exact | None:
    found = tallies.value(metric.slot_take, tally)
    return None if isinstance(found, str) else found


def seen_part(plan: MetricPlan, window: str, event: Event, thing: Any) -> str:
    """Where it is kept that this value was seen."""
    value = token(event.data.get(plan.metric.of or ""))
    about = "" if thing is None else token(thing) + "\x1f"
    return f"seen/{plan.metric.key}/{window}/{about}{value}"


def objects(metric: str, window: str) -> str:
    """What the parts of all objects of a metric in a window begin with."""
    return f"object/{metric}/{window}/"


def object_part(metric: str, window: str, thing: Any) -> str:
    return objects(metric, window) + token(thing)
