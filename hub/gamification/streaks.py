"""Streaks: runs of periods on the member's own calendar.

A period counts once however many events it holds; a freeze bridges a missed one without adding to the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification import conditions, events
from hub.gamification.conditions import Condition
from hub.gamification.events import EventType
from hub.gamification.sections import Section
from hub.gamification.windows import ordinal


@dataclass(frozen=True, slots=True)
class Freezes:
    start: int = 0
    earn_every: int | None = None
    max: int = 0


@dataclass(frozen=True, slots=True)
class Streak:
    key: str
    types: tuple[str, ...]
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    where: Condition | None = None
    at_least: int = 1
    every: str = "day"  # day, business_day, week, month
    clock: str = "member"  # member, event, program
    holidays: frozenset[int] = frozenset()  # date ordinals
    freezes: Freezes = Freezes()
    holidays_of: str | None = None  # a code of the package `holidays`, where `holidays` is to be resolved from it
    icon: str | None = None
    owner: str | None = None


_MAX_PERIODS = 10_000


def read(root: Section, declared: Mapping[str, EventType]) -> dict[str, Streak]:
    return root.entries("streaks", lambda entry: _streak(entry, declared))


def _streak(entry: Section, declared: Mapping[str, EventType]) -> Streak:
    types = events.read_types(entry, declared)
    if types and all(declared[kind].about == "organization" for kind in types):
        entry.warn("event", "never", "is about organizations and is no event of a member")
    every = entry.choice("every", ("day", "business_day", "week", "month"), "day", required=True)
    entry.only_with(("holidays",), every == "business_day", "`every: business_day`")
    code, days = _holidays(entry)
    return Streak(
        entry.key,
        types,
        where=conditions.read(entry, "where", events.attributes(types, declared) if types else None, ", ".join(types)),
        at_least=entry.whole("at_least", 1, default=1) or 1,
        every=every,
        clock=entry.choice("clock", ("member", "event", "program"), "member"),
        holidays=days,
        freezes=entry.read("freezes", _freezes) or Freezes(),
        holidays_of=code,
        **entry.entry(),
    )


def _freezes(section: Section) -> Freezes:
    start = section.whole("start", 0, _MAX_PERIODS, default=0) or 0
    most = section.whole("max", 0, _MAX_PERIODS, default=max(start, 1)) or 0
    if start > most:
        section.fault("start", "too_large", "is more than `max`", most)
    return Freezes(start, section.whole("earn_every", 1, _MAX_PERIODS), most)


def _holidays(entry: Section) -> tuple[str | None, frozenset[int]]:
    if not isinstance(entry.values.get("holidays"), list):
        return entry.text("holidays", longest=20), frozenset()
    days = {place: ordinal(str(value)) for place, value in entry.one_or_list("holidays")}
    for place, day in days.items():
        if day is None:
            entry.fault(place, "date", "is no date, such as 2026-12-25")
    return None, frozenset(day for day in days.values() if day is not None)
