"""The engine: progress + events -> effects and new progress. Pure, exact, and the only place where points and badges
come from.

Events come in canonical order (instant, source, id), each after all that the progress holds; whoever has an earlier
one folds again from the beginning. One event in order: rules, metrics and streaks; then badges, goals and levels,
again until a pass gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hub.gamification import acting, aiming, awarding, climbing, counting, earning, opening, walking
from hub.gamification.badges import MetricAtLeast
from hub.gamification.events import PAUSED, Event
from hub.gamification.moment import Moment
from hub.gamification.outcome import Outcome
from hub.gamification.plan import BadgePlan, MetricPlan, Plan
from hub.gamification.progress import Decided, Given, Kept, Parts, State

#: However a program's badges feed each other, a pass gives something new each time, so this is never met but by a
#: fault of ours.
_MOST_PASSES = 10_000


def fold(
    plan: Plan, state: State, parts: Parts, events: Sequence[Event], given: Given, trace: frozenset[int] = frozenset()
) -> Outcome:
    """Fold events into state and parts, which are changed in place; skips are told of entries in `trace`.

    Raises Unloaded where parts are needed that could not be foreseen; state and parts are then of no use any more.
    """
    return _run(Moment.of(plan, state, parts, given, trace), events)


def _run(here: Moment, events: Sequence[Event]) -> Outcome:
    standing = _standing(here)
    for event in map(here.plan.fitting, events):
        while standing and standing[0].place < event.place:
            _stand_alone(here, standing.pop(0))
        mine = []
        while standing and standing[0].place == event.place:
            mine.append(standing.pop(0))
        _one(here, event, mine)
    for rest in standing:
        _stand_alone(here, rest)
    return here.outcome


def _standing(here: Moment) -> list[Kept | Decided]:
    """What stands whatever the events say, and is not in the state yet: in its places among them."""
    kept = [award for award in here.given.kept if award.key not in here.state.kept]
    # What was final before stands in the state already, unless that begins anew.
    decided = here.given.decided if here.state.place is None else ()
    return sorted((*kept, *decided), key=lambda one: one.place)


def _stand_alone(here: Moment, one: Kept | Decided) -> None:
    """What stands although its event is gone: nothing is looked at at its place, all of it at the next event."""
    time, source, name = one.place
    if here.person and here.plan.actions:
        opening.pass_time(here, time)
    here.state.alone = max(here.state.alone, time)
    here.turn_to(Event(time, source, name, "", 0, {}, one.entry))
    _stand(here, one)
    counting.combine(here)
    here.state.look = True


def _stand(here: Moment, one: Kept | Decided) -> None:
    if isinstance(one, Kept):
        awarding.stand(here, one)
    else:
        aiming.stand(here, one)


def _one(here: Moment, event: Event, standing: list[Kept | Decided]) -> None:
    person, plan, state = here.person, here.plan, here.state
    if person and plan.actions:
        opening.pass_time(here, event.time)
    here.turn_to(event)
    if state.look:
        # What needs nothing (a level at 0, a count of at least 0) is there with the first event.
        state.look = False
        here.dirty.update(plan.at_first)
        here.aims.update(range(len(plan.goals)))
        here.climbing = True
    if len(here.given.timeline.profiles) > 1:
        here.aims.update(plan.asked)
    state.place = event.place
    if state.end is not None and state.end <= state.place:
        state.end = None
    state.read = max(state.read, event.read)
    _take_in(here, event)
    if plan.gated:
        here.dirty.update(plan.gated)
    for one in standing:
        _stand(here, one)
    if here.fed:
        counting.combine(here)
    if person and (here.dirty or here.aims or here.climbing or here.gained or plan.actions):
        _passes(here)


def _take_in(here: Moment, event: Event) -> None:
    touched = here.plan.touched(event.type, event.time)
    given = [earning.apply(here, rule) for rule in touched.rules] if here.person else ()
    for metric in touched.metrics:
        counting.measure(here, metric)
    for amount in given:
        if amount:
            # One by one: what is received is not less by what another rule takes.
            counting.earn(here, amount)
    if here.person:
        acting.act(here)
    if event.type == PAUSED:
        walking.pause(here)
    for streak in touched.streaks:
        walking.walk(here, streak)


def _passes(here: Moment) -> None:
    first, here.moved = True, False
    for _ in range(_MOST_PASSES):
        badges, here.dirty = sorted(here.dirty), set()
        aims, here.aims = sorted(here.aims), set()
        for index in badges:
            awarding.look_at(here, here.plan.badges[index])
        for index in aims:
            aiming.aim(here, here.plan.goals[index])
        for action in here.plan.actions:
            opening.look_at(here, action, close=first)
        if here.climbing:
            climbing.climb(here)
        first = False
        if here.gained:
            gained, here.gained = here.gained, 0
            counting.earn(here, gained)
            counting.combine(here)
        moved, here.moved = here.moved, False
        # An action may wait for what this pass gave.
        if not here.dirty and not here.aims and not here.climbing and not (moved and here.plan.actions):
            return
    raise RuntimeError(f"the badges of {here.event.type} do not settle")


def needs(plan: Plan, event: Event) -> Iterable[str]:
    """Names of the parts that folding this event may read."""
    event = plan.fitting(event)
    touched = plan.touched(event.type, event.time)
    for rule in touched.rules:
        if rule.rule.once_per is not None:
            yield earning.once_part(rule, rule.rule.once_per, event)
    for metric in touched.scattered:
        yield from _metric_needs(plan, metric, event)


def _metric_needs(plan: Plan, metric: MetricPlan, event: Event) -> Iterable[str]:
    by = metric.metric.by
    thing = event.data.get(by) if by else None
    for kind in metric.kinds:
        window = plan.calendar.window(kind, event.time).name
        if metric.metric.take == "distinct":
            yield counting.seen_part(metric, window, event, thing)
        if thing is not None:
            yield counting.object_part(metric.metric.key, window, thing)
    for index in plan.badges_by.get(("metric", metric.metric.key), ()):
        if thing is not None and plan.badges[index].badge.by == by:
            yield from _badge_needs(plan, plan.badges[index], event, thing)


def _badge_needs(plan: Plan, badge: BadgePlan, event: Event, thing: Any) -> Iterable[str]:
    window = awarding.repeat_window(plan, badge, event.time)
    for tier, when in badge.tiers:
        yield awarding.award_part(badge, tier, window, thing)
        for leaf in awarding.single_conditions(when):
            if isinstance(leaf, MetricAtLeast):
                yield counting.object_part(leaf.metric, plan.calendar.window(leaf.within, event.time).name, thing)
