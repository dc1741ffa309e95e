"""The progress-to-goal widget: how far, how fast, how long."""

from fractions import Fraction

from hub.clock import instant
from hub.widgets import kit
from hub.widgets.progress_to_goal.query import query
from tests.club import Club


def test_it_shows_what_is_reached_and_what_is_missing(club: Club) -> None:
    club.happens("bo", "deal.won", amount=31_000, deal="d-1")
    with club.looks("bo", goal="quarter_revenue") as view:
        [goal] = query(view).goals
    assert (goal.actual.value, goal.target.value, goal.missing.value, goal.actual.unit) == (
        31_000,
        50_000,
        19_000,
        "EUR",
    )
    assert (goal.share, goal.pace, goal.status) == (Fraction(31, 50), "ahead", "open")
    assert goal.days_left == 38, "of the quarter, after the 23rd of November"
    assert goal.a_day is not None
    assert goal.a_day.value == 488, "19,000 over 39 days, rounded up"


def test_it_says_how_fresh_it_is(club: Club) -> None:
    with club.looks("bo", goal="quarter_revenue") as view:
        assert [goal.changed_at for goal in query(view).goals] == [None], "nothing has ever moved it"
    club.happens("bo", "deal.won", "2026-11-19T10:00:00Z", amount=1_000, deal="d-1")
    club.happens("bo", "deal.won", "2026-11-20T08:30:00Z", amount=1_000, deal="d-2")
    club.happens("bo", "asset.viewed", "2026-11-21T10:00:00Z", asset="a-1")
    with club.looks("bo", goal="quarter_revenue") as view:
        assert [goal.changed_at for goal in query(view).goals] == [instant("2026-11-20T08:30:00Z")]
        assert "Updated" in kit.render(kit.catalogue()["progress_to_goal"], view).html


def test_more_than_the_target_stays_more(club: Club) -> None:
    club.happens("bo", "deal.won", amount=62_500, deal="d-1")
    with club.looks("bo") as view:
        [goal] = query(view).goals
        shown = kit.render(kit.catalogue()["progress_to_goal"], view)
    assert (goal.share, goal.status, goal.missing.value, goal.a_day) == (Fraction(5, 4), "reached", 0, None)
    assert "125%" in shown.html
    assert "Reached" in shown.html


def test_the_target_is_that_of_the_members_segment(club: Club) -> None:
    with club.looks("cy") as view:
        assert [goal.target.value for goal in query(view).goals] == [20_000], "Globex is silver"


def test_without_a_goal_it_says_so(club: Club) -> None:
    with club.looks("bo", goal="gone") as view:
        assert "No goal for you right now" in kit.render(kit.catalogue()["progress_to_goal"], view).html
