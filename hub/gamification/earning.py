"""Rules in the fold: what each gives for an event, or the first thing that fails, in the order of the table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from hub.gamification.because import Cut, Priced
from hub.gamification.conditions import first_failure
from hub.gamification.events import Event
from hub.gamification.moment import Moment
from hub.gamification.numbers import MAX_POINTS, WIDE, Number
from hub.gamification.outcome import Points, Skip
from hub.gamification.plan import BoostPlan, Limit, Per, RulePlan
from hub.gamification.progress import token


def apply(here: Moment, rule: RulePlan) -> int:
    """Points that the rule gives for the event; the first thing that fails is the skip."""
    known, time = rule.rule, here.event.time
    once = None if known.once_per is None else once_part(rule, known.once_per, here.event)
    use = here.state.rules.get(known.key)
    if use is None:
        use = here.state.rules[known.key] = [None, {}]
    refused = _refused(here, rule, once, use[0])
    if refused is not None:
        return _skip(here, rule, refused)
    cuts: list[Cut] = []
    amount = _amount(here, rule)
    if amount == 0 or (amount < 0 and known.award.points > 0):
        return _skip(here, rule, "nothing", amount=amount, found=here.event.data.get(known.award.of or ""))
    if amount > 0:
        amount = _capped(here, rule, use, amount, cuts)
        if amount == 0:
            return 0
    use[0] = time
    for each in rule.onces:
        name = once if each == known.once_per and once else once_part(rule, each, here.event)
        here.parts.put(name, [time, here.event.entry])
    kind = "points" if amount > 0 else "deduction"
    key = f"rule/{known.key}/{here.event.entry}"
    here.outcome.effects.append(Points(key, kind, "rule", known.key, amount, here.event, rule.version))
    if here.traced:
        here.tell(_priced(here, rule, cuts))
    return amount


def _priced(here: Moment, rule: RulePlan, cuts: Sequence[Cut]) -> Priced:
    boosts = tuple((boost.key, boost.factor) for boost in _boosts(here, rule))
    return Priced(here.event.data.get(rule.rule.award.of or ""), base_amount(rule, here.event), boosts, tuple(cuts))


def _refused(here: Moment, rule: RulePlan, once: str | None, last: int | None) -> str | None:
    """The code of the first thing, up to the cooldown, that keeps the rule from looking at the amount."""
    event = here.event
    if not rule.from_ <= event.time < rule.until:
        return "not_in_force"
    if rule.for_ is not None and not rule.for_(here.profile.values):
        return "not_for_member"
    if rule.where is not None and not rule.where(event.data):
        return "condition"
    if once is not None and here.parts.get(once) is not None:
        return "once_per"
    too_soon = rule.rule.cooldown is not None and last is not None and event.time - last < rule.rule.cooldown
    return "cooldown" if too_soon else None


def _skip(here: Moment, rule: RulePlan, code: str, **detail: Any) -> int:
    if here.traced:
        found = detail or _why(here, rule, code)
        here.outcome.skips.append(Skip(rule.rule.key, code, found, here.event, rule.version))
    return 0


def _why(here: Moment, rule: RulePlan, code: str) -> dict[str, Any]:
    """What was found: the first test that failed and its value, or the award that came before."""
    known, event = rule.rule, here.event
    if code == "once_per" and known.once_per is not None:
        time, entry = here.parts.get(once_part(rule, known.once_per, event))
        return {"since": time, "by": entry}
    if code == "cooldown":
        since = here.state.rules[known.key][0]
        return {"since": since, "until": since + (known.cooldown or 0)}
    asked = {"condition": (known.where, event.data), "not_for_member": (known.for_, here.profile.values)}.get(code)
    failure = first_failure(*asked) if asked else None
    if failure is None:
        return {}
    test = failure.test
    asked_for = {"name": test.name, "operator": test.operator, "wanted": test.value}
    return {**asked_for, "found": failure.found, "excluded": not failure.wanted}


def _amount(here: Moment, rule: RulePlan) -> int:
    base = base_amount(rule, here.event)
    if base <= 0:
        return max(base, -MAX_POINTS)
    if not rule.boosts:
        return min(base, MAX_POINTS)
    factor = Fraction(1)
    for boost in _boosts(here, rule):
        factor *= boost.factor
    return min(floor(base * factor), MAX_POINTS)


def _boosts(here: Moment, rule: RulePlan) -> list[BoostPlan]:
    """Those in force for this member at this event."""
    time, values = here.event.time, here.profile.values
    return [
        boost
        for boost in rule.boosts
        if boost.from_ <= time < boost.until and (boost.for_ is None or boost.for_(values))
    ]


def _capped(here: Moment, rule: RulePlan, use: list[Any], amount: int, cuts: list[Cut]) -> int:
    """What the caps leave of the amount, booked in all of them; 0 with a skip where one leaves nothing."""
    for limit in rule.limits:
        used = _used(here, use, limit)
        if used is None:
            continue
        if limit.times is not None and used[2] >= limit.times:
            return _full(here, rule, limit, times=limit.times)
        if limit.points is not None:
            left = limit.points - used[1]
            if left <= 0:
                return _full(here, rule, limit, points=limit.points)
            if left < amount:
                cuts.append(Cut(limit.shared, limit.per.kind, limit.points, amount, left))
                amount = left
    for per in rule.counted:
        _book(here, use[1], per, amount)
    for key, per in rule.shared:
        _book(here, here.state.caps.setdefault(key, {}), per, amount)
    return amount


def _full(here: Moment, rule: RulePlan, limit: Limit, **of: int) -> int:
    if not here.traced:
        return 0
    window = limit.per.calendar.window(limit.per.kind, here.event.time)
    return _skip(here, rule, "cap", cap=limit.shared, per=limit.per.kind, window=window, **of)


def _used(here: Moment, use: list[Any], limit: Limit) -> list[int] | None:
    books = use[1] if limit.shared is None else here.state.caps.setdefault(limit.shared, {})
    return _page(here, books, limit.per)


def _book(here: Moment, books: dict[str, list[int]], per: Per, amount: int) -> None:
    page = _page(here, books, per)
    if page is not None:
        page[1] += amount
        page[2] += 1


def _page(here: Moment, books: dict[str, list[int]], per: Per) -> list[int] | None:
    """What was used in the window that holds the event; None where the kind is a span that does not."""
    page = books.get(per.page)
    if page is None or here.event.time >= page[0]:
        window = per.calendar.window(per.kind, here.event.time)
        if not window.start <= here.event.time < window.end:
            return None
        page = books[per.page] = [window.end, 0, 0]
    return page


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
    base = _times(amount, award.for_every) * award.points
    if award.at_least is not None:
        base = max(base, award.at_least)
    return base if award.at_most is None else min(base, award.at_most)


def _times(amount: Number, every: Number) -> int:
    """How often `every`, which is positive, goes into the amount, rounded down."""
    if amount.__class__ is int and every.__class__ is int:
        return amount // every
    if amount >= 0:
        return int(WIDE.divide_int(Decimal(amount), Decimal(every)))
    return floor(Fraction(amount) / Fraction(every))


def once_part(rule: RulePlan, once: str | bool, event: Event) -> str:
    """Where it is kept that the rule has awarded the member for this value."""
    return f"once/{rule.rule.key}/" + ("ever" if once is True else f"{once}/{token(event.data.get(str(once)))}")
