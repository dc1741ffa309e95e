"""Order keys: an exact number as text that sorts, byte by byte, as the number does.

The databases have no common exact decimal that orders by index, so ranked values are stored as such keys: a sign, the
count of
digits before the point as one character, the digits, and what follows the point. A fraction without end is cut after
60 places:
two different shares or averages that the hub can meet differ long before that.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hub.gamification.numbers import Exact

_PLACES = 60
_ZERO = 48  # '0'
_LONGEST = 60
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def order_key(value: Exact) -> str:
    """A text whose order is the number's."""
    if value < 0:
        body = _body(-value)
        return "n" + chr(_ZERO + _LONGEST - ord(body[0]) + _ZERO) + body[1:].translate(_COMPLEMENT) + "~"
    return "p" + _body(value)


def _body(value: Exact) -> str:
    whole, places = _digits(value)
    if len(whole) > _LONGEST:
        raise OverflowError(f"a number of {len(whole)} digits has no order key")
    return chr(_ZERO + len(whole)) + whole + ("." + places if places else "")


def _digits(value: Exact) -> tuple[str, str]:
    if isinstance(value, int):
        return (str(value) if value else "", "")
    numerator, denominator = value.as_integer_ratio()
    whole, rest = divmod(numerator, denominator)
    places = str(rest * 10**_PLACES // denominator).rjust(_PLACES, "0").rstrip("0") if rest else ""
    return (str(whole) if whole else "", places)


def number(key: str) -> int | Decimal:
    """The number of an order key."""
    if key[0] == "n":
        body = key[1:-1].translate(_COMPLEMENT)
        return -_number(body[1:])
    return _number(key[2:])


def _number(digits: str) -> int | Decimal:
    if "." not in digits:
        return int(digits or "0")
    return Decimal("0" + digits if digits[0] == "." else digits)


def rounded(value: Exact) -> int | Decimal:
    """As answers show it: exact where it is a finite decimal, else half up to six places."""
    if isinstance(value, int):
        return value
    numerator, denominator = value.as_integer_ratio()
    if denominator == 1:
        return int(numerator)
    if isinstance(value, Decimal) and -value.as_tuple().exponent < _PLACES - 10:  # type: ignore[operator]
        return value
    rest = denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if isinstance(value, Fraction) and rest == 1:
        return Decimal(numerator) / Decimal(denominator)
    millionths = (abs(numerator) * 2_000_000 + denominator) // (2 * denominator)
    return Decimal(millionths if numerator > 0 else -millionths).scaleb(-6).normalize()
