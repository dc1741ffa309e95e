"""What one rule makes of one event: the table of section "Points", line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from tests.model.conditions import holds, token
from tests.model.places import Entry
from tests.model.times import Calendar

MOST = 10**9


class Given(NamedTuple):
    """A rule's award; a deduction's amount is negative. `caps`: the shared caps that named the rule then."""

    rule: str
    entry: Entry
    amount: int
    caps: tuple[str, ...]


class Skipped(NamedTuple):
    rule: str | None  # None: the whole entry, because it is reversed
    code: str


def given(
    program: Any, calendar: Calendar, rule: Any, entry: Entry, profile: Mapping[str, Any], before: Sequence[Given]
) -> Given | Skipped:
    """`program` is the version in force at the event's time, `calendar` its own; `before` is what rules gave so far."""
    mine = [each for each in before if each.rule == rule.key]
    if not in_force(rule, entry.time):
        return Skipped(rule.key, "not_in_force")
    if not holds(rule.for_, profile):
        return Skipped(rule.key, "not_for_member")
    if not holds(rule.where, entry.data):
        return Skipped(rule.key, "condition")
    if rule.once_per and any(_once(rule, each.entry) == _once(rule, entry) for each in mine):
        return Skipped(rule.key, "once_per")
    if rule.cooldown is not None and mine and entry.time - mine[-1].entry.time < rule.cooldown:
        return Skipped(rule.key, "cooldown")
    base = _base(rule.award, entry)
    shared = [cap for cap in program.caps.values() if rule.key in cap.rules]
    names = tuple(cap.key for cap in shared)
    if rule.award.of is None and base < 0:
        return Given(rule.key, entry, base, names)
    amount = min(floor(base * _factor(program, rule, entry, profile)), MOST)
    if amount <= 0:
        return Skipped(rule.key, "nothing")
    # "A key means the same thing across versions: caps ... are counted by it": the rule's, and the shared cap's own.
    limits = [(cap, mine) for cap in rule.caps]
    limits += [(cap.cap, [each for each in before if cap.key in each.caps]) for cap in shared]
    for cap, counted in limits:
        amount = _capped(calendar, cap, amount, entry, counted)
        if amount <= 0:
            return Skipped(rule.key, "cap")
    return Given(rule.key, entry, amount, names)


def in_force(one: Any, time: int) -> bool:
    return (one.from_ is None or one.from_ <= time) and (one.until is None or time < one.until)


def _once(rule: Any, entry: Entry) -> Any:
    """A missing value is itself a value."""
    if rule.once_per is True:
        return True
    found = entry.data.get(rule.once_per)
    return None if found is None else token(found)


def _base(award: Any, entry: Entry) -> int:
    if award.of is None:
        return int(award.points)
    found = entry.data.get(award.of)
    if found is None:
        return 0
    base = floor(Fraction(found) / Fraction(award.for_every)) * int(award.points)
    if award.at_least is not None:
        base = max(base, award.at_least)
    return base if award.at_most is None else min(base, award.at_most)


def _factor(program: Any, rule: Any, entry: Entry, profile: Mapping[str, Any]) -> Fraction:
    factor = Fraction(1)
    for boost in program.boosts.values():
        if rule.key in boost.rules and in_force(boost, entry.time) and holds(boost.for_, profile):
            factor *= boost.factor
    return factor


def _capped(calendar: Calendar, cap: Any, amount: int, entry: Entry, before: Sequence[Given]) -> int:
    """The award cut to what is left; a deduction counts toward no cap."""
    window = calendar.window(cap.per, entry.time)
    if not window.holds(entry.time):
        return amount
    used = [each.amount for each in before if window.holds(each.entry.time) and each.amount > 0]
    if cap.times is not None and len(used) >= cap.times:
        return 0
    return amount if cap.points is None else min(amount, cap.points - sum(used))
