"""What the my-partners widget shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from hub.clock import DAY
from hub.gamification.windows import Window
from hub.ledger import partners, reading
from hub.ledger.partners import Person
from hub.ledger.standings import BadgeStanding
from hub.widgets.kit import View, unit_of
from hub.widgets.told import Condition, condition, icon_of, metal, tier_title
from hub.wording import Quantity

#: Who did something in so many days moves; who did nothing in so many went quiet.
MOVES_DAYS, QUIET_DAYS = 7, 14
#: From this share on one is a step away.
NEAR = Fraction(3, 4)
#: Of how many people, those who did something last, it is looked how near they are to a badge.
LOOKED_AT = 12


@dataclass(frozen=True, slots=True)
class Partner:
    """`points`: of all its people this month; `active`: how many did something lately; `newest`: who did it last, with
    her address.
    """

    id: str
    name: str
    last_at: int | None
    points: int
    active: int
    people: int
    newest: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """An organization close to a goal."""

    id: str
    name: str
    goal: str
    window: Window
    missing: Quantity
    share: Fraction


@dataclass(frozen=True, slots=True)
class Badge:
    """A person close to a badge: the last condition but for which she has it."""

    id: str
    name: str
    organization: str
    badge: str
    tier: str | None
    metal: str
    icon: str
    missing: Condition
    share: Fraction


@dataclass(frozen=True, slots=True)
class Values:
    total: int
    moving: tuple[Partner, ...]  # most points first
    goals: tuple[Goal, ...]
    badges: tuple[Badge, ...]
    quiet: tuple[Partner, ...]  # the longest quiet last
    moving_total: int = 0
    quiet_total: int = 0
    unit: str = "points"

    @property
    def changed_at(self) -> int | None:
        return max((one.last_at for one in self.moving if one.last_at is not None), default=None)


def query(view: View) -> Values:
    show = view.options.get("show") or 5
    found = partners.looked_after(view.connection, view.member.no, view.now)
    moving = [one for one in found if one.active(view.now - MOVES_DAYS * DAY)]
    quiet = [one for one in found if not one.active(view.now - QUIET_DAYS * DAY)]
    moving.sort(key=lambda one: (-one.points, -(one.last_at or 0), one.id))
    quiet.sort(key=lambda one: (-(one.last_at or 0), one.id))
    shown = [one.people[0].no for one in (*moving[:show], *quiet[:show])]
    emails = partners.addresses(view.connection, shown, view.now) if shown else {}
    return Values(
        total=len(found),
        moving=tuple(_partner(view, one, emails) for one in moving[:show]),
        goals=tuple(islice(_goals(view, found), show)),
        badges=tuple(_badges(view, found)[:show]),
        quiet=tuple(_partner(view, one, emails) for one in quiet[:show]),
        moving_total=len(moving),
        quiet_total=len(quiet),
        unit=view.said(view.program.settings.points_title, "points"),
    )


def _partner(view: View, one: partners.Partner, emails: Mapping[int, str]) -> Partner:
    active, newest = one.active(view.now - MOVES_DAYS * DAY), one.people[0]
    return Partner(
        one.id, one.name, one.last_at, one.points, active, len(one.people), newest.name, emails.get(newest.no)
    )


def _goals(view: View, found: Sequence[partners.Partner]) -> Iterator[Goal]:
    by_no = {one.no: one for one in found}
    for ahead in partners.goals_ahead(view.connection, by_no, view.now):
        if ahead.share < NEAR:
            return
        whose, declared = by_no[ahead.organization], view.program.goals[ahead.goal]
        missing = Fraction(ahead.target) - Fraction(ahead.actual)
        unit = unit_of(view.program, view.program.metrics[declared.metric])
        title = view.said(declared.title, declared.key)
        yield Goal(whose.id, whose.name, title, ahead.window, Quantity(missing, unit), ahead.share)


def _badges(view: View, found: Sequence[partners.Partner]) -> list[Badge]:
    """One a person, the nearest first; of those who did something last."""
    people = [(person, partner) for partner in found for person in partner.people if person.last_at is not None]
    people.sort(key=lambda one: (-(one[0].last_at or 0), one[0].id))
    newest = people[:LOOKED_AT]
    standings = reading.badges_of(view.connection, [person.no for person, _ in newest], view.now)
    near = [
        badge
        for person, partner in newest
        if (badge := _nearest(view, person, partner.name, standings.get(person.no, ()))) is not None
    ]
    return sorted(near, key=lambda one: -one.share)


def _nearest(view: View, person: Person, organization: str, standings: Iterable[BadgeStanding]) -> Badge | None:
    ahead = (one for one in standings if one.next is not None and NEAR <= one.next.share < 1)
    nearest = max(ahead, key=lambda one: one.next.share if one.next else Fraction(0), default=None)
    if nearest is None or nearest.next is None:
        return None
    badge, step = view.program.badges.get(nearest.badge), nearest.next
    missing = max(
        (one for one in step.requirements if not one.met),
        key=lambda one: Fraction(one.actual) / Fraction(one.needed),
    )
    return Badge(
        person.id,
        person.name,
        organization,
        view.title("badges", nearest.badge),
        tier_title(view, badge, step.tier),
        metal(badge, step.tier),
        icon_of(badge),
        condition(view, missing),
        step.share,
    )
