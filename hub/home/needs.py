"""What the next tier of a badge still takes, in words: each condition, and how far one is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hub.ledger.standings import Requirement, Step
from hub.wording import number, window
from hub.wording.entries import periods
from hub.wording.phrases import Speaker
from hub.wording.texts import _, ngettext


@dataclass(frozen=True, slots=True)
class Need:
    """One condition. `far`: how far one is, `3 of 10`; None where it is a thing one has or has not."""

    text: str
    far: str | None
    met: bool
    share: Fraction


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the next tier. `some`: how many of the conditions it takes, where it is not all of them."""

    tier: str | None
    share: Fraction
    needs: tuple[Need, ...]
    some: str | None


def way(by: Speaker, badge: str, step: Step) -> Way:
    needs = tuple(_need(by, one) for one in step.requirements)
    some = None
    if step.count < len(needs):
        some = ngettext("One of these is enough:", "It takes %(num)s of these:", step.count)
    return Way(by.tier(badge, step.tier) if step.tier else None, step.share, needs, some)


def _need(by: Speaker, one: Requirement) -> Need:
    share = Fraction(1) if one.met else max(Fraction(0), Fraction(one.actual) / Fraction(one.needed))
    return Need(_text(by, one), _far(by, one), one.met, share)


def _text(by: Speaker, one: Requirement) -> str:
    if one.kind == "level":
        return _("the level %(level)s", level=by.level(one.key))
    if one.kind == "goal":
        return _("the goal %(goal)s", goal=by.of("goals", one.key))
    if one.kind == "badge":
        tier = by.tier(one.key, one.tier) if one.tier else None
        return _("the badge %(badge)s", badge=", ".join(filter(None, (by.of("badges", one.key), tier))))
    title = by.of("streaks" if one.kind == "streak" else "metrics", one.key)
    more = (window(one.window) if one.window else None, one.object)
    return ", ".join(filter(None, (title, *more)))


def _far(by: Speaker, one: Requirement) -> str | None:
    if one.kind == "metric":
        return _of(by.measured(one.key, one.actual), by.measured(one.key, one.needed))
    if one.kind == "streak":
        streak = by.program.streaks.get(one.key)
        return _of(number(one.actual), periods(streak.every if streak else "day", int(one.needed)))
    if one.kind == "level":
        return _of(number(one.actual), by.points(int(one.needed)))
    return _of(number(one.actual), number(one.needed)) if one.needed > 1 else None


def _of(actual: str, needed: str) -> str:
    return _("%(actual)s of %(needed)s", actual=actual, needed=needed)
