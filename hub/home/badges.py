"""The pages of badges: what one has earned, what comes next and how far that is, and each badge by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from hub import clock
from hub.db import reader
from hub.gamification.badges import Badge
from hub.gamification.explain import Entry
from hub.gamification.windows import Window
from hub.home import current
from hub.identity import Viewer, requires
from hub.ledger import awarded, entry, reading
from hub.ledger.awarded import Awarded
from hub.ledger.standings import Award, BadgeStanding, Version
from hub.web import not_found
from hub.widgets.kit import View
from hub.widgets.told import Condition, condition, icon_of, metal
from hub.wording import language, said
from hub.wording import window as said_window
from hub.wording.entries import sentence, when
from hub.wording.phrases import Speaker

#: How many awards of one badge its page lists.
AWARDS = 50

bp = Blueprint("badges", __name__)


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier, or the whole of a badge without tiers. `takes`: its condition; `award` None: not earned yet."""

    title: str | None
    metal: str
    takes: str | None
    award: Award | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the next tier: `count` of the conditions must be met."""

    tier: str | None
    share: Fraction
    conditions: tuple[Condition, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Card:
    """A badge and how somebody stands to it. `about`: what the program says of it, `rule`: what it takes, in words.

    `state`: active, draft, locked, or gone from the program. `way` None: there is nothing more to earn, or not now.
    """

    key: str
    title: str
    icon: str
    metal: str
    about: str | None
    rule: str | None
    state: str
    secret: bool
    points: int
    tiers: tuple[Tier, ...]
    way: Way | None
    times: int
    earned_at: int | None
    why: str | None

    @property
    def earned(self) -> bool:
        return self.earned_at is not None

    @property
    def tiered(self) -> bool:
        return any(tier.title for tier in self.tiers)


@dataclass(frozen=True, slots=True)
class Given:
    """One award of a badge, as its own page lists them."""

    award: Awarded
    tier: str | None
    about: str | None
    why: str


@bp.get("/badges")
@requires("home:see")
def page() -> ResponseReturnValue:
    member, now = current.member(), clock.now()
    with reader() as connection:
        version = current.version(connection)
        if version is None:
            return render_template("home/unpublished.html")
        found = cards(connection, version, member, now)
    earned = sorted((one for one in found if one.earned), key=lambda one: -(one.earned_at or 0))
    ahead = sorted(
        (one for one in found if not one.earned and one.way), key=lambda one: -(one.way.share if one.way else 0)
    )
    others = [one for one in found if not one.earned and not one.way]
    return render_template("home/badges.html", earned=earned, ahead=ahead, given=others, of=len(found))


@bp.get("/badges/<key>")
@requires("home:see")
def one(key: str) -> ResponseReturnValue:
    """One badge. What the viewer has not earned and may not know of does not exist."""
    member, now = current.member(), clock.now()
    with reader() as connection:
        version = current.version(connection)
        found = (
            next((one for one in cards(connection, version, member, now) if one.key == key), None) if version else None
        )
        if version is None or found is None:
            raise not_found()
        by, each = Speaker(version.program), awarded.of_badge(connection, member.no, key, AWARDS)
    # Of tiers that were earned once each, the list of the tiers says it all.
    told = [given(by, one) for one in each] if not found.tiered or _again(each) else []
    return render_template("home/badge.html", it=found, given=told, most=AWARDS)


def _again(each: Sequence[Awarded]) -> bool:
    """Whether a tier was earned more than once, or an award ended."""
    return len({one.tier for one in each}) < len(each) or any(one.ended for one in each)


def cards(connection: Connection, version: Version, member: Viewer, now: int) -> list[Card]:
    """All badges that the member may know of, in the program's order."""
    view = View(connection, member, version, now, language=language())
    return [_card(view, one) for one in reading.badges(connection, version, member.no, now)]


def _card(view: View, standing: BadgeStanding) -> Card:
    by = Speaker(view.program)
    badge = by.program.badges.get(standing.badge)
    top = standing.awards[-1] if standing.awards else None
    first = badge.tiers[0].name if badge and badge.tiers else None
    return Card(
        key=standing.badge,
        title=by.of("badges", standing.badge),
        icon=icon_of(badge),
        metal=metal(badge, top.tier if top else first),
        about=said(badge.text, "", language()) or None if badge else None,
        rule=sentence(by.program, Entry("badges", standing.badge, badge)) if badge else None,
        state=badge.state if badge else "gone",
        secret=bool(badge and badge.secret),
        points=badge.points if badge else 0,
        tiers=tuple(_tiers(by, badge, standing)),
        way=_way(view, by, standing),
        times=sum(award.times for award in standing.awards if top and award.tier == top.tier),
        earned_at=top.newest_at if top else None,
        why=entry.ref(top.entry) if top else None,
    )


def _tiers(by: Speaker, badge: Badge | None, standing: BadgeStanding) -> Iterator[Tier]:
    awards = {award.tier: award for award in standing.awards}
    for tier in badge.tiers if badge else ():
        yield _tier(by, badge, standing.badge, tier.name, when(by, tier.when), awards.pop(tier.name, None))
    for name, award in awards.items():
        yield _tier(by, badge, standing.badge, name, None, award)


def _tier(by: Speaker, badge: Badge | None, key: str, name: str | None, takes: str | None, award: Award | None) -> Tier:
    title = by.tier(key, name) if name else None
    return Tier(title, metal(badge, name), takes, award, entry.ref(award.entry) if award else None)


def _way(view: View, by: Speaker, standing: BadgeStanding) -> Way | None:
    """None too where all is met: of a repeated badge that this month, or this course, has already brought."""
    step = standing.next
    if step is None or (standing.awards and all(one.met for one in step.requirements)):
        return None
    conditions = tuple(condition(view, one) for one in step.requirements)
    return Way(by.tier(standing.badge, step.tier) if step.tier else None, step.share, conditions, step.count)


def given(by: Speaker, award: Awarded) -> Given:
    about = [award.object, said_window(Window(award.window, 0, 0)) if award.window else None]
    tier = by.tier(award.badge, award.tier) if award.tier else None
    return Given(award, tier, ", ".join(filter(None, about)) or None, entry.ref(award.entry))
