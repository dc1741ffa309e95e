"""The hub's own acts: what they give, and which of the built-in metrics counts it."""

from __future__ import annotations

from tests.gamification.play import Told, play

PROGRAM = """
points: {won: {event: deal.won, award: 10}, lost: {event: deal.lost, award: -3}}
badges:
  given: {when: {metric: points_received, at_least: 100}, points: 7}
  thanked: {when: {metric: recognitions_received, at_least: 2}}
levels: {starter: {at: 0}, pro: {at: 50}}
"""


def counted(told: Told) -> dict[str, object]:
    names = ("points_earned", "points_received", "recognitions_given", "recognitions_received")
    return {name: told.metric("bo", name) for name in names}


def test_an_adjustment_is_received_where_it_gives_and_earned_never():
    told = play(PROGRAM, "mon bo wins; tue bo hub.points.adjusted points=60; wed bo hub.points.adjusted points=-20")
    assert told.points("bo") == 50
    assert (told.metric("bo", "points_earned"), told.metric("bo", "points_received")) == (10, 70)
    assert told.level("bo") == "starter"
    assert told.people["bo"].posted == {"rule/won/1": 10, "member/0002": 60, "member/0003": -20}


def test_a_prize_is_received_and_its_cause_is_the_board():
    told = play(PROGRAM, "mon bo hub.prize.won leaderboard=top rank=1 points=300 id=top/2026-11")
    assert told.people["bo"].posted["leaderboard/top/top/2026-11"] == 300
    assert (told.metric("bo", "points_earned"), told.metric("bo", "points_received")) == (7, 307)
    assert told.badges("bo") == ["given"]


def test_a_prize_without_points_posts_none():
    told = play(PROGRAM, "mon bo hub.prize.won leaderboard=top rank=1 points=0")
    assert told.points("bo") == 0


def test_recognition_counts_on_both_sides_and_its_points_as_received():
    told = play(
        PROGRAM,
        """mon bo hub.recognition.given points=50 category=thanks
           tue bo hub.recognition.received points=30 category=thanks""",
    )
    assert counted(told) == {
        "points_earned": None,
        "points_received": 30,
        "recognitions_given": 1,
        "recognitions_received": 1,
    }
    assert told.points("bo") == 0


def test_what_comes_by_hand_is_looked_at_by_badges_at_once():
    told = play(PROGRAM, "mon bo hub.points.adjusted points=99; tue bo wins; wed bo wins")
    assert told.when("bo", "given") == "2026-11-17 12:00"
    thanked = "; ".join(f"mon {hour}:00 bo hub.recognition.received points=1 category=thanks" for hour in (10, 11))
    assert play(PROGRAM, thanked).badges("bo") == ["thanked"]


def test_late_events_leave_acts_as_they_were():
    told = play(PROGRAM, "wed bo hub.points.adjusted points=60; tue bo wins; mon bo loses")
    assert told.points("bo") == 67
    assert told.people["bo"].posted["member/0001"] == 60


BADGES = """
metrics:
  deals: {event: deal.won, take: count}
  biggest: {event: deal.won, take: max, of: amount}
  modules: {event: module.completed, take: distinct, of: module, by: course}
badges:
  helper: {points: 7}
  maker: {metric: deals, tiers: [{name: Bronze, at_least: 1}, {name: Gold, at_least: 3}]}
  sprinter: {when: {metric: deals, at_least: 2, within: month}, repeat: true}
  best: {personal_best: {metric: biggest, minimum: 10}}
  graduate: {when: {metric: modules, at_least: 1}, repeat: true}
  vip: {when: {metric: deals, at_least: 1}, for: {role: marketing}}
  idea: {state: draft}
  hero: {when: {badge: helper}}
"""


def test_a_badge_given_by_hand_brings_its_points_and_what_waited_for_it():
    told = play(BADGES, "mon bo hub.badge.granted badge=helper")
    assert told.badges("bo") == ["helper", "hero"]
    assert (told.points("bo"), told.metric("bo", "points_earned")) == (7, 7)


def test_a_tier_given_by_hand_leaves_the_others_to_be_earned():
    told = play(BADGES, "mon bo hub.badge.granted badge=maker tier=Gold; tue bo wins")
    assert told.badges("bo") == ["maker Gold", "maker Bronze"]


def test_what_was_given_by_hand_is_not_earned_once_more():
    story = """mon bo hub.badge.granted badge=sprinter; mon bo hub.badge.granted badge=maker tier=Bronze
               tue bo wins; wed bo wins"""
    told = play(BADGES, story)
    assert told.badges("bo") == ["sprinter 2026-11", "maker Bronze"]


def test_it_goes_to_whom_it_is_not_for_but_never_as_a_draft():
    told = play(BADGES, "mon bo hub.badge.granted badge=vip; mon bo hub.badge.granted badge=idea")
    assert told.badges("bo") == ["vip"]


def test_a_best_or_an_object_s_badge_given_by_hand_is_one_more():
    story = """mon bo hub.badge.granted badge=best; mon bo hub.badge.granted badge=graduate
               tue bo wins amount=10; wed bo wins amount=20; thu bo module.completed course=c1 module=m"""
    told = play(BADGES, story)
    assert sorted(told.badges("bo")) == ["best", "best", "graduate", "graduate c1", "maker Bronze", "sprinter 2026-11"]


def test_a_grant_that_comes_to_an_award_earned_before_gives_nothing():
    told = play(BADGES, "mon bo wins; tue bo hub.badge.granted badge=maker tier=Bronze")
    assert told.when("bo", "maker Bronze") == "2026-11-16 12:00"


def test_a_tier_that_there_is_not_gives_nothing():
    told = play(BADGES, "mon bo hub.badge.granted badge=maker; mon bo hub.badge.granted badge=nothing tier=x")
    assert told.badges("bo") == []


# Revoking by hand


def revoke(key: str, when: str = "fri") -> str:
    return f"; {when} bo hub.badge.revoked badge=x award={key} reason=mistake"


def test_a_revoked_award_ends_with_its_points():
    told = play(BADGES, "mon bo hub.badge.granted badge=helper; tue bo wins" + revoke("badge/helper/"))
    assert told.badges("bo") == ["hero", "maker Bronze"]
    assert told.points("bo") == 0
    assert told.ended("bo") == [("badge/helper/", 3)]
    # What only came because of it is a fact as well.
    assert told.why("bo") == {"hero": "revoked"}


def test_the_same_event_never_earns_it_again():
    story = "mon bo wins; tue bo wins" + revoke("badge/maker/Bronze") + "; sat bo wins; sun bo visits; thu bo wins"
    told = play(BADGES, story)
    assert told.badges("bo") == ["sprinter 2026-11", "maker Gold"]


def test_another_event_may_earn_it():
    told = play(BADGES, "tue bo wins" + revoke("badge/maker/Bronze") + "; mon bo wins")
    assert (told.badges("bo")[0], told.when("bo", "maker Bronze")) == ("maker Bronze", "2026-11-16 12:00")
    again = play(
        BADGES, "tue bo wins" + revoke("badge/maker/Bronze") + "; mon bo wins" + revoke("badge/maker/Bronze", "sat")
    )
    assert "maker Bronze" not in again.badges("bo")
    assert again.ended("bo") == [("badge/maker/Bronze", 2), ("badge/maker/Bronze", 4)]


def test_what_was_revoked_can_be_given_by_hand():
    told = play(
        BADGES, "mon bo wins" + revoke("badge/maker/Bronze") + "; sat bo hub.badge.granted badge=maker tier=Bronze"
    )
    assert told.when("bo", "maker Bronze") == "2026-11-21 12:00"
    assert play(BADGES, "mon bo hub.badge.granted badge=helper" + revoke("badge/helper/")).badges("bo") == ["hero"]


def test_a_kept_award_can_be_revoked():
    text = """metrics: {mean: {event: csat.answered, take: average, of: score}}
badges: {content: {when: {metric: mean, at_least: 4}, points: 5}}"""
    story = "tue bo csat.answered score=5; mon bo csat.answered score=1"
    assert play(text, story).kept("bo") == ["content"]
    told = play(text, story + revoke("badge/content/"))
    assert (told.badges("bo"), told.points("bo")) == ([], 0)


def test_revoking_what_does_not_stand_changes_nothing():
    told = play(BADGES, "mon bo wins" + revoke("badge/helper/") + revoke("level/x"))
    assert told.badges("bo") == ["maker Bronze"]


def test_of_a_repeated_badge_one_award_is_revoked_at_a_time():
    story = (
        "2026-10-01 bo wins; 2026-10-02 bo wins; mon bo wins; tue bo wins; tue bo module.completed course=c1 module=m"
    )
    told = play(BADGES, story + revoke("badge/sprinter//2026-10") + revoke("badge/graduate//tc1"))
    assert told.badges("bo") == ["maker Bronze", "maker Gold", "sprinter 2026-11"]
