"""One member's life, event by event in canonical order, under what is known at one place of the log.

Sections "Points" (one event, in order), "Badges", "Levels"; what actions do is in `actions.py`. At each question all is
counted again from the events and the lines so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from hub.gamification.badges import AtLeastOf, GoalReached, HasBadge, HasLevel, MetricAtLeast, StreakAtLeast
from hub.gamification.goals import Reward
from tests.model import goals, metrics, points, streaks
from tests.model.actions import Openings
from tests.model.conditions import holds
from tests.model.known import Known, calendar_of
from tests.model.metrics import Line, Part, Value
from tests.model.places import AwardKey, Canonical, Entry
from tests.model.times import Window

_NO_REWARD = Reward()

PRIZE, GOAL_CLOSED, GRANTED = "hub.prize.won", "hub.goal.closed", "hub.badge.granted"
ADJUSTED, RECOGNIZED, ANSWERED = "hub.points.adjusted", "hub.recognition.received", "hub.survey.answered"


@dataclass(frozen=True)
class Award:
    place: Canonical
    points: int


@dataclass(frozen=True)
class Standing:
    """What a fold starts from: what no fold decides anew.

    `kept`: kept awards, `tried`: those that are not asked whether they are due again; `posted`: the points of awards
    that stand, kept or not; `barred`: what was taken back by hand,
    and by which event it was earned; `final`: goals of final windows; `unrewarded`: those that were final when first
    named.
    """

    kept: Mapping[AwardKey, Award] = field(default_factory=dict)
    tried: Set[AwardKey] = frozenset()
    posted: Mapping[AwardKey, int] = field(default_factory=dict)
    barred: frozenset[tuple[AwardKey, Canonical]] = frozenset()
    final: Mapping[tuple[str, str], goals.Reached | None] = field(default_factory=dict)
    unrewarded: frozenset[tuple[str, str]] = frozenset()


class Fold:
    """After `Fold(...)`: the lines, awards, goals reached and openings of actions that this life comes to."""

    def __init__(self, known: Known, member: str, standing: Standing, now: int) -> None:
        self.known, self.member, self.standing = known, member, standing
        self.program, self.calendar = known.program, known.calendar
        self.events = known.entries_of(member)
        self.lines = [
            Line(("badge", *key[1:]), "points", award.points, award.place)
            for key, award in standing.kept.items()
            if award.points
        ]
        self.awards: dict[AwardKey, Award] = dict(standing.kept)
        self.given: list[points.Given] = []
        self.skipped: dict[tuple[str, str], list[points.Skipped]] = {}
        self.reached: dict[tuple[str, str], goals.Reached] = {}
        self.spent: set[AwardKey] = set()
        self.due: set[AwardKey] = set()  # kept awards that come due again
        self.openings = Openings(self)
        self._stand_final_goals()
        self.taken = 0  # how many of the events
        for event in self.events:
            self._take(event)
            self.taken += 1
        self.openings.until(now)

    def _stand_final_goals(self) -> None:
        """A final goal keeps status and reward."""
        for (goal, window), reached in self.standing.final.items():
            if reached is not None:
                self._stand(goal, window, reached)

    def _stand(self, goal: str, window: str, reached: goals.Reached) -> None:
        self.reached[goal, window] = reached
        if reached.points:
            self.lines.append(Line(("goal", goal, window), "points", reached.points, reached.place))
        key = reached.badge
        if key is not None and key not in self.awards:
            worth = self.standing.posted[key]
            self.awards[key] = Award(reached.place, worth)
            if worth:
                self.lines.append(Line(("badge", *key[1:]), "points", worth, reached.place))

    # One event, in order.

    def _take(self, event: Entry) -> None:
        self.openings.until(event.time)
        self.event, self.profile = event, self.known.profile(self.member, event.time)
        self.upto, self.at = event.place, event.time
        self.coming: list[Line] = []
        self._rules()
        self._own_event()
        self.lines += self.coming
        gave = first = True
        while gave:
            self.coming = []
            before = len(self.awards) + len(self.spent) + len(self.reached) + self.openings.count
            self._badges()
            self._goals()
            self.openings.look(event, first=first)
            self._levels()
            self.lines += self.coming  # "Points of a pass are in the metrics of the next."
            gave = (
                bool(self.coming)
                or len(self.awards) + len(self.spent) + len(self.reached) + self.openings.count > before
            )
            first = False

    def _rules(self) -> None:
        """The rules in file order, each seeing what earlier ones used of its caps, in the version then in force."""
        program = self.known.program_at(self.event.time)
        for rule in program.rules.values():
            if self.event.type in rule.types:
                told = points.given(program, calendar_of(program), rule, self.event, self.profile, self.given)
                if isinstance(told, points.Given):
                    self.given.append(told)
                    key = ("rule", rule.key, self.event.source, self.event.id)
                    self._line(key, "points" if told.amount > 0 else "deduction", told.amount)
                else:
                    self.skipped.setdefault((self.event.source, self.event.id), []).append(told)

    def _own_event(self) -> None:
        """What the hub's own events bring."""
        kind, data, name = self.event.type, self.event.data, (self.event.source, self.event.id)
        if kind == PRIZE:
            self._line(("prize", *name), "prize", data["points"])
            self._come_by(data.get("badge"))
        elif kind == RECOGNIZED:
            self._line(("recognition", *name), "recognition", data["points"])
        elif kind == ADJUSTED:
            self._line(("adjustment", *name), "adjustment", data["points"])
        elif kind == ANSWERED:
            survey = self.known.program_at(self.event.time).surveys.surveys.get(data["survey"])
            self._line(("survey", *name), "points", survey.points if survey else 0)
        elif kind == GRANTED:
            self._grant(data["badge"], data.get("tier"))
        elif kind == GOAL_CLOSED and data["status"] == "reached":
            self._reach(data["goal"], data["window"], data["points"], data["badge"])

    def _line(self, key: tuple[Any, ...], kind: str, amount: int) -> None:
        if amount:
            self.coming.append(Line(key, kind, amount, self.event.place))

    # Values, as they are at `at` after all up to `upto`.

    def bag(self, window: Window) -> metrics.Bag:
        def brought(key: str) -> list[Part]:
            parts = self.parts(key)
            return [part for part in parts if window.holds(part.place[0]) and part.place <= self.upto]

        return brought

    def parts(self, key: str) -> list[Part]:
        """All that this life brings to a metric."""
        metric = self.program.metrics[key]
        if not metric.built_in:
            return metrics.parts_of_events(metric, self.events, self.day)
        if key.startswith("points"):
            return metrics.parts_of_lines(key, self.lines)
        return metrics.parts_of_recognitions(key, self.events)

    def day(self, entry: Entry, clock: str) -> date:
        return streaks.date_of(self.known, self.member, entry, clock)

    def number(self, metric: str, window: Window) -> Fraction | None:
        return metrics.number(self.program.metrics, metric, self.bag(window))

    def value(self, metric: str, window: Window | None) -> Value | None:
        return None if window is None else metrics.value(self.program.metrics, metric, self.bag(window))

    # Badges.

    def _badges(self) -> None:
        for badge in self.program.badges.values():
            if not self._open(badge):
                continue
            if badge.best is not None:
                self._personal_best(badge)
            for tier in badge.tiers:
                self._look(badge, tier.when, tier.name)
            if badge.when is not None:
                self._look(badge, badge.when, None)

    def _open(self, badge: Any) -> bool:
        """`from`, `until`, `for` are about that instant; of a locked badge or a draft nothing is derived."""
        active = badge.state == "active" and points.in_force(badge, self.event.time)
        return active and holds(badge.for_, self.profile)

    def _look(self, badge: Any, when: Any, tier: str | None) -> None:
        window = self.calendar.window(badge.window, self.event.time).name if badge.repeat and badge.window else None
        things = self._things(badge.conditions) if badge.by else [None]
        for thing in things if badge.repeat else things or [None]:
            if self.meets(when, thing):
                key = AwardKey("badge", badge.key, tier, window, thing if badge.repeat else None)
                self._award(key, badge.points)

    def _things(self, conditions: Iterable[Any]) -> list[Any]:
        """The objects that conditions may be about: those with a value in the window that a condition is about."""
        found: list[Any] = []
        for leaf in (leaf for when in conditions for leaf in _leaves(when)):
            if isinstance(leaf, MetricAtLeast) and self.program.metrics[leaf.metric].about_objects:
                found += [part.object for part in self._within(leaf)]
        return sorted(set(found))

    def _within(self, leaf: MetricAtLeast) -> list[Part]:
        """What is brought in the window that holds this moment; in one of two dates that does not, nothing is."""
        window = self.calendar.window(leaf.within, self.at)
        return list(self.bag(window)(leaf.metric)) if window.holds(self.at) else []

    def meets_for_some(self, when: Any) -> bool:
        """Whether a condition that is no badge's holds: of some object, where it is about objects."""
        return any(self.meets(when, thing) for thing in self._things([when]) or [None])

    def meets(self, when: Any, thing: Any = None) -> bool:
        """Whether a condition of a badge holds, of one object where it is about objects."""
        if isinstance(when, AtLeastOf):
            return sum(self.meets(part, thing) for part in when.conditions) >= when.count
        if isinstance(when, MetricAtLeast):
            found = self._metric(when, thing)
            return found is not None and found >= Fraction(when.at_least)
        if isinstance(when, StreakAtLeast):
            return self._longest(when.streak) >= when.at_least
        if isinstance(when, HasBadge):
            standing = [key for key in self._standing("badge") if key.name == when.badge]
            return len([key for key in standing if when.tier in (None, key.tier)]) >= when.times
        if isinstance(when, HasLevel):
            keys = [level.key for level in self.program.levels]
            enough = keys[keys.index(when.level) :]
            return any(key.name in enough for key in self._standing("level"))
        assert isinstance(when, GoalReached)
        return any(goal == when.goal and each.place <= self.upto for (goal, _), each in self.reached.items())

    def _standing(self, kind: str) -> list[AwardKey]:
        return [key for key, award in self.awards.items() if key.kind == kind and award.place <= self.upto]

    def _metric(self, leaf: MetricAtLeast, thing: Any) -> Fraction | None:
        metric, window = self.program.metrics[leaf.metric], self.calendar.window(leaf.within, self.at)
        if not metric.about_objects:
            nothing = Window("", 0, 0)
            return self.number(leaf.metric, window if window.holds(self.at) else nothing)
        found = metrics.objects(metric, self._within(leaf)).get(thing)
        if found is None and metrics.zero_without_events(metric):
            return Fraction(0)
        return None if isinstance(found, str) else found

    def _longest(self, key: str) -> int:
        events = [one for one in self.events if one.place <= self.upto]
        return streaks.state(self.known, self.member, self.program.streaks[key], events, self.at).longest

    def _personal_best(self, badge: Any) -> None:
        """Each event that strictly exceeds the member's previous maximum and is at least `minimum` earns it; the first
        event to reach `minimum` sets the mark and earns nothing."""
        metric, minimum = self.program.metrics[badge.best.metric], Fraction(badge.best.minimum)
        parts = metrics.parts_of_events(metric, self.events, self.day)
        before = [Fraction(part.value) for part in parts if part.place < self.upto]
        now = [Fraction(part.value) for part in parts if part.place == self.upto]
        if now and any(each >= minimum for each in before) and now[0] > max(before):
            key = AwardKey("badge", badge.key, event=(self.event.source, self.event.id))
            self._award(key, badge.points)

    def _award(self, key: AwardKey, worth: int) -> None:
        """Once, and with the points that it was posted with if it stands already."""
        if key in self.standing.kept and key not in self.standing.tried:
            self._due(key)
        if key in self.awards or key in self.spent:
            return
        if (key, self.event.place) in self.standing.barred:
            self.spent.add(key)
            return
        worth = self.standing.posted.get(key, worth)
        self.awards[key] = Award(self.event.place, worth)
        if worth:
            self.coming.append(Line(("badge", *key[1:]), "points", worth, self.event.place))

    def _due(self, key: AwardKey) -> None:
        """A kept award is due after all: here, if it is here before its place."""
        self.due.add(key)
        award = self.awards[key]
        if award.place > self.event.place:
            self.awards[key] = replace(award, place=self.event.place)
            line = Line(("badge", *key[1:]), "points", award.points, award.place)
            if line in self.lines:
                self.lines.remove(line)
                self.coming.append(line._replace(place=self.event.place))

    def _come_by(self, badge: str | None) -> AwardKey | None:
        """A badge as a prize or a reward: it needs no condition. Its award, if it was not there."""
        if badge is None or badge not in self.program.badges or not self._open(self.program.badges[badge]):
            return None
        key = self._by_hand(self.program.badges[badge], None)
        there = key in self.awards
        self._award(key, self.program.badges[badge].points)
        return None if there or key not in self.awards else key

    def _grant(self, key: str, tier: str | None) -> None:
        """By hand it is awarded to anybody at any time, but a draft or a locked one, or a tier that is no more."""
        badge = self.program.badges.get(key)
        if badge is not None and badge.state == "active" and tier in ([each.name for each in badge.tiers] or [None]):
            self.spent.discard(self._by_hand(badge, tier))
            self._award(self._by_hand(badge, tier), badge.points)

    def _by_hand(self, badge: Any, tier: str | None) -> AwardKey:
        """Of what may be repeated about objects, or is a best, an award without condition is another each time."""
        if badge.best is not None or (badge.repeat and badge.by):
            return AwardKey("badge", badge.key, tier, event=(self.event.source, self.event.id))
        window = self.calendar.window(badge.window, self.event.time).name if badge.repeat and badge.window else None
        return AwardKey("badge", badge.key, tier, window)

    # Goals and levels.

    def _goals(self) -> None:
        for goal in self.program.goals.values():
            window = self.calendar.window(goal.window, self.event.time)
            name = (goal.key, window.name)
            if goal.whose != "member" or goal.direction != "at_least" or not window.holds(self.event.time):
                continue
            if name not in self.reached and name not in self.standing.final and self._is_reached(goal, window):
                rewarded = goal.reward and window.end > self.known.live_from and name not in self.standing.unrewarded
                reward = goal.reward if rewarded else _NO_REWARD
                self._reach(goal.key, window.name, reward.points, reward.badge)

    def _is_reached(self, goal: Any, window: Window) -> bool:
        wanted = self.target(goal, window, self.profile)
        found = self.value(goal.metric, window)
        return wanted is not None and isinstance(found, Fraction) and found >= wanted

    def target(self, goal: Any, window: Window, profile: Mapping[str, Any]) -> Fraction | None:
        previous = self.calendar.previous(goal.window, window)
        return goals.target(self.known, goal, self.member, profile, window, lambda: self.value(goal.metric, previous))

    def _reach(self, goal: str, window: str, worth: int, badge: str | None) -> None:
        """Once per window, at the time of the event that reaches it."""
        new = self._come_by(badge)
        self.reached[goal, window] = goals.Reached(self.event.place, worth, new)
        if worth:
            self.coming.append(Line(("goal", goal, window), "points", worth, self.event.place))

    def _levels(self) -> None:
        earned = self.number("points_earned", self.calendar.window("all", 0))
        for level in self.program.levels:
            if earned is not None and earned >= level.at:
                self._award(AwardKey("level", level.key), 0)

    def pay_bonus(self, action: Any) -> None:
        key = ("action", action.key, self.event.source, self.event.id)
        self.coming.append(Line(key, "bonus", action.bonus.points, self.event.place))


def _leaves(when: Any) -> list[Any]:
    if isinstance(when, AtLeastOf):
        return [leaf for part in when.conditions for leaf in _leaves(part)]
    return [when]
