"""Tallies: how a metric's value in one window grows by an event.

A tally is plain data (a number, or a short list), so that it packs: for `average` [sum, count], for `latest` [value,
shown, time], for `days` [count, the last few days], for `distinct` a count whose seen values are parts of their own.
None: no fitting event. Tallies of an organization's members add up by `merged`; there `latest` carries its place, and
`days` and `distinct` are lists of all days and of all values (as tokens, so that equal numbers are one). A metric by
object has there, by the object's token, the object and its tally.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hub.gamification.numbers import WIDE, Exact, Number

Tally = Any  # None, a number, or a list as above

#: Events come in the order of their instants; the dates they show can run backwards by two days (offsets -12:00 to
#: +14:00).
RECENT_DAYS = 4
_LARGEST_PACKED = 2**62
_SURE = 2**61  # a sum of two below this packs


def plus(a: Number, b: Number) -> Number:
    """The exact sum; beyond 62 bits a decimal, which packs as text."""
    if a.__class__ is int and b.__class__ is int:
        total = a + b
        return total if -_LARGEST_PACKED < total < _LARGEST_PACKED else Decimal(total)
    return WIDE.add(Decimal(a), Decimal(b))


def minus(a: Number, b: Number) -> Number:
    return plus(a, -b)


Grow = Callable[[Tally, Any], Tally]


def _added(tally: Tally, found: Any) -> Tally:
    if tally.__class__ is int and found.__class__ is int and -_SURE < tally < _SURE:
        return tally + found
    return found if tally is None else plus(tally, found)


def _greater(tally: Tally, found: Any) -> Tally:
    return found if tally is None or found > tally else tally


def _lesser(tally: Tally, found: Any) -> Tally:
    return found if tally is None or found < tally else tally


def _averaged(tally: Tally, found: Any) -> Tally:
    return [found, 1] if tally is None else [plus(tally[0], found), tally[1] + 1]


def _with_day(tally: Tally, day: int) -> Tally:
    if tally is None:
        return [1, [day]]
    count, recent = tally
    if day in recent:
        return tally
    return [count + 1, sorted([*recent, day])[-RECENT_DAYS:]]


def _newer(_: Tally, found: Any) -> Tally:
    return found


#: How each tally grows by an event; what is found is the weight (count), the number, the day, or [value, shown].
#: Of `distinct` nothing grows by itself.
GROW: Mapping[str, Grow] = {
    "count": _added,
    "sum": _added,
    "max": _greater,
    "min": _lesser,
    "average": _averaged,
    "days": _with_day,
    "latest": _newer,
    "distinct": _added,
}
#: Of these a tally is not the value itself.
READ = ("average", "days", "latest")


def value(take: str, tally: Tally) -> Exact | str | None:
    """What the tally says; a text only for `latest` of one."""
    if tally is None:
        return None
    if take == "average":
        return _mean(tally[0], tally[1])
    if take == "latest":
        return Decimal(tally[0][0]) if tally[0].__class__ is list else tally[0]
    if take == "days":
        return tally[0]  # type: ignore[no-any-return]
    return tally  # type: ignore[no-any-return]


def _mean(total: Number, count: int) -> Exact:
    mean = Fraction(total) / count
    return mean.numerator if mean.denominator == 1 else mean


# Of an organization's members


def merged(take: str, tallies: Iterable[Tally]) -> Exact | str | None:
    """An organization's value from its parts' tallies."""
    found = [tally for tally in tallies if tally is not None]
    if not found:
        return None
    if take in ("days", "distinct"):
        return len({thing for part in found for thing in part})
    if take == "latest":
        return value(take, max(found, key=lambda part: part[1:]))
    total = found[0]
    for part in found[1:]:
        total = _together(take, total, part)
    return value(take, total)


def total(how: str, values: Iterable[Exact]) -> Exact | None:
    """The plain value of objects' values: `greatest`, `sum` or `count`."""
    found = list(values)
    if not found:
        return None
    if how == "count":
        return len(found)
    return max(found) if how == "greatest" else exact(sum((Fraction(value) for value in found), Fraction(0)))


def _together(take: str, a: Tally, b: Tally) -> Tally:
    if take in ("count", "sum"):
        return plus(a, b)
    if take == "average":
        return [plus(a[0], b[0]), a[1] + b[1]]
    return max(a, b) if take == "max" else min(a, b)


def share(a: Exact | None, of: Exact | None, minimum: int) -> Exact | None:
    """A / B; none while B is 0 or below the minimum."""
    if of is None or of == 0 or of < minimum:
        return None
    ratio = Fraction(a or 0) / Fraction(of)
    return ratio.numerator if ratio.denominator == 1 else ratio


def balance(plus_: Iterable[Exact | None], minus_: Iterable[Exact | None]) -> Exact | None:
    """Sum of the first less sum of the second; a part without value is 0, none only if all have none."""
    ups, downs = list(plus_), list(minus_)
    if all(part is None for part in ups) and all(part is None for part in downs):
        return None
    numbers = [part for part in ups if part is not None] + [-part for part in downs if part is not None]
    if all(part.__class__ is int for part in numbers):
        return sum(numbers)
    return exact(sum((Fraction(part) for part in numbers), Fraction(0)))


def exact(value: Fraction) -> Exact:
    """The simplest exact form: an integer, a decimal where it is one, else the fraction."""
    if value.denominator == 1:
        return value.numerator
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return WIDE.divide(Decimal(value.numerator), Decimal(value.denominator)) if rest == 1 else value
