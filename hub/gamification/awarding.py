"""Badges in the fold: when their conditions hold, about which object, and kept awards, which stand all the same."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hub.gamification import counting, seeing
from hub.gamification.badges import AtLeastOf, MetricAtLeast, PersonalBest, When
from hub.gamification.because import Beaten, ByHand, Rewarded
from hub.gamification.events import Event
from hub.gamification.moment import Moment
from hub.gamification.numbers import Number
from hub.gamification.outcome import Award, Points
from hub.gamification.plan import BadgePlan, Plan
from hub.gamification.progress import Kept, token

#: What a badge is given for: its condition, a best that was beaten, a goal that was reached, somebody's will.
Why = When | Beaten | Rewarded | ByHand


def look_at(here: Moment, plan: BadgePlan) -> None:
    """Award what the badge's conditions now say."""
    badge = plan.badge
    best = None if badge.best is None else _best(here, plan, badge.best)
    if plan.gated and not _open(here, plan):
        if badge.key in here.state.open:
            here.state.open.remove(badge.key)
        return
    if badge.best is not None:
        if best is not None:
            _award(here, plan, None, f"badge/{badge.key}//{here.event.source}\x1f{here.event.id}", None, None, best)
        return
    if badge.by is not None:
        _look_at_objects(here, plan)
        return
    window = repeat_window(here.plan, plan, here.event.time)
    standing = here.state.badges.get(badge.key)
    for tier, when in plan.tiers:
        if when is None or (standing and _stands(here, plan, tier, window, STANDS, SPENT)):
            continue
        if not true(here, when, None):
            return  # nor do the tiers above it
        _give(here, plan, tier, window, None, when)


def give(here: Moment, key: str, why: Rewarded) -> None:
    """Award a badge as a reward or prize: it needs no condition then, but has to be on offer."""
    plan = here.plan.badges[here.plan.badge_index[key]]
    if plan.badge.state != "draft" and _open(here, plan):
        _hand(here, plan, None, why)


def grant(here: Moment, key: str, tier: str | None, why: ByHand) -> None:
    """Award a badge by hand: whoever it is for, and whenever; but no draft, and none that was locked before."""
    index = here.plan.badge_index.get(key)
    plan = None if index is None else here.plan.badges[index]
    if plan is not None and plan.badge.state != "draft" and not _locked(here, plan) and tier in dict(plan.tiers):
        _hand(here, plan, tier, why)


def _hand(here: Moment, plan: BadgePlan, tier: str | None, why: Why) -> None:
    badge = plan.badge
    if badge.each:
        key = f"badge/{badge.key}/{tier or ''}/{here.event.source}\x1f{here.event.id}"
        _award(here, plan, tier, key, None, None, why)
        return
    window = repeat_window(here.plan, plan, here.event.time)
    if not _stands(here, plan, tier, window, STANDS):
        _give(here, plan, tier, window, None, why)


def _open(here: Moment, plan: BadgePlan) -> bool:
    badge, time = plan.badge, here.event.time
    if badge.from_ is not None and time < badge.from_:
        return False
    if badge.until is not None and time >= badge.until:
        return False
    if _locked(here, plan):
        return False
    return plan.for_ is None or plan.for_(here.profile.values)


def _locked(here: Moment, plan: BadgePlan) -> bool:
    return plan.locked is not None and here.event.read > plan.locked


def _best(here: Moment, plan: BadgePlan, best: PersonalBest) -> Beaten | None:
    """Whether this event beats the member's mark; moves the mark."""
    value = best_value(here.plan, best, here.event)
    if value is None:
        return None
    mark = here.state.badges.setdefault(plan.badge.key, [None])
    beaten = Beaten(best.metric, value, mark[0]) if mark[0] is not None and value > mark[0] else None
    if mark[0] is None or beaten:
        mark[0] = value
    return beaten


def best_value(plan: Plan, best: PersonalBest, event: Event) -> Number | None:
    """What the event could set the member's mark to; None: it cannot."""
    metric = plan.metrics[plan.metric_index[best.metric]]
    fits = event.type in metric.metric.types and (metric.where is None or metric.where(event.data))
    value: Number | None = event.data.get(metric.metric.of or "") if fits else None
    return None if value is None or value < best.minimum else value


#: Of an award that stands; and of one that was taken by hand from the event that earns it: no later one does.
STANDS, SPENT = 1, 2


def _stands(here: Moment, plan: BadgePlan, tier: str | None, window: str | None, *marks: int) -> bool:
    """Whether it has one of these marks."""
    standing = here.state.badges.get(plan.badge.key, {}).get(tier or "")
    return standing is not None and standing in (marks if window is None else [[window, mark] for mark in marks])


def _give(here: Moment, plan: BadgePlan, tier: str | None, window: str | None, thing: Any, why: Why) -> None:
    badge = plan.badge
    key = f"badge/{badge.key}/{tier or ''}"
    if window is not None:
        key += f"/{window}"
    if thing is not None and badge.repeat:
        key += f"/{token(thing)}"
    if thing is None:
        _mark(here, plan, tier, window, STANDS)
    _award(here, plan, tier, key, window if badge.repeat else None, thing, why)


def _award(here: Moment, plan: BadgePlan, tier: str | None, key: str, window: str | None, thing: Any, why: Why) -> None:
    badge = plan.badge
    if (key, here.event.place) in here.given.barred:
        if not badge.each:
            _mark(here, plan, tier, window, SPENT)
        return
    if key in here.state.kept:
        here.outcome.due_again.append(key)
        return
    here.awarded.add(key)
    version = here.plan.newest.number
    shown = None if thing is None or not badge.repeat else str(thing)
    points = here.given.posted.get(key, badge.points)
    here.outcome.effects.append(Award(key, "badge", badge.key, tier, shown, window, points, here.event, version))
    if here.traced:
        here.tell(why if isinstance(why, Beaten | ByHand | Rewarded) else seeing.seen(here, why, thing))
    if points:
        here.outcome.effects.append(Points(key, "bonus", "badge", badge.key, points, here.event, version))
        here.gained += points
    _count(here, badge.key, tier)


def _mark(here: Moment, plan: BadgePlan, tier: str | None, window: str | None, mark: int) -> None:
    standing = here.state.badges.setdefault(plan.badge.key, {})
    standing[tier or ""] = mark if window is None else [window, mark]


def _count(here: Moment, badge: str, tier: str | None) -> None:
    times = here.state.times.setdefault(badge, {})
    times[tier or ""] = times.get(tier or "", 0) + 1
    here.changed("badge", badge)


def _look_at_objects(here: Moment, plan: BadgePlan) -> None:
    window = repeat_window(here.plan, plan, here.event.time)
    for tier, when in plan.tiers:
        if when is None or (not plan.badge.repeat and _stands(here, plan, tier, None, STANDS, SPENT)):
            continue
        for thing in _candidates(here, plan, when):
            if not true(here, when, thing):
                continue
            if not plan.badge.repeat:
                _mark(here, plan, tier, None, STANDS)
                _give(here, plan, tier, None, thing, when)
                break
            if not here.saw(award_part(plan, tier, window, thing)):
                _give(here, plan, tier, window, thing, when)
    if plan.gated and plan.badge.key not in here.state.open:
        here.state.open.append(plan.badge.key)


def _candidates(here: Moment, plan: BadgePlan, when: When) -> Iterable[Any]:
    """Objects about which the badge may have become true: the event's own; all, where more decides than they."""
    leaves = single_conditions(when)
    about = [leaf for leaf in leaves if isinstance(leaf, MetricAtLeast) and seeing.by_object(here, leaf)]
    if len(about) == len(leaves) and not plan.anew and (not plan.gated or plan.badge.key in here.state.open):
        thing = here.event.data.get(plan.badge.by or "")
        return () if thing is None else (thing,)
    found: dict[str, Any] = {}
    for leaf in about:
        window = here.plan.calendar.window(leaf.within, here.event.time).name
        for _, part in here.parts.under(counting.objects(leaf.metric, window)):
            thing = Decimal(part[0][0]) if part[0].__class__ is list else part[0]
            found[token(thing)] = thing
    if not found and not plan.badge.repeat:
        return [None]  # what else decides may do so before there is any object
    return [found[name] for name in sorted(found)]


def true(here: Moment, when: When, thing: Any = None) -> bool:
    """Whether a badge's condition holds at the event at hand; `thing`: the object that it is about."""
    check = here.plan.checks.get(id(when))
    if check is None:
        check = here.plan.checks[id(when)] = seeing.compiled(here.plan, when)
    return check(here, thing)


def stand(here: Moment, award: Kept) -> None:
    """A kept award takes its place: conditions and points see it."""
    if award.key in here.awarded:
        here.outcome.due_again.append(award.key)
        return
    here.state.kept.append(award.key)
    if award.kind == "level":
        for level in here.plan.levels:
            here.changed("level", level.key)
        return
    _count(here, award.badge, award.tier)
    if award.points:
        counting.earn(here, award.points)


def award_part(plan: BadgePlan, tier: str | None, window: str | None, thing: Any) -> str:
    """Where it is kept that a badge about objects was given for one."""
    return f"award/{plan.badge.key}/{tier or ''}/{window or ''}/{token(thing)}"


def repeat_window(plan: Plan, badge: BadgePlan, time: int) -> str | None:
    """Of a repeated badge: the window that it can be earned in once."""
    if not badge.badge.repeat or badge.badge.window is None:
        return None
    return plan.calendar.window(badge.badge.window, time).name


def single_conditions(when: When | None) -> list[Any]:
    """The single conditions of a condition."""
    if isinstance(when, AtLeastOf):
        return [leaf for inner in when.conditions for leaf in single_conditions(inner)]
    return [] if when is None else [when]
