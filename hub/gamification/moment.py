"""A member at one event: what the parts of the fold share, each reading what others left there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hub.gamification.because import Because
from hub.gamification.calendars import Bridged
from hub.gamification.events import Event
from hub.gamification.outcome import Outcome
from hub.gamification.plan import MetricPlan, Plan
from hub.gamification.profiles import Profile
from hub.gamification.progress import Given, Parts, State
from hub.gamification.runs import Course

#: Whether a condition holds of a member at the event at hand, and for an object.
Check: TypeAlias = "Callable[[Moment, Any], bool]"

_NOTHING = Event(0, "", "", "", 0, {})


@dataclass(slots=True)
class Moment:
    """One fold of one member. `event` and what follows it are set anew for each event."""

    plan: Plan
    state: State
    parts: Parts
    given: Given
    trace: frozenset[int]  # entries of which skips are told, and what made their effects
    points_earned: MetricPlan
    points_received: MetricPlan
    person: bool
    outcome: Outcome = field(default_factory=Outcome)
    awarded: set[str] = field(default_factory=set)  # keys of awards that this fold derived
    bridged: dict[int, Bridged] = field(default_factory=dict)  # by streak
    courses: dict[int, Course] = field(default_factory=dict)  # by streak: at this event, as far as asked for
    event: Event = _NOTHING
    profile: Profile = field(default_factory=Profile)
    dirty: set[int] = field(default_factory=set)  # badges to be looked at
    aims: set[int] = field(default_factory=set)  # goals to be looked at
    fed: set[tuple[int, int]] = field(default_factory=set)  # combined metrics of which a part changed
    climbing: bool = False  # levels are to be looked at
    moved: bool = False  # something that conditions look at changed in this pass
    gained: int = 0  # points of this pass: they are in the metrics of the next

    @classmethod
    def of(cls, plan: Plan, state: State, parts: Parts, given: Given, trace: frozenset[int]) -> Moment:
        earned, received = (plan.metrics[plan.metric_index[key]] for key in ("points_earned", "points_received"))
        return cls(plan, state, parts, given, trace, earned, received, given.person)

    def turn_to(self, event: Event) -> None:
        self.event = event
        self.profile = self.given.timeline.at(event.time)
        self.dirty.clear()
        self.aims.clear()
        self.courses.clear()

    @property
    def traced(self) -> bool:
        """Whether somebody asks about the event at hand."""
        return self.event.entry in self.trace

    def tell(self, because: Because) -> None:
        """Note what made the newest effect."""
        self.outcome.because[len(self.outcome.effects) - 1] = because

    def changed(self, kind: str, key: str) -> None:
        """A streak, badge, level or goal changed: badges that look at it are looked at."""
        self.moved = True
        self.dirty.update(self.plan.badges_by.get((kind, key), ()))

    def saw(self, name: str) -> bool:
        """Whether this was seen before; it is from now on."""
        if self.parts.get(name) is not None:
            return True
        self.parts.put(name, 1)
        return False
