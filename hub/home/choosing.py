"""Choosing what a page shows: the windows of one kind, one after another."""

from __future__ import annotations

from typing import NamedTuple

from hub.gamification.windows import Calendar, Window, WindowKind
from hub.wording import window as said

#: How many windows up to the one that holds now are offered.
OFFERED = 12


class Choice(NamedTuple):
    """One of several values of a field of a form."""

    value: str
    title: str
    chosen: bool


class Windows(NamedTuple):
    """The windows beside the one that is shown; none are ahead of now."""

    offered: list[Choice]
    before: Window | None
    after: Window | None


def windows(calendar: Calendar, kind: WindowKind, shown: Window, now: int) -> Windows:
    found: list[Window] = []
    one: Window | None = calendar.window(kind, now)
    while one is not None and len(found) < OFFERED:
        found.append(one)
        one = calendar.previous(kind, one)
    if shown not in found:
        found = sorted([*found, shown], key=lambda one: -one.start)
    after = calendar.next(kind, shown) if shown.end <= now else None
    offered = [Choice(one.name, said(one), one == shown) for one in found]
    return Windows(offered, calendar.previous(kind, shown), after)


def months(calendar: Calendar, window: Window) -> list[str]:
    """The months that a month, a quarter or a year is made of; none for any other window."""
    if calendar.kind_of(window.name) not in ("month", "quarter", "year"):
        return []
    found: list[str] = []
    month = calendar.window("month", window.start)
    while month.start < window.end:
        found.append(month.name)
        month = calendar.window("month", month.end)
    return found
