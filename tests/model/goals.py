"""Goals: whose target it is, whether it was reached, how it goes. Section "Goals"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.model.conditions import holds
from tests.model.known import Known
from tests.model.places import AwardKey, Canonical
from tests.model.times import Window


@dataclass(frozen=True)
class Reached:
    """That a member's goal was reached in a window, as the fold sees it: where, and what that gave."""

    place: Canonical
    points: int = 0
    badge: AwardKey | None = None


@dataclass(frozen=True)
class Shown:
    """A goal of a member or an organization in one window, as it is shown."""

    target: Fraction
    actual: Fraction | str | None
    status: str  # open, reached, missed
    pace: str | None
    final: bool
    reached: Canonical | None = None


def target(
    known: Known,
    goal: Any,
    who: str,
    profile: Mapping[str, Any],
    window: Window,
    before: Callable[[], Fraction | str | None],
) -> Fraction | None:
    """The target for this profile; None: no such goal. `before` is the own value of the window before."""
    if not holds(goal.for_, profile):
        return None
    own = known.own_target(goal.key, who, window.name)
    if own is not None:
        return Fraction(own)
    fitting = [each.target for each in goal.targets if holds(each.for_, profile)]
    wanted = fitting[0] if fitting else goal.target
    if wanted is None:
        return None
    if not hasattr(wanted, "factor"):
        return Fraction(wanted)
    found = before()
    return None if found is None or isinstance(found, str) else Fraction(ceil(found * wanted.factor))


def pace(goal: Any, actual: Fraction | None, wanted: Fraction, window: Window, at: int) -> str | None:
    """Actual / (target x elapsed share of the window); who has nothing is not ahead."""
    if goal.window == "all" or goal.direction == "at_most":
        return None
    share = elapsed(window, at)
    if share < Fraction(1, 100):
        return None
    # A target of 0 or less (by `of_previous`) has no share that could be asked for yet.
    return "ahead" if (actual or 0) >= (wanted * share if wanted > 0 else wanted) else "behind"


def elapsed(window: Window, at: int) -> Fraction:
    return min(max(Fraction(at - window.start, window.end - window.start), Fraction(0)), Fraction(1))


def falls_behind(actual: Fraction, wanted: Fraction, window: Window) -> int:
    """The first instant at which that pace is behind; after the window's end where it never is."""
    length = window.end - window.start
    one_percent = window.start + ceil(Fraction(length, 100))
    if wanted <= 0:
        return one_percent if actual < wanted else window.end
    return max(one_percent, window.start + floor(length * actual / wanted) + 1)
