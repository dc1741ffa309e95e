"""Metrics: what one event brings, and what the brought comes to. Section "Metrics"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from tests.model.conditions import holds, token
from tests.model.places import Canonical, Entry

Value = Fraction | str
#: "Where a number is needed count, sum, distinct and days are 0."
ZERO_WITHOUT_EVENTS = ("count", "sum", "distinct", "days")


class Line(NamedTuple):
    """Points, at the place of their event. `key` is the cause key."""

    key: tuple[Any, ...]
    kind: str  # points, bonus, deduction; prize, recognition, adjustment
    amount: int
    place: Canonical


class Part(NamedTuple):
    """What one event, or one line, brings to a metric."""

    place: Canonical
    weight: int = 1
    value: Any = None  # of `of`
    object: Any = None  # of `by`, as a token
    day: date | None = None
    shown: tuple[Any, ...] = ()


def parts_of_events(metric: Any, events: Iterable[Entry], day_of: Callable[[Entry, str], date]) -> list[Part]:
    """The events in a declared metric. "An event without `of` (where needed) or without `by` is not in the metric"."""
    found = []
    for one in events:
        if one.type not in metric.types or not holds(metric.where, one.data):
            continue
        value = one.data.get(metric.of) if metric.of else None
        by = one.data.get(metric.by) if metric.by else None
        if (metric.of and value is None) or (metric.by and by is None):
            continue
        found.append(
            Part(
                one.place,
                metric.types[one.type],
                value,
                None if by is None else token(by),
                day_of(one, metric.clock) if metric.take == "days" else None,
                tuple(one.data.get(name) for name in metric.show),
            )
        )
    return found


EARNED = ("points", "bonus", "deduction")
RECEIVED = ("points", "bonus", "prize", "recognition", "adjustment")


def parts_of_lines(key: str, lines: Iterable[Line]) -> list[Part]:
    """Of `points_earned` and `points_received`."""
    if key == "points_earned":
        return [Part(line.place, value=line.amount) for line in lines if line.kind in EARNED]
    return [Part(line.place, value=line.amount) for line in lines if line.kind in RECEIVED and line.amount > 0]


def parts_of_recognitions(key: str, events: Iterable[Entry]) -> list[Part]:
    """Each entry is one pair of a recognition and a recipient."""
    kind = {"recognitions_given": "hub.recognition.given", "recognitions_received": "hub.recognition.received"}[key]
    return [Part(one.place) for one in events if one.type == kind]


#: What a metric, by its key, is brought in the window and up to the place that are asked for.
Bag = Callable[[str], Sequence[Part]]


def value(metrics: Mapping[str, Any], key: str, bag: Bag) -> Value | None:
    """The plain value; None: no value."""
    metric = metrics[key]
    if metric.share is not None:
        return _share(metric, metrics, bag)
    if metric.plus or metric.minus:
        return _sum(metric, metrics, bag)
    parts = sorted(bag(key))
    return plain(metric, parts) if parts else None


def _share(metric: Any, metrics: Mapping[str, Any], bag: Bag) -> Fraction | None:
    """A share has none while B is below `minimum` or 0."""
    some, all_ = number(metrics, metric.share, bag), value(metrics, metric.share_of, bag)
    if some is None or not isinstance(all_, Fraction) or all_ < metric.minimum or all_ == 0:
        return None
    return some / all_


def _sum(metric: Any, metrics: Mapping[str, Any], bag: Bag) -> Fraction | None:
    """A part without value is 0; none only if all parts have none."""
    plus = [value(metrics, key, bag) for key in metric.plus]
    minus = [value(metrics, key, bag) for key in metric.minus]
    if all(each is None for each in plus + minus):
        return None
    return sum(map(_as_number, plus), Fraction(0)) - sum(map(_as_number, minus), Fraction(0))


def _as_number(found: Value | None) -> Fraction:
    assert not isinstance(found, str)
    return found or Fraction(0)


def number(metrics: Mapping[str, Any], key: str, bag: Bag) -> Fraction | None:
    """The value where a number is needed."""
    found = value(metrics, key, bag)
    if found is None and zero_without_events(metrics[key]):
        return Fraction(0)
    return None if isinstance(found, str) else found


def zero_without_events(metric: Any) -> bool:
    """Of `plus` and `minus`: their parts are 0. Not of a share."""
    return metric.share is None and (bool(metric.plus or metric.minus) or metric.take in ZERO_WITHOUT_EVENTS)


def plain(metric: Any, parts: Sequence[Part]) -> Value | None:
    if not metric.by:
        return taken(metric.take, parts)
    if not metric.numeric:
        return None
    values = [found for found in objects(metric, parts).values() if isinstance(found, Fraction)]
    if metric.total == "greatest":
        return max(values)
    return sum(values, Fraction(0)) if metric.total == "sum" else Fraction(len(values))


def objects(metric: Any, parts: Sequence[Part]) -> dict[Any, Value]:
    """A value for each object, by its token."""
    tokens = dict.fromkeys(part.object for part in parts)
    return {each: taken(metric.take, [part for part in sorted(parts) if part.object == each]) for each in tokens}


def taken(take: str, parts: Sequence[Part]) -> Value:
    """Of at least one event, in canonical order."""
    if take == "count":
        return Fraction(sum(part.weight for part in parts))
    if take == "distinct":
        return Fraction(len({token(part.value) for part in parts}))
    if take == "days":
        return Fraction(len({part.day for part in parts}))
    if take == "latest":
        last = parts[-1].value
        return Fraction(last) if token(last)[0] == "number" else last
    values = [Fraction(part.value) for part in parts]
    if take == "average":
        return sum(values, Fraction(0)) / len(values)
    return {"sum": lambda: sum(values, Fraction(0)), "max": lambda: max(values), "min": lambda: min(values)}[take]()


def last_change(metrics: Mapping[str, Any], key: str, bag: Bag) -> Canonical | None:
    """The place of the event that changed the value last: "whose value last changed earlier"."""
    before: Value | None = None
    changed: Canonical | None = None
    for place in sorted({part.place for each in leaves(metrics, key) for part in bag(each)}):
        now = value(metrics, key, _until(bag, place))
        if now != before:
            before, changed = now, place
    return changed


def _until(bag: Bag, place: Canonical) -> Bag:
    return lambda key: [part for part in bag(key) if part.place <= place]


def leaves(metrics: Mapping[str, Any], key: str) -> list[str]:
    """The metrics of events that a metric is made of, itself if it is one."""
    metric = metrics[key]
    parts = (metric.share, metric.share_of) if metric.share is not None else (*metric.plus, *metric.minus)
    return [leaf for part in parts for leaf in leaves(metrics, part)] if parts else [key]
