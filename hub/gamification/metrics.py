"""Metrics: named aggregates of events per member, or organization, and window."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from hub.gamification import conditions, events
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute, EventType
from hub.gamification.graphs import circles, in_order
from hub.gamification.sections import Section

TAKES = ("count", "sum", "max", "min", "average", "latest", "distinct", "days")

#: A combined metric is worked out from all its parts each time: this bounds how many, and how deep they are nested.
MAX_PARTS = 200

#: Metrics that every program has; the engine feeds them.
BUILT_IN = ("points_earned", "points_received", "recognitions_given", "recognitions_received")
#: Those that count events of the hub: one entry a recognition and recipient, on either side.
_COUNTED: Mapping[str, Mapping[str, int]] = {
    "recognitions_given": {"hub.recognition.given": 1},
    "recognitions_received": {"hub.recognition.received": 1},
}


@dataclass(frozen=True, slots=True)
class Metric:
    """`types`: what an event of a type adds (count), or 1. A combined metric has `share` or `plus`/`minus` instead."""

    key: str
    title: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    take: str = "count"
    of: str | None = None
    where: Condition | None = None
    by: str | None = None
    total: str = "greatest"  # greatest, sum, count: how the plain value comes from the objects
    show: tuple[str, ...] = ()
    clock: str = "member"  # of `days`: member, event, program
    share: str | None = None
    share_of: str | None = None
    minimum: int = 0
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    built_in: bool = False
    unit: str | None = None
    numeric: bool = True  # False: `latest` of a text or date; objects only, no plain number
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None

    @property
    def about_objects(self) -> bool:
        """Whether conditions of badges on this metric are about one object each."""
        return self.by is not None and self.total == "greatest"

    @property
    def combined(self) -> bool:
        return self.share is not None or bool(self.plus or self.minus)

    @property
    def parts(self) -> tuple[str, ...]:
        if self.share is not None and self.share_of is not None:
            return (self.share, self.share_of)
        return self.plus + self.minus


#: What needs `of`, and what needs it to be a number.
TAKES_OF = ("sum", "max", "min", "average", "latest", "distinct")
_TAKES_NUMBER = ("sum", "max", "min", "average")

_OF_EVENTS = ("event", "take", "of", "where", "by", "total", "show", "clock")
_OF_SHARES = ("share", "of", "minimum")
_OF_SUMS = ("plus", "minus")


def read(root: Section, declared: Mapping[str, EventType]) -> dict[str, Metric]:
    """The declared metrics and the built-in ones."""
    names = {*root.document.keys("metrics"), *BUILT_IN}
    metrics = root.entries("metrics", lambda entry: _metric(entry, declared, names))
    _check_parts(root, metrics)
    built_in = {
        key: Metric(key, types=_COUNTED.get(key, {}), take="count" if key in _COUNTED else "sum", built_in=True)
        for key in BUILT_IN
    }
    return {**{key: replace(metric, numeric=_numeric(metric, metrics)) for key, metric in metrics.items()}, **built_in}


def _metric(entry: Section, declared: Mapping[str, EventType], names: Collection[str]) -> Metric:
    if entry.key in BUILT_IN:
        entry.fault("", "reserved", "is built in")
    if entry.has("share"):
        return _share(entry, names)
    if entry.has("plus") or entry.has("minus"):
        return _sum(entry, names)
    return _aggregate(entry, declared)


def _share(entry: Section, names: Collection[str]) -> Metric:
    _alone(entry, _OF_SHARES, "share")
    return Metric(
        entry.key,
        take="share",
        share=entry.reference("share", "metric", names, required=True) or "",
        share_of=entry.reference("of", "metric", names, required=True) or "",
        minimum=entry.whole("minimum", 0, 10**9) or 0,
        **entry.entry(),
    )


def _sum(entry: Section, names: Collection[str]) -> Metric:
    _alone(entry, _OF_SUMS, "plus and minus")
    return Metric(
        entry.key,
        take="sum",
        plus=entry.references("plus", "metric", names),
        minus=entry.references("minus", "metric", names),
        **entry.entry(),
    )


def _alone(entry: Section, fields: Collection[str], what: str) -> None:
    for name in (*_OF_EVENTS, *_OF_SHARES, *_OF_SUMS):
        if name not in fields and entry.take(name) is not None:
            entry.fault(name, "conflict", f"does not go with {what}")


def _aggregate(entry: Section, declared: Mapping[str, EventType]) -> Metric:
    take = entry.choice("take", TAKES, "count", required=True)
    types = events.read_weights(entry, declared)
    if isinstance(entry.values.get("event"), dict) and take != "count":
        entry.fault("event", "conflict", "a map of what events add only goes with `take: count`")
    attributes = events.attributes(types, declared) if types else None
    of = _of(entry, take, types, attributes)
    by = read_attribute(entry, "by", types, attributes)
    entry.only_with(("total",), by is not None, "`by`")
    entry.only_with(("show",), by is not None and take == "latest", "`by` and `take: latest`")
    entry.only_with(("clock",), take == "days", "`take: days`")
    return Metric(
        entry.key,
        types=types,
        take=take,
        of=of.name if of else None,
        where=conditions.read(entry, "where", attributes, ", ".join(types)),
        by=by.name if by else None,
        total=entry.choice("total", ("greatest", "sum", "count"), "greatest"),
        show=_shown(entry, types, attributes),
        clock=entry.choice("clock", ("member", "event", "program"), "member"),
        unit=of.unit if of and take != "distinct" else None,
        numeric=of is None or take != "latest" or of.numeric,
        **entry.entry(),
    )


def _of(
    entry: Section, take: str, types: Collection[str], attributes: Mapping[str, Attribute] | None
) -> Attribute | None:
    of = read_attribute(entry, "of", types, attributes, required=take in TAKES_OF)
    entry.only_with(("of",), take in TAKES_OF, "`take: " + "`, `".join(TAKES_OF) + "`")
    if of and ((take in _TAKES_NUMBER and not of.numeric) or of.type == "mixed"):
        entry.fault("of", "type", f'"{of.name}" is no number in all of these events')
    return of


def _shown(entry: Section, types: Collection[str], attributes: Mapping[str, Attribute] | None) -> tuple[str, ...]:
    shown: list[str] = []
    for place, value in entry.one_or_list("show"):
        if _known(entry, place, str(value), types, attributes):
            shown.append(str(value))
    return tuple(shown)


def read_attribute(
    section: Section,
    field: str,
    types: Collection[str],
    attributes: Mapping[str, Attribute] | None,
    *,
    required: bool = False,
) -> Attribute | None:
    """The attribute that a field names, declared in at least one event; `attributes` None: these are unknown."""
    name = section.text(field, required=required)
    if name is None or not _known(section, field, name, types, attributes):
        return None
    return attributes[name] if attributes else None


def _known(
    section: Section, field: str, name: str, types: Collection[str], attributes: Mapping[str, Attribute] | None
) -> bool:
    if attributes is None or name in attributes:
        return attributes is not None
    message = f'{", ".join(types)} has no attribute "{name}"'
    section.document.faults.unknown(section.at(field), "unknown", message, name, attributes)
    return False


def _check_parts(root: Section, metrics: Mapping[str, Metric]) -> None:
    parts = {key: metric.parts for key, metric in metrics.items()}
    found = circles(parts)
    for circle in found:
        root.fault(f"metrics.{circle[0]}", "circle", f"is made from itself: {' -> '.join((*circle, circle[0]))}")
    for key, metric in metrics.items():
        for part in metric.parts:
            if part in metrics and not metrics[part].numeric:
                root.fault(f"metrics.{key}", "type", f'"{part}" has no plain number')
    for key, size in _sizes(parts).items() if not found else ():
        if size > MAX_PARTS:
            root.fault(f"metrics.{key}", "too_large", f"is made from more than {MAX_PARTS} metrics", MAX_PARTS)


def _sizes(parts: Mapping[str, Collection[str]]) -> dict[str, int]:
    """From how many metrics each is made, parts of parts as often as they are met, counted to just above the limit."""
    sizes: dict[str, int] = {}
    for key in in_order(parts):
        sizes[key] = min(sum(sizes[part] + 1 for part in parts[key] if part in parts), MAX_PARTS + 1)
    return sizes


def _numeric(metric: Metric, metrics: Mapping[str, Metric]) -> bool:
    return metric.numeric and all(metrics[part].numeric for part in metric.parts if part in metrics)


def read_metric(
    section: Section, metrics: Mapping[str, Metric], field: str = "metric", *, required: bool = True
) -> Metric | None:
    """The metric that a field names, which must have a plain number."""
    key = section.reference(field, "metric", metrics, required=required)
    metric = metrics[key] if key else None
    if metric and not metric.numeric:
        section.fault(field, "type", f'"{metric.key}" is no number')
    return metric
