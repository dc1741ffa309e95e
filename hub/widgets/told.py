"""What several widgets tell alike: what a badge is made of, its tiers, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hub.gamification.badges import Badge
from hub.gamification.windows import Window
from hub.ledger import reading
from hub.widgets.kit import View, unit_of
from hub.wording import Quantity

METALS = ("bronze", "silver", "gold", "platinum")
ICON = "award"
SECTIONS = {"metric": "metrics", "streak": "streaks", "badge": "badges", "goal": "goals"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, and how far the viewer is. Of having something (a badge, a level, a goal) there is nothing to
    count, but for how many times.
    """

    kind: str  # metric, streak, badge, level, goal
    title: str
    actual: Quantity
    needed: Quantity
    window: Window | None = None  # of a metric that counts within a window
    tier: str | None = None  # of a badge

    @property
    def met(self) -> bool:
        return self.actual.value >= self.needed.value

    @property
    def share(self) -> Fraction:
        """How much of it is done, 0 to 1."""
        if self.met or self.needed.value <= 0:
            return Fraction(1)
        return max(Fraction(self.actual.value) / Fraction(self.needed.value), Fraction(0))

    @property
    def remains(self) -> Quantity:
        return Quantity(max(Fraction(self.needed.value) - Fraction(self.actual.value), Fraction(0)), self.needed.unit)


def condition(view: View, one: reading.Requirement) -> Condition:
    metric = view.program.metrics.get(one.key) if one.kind == "metric" else None
    unit = unit_of(view.program, metric) if metric else None
    titles = {level.key: level.title for level in view.program.levels}
    section = SECTIONS.get(one.kind)
    title = view.title(section, one.key) if section else view.said(titles.get(one.key, {}), one.key)
    if one.object:
        title = f"{title}, {one.object}"
    tier = tier_title(view, view.program.badges.get(one.key), one.tier) if one.kind == "badge" else None
    return Condition(one.kind, title, Quantity(one.actual, unit), Quantity(one.needed, unit), one.window, tier)


def icon_of(badge: Badge | None) -> str:
    return (badge.icon if badge else None) or ICON


def tier_title(view: View, badge: Badge | None, name: str | None) -> str | None:
    if name is None:
        return None
    titles = {tier.name: tier.title for tier in badge.tiers} if badge else {}
    return view.said(titles.get(name, {}), "") or name


def metal(badge: Badge | None, tier: str | None) -> str:
    """What the art of a tier is made of: what its name says, else by its place; a badge without tiers is plain."""
    if tier is None:
        return "plain"
    if tier.lower() in METALS:
        return tier.lower()
    names = [one.name for one in badge.tiers] if badge else []
    return METALS[min(names.index(tier), len(METALS) - 1)] if tier in names else METALS[0]
