"""Windows: days, weeks, months, quarters and years on the program's calendar, named and bounded.

Bounds are instants in microseconds; a window holds `start <= time < end`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Span:
    """A window written as two dates: `from` counts, `until` does not."""

    name: str  # 2026-10-01/2027-01-01
    start: int
    end: int


#: day, week, month, quarter, year, all, or a span
WindowKind = str | Span


class Window(NamedTuple):
    name: str
    start: int
    end: int
