"""Targets: what single members shall reach of a goal in a window. The goal's own target is the program's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from hub.directory import checks
from hub.directory.knowledge import Recorded, Times, ever_known, find, known, known_now
from hub.directory.lookup import members
from hub.directory.names import short
from hub.directory.outcomes import ACCEPTED, UNCHANGED, Outcome, rejected
from hub.directory.sets import among
from hub.directory.tables import targets
from hub.directory.writing import supersede, take_turns
from hub.gamification.faults import Fault
from hub.gamification.numbers import MAX_DECIMALS, MAX_NUMBER, WIDE, Number, whole
from hub.gamification.windows import WEEKDAYS, Calendar
from hub.signals import fold_again, publish

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_MAX_DIGITS = 100

#: A week is named by the day on which the program's weeks begin, and the program may come later.
_CALENDARS = tuple(Calendar("UTC", day) for day in WEEKDAYS)


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """All as text: `member` an id or alias, `target` a plain decimal number."""

    goal: str
    member: str
    window: str
    target: str


class Target(NamedTuple):
    """What a member shall reach, an exact number."""

    goal: str
    window: str
    target: Number


def own(
    connection: Connection, members: Collection[int], known_before: int | None = None
) -> dict[int, dict[tuple[str, str], Number]]:
    """Each member's own targets by goal and window; as the hub knew them just before an instant (None: as it does now).

    Members without any are left out.
    """
    found: dict[int, dict[tuple[str, str], Number]] = {}
    for member, (one, _, _) in _read(connection, members, known(targets, known_before)):
        found.setdefault(member, {})[one.goal, one.window] = one.target
    return found


def ever(connection: Connection, members: Collection[int]) -> dict[int, list[Recorded[Target]]]:
    """All targets that the hub ever knew of each member; members without any are left out."""
    found: dict[int, list[Recorded[Target]]] = {}
    for member, one in _read(connection, members, ever_known(targets)):
        found.setdefault(member, []).append(one)
    return found


_t = targets.c
_TARGETS = select(_t.member, _t.goal, _t.window, _t.target, _t.recorded_at, _t.superseded_at)


def _read(connection: Connection, members: Collection[int], times: Times) -> Iterator[tuple[int, Recorded[Target]]]:
    for member, goal, window, target, since, until in find(connection, _TARGETS, times, _t.member, members):
        yield member, Recorded(Target(goal, window, whole(Decimal(target))), since, until)


def check(record: TargetRecord) -> list[Fault]:
    """What is wrong with the record itself, whatever the hub knows."""
    return list(_faults(record))


def _faults(record: TargetRecord) -> Iterator[Fault]:
    yield from checks.key("goal", record.goal)
    yield from checks.name("member", record.member)
    if not record.window:
        yield Fault("window", "missing", "window is missing")
    elif not _is_window(record.window):
        yield Fault("window", "window", f"{short(record.window)} is no window; they look like 2026-11 or 2026-Q4")
    yield from _number_faults(record.target)


def _is_window(name: str) -> bool:
    return any(calendar.named(name) for calendar in _CALENDARS)


def _number_faults(text: str) -> Iterator[Fault]:
    if not text:
        yield Fault("target", "missing", "target is missing")
    elif not _NUMBER.fullmatch(text[: _MAX_DIGITS + 1]):
        yield Fault("target", "type", f"{short(text)} is no number; they look like 50000 or 1250.75")
    elif len(text) > _MAX_DIGITS or abs(Decimal(text)) > MAX_NUMBER or len(text.partition(".")[2]) > MAX_DECIMALS:
        told = f"numbers lie within 10^12 of 0 and have at most {MAX_DECIMALS} decimals"
        yield Fault("target", "too_large", told, limit=MAX_NUMBER)


def exact(text: str) -> str:
    """A right number in its one form: equal numbers are equal texts."""
    number = WIDE.normalize(Decimal(text))
    return format(number, "f") if number else "0"


def upsert(connection: Connection, records: Sequence[TargetRecord], now: int) -> list[Outcome]:
    """Take these targets in as far as they are right; whose target changed is folded again."""
    take_turns(connection)
    register = Register()
    register.load(connection, records)
    outcomes = [register.enter(record, now) for record in records]
    register.write(connection, now)
    return outcomes


class Register:
    """The targets at hand as the hub knows them, and those entered and not written."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._known: dict[tuple[int, str, str], str] = {}
        self._entered: dict[tuple[int, str, str], str] = {}
        self._former: set[tuple[int, str, str]] = set()

    def load(self, connection: Connection, records: Sequence[TargetRecord]) -> None:
        found = members(connection, {record.member for record in records} - self._numbers.keys())
        self._numbers |= {name: member.no for name, member in found.items()}
        t = targets.c
        rows = connection.execute(
            select(t.member, t.goal, t.window, t.target).where(
                among(connection, t.member, {member.no for member in found.values()}), known_now(targets)
            )
        )
        for member, goal, window, target in rows:
            # A member may have been loaded under another name, and its targets entered since.
            self._known.setdefault((member, goal, window), target)

    def enter(self, record: TargetRecord, _now: int) -> Outcome:
        if faults := check(record):
            return rejected(*faults)
        if record.member not in self._numbers:
            return rejected(Fault("member", "unknown_member", f"there is no member {short(record.member)}"))
        key = (self._numbers[record.member], record.goal, record.window)
        target = exact(record.target)
        if self._known.get(key) == target:
            return UNCHANGED
        if key in self._known:
            self._former.add(key)
        self._known[key] = self._entered[key] = target
        return ACCEPTED

    def write(self, connection: Connection, now: int) -> None:
        rows = [{**_key(*key), "target": target} for key, target in self._entered.items()]
        supersede(connection, targets, rows, [_key(*key) for key in self._former], now)
        touched = {member for member, _, _ in self._entered}
        fold_again(connection, touched, now)
        publish(connection, (f"member/{member}" for member in touched), now)


def _key(member: int, goal: str, window: str) -> dict[str, Any]:
    return {"member": member, "goal": goal, "window": window}
