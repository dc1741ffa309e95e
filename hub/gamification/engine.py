"""The engine: progress + events -> effects and new progress. Pure, exact, and the only place where points and badges
come from.

Events come in canonical order (instant, source, id), each after all that the progress holds; whoever has an earlier
one folds again from the beginning. One event in order: rules, metrics and streaks; then badges, goals and levels,
again until a pass gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from hub.gamification import runs, tallies
from hub.gamification.badges import AtLeastOf, GoalReached, HasBadge, HasLevel, MetricAtLeast, StreakAtLeast, When
from hub.gamification.conditions import first_failure
from hub.gamification.events import Event, Place
from hub.gamification.goals import OfPrevious
from hub.gamification.numbers import MAX_POINTS, Exact, Number
from hub.gamification.plan import BadgePlan, GoalPlan, Limit, MetricPlan, Plan, RulePlan, StreakPlan, kind_name
from hub.gamification.profiles import Profile
from hub.gamification.progress import (
    BEFORE,
    ENDS,
    NAME,
    STARTS,
    TALLY,
    Given,
    Kept,
    Parts,
    Slot,
    State,
    frozen_number,
    token,
)
from hub.gamification.windows import WindowKind, local_date

_MINUTE = 60_000_000
_DAY_US = 86_400_000_000
_EPOCH_DAY = 719_163  # ordinal of 1970-01-01

#: However a program's badges feed each other, a pass gives something new each time, so this is never met but by a
#: fault of ours.
_MOST_PASSES = 10_000


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


class Extended(NamedTuple):
    streak: str
    current: int
    event: Event


class Skip(NamedTuple):
    """What a rule decided not to do: the code of PROGRAM.md's table, and what was found."""

    rule: str
    code: str
    detail: dict[str, Any]
    event: Event


Effect = Points | Award | Reached | Extended


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
    due_again: list[str] = field(default_factory=list)  # kept awards that the fold derives after all


def needs(plan: Plan, event: Event) -> Iterable[str]:
    """Names of the parts that folding this event may read."""
    touched = plan.touched(event.type, event.time)
    for rule in touched.rules:
        if rule.rule.once_per is not None:
            yield _once(rule, rule.rule.once_per, event)
    for metric in touched.metrics:
        yield from _metric_needs(plan, metric, event)


def _metric_needs(plan: Plan, metric: MetricPlan, event: Event) -> Iterable[str]:
    by = metric.metric.by
    thing = event.data.get(by) if by else None
    for kind in metric.kinds:
        window = plan.calendar.window(kind, event.time).name
        if metric.metric.take == "distinct":
            yield _seen(metric, window, event, thing)
        if thing is not None:
            yield _object(metric.metric.key, window, thing)
    for index in plan.badges_by.get(("metric", metric.metric.key), ()):
        if thing is not None and plan.badges[index].badge.by == by:
            yield from _badge_needs(plan, plan.badges[index], event, thing)


def _badge_needs(plan: Plan, badge: BadgePlan, event: Event, thing: Any) -> Iterable[str]:
    window = _badge_window(plan, badge, event.time)
    for tier, when in badge.tiers:
        yield _awarded(badge, tier, window, thing)
        for leaf in _leaves(when):
            if isinstance(leaf, MetricAtLeast):
                yield _object(leaf.metric, plan.calendar.window(leaf.within, event.time).name, thing)


def _leaves(when: When | None) -> list[Any]:
    if isinstance(when, AtLeastOf):
        return [leaf for inner in when.conditions for leaf in _leaves(inner)]
    return [] if when is None else [when]


def fold(
    plan: Plan, state: State, parts: Parts, events: Sequence[Event], given: Given, trace: frozenset[int] = frozenset()
) -> Outcome:
    """Fold events into state and parts, which are changed in place; skips are told of entries in `trace`.

    Raises Unloaded where parts are needed that could not be foreseen; state and parts are then of no use any more.
    """
    return _Fold(plan, state, parts, given, trace).run(events)


class _Fold:
    """One fold of one member. What is about the event at hand is set anew for each."""

    def __init__(self, plan: Plan, state: State, parts: Parts, given: Given, trace: frozenset[int]) -> None:
        self.plan, self.state, self.parts, self.given, self.trace = plan, state, parts, given, trace
        self.outcome = Outcome()
        self.points_earned = plan.metrics[plan.metric_index["points_earned"]]
        self.points_received = plan.metrics[plan.metric_index["points_received"]]
        self.event: Event = Event(0, "", "", "", 0, {})
        self.profile: Profile = Profile()
        self.dirty: set[int] = set()
        self.aims: set[int] = set()  # goals whose metric changed
        self.fed: set[tuple[int, int]] = set()  # combined metrics of which a part changed
        self.climbing = False
        self.gained = 0  # points of this pass, in the metrics of the next
        self.given_keys: set[str] = set()  # awards that this fold derived
        self.bridged: dict[int, runs.Bridged] = {}  # by streak

    def run(self, events: Sequence[Event]) -> Outcome:
        kept = sorted((k for k in self.given.kept if k.key not in self.state.kept), key=lambda k: k.place)
        for event in events:
            while kept and kept[0].place < event.place:
                self._stand_alone(kept.pop(0))
            mine = []
            while kept and kept[0].place == event.place:
                mine.append(kept.pop(0))
            self._one(event, mine)
        for rest in kept:
            self._stand_alone(rest)
        return self.outcome

    # One event

    def _one(self, event: Event, kept: list[Kept]) -> None:
        self.event = event
        self.profile = self.given.timeline.at(event.time)
        self.dirty.clear()
        self.aims.clear()
        if self.state.look:
            # What needs nothing (a level at 0, a count of at least 0) is there with the first event.
            self.state.look = False
            self.dirty.update(self.plan.at_first)
            self.aims.update(range(len(self.plan.goals)))
            self.climbing = True
        if len(self.given.timeline.profiles) > 1:
            self.aims.update(self.plan.asked)
        self.state.place = (event.time, event.source, event.id)
        self.state.read = max(self.state.read, (event.known_at, event.entry))
        touched = self.plan.touched(event.type, event.time)
        earned = sum([self._apply(rule) for rule in touched.rules]) if self.given.person else 0
        for metric in touched.metrics:
            self._measure(metric)
        if earned:
            self._earn(earned)
        for streak in touched.streaks:
            self._walk(streak)
        self.dirty.update(self.plan.gated)
        for award in kept:
            self._stand(award)
        if self.fed:
            self._combine()
        if self.given.person and (self.dirty or self.aims or self.climbing):
            self._passes()

    def _passes(self) -> None:
        for _ in range(_MOST_PASSES):
            badges, self.dirty = sorted(self.dirty), set()
            aims, self.aims = sorted(self.aims), set()
            self.gained = 0
            for index in badges:
                self._look_at(self.plan.badges[index])
            for index in aims:
                self._aim(self.plan.goals[index])
            if self.climbing:
                self._climb()
            if self.gained:
                self._earn(self.gained)
                self._combine()
            if not self.dirty and not self.aims and not self.climbing:
                return
        raise RuntimeError(f"the badges of {self.event.type} do not settle")

    # Rules, in the order of PROGRAM.md's table

    def _apply(self, rule: RulePlan) -> int:
        """Points that the rule gives for the event; the first thing that fails is the skip."""
        known, time = rule.rule, self.event.time
        once = None if known.once_per is None else _once(rule, known.once_per, self.event)
        use = self.state.rules.get(known.key)
        if use is None:
            use = self.state.rules[known.key] = [None, {}]
        refused = self._refused(rule, once, use[0])
        if refused is not None:
            return self._skip(rule, refused)
        amount = self._amount(rule)
        if amount == 0 or (amount < 0 and known.award.points > 0):
            return self._skip(rule, "nothing", amount=amount)
        if amount > 0:
            amount = self._capped(rule, use, amount)
            if amount == 0:
                return 0
        use[0] = time
        for each in rule.onces:
            self.parts.put(_once(rule, each, self.event), [time, self.event.entry])
        kind = "points" if amount > 0 else "deduction"
        key = f"rule/{known.key}/{self.event.entry}"
        self.outcome.effects.append(Points(key, kind, "rule", known.key, amount, self.event, rule.version))
        return amount

    def _refused(self, rule: RulePlan, once: str | None, last: int | None) -> str | None:
        """The code of the first thing, up to the cooldown, that keeps the rule from looking at the amount."""
        event = self.event
        if not rule.from_ <= event.time < rule.until:
            return "not_in_force"
        if rule.for_ is not None and not rule.for_(self.profile.values):
            return "not_for_member"
        if rule.where is not None and not rule.where(event.data):
            return "condition"
        if once is not None and self.parts.get(once) is not None:
            return "once_per"
        too_soon = rule.rule.cooldown is not None and last is not None and event.time - last < rule.rule.cooldown
        return "cooldown" if too_soon else None

    def _skip(self, rule: RulePlan, code: str, **detail: Any) -> int:
        if self.event.entry in self.trace:
            self.outcome.skips.append(Skip(rule.rule.key, code, detail or self._why(rule, code), self.event))
        return 0

    def _why(self, rule: RulePlan, code: str) -> dict[str, Any]:
        """What was found: the first test that failed and its value, or the award that came before."""
        known, event = rule.rule, self.event
        if code == "once_per" and known.once_per is not None:
            time, entry = self.parts.get(_once(rule, known.once_per, event))
            return {"since": time, "by": entry}
        if code == "cooldown":
            return {"since": self.state.rules[known.key][0]}
        asked = {"condition": (known.where, event.data), "not_for_member": (known.for_, self.profile.values)}.get(code)
        failure = first_failure(*asked) if asked else None
        if failure is None:
            return {}
        test = failure.test
        asked_for = {"name": test.name, "operator": test.operator, "wanted": test.value}
        return {**asked_for, "found": failure.found, "excluded": not failure.wanted}

    def _amount(self, rule: RulePlan) -> int:
        base = base_amount(rule, self.event)
        if base <= 0:
            return max(base, -MAX_POINTS)
        factor = Fraction(1)
        for boost in rule.boosts:
            if boost.from_ <= self.event.time < boost.until and (boost.for_ is None or boost.for_(self.profile.values)):
                factor *= boost.factor
        return min(base if factor == 1 else floor(base * factor), MAX_POINTS)

    def _capped(self, rule: RulePlan, use: list[Any], amount: int) -> int:
        """What the caps leave of the amount, booked in all of them; 0 with a skip where one leaves nothing."""
        for limit in rule.limits:
            used = self._used(use, limit)
            if used is None:
                continue
            if limit.times is not None and used[2] >= limit.times:
                return self._skip(rule, "cap", cap=limit.shared, per=limit.name, times=limit.times)
            if limit.points is not None:
                amount = min(amount, limit.points - used[1])
                if amount <= 0:
                    return self._skip(rule, "cap", cap=limit.shared, per=limit.name, points=limit.points)
        for kind in rule.kinds:
            self._book(use[1], kind, amount)
        for key, kind in rule.shared:
            self._book(self.state.caps.setdefault(key, {}), kind, amount)
        return amount

    def _used(self, use: list[Any], limit: Limit) -> list[int] | None:
        books = use[1] if limit.shared is None else self.state.caps.setdefault(limit.shared, {})
        return self._page(books, limit.kind, limit.name)

    def _book(self, books: dict[str, list[int]], kind: WindowKind, amount: int) -> None:
        page = self._page(books, kind, kind_name(kind))
        if page is not None:
            page[1] += amount
            page[2] += 1

    def _page(self, books: dict[str, list[int]], kind: WindowKind, name: str) -> list[int] | None:
        """What was used in the window that holds the event; None where the kind is a span that does not."""
        page = books.get(name)
        if page is None or self.event.time >= page[0]:
            window = self.plan.calendar.window(kind, self.event.time)
            if not window.start <= self.event.time < window.end:
                return None
            page = books[name] = [window.end, 0, 0]
        return page

    def _earn(self, amount: int) -> None:
        self.climbing = True
        self._grow(self.points_earned, amount)
        if amount > 0:
            self._grow(self.points_received, amount)

    # Metrics

    def _measure(self, plan: MetricPlan) -> None:
        event, metric = self.event, plan.metric
        if plan.where is not None and not plan.where(event.data):
            return
        found = self._found(plan)
        if found is None:
            return
        if metric.by is None:
            self._grow(plan, found)
        elif event.data.get(metric.by) is not None:
            self._grow_object(plan, found, event.data[metric.by])

    def _found(self, plan: MetricPlan) -> Any:
        """What the event brings to the metric: a weight, a number, a day, a value; None: it is not in it."""
        metric, data = plan.metric, self.event.data
        if metric.take == "count":
            return metric.types[self.event.type]
        if metric.take == "days":
            return self._day(metric.clock)
        found = data.get(metric.of or "")
        if metric.take == "latest" and found is not None:
            shown = {name: frozen_number(data[name]) for name in metric.show if data.get(name) is not None}
            return [frozen_number(found), shown, self.event.time]
        return found

    def _day(self, clock: str) -> int:
        if clock == "event":
            return (self.event.time + self.event.offset * _MINUTE) // _DAY_US + _EPOCH_DAY
        zone = self.profile.time_zone if clock == "member" else None
        return local_date(zone or self.plan.time_zone, self.event.time)

    def _grow(self, plan: MetricPlan, found: Any) -> None:
        take, time, slots = plan.metric.take, self.event.time, self.state.metrics[plan.index]
        changed = False
        for at, kind, shown in plan.slots:
            slot = slots[at]
            if time >= slot[ENDS] and not self._turn(slot, kind):
                continue
            before = slot[TALLY]
            if take != "distinct":
                after = tallies.grown(take, before, found)
            else:
                after = before if self._saw(_seen(plan, slot[NAME], self.event, None)) else (before or 0) + 1
            if after != before:
                slot[TALLY] = after
                changed = True
                if shown:
                    self._show(plan, slot)
        if changed:
            self._changed(plan)
        if plan.organization_kinds and self.profile.organization is not None:
            self._grow_organization(plan, found, self.profile.organization)

    def _turn(self, slot: Slot, kind: WindowKind) -> bool:
        """Begin the window that holds the event; the tally so far is that of the window before, if it is the one
        right before. False where the kind is a span that does not hold the event.
        """
        window = self.plan.calendar.window(kind, self.event.time)
        if not window.start <= self.event.time < window.end:
            return False
        slot[BEFORE] = slot[TALLY] if slot[ENDS] == window.start else None
        slot[ENDS], slot[NAME], slot[TALLY], slot[STARTS] = window.end, window.name, None, window.start
        return True

    def _saw(self, name: str) -> bool:
        if self.parts.get(name) is not None:
            return True
        self.parts.put(name, 1)
        return False

    def _changed(self, plan: MetricPlan) -> None:
        self.dirty.update(plan.badges)
        self.aims.update(plan.goals)
        self.fed.update(plan.feeds)

    def _show(self, plan: MetricPlan, slot: Slot) -> None:
        value = _number(plan, slot[TALLY])
        shown = None if value is None else Valued(value, self.event.place)
        self.outcome.values[plan.metric.key, slot[NAME]] = shown

    def _combine(self) -> None:
        """Combined metrics that are shown: their slot holds what was shown last."""
        fed, self.fed = sorted(self.fed), set()
        for index, at in fed:
            plan = self.plan.metrics[index]
            slot = self.state.metrics[index][at]
            if self.event.time >= slot[ENDS] and not self._turn(slot, plan.kinds[at]):
                continue
            value = self._now(plan.metric.key, plan.kinds[at])
            if value != slot[TALLY]:
                slot[TALLY] = value
                self._show(plan, slot)

    def _now(self, key: str, kind: WindowKind) -> Exact | None:
        """The metric's value in the window that holds the event."""
        return value_at(self.plan, self.state, key, kind, self.event.time)

    # Metrics by object

    def _grow_object(self, plan: MetricPlan, found: Any, thing: Any) -> None:
        metric, slots = plan.metric, self.state.metrics[plan.index]
        for at, kind in enumerate(plan.kinds):
            slot = slots[at]
            if self.event.time >= slot[ENDS] and not self._turn(slot, kind):
                continue
            name = _object(metric.key, slot[NAME], thing)
            part = self.parts.get(name)
            old = part[1] if part is not None else None
            if metric.take != "distinct":
                new = tallies.grown(metric.take, old, found)
            else:
                new = old if self._saw(_seen(plan, slot[NAME], self.event, thing)) else (old or 0) + 1
            if new == old:
                continue
            self.parts.put(name, [frozen_number(thing), new])
            self._total(plan, at, slot, old, new)
            self._changed(plan)

    def _total(self, plan: MetricPlan, at: int, slot: Slot, old: Any, new: Any) -> None:
        """The plain value from the objects', kept only where it can be: numbers."""
        metric, before = plan.metric, slot[TALLY]
        if not metric.numeric:
            return
        a, b = tallies.value(metric.take, old), tallies.value(metric.take, new)
        if metric.total == "count":
            slot[TALLY] = (before or 0) + (old is None)
        elif metric.total == "sum":
            slot[TALLY] = tallies.exact(Fraction(before or 0) - Fraction(a or 0) + Fraction(b or 0))
        elif before is None or b >= before:
            slot[TALLY] = b
        elif a == before:
            slot[TALLY] = self._greatest(plan, slot)
        if slot[TALLY] != before and at in plan.shown:
            self._show(plan, slot)

    def _greatest(self, plan: MetricPlan, slot: Slot) -> Any:
        objects = self.parts.under(_objects(plan.metric.key, slot[NAME]))
        return max(tallies.value(plan.metric.take, part[1]) for _, part in objects)  # type: ignore[type-var]

    # Organizations

    def _grow_organization(self, plan: MetricPlan, found: Any, organization: int) -> None:
        metric = plan.metric
        for at, kind in enumerate(plan.organization_kinds):
            page = self.state.organizations[plan.index][at]
            if self.event.time >= page[0]:
                window = self.plan.calendar.window(kind, self.event.time)
                if not window.start <= self.event.time < window.end:
                    continue
                page[:] = [window.end, window.name, {}]
            old = page[2].get(organization)
            page[2][organization] = new = self._organization_tally(plan, old, found)
            if new != old:
                self.outcome.organizations[organization, metric.key, page[1]] = [new, list(self.event.place)]

    def _organization_tally(self, plan: MetricPlan, old: Any, found: Any) -> Any:
        take = plan.metric.take
        if take in ("days", "distinct"):
            known = old or []
            thing = found if take == "days" else token(found)
            return known if thing in known else [*known, thing]
        if take == "latest":
            return [found[0], *self.event.place]
        return tallies.grown(take, old, found)

    # Streaks

    def _walk(self, plan: StreakPlan) -> None:
        if plan.where is not None and not plan.where(self.event.data):
            return
        state = self.state.streaks[plan.index]
        state[runs.OFFSET] = self.event.offset
        day = self._day(plan.streak.clock)
        period = day if plan.streak.every == "day" else plan.calendar.period(day)
        bridged = self._bridged(plan)
        if period is None or not runs.counted(plan.streak, state, period, bridged):
            return
        self.dirty.update(self.plan.badges_by.get(("streak", plan.streak.key), ()))
        self.outcome.effects.append(Extended(plan.streak.key, runs.tail(plan.streak, state, bridged)[1], self.event))

    def _bridged(self, plan: StreakPlan) -> runs.Bridged:
        found = self.bridged.get(plan.index)
        if found is None:
            found = runs.bridges(plan.streak, plan.calendar, self.given.timeline, self.plan.time_zone)
            self.bridged[plan.index] = found
        return found

    # Badges

    def _look_at(self, plan: BadgePlan) -> None:
        badge = plan.badge
        best = badge.best is not None and self._best(plan)
        if plan.gated and not self._open(plan):
            if badge.key in self.state.open:
                self.state.open.remove(badge.key)
            return
        if badge.best is not None:
            if best:
                self._award(plan, None, f"badge/{badge.key}//{self.event.source}\x1f{self.event.id}", None, None)
            return
        if badge.by is not None:
            self._look_at_objects(plan)
            return
        window = _badge_window(self.plan, plan, self.event.time)
        for tier, when in plan.tiers:
            if when is not None and not self._stands(plan, tier, window) and self._true(when, None):
                self._give(plan, tier, window, None)

    def _open(self, plan: BadgePlan) -> bool:
        badge, time = plan.badge, self.event.time
        if badge.from_ is not None and time < badge.from_:
            return False
        if badge.until is not None and time >= badge.until:
            return False
        if plan.locked_at is not None and self.event.known_at >= plan.locked_at:
            return False
        return plan.for_ is None or plan.for_(self.profile.values)

    def _best(self, plan: BadgePlan) -> bool:
        """Whether this event beats the member's mark; moves the mark."""
        assert plan.badge.best is not None
        metric = self.plan.metrics[self.plan.metric_index[plan.badge.best.metric]]
        fits = self.event.type in metric.metric.types and (metric.where is None or metric.where(self.event.data))
        value = self.event.data.get(metric.metric.of or "") if fits else None
        if value is None or value < plan.badge.best.minimum:
            return False
        mark = self.state.badges.setdefault(plan.badge.key, [None])
        beaten = mark[0] is not None and value > mark[0]
        if mark[0] is None or beaten:
            mark[0] = value
        return beaten

    def _stands(self, plan: BadgePlan, tier: str | None, window: str | None) -> bool:
        standing = self.state.badges.get(plan.badge.key, {}).get(tier or "")
        if standing is None:
            return False
        return bool(standing == 1 if window is None else standing == [window, 1])

    def _give(self, plan: BadgePlan, tier: str | None, window: str | None, thing: Any) -> None:
        badge = plan.badge
        key = f"badge/{badge.key}/{tier or ''}"
        if window is not None:
            key += f"/{window}"
        if thing is not None and badge.repeat:
            key += f"/{token(thing)}"
        if thing is None:
            standing = self.state.badges.setdefault(badge.key, {})
            standing[tier or ""] = 1 if window is None else [window, 1]
        self._award(plan, tier, key, window if badge.repeat else None, thing if badge.repeat else None)

    def _award(self, plan: BadgePlan, tier: str | None, key: str, window: str | None, thing: Any) -> None:
        badge = plan.badge
        if key in self.state.kept:
            self.outcome.due_again.append(key)
            return
        self.given_keys.add(key)
        version = self.plan.newest.number
        shown = None if thing is None else str(thing)
        points = self.given.posted.get(key, badge.points)
        self.outcome.effects.append(Award(key, "badge", badge.key, tier, shown, window, points, self.event, version))
        if points:
            self.outcome.effects.append(Points(key, "bonus", "badge", badge.key, points, self.event, version))
            self.gained += points
        self._count(badge.key, tier)

    def _count(self, badge: str, tier: str | None) -> None:
        times = self.state.times.setdefault(badge, {})
        times[tier or ""] = times.get(tier or "", 0) + 1
        self.dirty.update(self.plan.badges_by.get(("badge", badge), ()))

    def _look_at_objects(self, plan: BadgePlan) -> None:
        window = _badge_window(self.plan, plan, self.event.time)
        for tier, when in plan.tiers:
            if when is None or (not plan.badge.repeat and self._stands(plan, tier, None)):
                continue
            for thing in self._candidates(plan, when):
                if not self._true(when, thing):
                    continue
                if not plan.badge.repeat:
                    self.state.badges.setdefault(plan.badge.key, {})[tier or ""] = 1
                    self._give(plan, tier, None, thing)
                    break
                if not self._saw(_awarded(plan, tier, window, thing)):
                    self._give(plan, tier, window, thing)
        if plan.gated and plan.badge.key not in self.state.open:
            self.state.open.append(plan.badge.key)

    def _candidates(self, plan: BadgePlan, when: When) -> Iterable[Any]:
        """Objects about which the badge may have become true: the event's own; all, where more decides than they."""
        leaves = _leaves(when)
        about = [leaf for leaf in leaves if isinstance(leaf, MetricAtLeast) and self._by_object(leaf)]
        if len(about) == len(leaves) and (not plan.gated or plan.badge.key in self.state.open):
            thing = self.event.data.get(plan.badge.by or "")
            return () if thing is None else (thing,)
        found: dict[str, Any] = {}
        for leaf in about:
            window = self.plan.calendar.window(leaf.within, self.event.time).name
            for _, part in self.parts.under(_objects(leaf.metric, window)):
                thing = Decimal(part[0][0]) if part[0].__class__ is list else part[0]
                found[token(thing)] = thing
        return [found[name] for name in sorted(found)]

    def _by_object(self, leaf: MetricAtLeast) -> bool:
        metric = self.plan.program.metrics[leaf.metric]
        return metric.by is not None and metric.total == "greatest"

    # Conditions of badges

    def _true(self, when: When, thing: Any) -> bool:
        if isinstance(when, MetricAtLeast):
            return self._reaches(when, thing)
        if isinstance(when, AtLeastOf):
            count = 0
            for inner in when.conditions:
                count += self._true(inner, thing)
                if count >= when.count:
                    return True
            return when.count <= 0
        if isinstance(when, StreakAtLeast):
            plan = self.plan.streaks[self.plan.streak_index[when.streak]]
            return runs.tail(plan.streak, self.state.streaks[plan.index], self._bridged(plan))[2] >= when.at_least
        if isinstance(when, HasBadge):
            times = self.state.times.get(when.badge, {})
            count = sum(times.values()) if when.tier is None else times.get(when.tier, 0)
            return count >= when.times
        if isinstance(when, GoalReached):
            return when.goal in self.state.goals
        return self._has_level(when)

    def _has_level(self, when: HasLevel) -> bool:
        """That level or a higher one, reached or kept."""
        wanted = self.plan.level_index[when.level]
        kept = [
            self.plan.level_index.get(key.removeprefix("level/"), -1)
            for key in self.state.kept
            if key.startswith("level/")
        ]
        return self.state.level > wanted or max(kept, default=-1) >= wanted

    def _reaches(self, when: MetricAtLeast, thing: Any) -> bool:
        value: Any
        if thing is not None and self._by_object(when):
            window = self.plan.calendar.window(when.within, self.event.time)
            part = self.parts.get(_object(when.metric, window.name, thing))
            take = self.plan.program.metrics[when.metric].take
            known = part is not None and window.start <= self.event.time < window.end
            value = tallies.value(take, part[1]) if known else None
        else:
            value = self._now(when.metric, when.within)
        if value is None:
            if self.plan.program.metrics[when.metric].take not in ("count", "sum", "distinct", "days"):
                return False
            value = 0
        return not isinstance(value, str) and value >= when.at_least

    # Goals and levels

    def _aim(self, plan: GoalPlan) -> None:
        slot = self.state.metrics[plan.metric][plan.position]
        if self.event.time >= slot[ENDS] or self.state.goals.get(plan.goal.key) == slot[NAME]:
            return
        value = self._now(plan.goal.metric, plan.goal.window)
        if value is None:
            return
        before = value_before(self.plan, self.state, plan.goal.metric, plan.goal.window, slot[STARTS])
        target = target_for(plan, slot[NAME], before, self.profile.values, self.given.targets)
        if target is None or value < target:
            return
        self.state.goals[plan.goal.key] = slot[NAME]
        self.outcome.effects.append(Reached(plan.goal.key, slot[NAME], self.event))
        self.dirty.update(self.plan.badges_by.get(("goal", plan.goal.key), ()))

    def _climb(self) -> None:
        self.climbing = False
        earned = self._now("points_earned", "all") or 0
        levels = self.plan.levels
        while self.state.level < len(levels) and earned >= levels[self.state.level].at:
            level = levels[self.state.level]
            self.state.level += 1
            key = f"level/{level.key}"
            if key in self.state.kept:
                self.outcome.due_again.append(key)
                continue
            self.given_keys.add(key)
            version = self.plan.newest.number
            self.outcome.effects.append(Award(key, "level", level.key, None, None, None, 0, self.event, version))
            for higher in levels[: self.state.level]:
                self.dirty.update(self.plan.badges_by.get(("level", higher.key), ()))

    # Kept awards

    def _stand(self, award: Kept) -> None:
        """A kept award takes its place: conditions and points see it."""
        if award.key in self.given_keys:
            self.outcome.due_again.append(award.key)
            return
        self.state.kept.append(award.key)
        if award.kind == "level":
            for level in self.plan.levels:
                self.dirty.update(self.plan.badges_by.get(("level", level.key), ()))
            return
        self._count(award.badge, award.tier)
        if award.points:
            self._earn(award.points)

    def _stand_alone(self, award: Kept) -> None:
        """A kept award whose event is gone: nothing is looked at at its place, all of it at the next event."""
        time, source, name = award.place
        self.event = Event(time, source, name, "", 0, {})
        self.profile = self.given.timeline.at(time)
        self._stand(award)
        self._combine()
        self.state.look = True


def value_at(plan: Plan, state: State, key: str, kind: WindowKind, time: int) -> Exact | None:
    """A metric's value in the window of the kind that holds `time`, which is not before the newest event; no text."""
    metric = plan.metrics[plan.metric_index[key]]
    if metric.metric.combined:
        return _combined(metric, lambda part: value_at(plan, state, part, kind, time))
    slot = state.metrics[metric.index][metric.position(kind)]
    return None if time >= slot[ENDS] else _number(metric, slot[TALLY])


def value_before(plan: Plan, state: State, key: str, kind: WindowKind, start: int) -> Exact | None:
    """A metric's value in the window before the one that starts at `start` and is the newest or comes after it."""
    metric = plan.metrics[plan.metric_index[key]]
    if metric.metric.combined:
        return _combined(metric, lambda part: value_before(plan, state, part, kind, start))
    slot = state.metrics[metric.index][metric.position(kind)]
    if slot[STARTS] == start:
        return _number(metric, slot[BEFORE])
    return _number(metric, slot[TALLY]) if slot[ENDS] == start else None


def _combined(metric: MetricPlan, part: Callable[[str], Exact | None]) -> Exact | None:
    known = metric.metric
    if known.share is not None and known.share_of is not None:
        return tallies.share(part(known.share), part(known.share_of), known.minimum)
    return tallies.balance([part(key) for key in known.plus], [part(key) for key in known.minus])


def _number(metric: MetricPlan, tally: Any) -> Exact | None:
    found = tallies.value(metric.slot_take, tally)
    return None if isinstance(found, str) else found


def base_amount(rule: RulePlan, event: Event) -> int:
    """The award before boosts and caps: floor(of / for_every) x points, raised and cut; a missing amount is 0 and not
    raised.
    """
    award = rule.rule.award
    if award.for_every is None:
        return award.points
    amount = event.data.get(award.of or "")
    if amount is None:
        return 0
    base = floor(Fraction(amount) / Fraction(award.for_every)) * award.points
    if award.at_least is not None:
        base = max(base, award.at_least)
    return base if award.at_most is None else min(base, award.at_most)


def target_of(goal: GoalPlan, window: str, ends: int, before: Exact | None, given: Given) -> Number | None:
    """The member's target in a window that ends at `ends`: its own, else the first that fits, else the goal's; None:
    no such goal.

    `before` is the metric's value in the window before.
    """
    return target_for(goal, window, before, given.timeline.at(min(given.now, ends - 1)).values, given.targets)


def target_for(
    goal: GoalPlan,
    window: str,
    before: Exact | None,
    values: Mapping[str, Any],
    targets: Mapping[tuple[str, str], Number],
) -> Number | None:
    """As `target_of`, of a member with these values of a profile."""
    if goal.for_ is not None and not goal.for_(values):
        return None
    own = targets.get((goal.goal.key, window))
    if own is not None:
        return own
    target = goal.goal.target
    for fits, other in goal.targets:
        if fits is None or fits(values):
            target = other
            break
    if not isinstance(target, OfPrevious):
        return target
    return None if before is None else ceil(Fraction(before) * target.factor)


def _once(rule: RulePlan, once: str | bool, event: Event) -> str:
    return f"once/{rule.rule.key}/" + ("ever" if once is True else f"{once}/{token(event.data.get(str(once)))}")


def _seen(plan: MetricPlan, window: str, event: Event, thing: Any) -> str:
    value = token(event.data.get(plan.metric.of or ""))
    about = "" if thing is None else token(thing) + "\x1f"
    return f"seen/{plan.metric.key}/{window}/{about}{value}"


def _objects(metric: str, window: str) -> str:
    return f"object/{metric}/{window}/"


def _object(metric: str, window: str, thing: Any) -> str:
    return _objects(metric, window) + token(thing)


def _awarded(plan: BadgePlan, tier: str | None, window: str | None, thing: Any) -> str:
    return f"award/{plan.badge.key}/{tier or ''}/{window or ''}/{token(thing)}"


def _badge_window(plan: Plan, badge: BadgePlan, time: int) -> str | None:
    """Of a repeated badge: the window that it can be earned in once."""
    if not badge.badge.repeat or badge.badge.window is None:
        return None
    return plan.calendar.window(badge.badge.window, time).name
