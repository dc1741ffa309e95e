"""Why an event brought something, and why not: effects and skips as sentences, with the values that decided.

What was looked at comes from the fold (`hub.gamification.because`); the words here are the reader's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from hub.gamification.badges import GoalReached, HasBadge, HasLevel, Leaf, MetricAtLeast, StreakAtLeast
from hub.gamification.because import Cut, Priced, Seen, SeenOf, SeenSome
from hub.gamification.conditions import Condition, Test
from hub.gamification.explain import Check, failed
from hub.gamification.numbers import Exact
from hub.gamification.outcome import Skip
from hub.gamification.points import Cap, Rule
from hub.gamification.windows import LAST
from hub.wording import moment, number
from hub.wording.entries import periods, price, when
from hub.wording.phrases import Speaker, both, factor, told
from hub.wording.texts import _


class Reason(NamedTuple):
    """Why a rule gave nothing, and what would change that. `entry`: the event that was there before."""

    text: str
    change: str | None = None
    entry: int | None = None


class Line(NamedTuple):
    """One condition, or one step of a reckoning: what is asked for, and what was found."""

    text: str
    found: str
    met: bool = True


# Skips


def skipped(by: Speaker, rule: Rule, skip: Skip) -> Reason:
    """Why a rule gave nothing for an event: the first thing that failed."""
    say = _SKIPS.get(skip.code)
    return say(by, rule, skip) if say else Reason(skip.code)


def _not_in_force(by: Speaker, rule: Rule, skip: Skip) -> Reason:
    if rule.from_ is not None and skip.event.time < rule.from_:
        since = by.instant(rule.from_)
        return Reason(_("This gives points only from %(date)s on.", date=since))
    until = by.instant(rule.until if rule.until is not None else skip.event.time)
    return Reason(_("This gave points only before %(date)s.", date=until))


def _not_for_member(by: Speaker, rule: Rule, skip: Skip) -> Reason:
    whom, test = by.whom(rule.for_), failed(skip)
    if test is None:
        return Reason(_("This is for %(whom)s.", whom=whom))
    name = by.name(test.name)
    if skip.detail["found"] is None:
        return Reason(_("This is for %(whom)s; there was no %(name)s then.", whom=whom, name=name))
    found = both(by.values(test.name, skip.detail["found"], None))
    text = _("This is for %(whom)s; the %(name)s was %(found)s then.", whom=whom, name=name, found=found)
    return Reason(text)


def _condition(by: Speaker, rule: Rule, skip: Skip) -> Reason:
    test = failed(skip)
    counts = _("What counts is a %(event)s.", event=by.which(rule.types, rule.where))
    if test is None:
        return Reason(_("This event does not count here."), counts)
    condition = by.condition(test, rule.types)
    if skip.detail["excluded"]:
        return Reason(_("This does not count where the %(condition)s.", condition=condition), counts)
    if skip.detail["found"] is None:
        return Reason(_("This counts only if the %(condition)s; it is missing.", condition=condition), counts)
    found = by.amount(rule.types, test.name, skip.detail["found"])
    return Reason(
        _("This counts only if the %(condition)s; it is %(found)s.", condition=condition, found=found), counts
    )


def _once_per(by: Speaker, rule: Rule, skip: Skip) -> Reason:
    at, entry = moment(skip.detail["since"]), skip.detail["by"]
    if rule.once_per is True:
        return Reason(_("This gives points only once, and did on %(time)s.", time=at), None, entry)
    thing = by.attribute(rule.types, str(rule.once_per))
    value = skip.event.data.get(str(rule.once_per))
    if value is None:
        return Reason(
            _("Without a %(thing)s this gives points once, and did on %(time)s.", thing=thing, time=at),
            _("One with a %(thing)s counts.", thing=thing),
            entry,
        )
    name = by.amount(rule.types, str(rule.once_per), value)
    return Reason(
        _("The %(thing)s %(name)s brought points already, on %(time)s.", thing=thing, name=name, time=at),
        _("Another %(thing)s counts.", thing=thing),
        entry,
    )


def _cooldown(_by: Speaker, _rule: Rule, skip: Skip) -> Reason:
    since, until = moment(skip.detail["since"]), moment(skip.detail["until"])
    text = _("This gave points at %(time)s, and takes a pause after that.", time=since)
    return Reason(text, _("From %(time)s on it gives points again.", time=until))


def _nothing(by: Speaker, rule: Rule, skip: Skip) -> Reason:
    award = rule.award
    if award.of is None or award.for_every is None:
        return Reason(_("This comes to less than one point."))
    name, needed = by.attribute(rule.types, award.of), by.amount(rule.types, award.of, award.for_every)
    change = _("From %(amount)s on it counts.", amount=needed)
    if skip.detail.get("found") is None:
        return Reason(_("The %(name)s is missing, so that there is nothing to count.", name=name), change)
    found = by.amount(rule.types, award.of, skip.detail["found"])
    return Reason(_("%(found)s is too little to count.", found=found), change)


def _cap(by: Speaker, _rule: Rule, skip: Skip) -> Reason:
    detail = skip.detail
    limit = by.cap(Cap(detail.get("points"), detail.get("times"), detail["per"]))
    if detail["cap"] is None:
        text = _("This gives %(limit)s, and had.", limit=limit)
    else:
        text = _("“%(cap)s” gives %(limit)s, and had.", cap=by.of("caps", detail["cap"]), limit=limit)
    if detail["window"].end >= LAST:
        return Reason(text)
    return Reason(text, _("From %(date)s on it gives points again.", date=by.instant(detail["window"].end)))


def _reversed(_by: Speaker, _rule: Rule, _skip: Skip) -> Reason:
    return Reason(_("This event was taken back, so that it counts nowhere."))


_SKIPS: Mapping[str, Callable[[Speaker, Rule, Skip], Reason]] = {
    "not_in_force": _not_in_force,
    "not_for_member": _not_for_member,
    "condition": _condition,
    "once_per": _once_per,
    "cooldown": _cooldown,
    "nothing": _nothing,
    "cap": _cap,
    "reversed": _reversed,
}


# Conditions and what they found


def checked(by: Speaker, checks: Collection[Check], types: Collection[str] | None) -> list[Line]:
    """The parts of a rule's condition on the event or (no `types`) the member, each with what was found."""
    return [Line(_part(by, check.part, types), _found(by, check, types), check.met) for check in checks]


def _part(by: Speaker, part: Condition, types: Collection[str] | None) -> str:
    return by.condition(part, types) if isinstance(part, Test) else by.whose(part, types)


def _found(by: Speaker, check: Check, types: Collection[str] | None) -> str:
    """The value; where there are several, each with its name."""
    values = [(name, both(by.values(name, value, types))) for name, value in check.found]
    if len(values) == 1:
        return values[0][1]
    return both([_("%(name)s: %(value)s", name=by.name(name, types), value=value) for name, value in values])


def seen(by: Speaker, of: SeenOf) -> list[Line]:
    """A badge's conditions, each with what was found."""
    if isinstance(of, SeenSome):
        return [line for part in of.parts for line in seen(by, part)]
    text = when(by, of.leaf)
    if of.object is not None:
        text = _("%(condition)s (%(object)s)", condition=text, object=told(of.object))
    return [Line(text, _value(by, of.leaf, of.found), of.met)]


def how_many(of: SeenOf) -> tuple[int, int] | None:
    """How many of how many conditions it takes, where it is not all of them."""
    if isinstance(of, Seen) or of.wanted == len(of.parts):
        return None
    return of.wanted, len(of.parts)


def _value(by: Speaker, leaf: Leaf, found: Exact | None) -> str:
    """The value found; of having something once there is none to tell."""
    if found is None:
        return _("no value")
    if isinstance(leaf, HasLevel | GoalReached) or (isinstance(leaf, HasBadge) and leaf.times == 1):
        return ""
    if isinstance(leaf, MetricAtLeast):
        return by.measured(leaf.metric, found)
    if isinstance(leaf, StreakAtLeast):
        streak = by.program.streaks.get(leaf.streak)
        return periods(streak.every if streak else "day", int(found))
    return number(found)


# Reckonings


def reckoned(by: Speaker, rule: Rule, priced: Priced, amount: int) -> list[Line]:
    """How a rule came to its points, step by step. Empty where it simply gives them."""
    steps = []
    if rule.award.of is not None:
        measured = by.amount(rule.types, rule.award.of, priced.measured)
        steps.append(
            Line(_("%(measured)s, %(price)s", measured=measured, price=price(by, rule)), by.points(priced.base))
        )
    elif priced.boosts or priced.cuts:
        steps.append(Line(_("To begin with"), by.points(priced.base)))
    boosted = priced.cuts[0].before if priced.cuts else amount
    for place, (key, times) in enumerate(priced.boosts):
        last = place == len(priced.boosts) - 1
        steps.append(
            Line(
                _("%(boost)s: %(times)s", boost=by.of("boosts", key), times=factor(times)),
                by.points(boosted) if last else "",
            )
        )
    steps += [Line(_cut(by, cut), by.points(cut.after)) for cut in priced.cuts]
    return steps


def _cut(by: Speaker, cut: Cut) -> str:
    limit = by.cap(Cap(cut.limit, None, cut.per))
    if cut.cap is None:
        return _("%(limit)s: what was left of it", limit=limit)
    return _("“%(cap)s”, %(limit)s: what was left of it", cap=by.of("caps", cut.cap), limit=limit)
