"""The plan: a program made ready for folding.

What each event type touches, in which windows each metric is kept, which badges and goals look at what: worked out
once a version, so that an event costs only what it touches. State is laid out by the plan of the newest version; points
follow the version in force.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import Any, TypeVar

from hub.gamification import calendars, tallies
from hub.gamification.actions import Action
from hub.gamification.badges import (
    AtLeastOf,
    Badge,
    GoalReached,
    HasBadge,
    HasLevel,
    Leaf,
    MetricAtLeast,
    StreakAtLeast,
    When,
)
from hub.gamification.conditions import Condition, compiled
from hub.gamification.events import PAUSED, Event, LogPlace
from hub.gamification.goals import Goal, OfPrevious
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.metrics import Metric
from hub.gamification.points import Boost, Cap, Rule, SharedCap
from hub.gamification.streaks import Streak
from hub.gamification.versions import BEGINNING, END, Unsure, in_force
from hub.gamification.versions import Version as Version
from hub.gamification.windows import Calendar, WindowKind

Named = TypeVar("Named", SharedCap, Boost)
Fits = Callable[[Mapping[str, Any]], bool] | None


def kind_name(kind: WindowKind) -> str:
    return kind if isinstance(kind, str) else kind.name


@dataclass(frozen=True, slots=True)
class Per:
    """A kind of window in which use is counted, on the calendar of the version that says so."""

    kind: WindowKind
    calendar: Calendar
    page: str  # under which the state keeps it

    @property
    def name(self) -> str:
        return kind_name(self.kind)


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap ready to be asked: of one rule (`shared` None), or of several."""

    per: Per
    points: int | None
    times: int | None
    shared: str | None = None


@dataclass(frozen=True, slots=True)
class BoostPlan:
    key: str
    factor: Fraction
    from_: int
    until: int
    for_: Fits


@dataclass(frozen=True, slots=True)
class RulePlan:
    rule: Rule
    where: Fits
    for_: Fits
    from_: int
    until: int
    limits: tuple[Limit, ...]
    counted: tuple[Per, ...]  # in which this rule's own use is counted
    shared: tuple[tuple[str, Per], ...]  # caps it counts toward
    boosts: tuple[BoostPlan, ...]
    onces: tuple[str | bool, ...]  # what any version asks to happen once: an award is told to all of them
    displaces: bool  # an award of it can mean less of another
    version: int


@dataclass(slots=True)
class MetricPlan:
    """A metric with its windows, and what looks at it (for a part, at what is combined from it too)."""

    index: int
    metric: Metric
    where: Fits
    kinds: tuple[WindowKind, ...]
    shown: frozenset[int]  # positions in `kinds` whose values pages and boards read
    organization_kinds: tuple[WindowKind, ...]
    slot_take: str = ""  # how a slot's tally is read: of a metric by object it is the plain value itself
    plain: bool = False  # it is the value itself, with no need to combine it
    grow: tallies.Grow = tallies.GROW["count"]
    slots: tuple[tuple[int, WindowKind, bool], ...] = ()  # position, kind, shown
    badges: tuple[int, ...] = ()
    goals: tuple[int, ...] = ()
    feeds: tuple[
        tuple[int, int], ...
    ] = ()  # combined metrics made from this one: index, position of a kind that is shown

    def __post_init__(self) -> None:
        self.slot_take = "count" if self.metric.combined or self.metric.by is not None else self.metric.take
        self.plain = not self.metric.combined and self.slot_take not in tallies.READ
        if not self.metric.combined:
            self.grow = tallies.GROW[self.metric.take]
        self.slots = tuple((at, kind, at in self.shown) for at, kind in enumerate(self.kinds))

    def position(self, kind: WindowKind) -> int:
        return self.kinds.index(kind)


@dataclass(frozen=True, slots=True)
class StreakPlan:
    index: int
    streak: Streak
    where: Fits
    calendar: calendars.Calendar


@dataclass(frozen=True, slots=True)
class BadgePlan:
    index: int
    badge: Badge
    for_: Fits
    tiers: tuple[tuple[str | None, When | None], ...]
    locked: LogPlace | None  # the version that locked it
    gated: bool  # what is due may have to wait, for its time, its member, its window: looked at at each event
    anew: bool  # it may be due again in a new window by what came before


@dataclass(frozen=True, slots=True)
class GoalPlan:
    index: int
    goal: Goal
    metric: int
    position: int
    for_: Fits
    targets: tuple[tuple[Fits, Any], ...]
    falls: bool = False  # its metric can fall: the greatest value is kept

    @classmethod
    def of(cls, goal: Goal, index: int = 0, metric: int = 0, position: int = 0, *, falls: bool = False) -> GoalPlan:
        targets = tuple((_fits(target.for_), target.target) for target in goal.targets)
        return cls(index, goal, metric, position, _fits(goal.for_), targets, falls)


@dataclass(frozen=True, slots=True)
class ActionPlan:
    action: Action
    where: Fits
    for_: Fits


@dataclass(frozen=True, slots=True)
class Touched:
    """What events of one type touch, in one version's rules."""

    rules: tuple[RulePlan, ...]
    metrics: tuple[MetricPlan, ...]
    scattered: tuple[MetricPlan, ...]  # of these metrics those that keep parts
    streaks: tuple[StreakPlan, ...]


_WEEK_STARTS = {
    name: 1 + at
    for at, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
}


class Plan:
    """Versions in the order of their numbers; the last one is the newest.

    `also`: a further kind of window in which all metrics are kept, of members and of organizations, to answer a
    question about it.
    """

    def __init__(self, versions: Sequence[Version], also: WindowKind | None = None) -> None:
        self.versions = tuple(versions)
        self.also = also
        self.newest = versions[-1]
        self.program = self.newest.program
        settings = self.program.settings
        self._calendars: dict[tuple[str, str], Calendar] = {}
        self.calendar = self._calendar(self.newest)
        self.time_zone = settings.time_zone
        self.stretches = in_force(self.versions)
        self._starts = [stretch.start for stretch in self.stretches]
        self.fitting = Unsure(self.versions).fitting
        self._earlier: dict[int, Plan] = {}
        self._caps = {version.number: _by_rule(version.program.caps.values()) for version in self.versions}
        self._boosts = {version.number: _by_rule(version.program.boosts.values()) for version in self.versions}
        self.metrics = self._plan_metrics()
        self.metric_index = {plan.metric.key: plan.index for plan in self.metrics}
        self.streaks = self._plan_streaks()
        self.streak_index = {plan.streak.key: plan.index for plan in self.streaks}
        self.level_index = {level.key: at for at, level in enumerate(self.program.levels)}
        self.badges = self._plan_badges()
        self.badge_index = {plan.badge.key: plan.index for plan in self.badges}
        self.goals = self._plan_goals()
        self.actions = [ActionPlan(one, _fits(one.where), _fits(one.for_)) for one in self.program.actions.values()]
        self.levels = self.program.levels
        self._touched: dict[tuple[int, str], Touched] = {}
        self.bests = [plan for plan in self.badges if plan.badge.best is not None]
        self.reaches: dict[tuple[int, frozenset[str]], Any] = {}  # see `reaching`
        self.checks: dict[int, Any] = {}  # conditions of badges as functions, by their id: see `awarding.true`
        self._look_up_dependents()

    def _calendar(self, version: Version) -> Calendar:
        """One calendar for all versions that have the same: it remembers its windows."""
        settings = version.program.settings
        key = (settings.time_zone, settings.week_starts)
        if key not in self._calendars:
            self._calendars[key] = Calendar(*key)
        return self._calendars[key]

    # Earlier versions

    def as_of(self, number: int) -> Plan:
        """The plan before the versions after this one were published."""
        if number >= self.newest.number:
            return self
        known = self._earlier.get(number)
        if known is None:
            versions = [version for version in self.versions if version.number <= number]
            known = self._earlier[number] = Plan(versions, self.also)
        return known

    def number_at(self, place: LogPlace) -> int:
        """The number of the version that was the newest when an entry came to this place in the log; the first one,
        where there was none yet.
        """
        return max((one.number for one in self.versions if one.read < place), default=self.versions[0].number)

    def published_since(self, number: int) -> tuple[Version, ...]:
        """The versions after this one, in the order in which they were published."""
        return tuple(version for version in self.versions if version.number > number)

    # Points: the version in force at the event's time

    def touched(self, event_type: str, time: int) -> Touched:
        segment = bisect_right(self._starts, time) - 1 if len(self._starts) > 1 else 0
        found = self._touched.get((segment, event_type))
        if found is None:
            version = self.stretches[segment].version
            found = self._touched[segment, event_type] = self._touch(version, event_type)
        return found

    def _touch(self, version: Version, event_type: str) -> Touched:
        rules = [rule for rule in version.program.rules.values() if event_type in rule.types]
        metrics = tuple(plan for plan in self.metrics if event_type in plan.metric.types)
        return Touched(
            tuple(self._plan_rule(version, rule) for rule in rules),
            metrics,
            tuple(plan for plan in metrics if plan.metric.take == "distinct" or plan.metric.by is not None),
            tuple(plan for plan in self.streaks if event_type in plan.streak.types),
        )

    def _plan_rule(self, version: Version, rule: Rule) -> RulePlan:
        shared = self._caps[version.number].get(rule.key, [])
        same = self._same(rule.key)
        limits = [self._limit(version, cap) for cap in rule.caps]
        limits += [self._limit(version, cap.cap, cap.key) for cap in shared]
        return RulePlan(
            rule,
            _fits(rule.where),
            _fits(rule.for_),
            *_bounds(rule.from_, rule.until),
            tuple(limits),
            tuple(dict.fromkeys(self._per(one, cap.per) for one, other in same for cap in other.caps)),
            tuple((cap.key, per) for cap in shared for per in self._shared_pers(cap.key)),
            tuple(
                BoostPlan(boost.key, boost.factor, *_bounds(boost.from_, boost.until), _fits(boost.for_))
                for boost in self._boosts[version.number].get(rule.key, ())
            ),
            tuple(dict.fromkeys(other.once_per for _, other in same if other.once_per is not None)),
            rule.award.points < 0 or any(_limited(other) for _, other in same) or self._shares(rule.key),
            version.number,
        )

    def _limit(self, version: Version, cap: Cap, shared: str | None = None) -> Limit:
        return Limit(self._per(version, cap.per), cap.points, cap.times, shared)

    def _per(self, version: Version, kind: WindowKind) -> Per:
        calendar, name = self._calendar(version), kind_name(kind)
        page = name if calendar is self.calendar else f"{name} {calendar.time_zone} {calendar.week_starts}"
        return Per(kind, calendar, page)

    def _same(self, key: str) -> list[tuple[Version, Rule]]:
        """The rule in every version: a key means the same thing in all, so use is counted by it."""
        return [(version, version.program.rules[key]) for version in self.versions if key in version.program.rules]

    def _shares(self, key: str) -> bool:
        """Whether the rule shares a cap with others in any version."""
        return any(key in caps for caps in self._caps.values())

    def _shared_pers(self, key: str) -> list[Per]:
        named = [version for version in self.versions if key in version.program.caps]
        return list(dict.fromkeys(self._per(version, version.program.caps[key].cap.per) for version in named))

    # Metrics

    def _plan_metrics(self) -> list[MetricPlan]:
        shown, organizations = self._kinds_shown(), self._kinds_of_organizations()
        kinds = self._kinds_kept(shown)
        plans = []
        for index, key in enumerate(self._in_order()):
            metric = self.program.metrics[key]
            mine = tuple(kinds[key])
            seen = frozenset(at for at, kind in enumerate(mine) if kind in shown[key])
            plans.append(
                MetricPlan(index, metric, _fits(metric.where), mine, seen, tuple(dict.fromkeys(organizations[key])))
            )
        return plans

    def _in_order(self) -> list[str]:
        """Keys so that a combined metric comes after its parts."""
        ordered: dict[str, None] = {}

        def add(key: str) -> None:
            for part in self.program.metrics[key].parts:
                add(part)
            ordered[key] = None

        for key in self.program.metrics:
            add(key)
        return list(ordered)

    def _kinds_shown(self) -> dict[str, list[WindowKind]]:
        """By metric: the windows of boards and goals, whose values outlive the state."""
        shown: dict[str, list[WindowKind]] = {key: [] for key in self.program.metrics}
        for board in self.program.leaderboards.values():
            if board.whose == "member":
                shown[board.metric].append(board.window)
        for goal in self.program.goals.values():
            if goal.whose == "member":
                shown[goal.metric].append(goal.window)
        shown["points_earned"].append("month")
        if self.also is not None:
            for kinds in shown.values():
                kinds.append(self.also)
        return shown

    def _kinds_of_organizations(self) -> dict[str, list[WindowKind]]:
        kinds: dict[str, list[WindowKind]] = {key: [] for key in self.program.metrics}
        whose: list[Goal | Leaderboard] = [*self.program.leaderboards.values(), *self.program.goals.values()]
        for thing in whose:
            if thing.whose == "organization":
                for key in self.with_parts(thing.metric):
                    kinds[key].append(thing.window)
        for metric, kind in self._numbers_placed("organization"):
            for key in self.with_parts(metric):
                kinds[key].append(kind)
        if self.also is not None:
            for wanted in kinds.values():
                wanted.append(self.also)
        return kinds

    def _numbers_placed(self, kept_with: str) -> Iterator[tuple[str, WindowKind]]:
        """What homepages show as a number: of a member or an organization by its own events, or of an organization by
        its members'.
        """
        for placement in chain.from_iterable(self.program.homepages.values()):
            if placement.widget == "kpi" and placement.options.get("metric") in self.program.metrics:
                metric, kind = placement.options["metric"], placement.options.get("window", "all")
                own = self.about_organizations(metric) or placement.options.get("whose") != "organization"
                if own == (kept_with == "self"):
                    yield metric, kind

    def about_organizations(self, key: str) -> bool:
        """Whether all that the metric is made from are events about organizations."""
        types = {name for part in self.with_parts(key) for name in self.program.metrics[part].types}
        return bool(types) and all(self.program.events[name].about == "organization" for name in types)

    def with_parts(self, key: str) -> list[str]:
        """The metric and all that it is made from."""
        return [key, *(inner for part in self.program.metrics[key].parts for inner in self.with_parts(part))]

    def _kinds_kept(self, shown: Mapping[str, list[WindowKind]]) -> dict[str, dict[WindowKind, None]]:
        kept: dict[str, dict[WindowKind, None]] = {key: {"all": None} for key in self.program.metrics}
        wanted = [(key, kind) for key, kinds in shown.items() for kind in kinds]
        wanted += self._numbers_placed("self")
        asked = [leaf for badge in self.program.badges.values() for leaf in leaves(badge)]
        asked += [leaf for action in self.program.actions.values() for leaf in action.conditions]
        wanted += [(leaf.metric, leaf.within) for leaf in asked if isinstance(leaf, MetricAtLeast)]
        for key, kind in wanted:
            for inner in self.with_parts(key):
                kept[inner][kind] = None
        return kept

    # Streaks, badges, goals

    def _plan_streaks(self) -> list[StreakPlan]:
        first = _WEEK_STARTS[self.program.settings.week_starts]
        return [
            StreakPlan(index, streak, _fits(streak.where), calendars.Calendar.of(streak, first))
            for index, streak in enumerate(self.program.streaks.values())
        ]

    def _plan_badges(self) -> list[BadgePlan]:
        plans = []
        for index, badge in enumerate(self.program.badges.values()):
            tiers: tuple[tuple[str | None, When | None], ...] = ((None, badge.when),)
            if badge.tiers:
                tiers = tuple((tier.name, tier.when) for tier in badge.tiers)
            locked = self._locked(badge.key)
            anew = badge.repeat and badge.window is not None and any(map(_holds_anew, badge.conditions))
            gated = _waits(badge) or locked is not None or anew
            plans.append(BadgePlan(index, badge, _fits(badge.for_), tiers, locked, gated, anew))
        return plans

    def _locked(self, key: str) -> LogPlace | None:
        """Where in the log the badge was locked, if the newest version has it so."""
        place = None
        for version in reversed(self.versions):
            badge = version.program.badges.get(key)
            if badge is None or badge.state != "locked":
                break
            place = version.read
        return place

    def _plan_goals(self) -> list[GoalPlan]:
        own = [goal for goal in self.program.goals.values() if goal.whose == "member"]
        plans = []
        for index, goal in enumerate(own):
            metric = self.metric_index[goal.metric]
            falls = goal.direction == "at_least" and self.falls(goal.metric)
            plans.append(GoalPlan.of(goal, index, metric, self.metrics[metric].position(goal.window), falls=falls))
        return plans

    def falls(self, key: str) -> bool:
        """Whether a later event can lower the metric's value in a window."""
        metric = self.program.metrics[key]
        if metric.combined:
            return metric.share is not None or bool(metric.minus) or any(map(self.falls, metric.plus))
        if metric.take == "count":
            return any(weight < 0 for weight in metric.types.values())
        return metric.take not in ("max", "distinct", "days")

    def rewards(self, goal: str, ends: int) -> bool:
        """Whether reaching the goal in a window that ends then is rewarded: not in history, and not where the window
        was final when a version first named the goal.
        """
        final_at = ends + self.program.settings.grace
        return ends > self.newest.live_from and final_at > self.named_at("goal", goal)

    def named_at(self, kind: str, key: str) -> int:
        """When a version first named this goal or leaderboard."""
        return self.first_with(kind, key).published_at

    def first_with(self, kind: str, key: str) -> Version:
        """The version that first named this goal or leaderboard."""
        section = "goals" if kind == "goal" else "leaderboards"
        return next(one for one in self.versions if key in getattr(one.program, section))

    def _look_up_dependents(self) -> None:
        """Which badges and goals look at a metric, a streak, a badge..."""
        self.badges_by: dict[tuple[str, str], tuple[int, ...]] = {}
        found: dict[tuple[str, str], dict[int, None]] = {}
        for plan in self.badges:
            if plan.badge.state == "draft":
                continue
            for leaf in leaves(plan.badge):
                found.setdefault(_looks_at(leaf), {})[plan.index] = None
        self.badges_by = {key: tuple(indexes) for key, indexes in found.items()}
        self._goals_by: dict[str, list[GoalPlan]] = {}
        for goal in self.goals:
            self._goals_by.setdefault(goal.goal.metric, []).append(goal)
        made = self._made_from()
        for metric in self.metrics:
            self._look_up_watchers(metric, made[metric.metric.key])
        self.gated = [plan.index for plan in self.badges if plan.gated and plan.badge.state != "draft"]
        self.asked = [plan.index for plan in self.goals if plan.for_ is not None or plan.targets]
        self.at_first = [plan.index for plan in self.badges if plan.badge.state != "draft"]

    def _made_from(self) -> dict[str, list[MetricPlan]]:
        """By metric: itself and those that are made from it."""
        made: dict[str, list[MetricPlan]] = {plan.metric.key: [] for plan in self.metrics}
        for plan in self.metrics:
            for key in dict.fromkeys(self.with_parts(plan.metric.key)):
                made[key].append(plan)
        return made

    def _look_up_watchers(self, plan: MetricPlan, made: Sequence[MetricPlan]) -> None:
        """What looks at this metric, or at one that is made from it."""
        keys = [other.metric.key for other in made]
        plan.badges = tuple(sorted({index for key in keys for index in self.badges_by.get(("metric", key), ())}))
        plan.goals = tuple(sorted(goal.index for key in keys for goal in self._goals_by.get(key, ())))
        plan.feeds = tuple((other.index, at) for other in made if other is not plan for at in sorted(other.shown))

    # What a late event may take away

    @cached_property
    def fragile(self) -> Fragile:
        return Fragile(self)


class Fragile:
    """Which late events could mean that an award is no longer derived.

    Most cannot: more events only make a count, a sum of positive amounts, a maximum or a run greater. Where one can,
    the log has to be read entry by entry, since what was once awarded is a fact. In doubt an event is fragile.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        watched = set(self._watched())
        self._rising = {inner for key, _ in watched for inner in plan.with_parts(key)}
        self._falling = {inner for key, _ in watched if not self._rises(key) for inner in plan.with_parts(key)}
        for goal in self._goals_looked_at():
            if _of_previous(goal):
                self._falling |= set(plan.with_parts(goal.metric))
        self._any = bool(_POINTS & self._falling) or self._moving_points(watched) or self._bonuses()
        self._frozen = {key for key in self._streaks_looked_at() if plan.program.streaks[key].freezes.max}

    def _watched(self) -> Iterator[tuple[str, WindowKind]]:
        """Metrics that awards hang on, with their windows."""
        for badge in self._plan.badges:
            yield from ((leaf.metric, leaf.within) for leaf in leaves(badge.badge) if isinstance(leaf, MetricAtLeast))
        yield from ((goal.metric, goal.window) for goal in self._goals_looked_at())
        if self._plan.levels:
            yield "points_earned", "all"

    def _goals_looked_at(self) -> list[Goal]:
        asked = {
            leaf.goal for plan in self._plan.badges for leaf in leaves(plan.badge) if isinstance(leaf, GoalReached)
        }
        return [plan.goal for plan in self._plan.goals if plan.goal.key in asked or plan.goal.reward]

    def _streaks_looked_at(self) -> set[str]:
        every = [leaf for plan in self._plan.badges for leaf in leaves(plan.badge)]
        return {leaf.streak for leaf in every if isinstance(leaf, StreakAtLeast)}

    def _rises(self, key: str) -> bool:
        """Whether more events can only raise the metric, given amounts of 0 and above."""
        metric = self._plan.program.metrics[key]
        if metric.combined:
            return metric.share is None and not metric.minus and all(map(self._rises, metric.plus))
        return metric.take in ("count", "sum", "max", "distinct", "days")

    def _moving_points(self, watched: Iterable[tuple[str, WindowKind]]) -> bool:
        """Whether a badge that comes earlier could take its points out of a window in which they are looked at."""
        windowed = {inner for key, kind in watched if kind != "all" for inner in self._plan.with_parts(key)}
        paid = any(plan.badge.points for plan in self._plan.badges)
        paid |= any(plan.goal.reward is not None and plan.goal.reward.points for plan in self._plan.goals)
        return bool(_POINTS & windowed) and paid

    def _bonuses(self) -> bool:
        """Whether a bonus could be taken back: an action closed earlier may have opened earlier too."""
        return bool(_POINTS & self._rising) and any(one.action.bonus for one in self._plan.actions)

    def by(self, event: Event) -> bool:
        """Whether this late event could take an award away, of any but a personal best (see `reaching.beaten`)."""
        event = self._plan.fitting(event)
        touched = self._plan.touched(event.type, event.time)
        if self._any or (_POINTS & self._rising and any(rule.displaces for rule in touched.rules)):
            return True
        # A day more can take a freeze away from where it saved a longer run.
        streaks = {plan.streak.key for plan in touched.streaks}
        if self._frozen and (event.type == PAUSED or self._frozen & streaks):
            return True
        return any(self._lowers(plan.metric, event.type, event.data) for plan in touched.metrics)

    def _lowers(self, metric: Metric, event_type: str, data: Mapping[str, Any]) -> bool:
        if metric.key in self._falling or metric.key not in self._rising:
            return metric.key in self._falling
        if metric.take == "count":
            return metric.types[event_type] < 0
        amount = data.get(metric.of) if metric.of else None
        return metric.take in ("sum", "max") and amount is not None and amount < 0


_POINTS = {"points_earned", "points_received"}


def _of_previous(goal: Goal) -> bool:
    return any(isinstance(target, OfPrevious) for target in (goal.target, *(each.target for each in goal.targets)))


def _limited(rule: Rule) -> bool:
    return bool(rule.caps) or rule.cooldown is not None or rule.once_per is not None


def _waits(badge: Badge) -> bool:
    if badge.for_ is not None or badge.from_ is not None or badge.until is not None:
        return True
    # What needs nothing is there at the first event of each window, of whatever type.
    windowed = [leaf for leaf in leaves(badge) if isinstance(leaf, MetricAtLeast) and leaf.within != "all"]
    return any(leaf.at_least <= 0 for leaf in windowed)


def _holds_anew(when: When) -> bool:
    """Whether a condition can hold although nothing has come in the window at hand."""
    if isinstance(when, AtLeastOf):
        return sum(map(_holds_anew, when.conditions)) >= when.count
    return not isinstance(when, MetricAtLeast) or when.within == "all"


def leaves(badge: Badge) -> list[Leaf]:
    """Every single condition of the badge."""
    found: list[Leaf] = []

    def walk(when: When) -> None:
        if isinstance(when, AtLeastOf):
            for inner in when.conditions:
                walk(inner)
        else:
            found.append(when)

    for tier in badge.tiers:
        walk(tier.when)
    if badge.when is not None:
        walk(badge.when)
    if badge.best is not None:
        found.append(MetricAtLeast(badge.best.metric, badge.best.minimum))
    return found


def _looks_at(leaf: Leaf) -> tuple[str, str]:
    if isinstance(leaf, MetricAtLeast):
        return ("metric", leaf.metric)
    if isinstance(leaf, HasBadge):
        return ("badge", leaf.badge)
    if isinstance(leaf, HasLevel):
        return ("level", leaf.level)
    if isinstance(leaf, GoalReached):
        return ("goal", leaf.goal)
    return ("streak", leaf.streak)


def _fits(condition: Condition | None) -> Fits:
    return None if condition is None else compiled(condition)


def _bounds(from_: int | None, until: int | None) -> tuple[int, int]:
    return (BEGINNING if from_ is None else from_, END if until is None else until)


def _by_rule(entries: Iterable[Named]) -> dict[str, list[Named]]:
    """Shared caps, or boosts, by each rule that they name."""
    found: dict[str, list[Named]] = {}
    for entry in entries:
        for rule in entry.rules:
            found.setdefault(rule, []).append(entry)
    return found
