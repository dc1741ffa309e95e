"""What a fold decides: effects, skips, and the values it leaves for pages and boards to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hub.gamification.because import Because
from hub.gamification.events import Event, Place
from hub.gamification.numbers import Exact


class Points(NamedTuple):
    """Points posted: signed, under a cause key."""

    key: str
    kind: str  # points, bonus, deduction
    cause: str  # rule, badge, goal
    name: str  # the rule's, badge's or goal's key
    amount: int
    event: Event
    version: int


class Award(NamedTuple):
    key: str
    kind: str  # badge, level
    badge: str
    tier: str | None
    object: str | None
    window: str | None
    points: int
    event: Event
    version: int


class Reached(NamedTuple):
    goal: str
    window: str
    event: Event
    points: int = 0  # of the reward
    badge: str | None = None  # that came with it


class Extended(NamedTuple):
    streak: str
    current: int
    event: Event


class Paused(NamedTuple):
    """A pause of a streak: dates as ordinals, both included."""

    streak: str
    first: int
    last: int
    event: Event


class Skip(NamedTuple):
    """What a rule decided not to do: the code of PROGRAM.md's table, and what was found."""

    rule: str
    code: str
    detail: dict[str, Any]
    event: Event
    version: int = 0  # of the program whose rule it is


Effect = Points | Award | Reached | Extended | Paused


class Valued(NamedTuple):
    """A metric's value in a window, and the place of the event that last changed it."""

    value: Exact
    place: Place


@dataclass(slots=True)
class Outcome:
    """What the fold decided. `values` and `organizations` hold what changed, by (metric, window) and (organization,
    metric, window).
    """

    effects: list[Effect] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    values: dict[tuple[str, str], Valued | None] = field(default_factory=dict)
    organizations: dict[tuple[int, str, str], Any] = field(default_factory=dict)
    peaks: dict[tuple[str, str], str] = field(default_factory=dict)  # by goal and window, as order keys
    because: dict[int, Because] = field(default_factory=dict)  # of traced entries: by place in `effects`
    due_again: list[str] = field(default_factory=list)  # kept awards that the fold derives after all
