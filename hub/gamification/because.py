"""What made an effect: told of entries that are asked about, folded on demand, never stored.

Values as the fold had them at the event: `hub.wording.reasons` says them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from hub.gamification.badges import Leaf
from hub.gamification.numbers import Exact, Number
from hub.gamification.windows import Window, WindowKind


class Cut(NamedTuple):
    """What a cap left of an amount. `cap`: the key of one that rules share; None: the rule's own."""

    cap: str | None
    per: WindowKind
    limit: int  # points
    before: int
    after: int


class Priced(NamedTuple):
    """How a rule came to its amount: `measured` is the attribute's value; `boosts` by key, those in force."""

    measured: Any
    base: int
    boosts: tuple[tuple[str, Fraction], ...]
    cuts: tuple[Cut, ...]


class Seen(NamedTuple):
    """One condition of a badge and what was found. `found` None: no value; `window`: of a metric within one."""

    leaf: Leaf
    found: Exact | None
    met: bool
    window: Window | None = None
    object: Any = None


class SeenSome(NamedTuple):
    """So many of several conditions had to be met."""

    wanted: int
    parts: tuple[SeenOf, ...]

    @property
    def met(self) -> bool:
        return sum(part.met for part in self.parts) >= self.wanted


SeenOf = Seen | SeenSome


class Beaten(NamedTuple):
    """A personal best: the value, and the best before it."""

    metric: str
    value: Number
    best: Number


class Rewarded(NamedTuple):
    """Points or a badge that came as a goal's reward or a leaderboard's prize."""

    kind: str  # goal, leaderboard
    key: str


class ByHand(NamedTuple):
    """Points or a badge that somebody gave or took: who (`key/ID`: a system), and why."""

    by: str | None
    reason: str | None


class Aimed(NamedTuple):
    """A goal's value and target. None: it was decided before, and stands."""

    value: Exact | None
    target: Number | None
    window: Window | None


class Climbed(NamedTuple):
    """Points earned so far, and what the level takes."""

    earned: Exact
    at: int


class Answered(NamedTuple):
    """An action that was closed in time; `opened` and `until` in microseconds."""

    opened: int
    until: int


Because = Priced | Seen | SeenSome | Beaten | Rewarded | ByHand | Aimed | Climbed | Answered
