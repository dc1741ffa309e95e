"""Exact numbers: integers where they are whole, decimals where they are not, fractions only for shares and averages."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from fractions import Fraction

Number = int | Decimal
Exact = int | Decimal | Fraction

MAX_NUMBER = 10**12
MAX_DECIMALS = 30
MAX_POINTS = 10**9

#: What a program may write: digits before and after the point.
PROGRAM_DIGITS = 12
PROGRAM_DECIMALS = 4

#: Wide enough for ten million summed values of 13 + 30 digits: nothing is ever rounded.
WIDE = Context(prec=80)

#: A number as YAML 1.2 and JSON write it.
WRITTEN = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
FRACTION = re.compile(r"(\d{1,12})/(\d{1,12})", re.ASCII)


def whole(number: Number) -> Number:
    """The same number, an integer where it is whole. `number` is finite."""
    if isinstance(number, int) or number != number.to_integral_value():
        return number
    return int(number)


def program_number(text: str) -> Number | None:
    """A number of a program, from text that fits `WRITTEN`; None with too many digits before or after the point."""
    # The length bounds what is converted; the exponent is looked at before it could blow up a whole number.
    number = Decimal(text) if len(text) <= 100 else None
    if number is None or (number and not -PROGRAM_DECIMALS <= number.adjusted() < PROGRAM_DIGITS):
        return None
    scaled = WIDE.scaleb(number, PROGRAM_DECIMALS)
    return whole(number) if scaled == scaled.to_integral_value(context=WIDE) else None


def factor(value: object) -> Fraction | None:
    """A positive whole number, decimal or fraction (`3/2`), taken as written; None for anything else."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Fraction(value) if value > 0 else None
    match = FRACTION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not int(match[1]) or not int(match[2]):
        return None
    return Fraction(int(match[1]), int(match[2]))
