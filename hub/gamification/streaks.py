"""Streaks: runs of periods on the member's own calendar.

A period counts once however many events it holds; a freeze bridges a missed one without adding to the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification import conditions, events, public_holidays
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
    holidays_of: str | None = None  # the code of the package `holidays` that they come from
    icon: str | None = None
    owner: str | None = None


#: A run may need so many periods for its next freeze, and so many freezes may be in hand.
_MAX_PERIODS, _MAX_FREEZES = 10_000, 1_000
#: Letters of a code of the package `holidays`.
_MAX_CODE = 50


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
    start = section.whole("start", 0, _MAX_FREEZES, default=0) or 0
    most = section.whole("max", 0, _MAX_FREEZES, default=max(start, 1)) or 0
    if start > most:
        section.fault("start", "too_large", "is more than `max`", most)
    every = section.whole("earn_every", 1, _MAX_PERIODS)
    if not start and every is None:
        section.warn("", "never", "gives nobody a freeze without `start` or `earn_every`")
    return Freezes(start, every, most)


def _holidays(entry: Section) -> tuple[str | None, frozenset[int]]:
    if not isinstance(entry.values.get("holidays"), list):
        code = entry.text("holidays", longest=_MAX_CODE)
        return code, frozenset() if code is None else _holidays_of(entry, code)
    days = {place: ordinal(str(value)) for place, value in entry.one_or_list("holidays")}
    for place, day in days.items():
        if day is None:
            entry.fault(place, "date", "is no date, such as 2026-12-25")
    return None, frozenset(day for day in days.values() if day is not None)


def _holidays_of(entry: Section, code: str) -> frozenset[int]:
    """The dates of a code: those that were kept when the program was published, else what the package knows now."""
    kept = entry.document.holidays.get(code)
    if kept is not None:
        return frozenset(kept)
    known = public_holidays.of(code)
    if known is None:
        word = code.upper()
        codes = public_holidays.codes(word.partition("-")[0])
        told = f'no public holidays "{code}"'
        entry.document.faults.unknown(entry.at("holidays"), "unknown", told, word, codes)
        return frozenset()
    if known.until < public_holidays.LAST_YEAR:
        entry.warn("holidays", "ends", f"are known up to {known.until} only")
    return known.days
