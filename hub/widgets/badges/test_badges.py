"""The badges widget: what was earned, and what the next ones take."""

from fractions import Fraction
from itertools import count

import pytest

from hub.clock import instant
from hub.gamification.badges import Badge, MetricAtLeast, Tier
from hub.ledger.reading import BadgeStanding, Requirement, Step
from hub.widgets import kit
from hub.widgets.badges.query import _next, query
from hub.widgets.told import metal
from tests.club import Club, publish


def test_before_the_first_badge_it_shows_what_each_takes(club: Club) -> None:
    with club.looks("bo") as view:
        values = query(view)
        shown = kit.render(kit.catalogue()["badges"], view)
    assert (values.total, values.of) == (0, 2)
    assert {one.title for one in values.next} == {"Deal maker", "Explorer"}
    assert "Your first badge" in shown.html
    assert "Assets seen: 0 of 4" in shown.html


def test_an_earned_tier_is_shown_with_the_next_one_and_what_is_missing(club: Club) -> None:
    for deal in ("d-1", "d-2", "d-3"):
        club.happens("bo", "deal.won", amount=100, deal=deal)
    with club.looks("bo") as view:
        values = query(view)
    assert [(one.title, one.tier, one.metal) for one in values.earned] == [("Deal maker", "Bronze", "bronze")]
    nearest = values.next[0]
    assert (nearest.title, nearest.tier, nearest.share) == ("Deal maker", "Silver", Fraction(3, 10))
    assert [(one.title, one.actual.value, one.needed.value) for one in nearest.missing] == [("Deals won", 3, 10)]


def test_only_some_badges_where_the_placement_says_so(club: Club) -> None:
    with club.looks("bo", only=["explorer"]) as view:
        assert [one.title for one in query(view).next] == ["Explorer"]


SPRINTS = """
program: {name: Club, time_zone: Europe/Berlin}
events: {deal.won: {}}
metrics: {won: {event: deal.won, take: count}}
badges:
  sprinter: {when: {metric: won, at_least: 1, within: month}, repeat: true}
  closer: {when: {metric: won, at_least: 2}}
"""


@pytest.mark.usefixtures("app")
def test_what_was_earned_again_comes_first_again(cast: dict[str, int]) -> None:
    publish(SPRINTS)
    club = Club(cast, count(1))
    for day in ("2026-09-01", "2026-09-02", "2026-10-05"):
        club.happens("bo", "deal.won", f"{day}T09:00:00Z")
    with club.looks("bo") as view:
        earned = query(view).earned
    assert [(one.title, one.times, one.earned_at) for one in earned] == [
        ("Sprinter", 2, instant("2026-10-05T09:00:00Z")),
        ("Closer", 1, instant("2026-09-02T09:00:00Z")),
    ]


FOR_REPS = """
program: {name: Club, time_zone: Europe/Berlin}
events: {deal.won: {}}
metrics: {won: {event: deal.won, take: count}}
badges: {closer: {when: {metric: won, at_least: 1}, for: {role: sales_rep}}}
"""


@pytest.mark.usefixtures("app")
def test_a_badge_for_others_is_not_offered(cast: dict[str, int]) -> None:
    publish(FOR_REPS)
    club = Club(cast, count(1))
    offered = {}
    for who in ("bo", "fay"):
        with club.looks(who) as view:
            offered[who] = query(view).of
    assert offered == {"bo": 1, "fay": 0}


@pytest.mark.parametrize(
    ("tiers", "tier", "made_of"),
    [
        ((), None, "plain"),
        (("Bronze", "Silver", "Gold"), "Gold", "gold"),
        (("Week", "Month", "Year"), "Week", "bronze"),
        (("Week", "Month", "Year"), "Year", "gold"),
        (("1", "2", "3", "4", "5"), "5", "platinum"),
        (("Week",), "No longer there", "bronze"),
    ],
)
def test_the_art_goes_by_the_tiers_name_or_else_its_place(
    tiers: tuple[str, ...], tier: str | None, made_of: str
) -> None:
    when = MetricAtLeast("deals_won", 1)
    badge = Badge("one", tiers=tuple(Tier(name, when) for name in tiers))
    assert metal(badge, tier) == made_of


def test_a_badge_that_this_month_has_already_brought_is_not_next(club: Club) -> None:
    done = Requirement("metric", "deals_won", 5, 5)
    again = BadgeStanding("sprinter", (), Step(None, (done,), 1, Fraction(1)), None)
    with club.looks("bo") as view:
        assert _next(view, again) is None
