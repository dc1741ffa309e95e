"""The notation itself: what a line means, and that two ways to the same log are held against each other."""

from decimal import Decimal

import pytest

from tests.gamification.play import Standing, at, moment, plan_of, play, same, timeline, told_events

VISIT = "points: {visit: {event: hub.visited, award: 1}}"


def test_a_line_says_when_who_and_what() -> None:
    [event] = told_events("tue+1 09:30+05:45 bo deal.won amount=12.50 deal=d1")["bo"]
    assert event.place == (at("2026-11-24 03:45"), "crm", "0001")
    assert (event.type, event.offset) == ("deal.won", 345)
    assert event.data == {"amount": Decimal("12.50"), "deal": "d1"}


def test_a_day_without_time_is_noon_in_utc() -> None:
    assert moment("mon") == moment("2026-11-16 12:00Z")


def test_people_have_histories_of_their_own() -> None:
    told = play(VISIT, "mon bo visits; tue ada visits; wed bo visits")
    assert (told.points("bo"), told.points("ada")) == (2, 1)


def test_standings_that_differ_are_told() -> None:
    plan = plan_of(VISIT)
    given = play(plan, "mon bo visits").people["bo"].given
    one, other = Standing(plan, given), Standing(plan, given)
    one.digest(told_events("mon bo visits")["bo"])
    other.digest(told_events("mon bo visits; tue bo visits")["bo"])
    with pytest.raises(AssertionError):
        same(one, other)


def test_the_first_profile_covers_all_time_before_it() -> None:
    lives = timeline({"mon": {"tier": "silver"}, "wed": {"tier": "gold"}})
    assert [lives.at(at(day)).values["tier"] for day in ("fri-1", "tue", "wed", "thu")] == [
        "silver",
        "silver",
        "gold",
        "gold",
    ]
