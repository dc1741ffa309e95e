"""The points widget: from the ledger to the page."""

from fractions import Fraction

from hub.widgets import kit
from hub.widgets.points.query import query
from tests.club import Club


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
