"""Exact numbers: integers where they are whole, decimals where they are not, fractions only for shares and averages."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

Number = int | Decimal
Exact = int | Decimal | Fraction

MAX_NUMBER = 10**12
MAX_DECIMALS = 30
MAX_POINTS = 10**9

#: Wide enough for ten million summed values of 13 + 30 digits: nothing is ever rounded.
WIDE = Context(prec=80)
