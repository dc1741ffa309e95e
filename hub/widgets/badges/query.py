"""What the badges widget shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hub.ledger import entry, reading
from hub.widgets.kit import View
from hub.widgets.told import Condition, condition, icon_of, metal, tier_title

NEXT = 3


@dataclass(frozen=True, slots=True)
class Medal:
    """A badge at the highest tier that was earned; one that was earned several times, as of the last."""

    title: str
    tier: str | None
    metal: str
    icon: str
    times: int
    earned_at: int
    why: str  # the public name of the event that brought it


@dataclass(frozen=True, slots=True)
class Next:
    title: str
    tier: str | None
    metal: str
    icon: str
    share: Fraction
    missing: tuple[Condition, ...]
    count: int  # how many of the missing ones it takes


@dataclass(frozen=True, slots=True)
class Values:
    earned: tuple[Medal, ...]  # newest first, as many as the placement shows
    total: int  # how many were earned
    of: int  # how many there are to earn, those included
    next: tuple[Next, ...]  # nearest first
    changed_at: int | None


def query(view: View) -> Values:
    only = _keys(view.options.get("only"))
    standings = reading.badges(view.connection, view.version, view.member.no, view.now)
    seen = [one for one in standings if not only or one.badge in only]
    medals = sorted((_medal(view, one) for one in seen if one.awards), key=lambda medal: -medal.earned_at)
    steps = sorted((step for one in seen if (step := _next(view, one))), key=lambda step: -step.share)
    return Values(
        earned=tuple(medals[: view.options.get("show") or len(medals)]),
        total=len(medals),
        of=len(seen),
        next=tuple(steps[:NEXT]),
        changed_at=max((one.changed_at for one in seen if one.changed_at is not None), default=None),
    )


def _keys(only: object) -> frozenset[str]:
    return frozenset([only] if isinstance(only, str) else only if isinstance(only, list | tuple) else ())


def _medal(view: View, standing: reading.BadgeStanding) -> Medal:
    top = standing.awards[-1]
    badge = view.program.badges.get(standing.badge)
    times = sum(award.times for award in standing.awards if award.tier == top.tier)
    title, icon = view.title("badges", standing.badge), icon_of(badge)
    return Medal(
        title,
        tier_title(view, badge, top.tier),
        metal(badge, top.tier),
        icon,
        times,
        top.newest_at,
        entry.ref(top.entry),
    )


def _next(view: View, standing: reading.BadgeStanding) -> Next | None:
    step = standing.next
    if step is None:
        return None
    badge = view.program.badges.get(standing.badge)
    missing = tuple(condition(view, one) for one in step.requirements if not one.met)
    if not missing:
        # Of a repeated badge that this month, or this course, has already brought.
        return None
    # All that are met already count toward how many it takes.
    count = max(step.count - (len(step.requirements) - len(missing)), 0)
    title, icon = view.title("badges", standing.badge), icon_of(badge)
    return Next(title, tier_title(view, badge, step.tier), metal(badge, step.tier), icon, step.share, missing, count)
