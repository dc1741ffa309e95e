"""The points widget: from the ledger to the page."""

from fractions import Fraction
from itertools import count

import pytest

from hub.widgets import kit
from hub.widgets.points.query import query
from tests.club import Club, publish


def test_somebody_new_is_told_how_to_begin(club: Club) -> None:
    with club.looks("bo") as view:
        values = query(view)
        shown = kit.render(kit.catalogue()["points"], view)
    assert (values.balance, values.lines) == (0, ())
    assert "Your first points are one step away" in shown.html


def test_it_shows_the_balance_the_month_and_the_newest_lines(club: Club) -> None:
    club.happens("bo", "deal.won", "2026-10-05T10:00:00+02:00", amount=20_000, deal="d-1")
    club.happens("bo", "deal.won", amount=12_000, deal="d-2")
    with club.looks("bo") as view:
        values = query(view)
    assert values.balance == 320
    assert [(month.window.name, month.points) for month in values.months][-2:] == [("2026-10", 200), ("2026-11", 120)]
    assert [(line.what, line.amount) for line in values.lines] == [("Deal won", 120), ("Deal won", 200)]


def test_it_shows_the_way_to_the_next_level(club: Club) -> None:
    club.happens("bo", "deal.won", amount=25_000, deal="d-1")
    with club.looks("bo") as view:
        level = query(view).level
    assert level is not None
    assert (level.title, level.next_title, level.missing, level.share) == ("Starter", "Pro", 750, Fraction(1, 4))


def test_at_the_top_there_is_nothing_more_to_reach(club: Club) -> None:
    club.happens("bo", "deal.won", amount=150_000, deal="d-1")
    with club.looks("bo") as view:
        level = query(view).level
        shown = kit.render(kit.catalogue()["points"], view)
    assert level is not None
    assert (level.title, level.next_title, level.share) == ("Pro", None, 1)
    assert "Highest level reached" in shown.html


REWARDED = """
program: {name: Club, time_zone: Europe/Berlin}
events: {deal.won: {attributes: {amount: {type: number, unit: EUR}}}}
metrics:
  won: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
points: {win: {event: deal.won, award: 10}}
badges:
  closer: {title: Closer, when: {metric: won, at_least: 4}, points: 40}
  plain: {title: Plain, when: {metric: won, at_least: 3}}
  far: {title: Far, when: {metric: won, at_least: 100}, points: 900}
goals: {quarter: {title: My quarter, metric: revenue, window: quarter, target: 1000, reward: {points: 500}}}
"""


@pytest.mark.usefixtures("app")
def test_what_is_coming_is_the_nearest_that_brings_points(cast: dict[str, int]) -> None:
    publish(REWARDED)
    club = Club(cast, count(1))
    with club.looks("bo") as view:
        assert [one.title for one in query(view).coming] == ["My quarter"], "of a badge nothing is begun"
    club.happens("bo", "deal.won", amount=600)
    with club.looks("bo") as view:
        coming = query(view).coming
        shown = kit.render(kit.catalogue()["points"], view).html
    assert [(one.title, one.points, one.share) for one in coming] == [
        ("My quarter", 500, Fraction(6, 10)),
        ("Closer", 40, Fraction(1, 4)),
    ]
    assert "+500" in shown
    for _ in range(3):
        club.happens("bo", "deal.won", amount=600)
    with club.looks("bo") as view:
        assert [one.title for one in query(view).coming] == ["Far"], "what was reached is not coming any more"
