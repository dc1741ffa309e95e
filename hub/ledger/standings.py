"""What a member, an organization or a board stands at: the answers that widgets, pages and the API show.

Values are keyed as in the program; whoever shows them takes titles from the program. Instants are microseconds, numbers
exact. `changed_at` says how fresh a value is: the instant of the last entry that changed it, so that an answer to which
nothing happened reads the same a minute later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Protocol

from hub.gamification.numbers import Exact
from hub.gamification.program import Program
from hub.gamification.windows import Window

#: How many of the newest ledger lines `points` brings, months of earnings, and periods of a streak.
LINES = 5
MONTHS = 6
PERIODS = 14

#: How many neighbours on each side of the viewer a board brings.
AROUND = 1


class Version(Protocol):
    """A published version of the program."""

    @property
    def number(self) -> int: ...

    @property
    def program(self) -> Program: ...

    @property
    def live_from(self) -> int: ...


def cause_of(key: str) -> tuple[str, str]:
    """What a transfer's cause key names: the kind of the cause, and which one."""
    kind, _, rest = key.partition("/")
    # An act's key is its event's id, which is all the rest.
    return kind, rest if kind == "member" else rest.split("/", 1)[0]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger, as its member reads it: `amount` is signed."""

    no: int
    at: int  # the event's time
    posted_at: int
    amount: int
    balance: int  # after this line
    kind: str  # points, bonus, prize, recognition, deduction, correction, adjustment
    cause: str  # rule, badge, goal, action, survey, leaderboard, recognition, member
    key: str  # of the rule, badge, goal...
    version: int
    event_source: str
    event_id: str
    event_type: str
    corrects: int | None = None
    entry: int = 0  # that caused it; of a correction: the corrected one's


@dataclass(frozen=True, slots=True)
class LevelStanding:
    """The level reached and the one above it, both of `points_earned`; `next_key` is None at the top."""

    key: str
    at: int
    next_key: str | None = None
    next_at: int | None = None


@dataclass(frozen=True, slots=True)
class Earned:
    """`points_earned` in one window."""

    window: Window
    points: int


@dataclass(frozen=True, slots=True)
class Points:
    balance: int
    earned: int
    level: LevelStanding | None  # None: the program has no levels
    months: tuple[Earned, ...]  # oldest first, the last is the running one
    lines: tuple[Line, ...]  # newest first
    changed_at: int | None = None  # None: nothing ever


@dataclass(frozen=True, slots=True)
class Award:
    """A badge, or a tier of it, earned. `times` counts the awards of one with `repeat`; `earned_at` is the first,
    `newest_at` the last of them.
    """

    tier: str | None
    earned_at: int
    newest_at: int
    times: int = 1
    kept: str | None = None  # why it stays although the log no longer derives it
    entry: int = 0  # that brought the newest of them


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of a badge and how far the member is. `kind`: metric, streak, badge, level, goal."""

    kind: str
    key: str
    actual: Exact
    needed: Exact
    window: Window | None = None  # of a metric that counts within a window
    object: str | None = None
    tier: str | None = None  # of a badge

    @property
    def met(self) -> bool:
        return self.actual >= self.needed


@dataclass(frozen=True, slots=True)
class Step:
    """The next tier of a badge (None: the badge itself): `count` of the requirements must be met."""

    tier: str | None
    requirements: tuple[Requirement, ...]
    count: int
    share: Fraction  # how much of it is done, 0 to 1


@dataclass(frozen=True, slots=True)
class BadgeStanding:
    """A badge the member has or can see. Drafts, and secret ones not yet earned, are left out."""

    badge: str
    awards: tuple[Award, ...] = ()  # one a tier, lowest first; empty: not earned yet
    next: Step | None = None  # None: nothing more to earn, or it comes by hand, as a reward or a prize
    changed_at: int | None = None


PeriodState = Literal["counted", "missed", "frozen", "paused", "open", "off"]


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a streak.

    `state`: counted, missed, frozen, paused, open (the running one, not counted yet), off (a weekend, a day that was
    too short, before the first).
    """

    start: int  # date ordinal, on the streak's calendar
    state: PeriodState


@dataclass(frozen=True, slots=True)
class StreakStanding:
    streak: str
    current: int
    longest: int
    freezes: int
    at_risk: bool
    alive_until: int | None  # the instant at which the run ends if nothing more arrives
    periods: tuple[Period, ...] = ()  # the last ones, oldest first, the running one last
    paused_until: int | None = None  # the last date (ordinal) of the pause that holds now
    changed_at: int | None = None


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """A goal in a window, of a member or of her organization. A metric without value is None, and counts as 0."""

    goal: str
    window: Window
    whose: str  # member, organization
    actual: Exact | None
    target: Exact
    pace: str | None  # ahead, behind
    status: str  # open, reached, missed
    final: bool
    reached_at: int | None = None
    changed_at: int | None = None


@dataclass(frozen=True, slots=True)
class ActionStanding:
    """An action that is open: since when, when its event came last, and the conditions that opened it."""

    action: str
    opened: int
    last: int | None
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricStanding:
    """A metric in the window that holds now, of a member or of an organization. None: no value."""

    metric: str
    window: Window
    value: Exact | None
    before: Exact | None  # in the window before; always None for `all` and for a span
    window_before: Window | None
    changed_at: int | None


@dataclass(frozen=True, slots=True)
class ObjectStanding:
    """What was last said of an object. `shown`: further attributes of that event, by name."""

    name: str
    value: Exact | str | bool
    shown: Mapping[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One rank. `id` is None where the board does not say who it is; `name` may then be that of the organization."""

    rank: int
    score: Exact
    id: str | None = None
    name: str | None = None
    mine: bool = False
    shown_as: str = "member"  # member, organization (in place of the member), nobody


@dataclass(frozen=True, slots=True)
class BoardStanding:
    leaderboard: str
    window: Window
    among: str | None  # the region, tier... whose board this is
    final: bool
    total: int  # how many are ranked
    items: tuple[BoardRow, ...]
    around: tuple[BoardRow, ...] = ()  # the viewer's neighbourhood, her own row in it; empty: she has no rank
    mine: BoardRow | None = None  # her own row, also where she is not listed
    next: str | None = None  # cursor
    changed_at: int | None = None
    recalculating: Fraction | None = None  # how much is done, while a new version takes over
