"""An event as the engine sees it, what a program declares of event types, and whether an event's data fits that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from hub.gamification.faults import Fault
from hub.gamification.sections import DOTTED, MAX_KEY, Section, kind_of

#: The canonical place of an event in its member's history: instant (microseconds), source, id.
Place = tuple[int, str, str]
#: Its place in the log: when it was known, and its number.
LogPlace = tuple[int, int]
#: What it is known by, for ever: source and id.
Key = tuple[str, str]

TYPES = ("number", "integer", "text", "boolean", "date")
STAGES = ("recruit", "onboard", "enable", "market", "sell", "incentivize", "accelerate")

#: Takes back another event; no program declares it or counts it.
REVERSED = "event.reversed"
#: Of the hub's own events: days that are no fault of the member's, in one of her streaks or all.
PAUSED = "hub.streak.paused"
#: Ends an award by hand.
REVOKED = "hub.badge.revoked"
#: Another member turned out to be this one: her log is read as this one's from here on.
MERGED = "hub.member.merged"
#: What a whole number may add for one event: more would not be a count.
_MAX_WEIGHT = 10**6


class Event(NamedTuple):
    """One fact. `time` in microseconds since the epoch, `offset` in minutes east of UTC as it was written."""

    time: int
    source: str
    id: str
    type: str
    offset: int
    data: Mapping[str, Any]
    entry: int = 0  # the log's number for it; 0 where it is not in the log
    known_at: int = 0

    @property
    def place(self) -> Place:
        return (self.time, self.source, self.id)

    @property
    def key(self) -> Key:
        return (self.source, self.id)

    @property
    def read(self) -> LogPlace:
        return (self.known_at, self.entry)


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    type: str  # number, integer, text, boolean, date
    required: bool = False
    one_of: tuple[str, ...] = ()
    unit: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)

    @property
    def numeric(self) -> bool:
        return self.type in ("number", "integer")


@dataclass(frozen=True, slots=True)
class EventType:
    name: str
    title: Mapping[str, str] = field(default_factory=dict)  # locale -> text; "" is the untranslated one
    text: Mapping[str, str] = field(default_factory=dict)
    stage: str | None = None
    about: str = "member"  # or organization
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


def _own(name: str, *attributes: Attribute) -> EventType:
    return EventType(name, attributes=MappingProxyType({attribute.name: attribute for attribute in attributes}))


#: Who did it, and why. Both are told, and no condition needs them.
_ACT = (Attribute("by", "text"), Attribute("reason", "text"))
_RECOGNITION = (Attribute("points", "integer", required=True), Attribute("category", "text", required=True))
_BADGE = (Attribute("badge", "text", required=True), Attribute("tier", "text"))

#: The hub's own events: they come from the hub itself, need no declaration and serve like any other.
OWN: Mapping[str, EventType] = MappingProxyType(
    {
        own.name: own
        for own in (
            _own("hub.visited"),
            _own("hub.recognition.given", *_RECOGNITION),
            _own("hub.recognition.received", *_RECOGNITION),
            _own("hub.survey.answered", Attribute("survey", "text", required=True)),
            _own(
                "hub.prize.won",
                Attribute("leaderboard", "text", required=True),
                Attribute("rank", "integer", required=True),
                Attribute("points", "integer", required=True),
                Attribute("window", "text"),
                Attribute("badge", "text"),
            ),
            _own(
                PAUSED,
                Attribute("streak", "text"),
                Attribute("from", "date", required=True),
                Attribute("to", "date", required=True),
                *_ACT,
            ),
            _own("hub.points.adjusted", Attribute("points", "integer", required=True), *_ACT),
            _own("hub.badge.granted", *_BADGE, *_ACT),
            _own(REVOKED, *_BADGE, Attribute("award", "text", required=True), *_ACT),
            _own(
                "hub.goal.closed",
                Attribute("goal", "text", required=True),
                Attribute("window", "text", required=True),
                Attribute("status", "text", required=True),
            ),
            _own(MERGED, Attribute("member", "text"), *_ACT),
        )
    }
)


#: What a reversal carries: the source and the id of the event that it takes back, and perhaps why.
REVERSAL = _own(
    REVERSED,
    Attribute("source", "text", required=True),
    Attribute("id", "text", required=True),
    Attribute("reason", "text"),
)


def taken_back(reversal: Event) -> Key:
    """The key of the event that a reversal takes back."""
    return (reversal.data["source"], reversal.data["id"])


# Reading the section `events`.


def read(root: Section) -> dict[str, EventType]:
    """The declared event types and the hub's own."""
    return {**root.entries("events", _event_type, DOTTED), **OWN}


def _event_type(entry: Section) -> EventType:
    if entry.key == REVERSED or entry.key.startswith("hub."):
        entry.fault("", "reserved", "comes from the hub itself and is not declared")
    return EventType(
        entry.key,
        stage=entry.choice("stage", STAGES) or None,
        about=entry.choice("about", ("member", "organization"), "member"),
        attributes=entry.entries("attributes", _attribute),
        **entry.entry(),
    )


def _attribute(entry: Section) -> Attribute:
    kind = entry.choice("type", TYPES, "text", required=True)
    entry.only_with(("one_of",), kind == "text", "`type: text`")
    return Attribute(
        entry.key,
        kind,
        required=entry.flag("required"),
        one_of=_texts(entry, "one_of"),
        unit=entry.text("unit", longest=MAX_KEY),
        title=entry.entry()["title"],
    )


def _texts(entry: Section, name: str) -> tuple[str, ...]:
    texts: list[str] = []
    for place, value in entry.one_or_list(name):
        if not isinstance(value, str):
            entry.fault(place, "type", f"must be text, not {kind_of(value)}")
        elif value in texts:
            entry.fault(place, "duplicate", f'names "{value}" twice')
        else:
            texts.append(value)
    return tuple(texts)


# Reading the field `event` of rules, metrics and streaks.


def read_types(section: Section, events: Mapping[str, EventType], name: str = "event") -> tuple[str, ...]:
    """The declared types that a field names: one, or a list."""
    types = section.references(name, "event", events, required=True)
    return tuple(kind for kind in types if kind != REVERSED)


def read_weights(section: Section, events: Mapping[str, EventType], name: str = "event") -> dict[str, int]:
    """The declared types that a field names, each with what it adds: 1, where they are not a map to whole numbers."""
    if not isinstance(section.values.get(name), dict):
        return dict.fromkeys(read_types(section, events, name), 1)
    weights = section.section(name)
    assert weights is not None
    if not weights.values:
        weights.fault("", "empty", "must not be empty")
    for kind in weights.values:
        if kind not in events:
            weights.unknown(kind, "event", kind, events)
    added = {kind: weights.whole(kind, -_MAX_WEIGHT, _MAX_WEIGHT, required=True) for kind in weights.values}
    return {kind: weight or 0 for kind, weight in added.items() if kind in events}


def attributes(types: Iterable[str], events: Mapping[str, EventType]) -> dict[str, Attribute]:
    """What conditions on these events may name. Where events differ about one, its type is `mixed`."""
    merged: dict[str, Attribute] = {}
    for attribute in (each for kind in types for each in events[kind].attributes.values()):
        other = merged.get(attribute.name)
        merged[attribute.name] = attribute if other is None else _merged(other, attribute)
    return merged


def _merged(one: Attribute, other: Attribute) -> Attribute:
    numeric = one.numeric and other.numeric
    kind = one.type if one.type == other.type else "number" if numeric else "mixed"
    one_of = one.one_of + other.one_of if one.one_of and other.one_of else ()
    unit = one.unit if one.unit == other.unit else None
    return Attribute(one.name, kind, one.required and other.required, one_of, unit, one.title or other.title)


# Checking what arrives.

Checker = Callable[[Mapping[str, Any]], list[Fault]]


def checker(event_type: EventType) -> Checker:
    """A function that gives the faults of an event's data: paths `data.NAME`, code `attribute`. Make it once, call it
    often.

    Undeclared attributes are no faults; null is missing.
    """
    required = tuple(attribute.name for attribute in event_type.attributes.values() if attribute.required)
    fits = {attribute.name: _fit(attribute) for attribute in event_type.attributes.values()}

    def check(data: Mapping[str, Any]) -> list[Fault]:
        faults: list[Fault] = []
        for name in required:
            if data.get(name) is None:
                faults.append(Fault(f"data.{name}", "attribute", f"{event_type.name} needs {name}"))
        for name, value in data.items():
            if value is not None and name in fits and not fits[name](value):
                faults.append(_unfit(event_type.attributes[name], value))
        return faults

    return check


def check(event_type: EventType, data: Mapping[str, Any]) -> list[Fault]:
    """The faults of one event's data; see `checker`."""
    return checker(event_type)(data)


_WORDS = {
    "number": "a number",
    "integer": "a whole number",
    "text": "text",
    "boolean": "true or false",
    "date": "a date (YYYY-MM-DD)",
}


def _unfit(attribute: Attribute, value: Any) -> Fault:
    if attribute.one_of and isinstance(value, str):
        message = f"must be one of {', '.join(attribute.one_of)}"
    else:
        message = f"must be {_WORDS[attribute.type]}, not {kind_of(value)}"
    return Fault(f"data.{attribute.name}", "attribute", message)


def _fit(attribute: Attribute) -> Callable[[Any], bool]:
    if attribute.one_of:
        return _one_of(frozenset(attribute.one_of))
    return fits_type(attribute)


def fits_type(attribute: Attribute) -> Callable[[Any], bool]:
    """Whether a value is of the attribute's type, whatever it may be narrowed to."""
    return {"number": _is_number, "integer": _is_integer, "text": _is_text, "boolean": _is_boolean, "date": is_date}[
        attribute.type
    ]


def _one_of(texts: frozenset[str]) -> Callable[[Any], bool]:
    return lambda value: value.__class__ is str and value in texts


def _is_number(value: Any) -> bool:
    return value.__class__ is int or (value.__class__ is Decimal and value.is_finite())


def _is_integer(value: Any) -> bool:
    return value.__class__ is int or (_is_number(value) and value == value.to_integral_value())


def _is_text(value: Any) -> bool:
    # A NUL is a text that PostgreSQL cannot keep.
    return value.__class__ is str and "\0" not in value


def _is_boolean(value: Any) -> bool:
    return value.__class__ is bool


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def is_date(value: Any) -> bool:
    """Whether this is a date written YYYY-MM-DD."""
    if value.__class__ is not str or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


# A later version may drop an event type or an attribute; what it keeps means what it meant before.


def changed(old: Mapping[str, EventType], new: Mapping[str, EventType]) -> list[Fault]:
    """Where a newer version gives an event type or an attribute of an older one another type."""
    faults: list[Fault] = []
    for name in old.keys() & new.keys():
        if old[name].about != new[name].about:
            faults.append(_changed(f"events.{name}.about", old[name].about, new[name].about))
        before, after = old[name].attributes, new[name].attributes
        for key in before.keys() & after.keys():
            if before[key].type != after[key].type:
                faults.append(_changed(f"events.{name}.attributes.{key}.type", before[key].type, after[key].type))
    return sorted(faults, key=lambda fault: fault.path)


def _changed(path: str, before: str, after: str) -> Fault:
    return Fault(path, "changed", f"was {before} in an earlier version and cannot become {after}")
