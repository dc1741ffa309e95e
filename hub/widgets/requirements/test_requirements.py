"""The requirements widget: what a badge or a goal takes, as a checklist."""

from fractions import Fraction
from itertools import count

import pytest

from hub.clock import instant
from hub.widgets import kit
from hub.widgets.requirements.query import query
from tests.club import Club, publish


def html(view: kit.View) -> str:
    return str(kit.render(kit.catalogue()["requirements"], view).html)


def test_a_badges_next_tier_with_what_remains(club: Club) -> None:
    for deal in ("d-1", "d-2", "d-3"):
        club.happens("bo", "deal.won", amount=100, deal=deal)
    with club.looks("bo", badge="deal_maker") as view:
        badge, shown = query(view).badge, html(view)
    assert badge is not None
    assert (badge.title, badge.tier, badge.share, badge.done) == ("Deal maker", "Silver", Fraction(3, 10), 0)
    assert "3 of 10" in shown
    assert "7 more" in shown
    assert badge.earned_at == instant("2026-11-20T08:30:00Z"), "Bronze"


def test_without_a_choice_it_shows_the_badge_that_is_nearest(club: Club) -> None:
    club.happens("bo", "asset.viewed", asset="a")
    with club.looks("bo") as view:
        badge = query(view).badge
    assert badge is not None
    assert (badge.title, badge.points) == ("Explorer", 100)


def test_a_badge_that_is_earned_says_so(club: Club) -> None:
    for asset in "abcd":
        club.happens("bo", "asset.viewed", asset=asset)
    with club.looks("bo", badge="explorer") as view:
        shown = html(view)
    assert "You have all there is of this badge" in shown
    assert "/why/" in shown


def test_a_goal_is_one_condition(club: Club) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    with club.looks("bo", goal="quarter_revenue") as view:
        goal, shown = query(view).goal, html(view)
    assert goal is not None
    assert goal.status == "open"
    assert "€38,000 more" in shown
    assert "Q4 2026" in shown


SEVERAL = """
program: {name: Club, time_zone: Europe/Berlin}
events: {deal.won: {}, asset.viewed: {attributes: {asset: {type: text}}}}
metrics:
  won: {title: Deals won, event: deal.won, take: count}
  seen: {title: Assets seen, event: asset.viewed, take: distinct, of: asset}
badges:
  closer: {title: Closer, when: {metric: won, at_least: 1}}
  all_rounder:
    title: All-rounder
    when:
      at_least_of:
        count: 2
        conditions: [{metric: won, at_least: 3}, {metric: seen, at_least: 9, within: month}, {badge: closer}]
  sprinter: {title: Sprinter, when: {metric: won, at_least: 1, within: month}, repeat: true}
  thanked: {title: Thanked}
  hidden: {title: Hidden, secret: true, when: {metric: won, at_least: 50}}
  elsewhere: {title: Elsewhere, when: {metric: won, at_least: 50}, for: {region: apac}}
"""


@pytest.fixture
def several(cast: dict[str, int]) -> Club:
    publish(SEVERAL)
    return Club(cast, count(1))


def test_of_several_conditions_each_is_done_or_says_what_remains(several: Club) -> None:
    several.happens("bo", "deal.won")
    with several.looks("bo", badge="all_rounder") as view:
        badge, shown = query(view).badge, html(view)
    assert badge is not None
    assert [(one.title, one.met) for one in badge.conditions] == [
        ("Deals won", False),
        ("Assets seen", False),
        ("Closer", True),
    ]
    assert (badge.count, badge.done) == (2, 1)
    assert "2 of these" in shown
    assert "November 2026" in shown, "the window that a condition counts in"


def test_a_repeated_badge_that_this_month_has_brought_can_be_earned_again(several: Club) -> None:
    several.happens("bo", "deal.won")
    with several.looks("bo", badge="sprinter") as view:
        assert "It can be earned again" in html(view)


def test_a_badge_that_only_comes_by_hand_says_so(several: Club) -> None:
    with several.looks("bo", badge="thanked") as view:
        assert "This badge is given" in html(view)


@pytest.mark.parametrize("badge", ["hidden", "elsewhere", "gone"])
def test_what_the_viewer_may_not_know_of_is_not_told(several: Club, badge: str) -> None:
    with several.looks("bo", badge=badge) as view:
        shown = html(view)
    assert "Nothing to work toward here" in shown
    assert badge.capitalize() not in shown


def test_a_goal_that_is_not_mine_or_gone_leaves_an_empty_state(several: Club) -> None:
    with several.looks("bo", goal="gone") as view:
        assert "Nothing to work toward here" in html(view)
