"""Where a new profile goes among those that stand: from which instant it holds, or that it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

P = TypeVar("P")


def place(history: Mapping[int, P], profile: P, valid_from: int | None, now: int) -> int | None:
    """From when on the profile must be written; None where it stands already.

    Without `valid_from` it is compared with the newest one. The same file taken in again thus changes nothing.
    """
    if valid_from is None:
        newest = history[max(history)] if history else None
        return None if newest == profile else now
    return None if _said(history, valid_from) == profile else valid_from


def _said(history: Mapping[int, P], time: int) -> P | None:
    # Not the first row for the time before it: that it covers it is only assumed, and an older row says it.
    past = [start for start in history if start <= time]
    return history[max(past)] if past else None


def in_force(history: Mapping[int, P], time: int) -> P | None:
    """The profile that holds at that time; the first one before it too. None: there is none at all."""
    return _said(history, time) or (history[min(history)] if history else None)
