"""A member's progress: what a fold starts from and leaves behind.

The bounded state is plain data laid out by a plan, so that it packs. What grows without bound (values seen once,
objects) lives in
parts, of which only those that the next events need are loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any, NamedTuple

from hub.gamification import runs
from hub.gamification.events import LogPlace, Place
from hub.gamification.numbers import Number
from hub.gamification.plan import Plan
from hub.gamification.versions import BEGINNING, END

#: How states, parts and tallies are laid out. It goes up with each change of what they are made of, or of what they
#: come to for the same events: whoever stands in another layout is folded anew.
LAYOUT = 1

#: A metric's slot for one kind of window: where the window now counted ends, its name, its tally, where it starts, the
#: tally of
#: the window right before (None where there was none).
Slot = list[Any]
ENDS, NAME, TALLY, STARTS, BEFORE = range(5)

_LONGEST_TOKEN = 200


@dataclass(slots=True)
class State:
    """`metrics` and `streaks` as the plan numbers them; all else by key, so that it means the same in every version."""

    place: Place | None
    look: bool  # at the next event all badges, goals and levels are looked at
    metrics: list[list[Slot]]
    organizations: dict[int, list[list[Any]]]  # metric -> a slot a kind: [ends, name, {organization: tally}]
    rules: dict[str, list[Any]]  # [time of the last award, {kind: [ends, points, times]}]
    caps: dict[str, dict[str, list[int]]]
    streaks: list[runs.State]
    badges: dict[
        str, Any
    ]  # what stands, 1, or was spent: by tier, of a badge once a window with the window; [mark] of a personal best
    times: dict[str, dict[str, int]]  # badge -> tier -> awards
    goals: dict[str, str]  # goal -> window in which it was last reached
    peaks: dict[str, list[str]]  # goal -> window, and the greatest value in it, as an order key
    level: int
    kept: list[str]  # keys of kept awards
    actions: dict[str, list[int | None]]  # action -> opened at, closed at, last event of it; see `opening`
    open: list[str]  # badges by object that had to wait, and of which every object has been looked at since
    read: LogPlace = (
        BEGINNING,
        0,
    )  # the newest place in the log of what was folded, or of the version it was folded with
    end: Place | None = None  # where something stands alone behind all events; see `last`
    alone: int = BEGINNING  # when something stood alone last: what that opens is open from the moment after

    @property
    def last(self) -> Place | None:
        """What belongs before this place cannot simply be added."""
        return max((place for place in (self.place, self.end) if place is not None), default=None)


def beginning(plan: Plan) -> State:
    """The state of a member without any event."""
    return State(
        place=None,
        look=True,
        metrics=[[_slot(kind) for kind in metric.kinds] for metric in plan.metrics],
        organizations={
            metric.index: [[BEGINNING, "", {}] for _ in metric.organization_kinds]
            for metric in plan.metrics
            if metric.organization_kinds
        },
        rules={},
        caps={},
        streaks=[runs.new(streak.streak) for streak in plan.streaks],
        badges={},
        times={},
        goals={},
        peaks={},
        level=0,
        kept=[],
        actions={},
        open=[],
        read=plan.newest.read,
    )


def _slot(kind: object) -> Slot:
    return [END, "all", None, BEGINNING, None] if kind == "all" else [BEGINNING, "", None, BEGINNING, None]


def packable(state: State) -> list[Any]:
    return [getattr(state, name) for name in State.__slots__]


def unpacked(plan: Plan, plain: list[Any]) -> State:
    """The state of `packable`, after a packing that knows no decimals: those come back as texts."""
    state = State(*plain)
    state.place = tuple(state.place) if state.place is not None else None  # type: ignore[assignment]
    state.read = tuple(state.read)  # type: ignore[assignment]
    state.end = tuple(state.end) if state.end is not None else None  # type: ignore[assignment]
    for metric, slots in zip(plan.metrics, state.metrics, strict=True):
        if metric.metric.take != "count" or metric.metric.combined:
            for slot in slots:
                _thaw(metric.slot_take, slot, TALLY)
                _thaw(metric.slot_take, slot, BEFORE)
    for index, kinds in state.organizations.items():
        for _, _, tallies in kinds:
            for organization in tallies:
                _thaw(plan.metrics[index].metric.take, tallies, organization)
    for marks in state.badges.values():
        if marks.__class__ is list and marks[0].__class__ is str:
            marks[0] = Decimal(marks[0])
    return state


def _thaw(take: str, holder: Any, at: Any) -> None:
    holder[at] = thawed(take, holder[at])


def thawed(take: str, tally: Any) -> Any:
    """A tally as it was before packing turned its decimals and fractions into texts."""
    if tally.__class__ is dict:  # of an organization, by object
        return {name: [thing, thawed(take, each)] for name, (thing, each) in tally.items()}
    if tally.__class__ is str and take != "latest":
        return Fraction(tally) if "/" in tally else Decimal(tally)
    if take == "average" and tally.__class__ is list and tally[0].__class__ is str:
        return [Decimal(tally[0]), tally[1]]
    return tally


def frozen_number(value: Any) -> Any:
    """A value of `latest` so that a decimal is not taken for a text after packing."""
    return [str(value)] if isinstance(value, Decimal) else value


class Unloaded(Exception):
    """The fold needs every part under a prefix; the caller loads them and folds again."""

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix)
        self.prefix = prefix


@dataclass(slots=True)
class Parts:
    """The loaded parts by name. `whole`: the member has no others."""

    found: dict[str, Any] = field(default_factory=dict)
    whole: bool = False
    changed: set[str] = field(default_factory=set)
    _objects: dict[str, dict[str, Any]] | None = None  # by prefix, once somebody asked

    def get(self, name: str) -> Any:
        return self.found.get(name)

    def put(self, name: str, content: Any) -> None:
        self.found[name] = content
        self.changed.add(name)
        if self._objects is not None:
            self._index(self._objects, name, content)

    def under(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """The parts of a metric's objects in one window, `prefix` being `object/METRIC/WINDOW/`."""
        if not self.whole:
            raise Unloaded(prefix)
        if self._objects is None:
            self._objects = {}
            for name, content in self.found.items():
                self._index(self._objects, name, content)
        return iter(list(self._objects.get(prefix, {}).items()))

    def _index(self, objects: dict[str, dict[str, Any]], name: str, content: Any) -> None:
        if name.startswith("object/"):
            objects.setdefault(_prefix(name), {})[name] = content


def _prefix(name: str) -> str:
    """Up to the window of an object's part. No token begins with a digit; the second date of a span does."""
    kind, metric, window, rest = name.split("/", 3)
    return f"{kind}/{metric}/{window}/" + (f"{rest[:10]}/" if rest[:1].isdigit() else "")


def token(value: Any) -> str:
    """A short text that is the same for equal attribute values only; a missing value is a value too."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "b1" if value else "b0"
    if isinstance(value, int | Decimal):
        return "n" + number_text(value)
    text = str(value)
    return "t" + text if len(text) <= _LONGEST_TOKEN else "#" + sha256(text.encode()).hexdigest()


def number_text(value: Number) -> str:
    return str(value) if isinstance(value, int) else format(value.normalize(), "f")


@dataclass(frozen=True, slots=True)
class Kept:
    """An award that stands although the fold no longer derives it."""

    key: str
    kind: str  # badge, level
    badge: str
    tier: str | None
    object: str | None
    window: str | None
    points: int
    place: Place
    entry: int
    version: int


class Decided(NamedTuple):
    """A goal reached in a window that is final: it stays so, with its reward, whatever comes."""

    goal: str
    window: str
    points: int  # of the reward, as posted
    badge: str | None  # that it gave
    place: Place
    entry: int


@dataclass(frozen=True, slots=True)
class Given:
    """What a fold must know of its member beside the events. `now` in microseconds; own targets by goal and window."""

    timeline: Any  # profiles.Timeline
    now: int
    targets: Mapping[tuple[str, str], Number] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    posted: Mapping[str, int] = field(
        default_factory=dict
    )  # points of awards that stand: a changed amount re-prices none
    closed: Collection[tuple[str, str]] = ()  # goals and their windows that are final: nobody's is decided any more
    decided: tuple[Decided, ...] = ()  # of these the member's own that were reached
    barred: Collection[tuple[str, Place]] = ()  # awards, each with the event that earned it and never does again
    who: int = 0  # the member's number; an organization's, negated

    @property
    def person(self) -> bool:
        """An organization has metrics only."""
        return self.who >= 0
