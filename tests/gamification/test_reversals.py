"""Reversals: from its place on the log reads as if the event had never been, but for what people were shown."""

import pytest

from tests.gamification.play import Told, play

METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  assets: {event: asset.viewed, take: distinct, of: asset}
  modules: {event: module.completed, take: distinct, of: module, by: course}
  lost: {event: deal.lost, take: count}
  all_in: {plus: [points_earned, lost]}
"""
LEVELS = "levels: {starter: {at: 0}, pro: {at: 10}, star: {at: 20}}\n"


def badge(fields: str, more: str = "") -> str:
    return METRICS + f"badges:\n  b: {{{fields}}}\n" + more


TWO = "when: {metric: deals, at_least: 2}, points: 7"
REVOKED = TWO + ", on_reversal: revoke"


def test_points_metrics_streaks_and_goals_are_as_if_it_had_never_been() -> None:
    text = METRICS + (
        "points: {won: {event: deal.won, award: {points: 1, for_every: 1, of: amount}}}\n"
        "streaks: {daily: {event: deal.won, every: day}}\n"
        "goals: {week: {metric: revenue, window: week, target: 5}}\n"
        "leaderboards: {top: {metric: revenue, window: week}}\n"
    )
    told = play(text, "mon bo wins amount=2; tue bo wins amount=3; wed bo wins amount=4; thu bo reverses of=2")
    never = play(text, "mon bo wins amount=2; wed bo wins amount=4")
    assert told.points("bo") == 6
    assert told.value("bo", "revenue", "2026-W47") == 6
    assert told.metric("bo", "biggest") == 4
    assert told.streak("bo", "daily", now="wed 13:00") == never.streak("bo", "daily", now="wed 13:00")
    assert told.goal("bo", "week") == never.goal("bo", "week") == ["2026-W47"]
    assert told.people["bo"].reached == {("week", "2026-W47"): 3}
    gone = play(text, "mon bo wins amount=2; tue bo wins amount=3; wed bo reverses of=2")
    assert gone.goal("bo", "week") == []


def test_what_was_the_only_event_leaves_nothing() -> None:
    told = play(METRICS + "points: {won: {event: deal.won, award: 5}}", "mon bo wins amount=2; tue bo reverses of=1")
    assert (told.points("bo"), told.metric("bo", "revenue"), told.metric("bo", "deals")) == (0, None, None)


def test_caps_and_once_per_give_back_what_it_had_used() -> None:
    text = METRICS + "points: {won: {event: deal.won, award: 5, once_per: deal, cap: {times: 2}}}"
    story = "mon bo wins deal=a; tue bo wins deal=a; wed bo wins deal=b; thu bo wins deal=c; fri bo reverses of=1"
    told = play(text, story)
    assert told.earned("bo") == [("won", 5), ("won", 5)]
    assert set(told.people["bo"].posted) == {"rule/won/2", "rule/won/3"}


def test_an_award_that_is_no_longer_derived_is_kept_with_its_points() -> None:
    told = play(badge(TWO), "mon bo wins; tue bo wins; wed bo reverses of=1")
    assert told.badges("bo") == ["b"]
    assert told.why("bo") == {"b": "reversed"}
    assert (told.points("bo"), told.metric("bo", "points_earned")) == (7, 7)
    assert told.when("bo", "b") == "2026-11-17 12:00"


def test_where_the_badge_says_so_it_ends() -> None:
    told = play(badge(REVOKED), "mon bo wins; tue bo wins; wed bo reverses of=1")
    assert (told.badges("bo"), told.kept("bo"), told.ended("bo")) == ([], [], [("badge/b/", 3)])
    assert (told.points("bo"), told.metric("bo", "points_earned")) == (0, None)


def test_what_ended_can_be_earned_anew() -> None:
    told = play(badge(REVOKED), "mon bo wins; tue bo wins; wed bo reverses of=1; thu bo wins")
    assert (told.badges("bo"), told.ended("bo"), told.points("bo")) == (["b"], [("badge/b/", 3)], 7)
    assert told.when("bo", "b") == "2026-11-19 12:00"
    again = play(badge(REVOKED), "mon bo wins; tue bo wins; wed bo reverses of=1; mon 11:00 bo wins")
    assert again.when("bo", "b") == "2026-11-17 12:00", "the log gives it to that event, so it has it"


def test_an_award_that_another_event_gives_moves_there() -> None:
    for fields in (TWO, REVOKED):
        told = play(badge(fields), "mon bo wins; tue bo wins; wed bo wins; thu bo reverses of=2")
        assert (told.badges("bo"), told.kept("bo"), told.ended("bo")) == (["b"], [], [])
        assert told.when("bo", "b") == "2026-11-18 12:00"


def test_a_badge_that_hangs_on_one_that_ended_is_kept() -> None:
    told = play(
        badge(REVOKED, "  after: {when: {badge: b}, points: 2}\n" + LEVELS),
        "mon bo wins; tue bo wins; wed bo reverses of=1",
    )
    assert (told.badges("bo"), told.why("bo"), told.points("bo")) == (["after"], {"after": "reversed"}, 2)


def test_what_is_kept_can_save_what_would_end() -> None:
    text = METRICS + (
        "badges:\n"
        "  b: {when: {metric: deals, at_least: 2}, points: 10}\n"
        "  rich: {when: {metric: points_earned, at_least: 10}, on_reversal: revoke}\n"
    )
    told = play(text, "mon bo wins; tue bo wins; thu bo views; wed bo reverses of=1")
    assert (told.badges("bo"), told.why("bo"), told.ended("bo")) == (["b", "rich"], {"b": "reversed"}, [])
    # Where b's own event is gone nothing is looked at, so `rich` comes with the next event.
    gone = play(text, "mon bo wins; tue bo wins; thu bo views; wed bo reverses of=2")
    assert (gone.kept("bo"), gone.ended("bo")) == (["b"], [])
    assert gone.when("bo", "rich") == "2026-11-19 12:00"


def test_levels_are_kept() -> None:
    text = METRICS + "points: {won: {event: deal.won, award: 10}}\n" + LEVELS
    told = play(text, "mon bo wins; tue bo wins; wed bo reverses of=2; thu bo reverses of=1")
    assert (told.level("bo"), told.points("bo")) == ("star", 0)
    assert told.why("bo") == {"star": "reversed", "pro": "reversed", "starter": "reversed"}


def test_an_award_kept_before_stays_as_it_is() -> None:
    text = badge("when: {metric: open, at_least: 2}, points: 7, on_reversal: revoke")
    told = play(text, "tue bo wins; wed bo wins; mon bo loses; thu bo reverses of=2")
    assert (told.why("bo"), told.ended("bo"), told.points("bo")) == ({"b": "late"}, [], 7)


def test_taking_back_what_had_taken_away_gives_it_back() -> None:
    text = badge("when: {metric: open, at_least: 2}, points: 7")
    told = play(text, "tue bo wins; wed bo wins; mon bo loses; thu bo reverses of=3")
    assert (told.badges("bo"), told.kept("bo"), told.points("bo")) == (["b"], [], 7)
    never_shown = play(text, "mon bo loses; tue bo wins; wed bo wins; thu bo reverses of=1")
    assert never_shown.badges("bo") == ["b"]


def test_what_an_event_that_is_taken_back_later_has_shown_stands() -> None:
    """Entries are taken one after another: Bo was shown the badge before a late event, and that one's reversal."""
    told = play(
        badge("when: {metric: open, at_least: 2}, on_reversal: revoke"),
        "mon bo loses; tue bo wins; wed bo wins; thu bo reverses of=1; fri bo reverses of=2",
    )
    assert (told.badges("bo"), told.ended("bo")) == ([], [("badge/b/", 5)])


# --------------------------------------------------------------------------------------------------------- in any order


@pytest.mark.parametrize("fields", [TWO, REVOKED])
def test_before_its_event_it_keeps_that_from_doing_anything(fields: str) -> None:
    told = play(badge(fields), "wed bo reverses of=3; mon bo wins; tue bo wins")
    assert (told.badges("bo"), told.ended("bo"), told.points("bo"), told.metric("bo", "deals")) == ([], [], 0, 1)


def test_reversing_twice_is_reversing_once() -> None:
    told = play(
        badge(REVOKED),
        "mon bo wins; tue bo wins; wed bo reverses of=1; wed bo reverses of=1; thu bo wins; fri bo reverses of=1",
    )
    assert (told.badges("bo"), told.ended("bo")) == (["b"], [("badge/b/", 3)])


def test_a_reversal_of_a_reversal_changes_nothing() -> None:
    for story in (
        "mon bo wins; tue bo reverses of=1; wed bo reverses of=2",
        "mon bo wins; wed bo reverses of=3; tue bo reverses of=1",
    ):
        told = play(METRICS, story)
        assert told.metric("bo", "deals") is None


def test_what_nobody_sent_is_nothing_to_take_back() -> None:
    told = play(badge(TWO), "mon bo wins; tue bo reverses of=lms/77; tue bo wins")
    assert told.badges("bo") == ["b"]


def test_after_what_stands_alone_nothing_is_in_order_that_belongs_before_it() -> None:
    """A kept award behind all events: an event before it is a late one, though no event is later."""
    text = (
        METRICS
        + "badges: {b: {when: {metric: deals, at_least: 2}, points: 10}}\n"
        + "leaderboards: {top: {metric: all_in, window: week}}"
    )

    def sums(story: str) -> tuple[object, object]:
        told = play(text, story)
        return told.value("bo", "all_in", "2026-W47"), told.value("bo", "all_in", "2026-W48")

    assert sums("mon bo wins; mon+1 bo wins; tue+1 bo reverses of=2; tue bo loses") == (1, 10)
    assert sums("mon bo wins; mon+1 bo wins; tue bo loses; tue+1 bo reverses of=2") == (1, 10)
    assert sums("mon bo wins; mon+1 bo wins; tue+1 bo reverses of=2; wed+1 bo loses; tue bo loses") == (1, 11)


# ------------------------------------------------------------------------------------------------- each kind of badge


MODULES = "mon bo module.completed course=x module=1; tue bo module.completed course={course} module={module}"
CASES = {
    "tiers": (
        "metric: deals, tiers: [{name: One, at_least: 1}, {name: Two, at_least: 2}]",
        "mon bo wins; tue bo wins; wed bo reverses of=2",
        ["b Two"],
    ),
    "repeat in windows": (
        "when: {metric: deals, at_least: 1, within: week}, repeat: true",
        "mon bo wins; mon+1 bo wins; tue+1 bo reverses of=1",
        ["b 2026-W47"],
    ),
    "repeat by object": (
        "when: {metric: modules, at_least: 1}, repeat: true",
        MODULES.format(course="y", module=1) + "; wed bo reverses of=1",
        ["b x"],
    ),
    "once of any object": (
        "when: {metric: modules, at_least: 2}",
        MODULES.format(course="x", module=2) + "; wed bo reverses of=1",
        ["b"],
    ),
    "personal best": (
        "personal_best: {metric: biggest, minimum: 1}",
        "mon bo wins amount=1; tue bo wins amount=2; wed bo reverses of=2",
        ["b"],
    ),
    "personal best without its mark": (
        "personal_best: {metric: biggest, minimum: 1}",
        "mon bo wins amount=1; tue bo wins amount=2; wed bo reverses of=1",
        ["b"],
    ),
}


def case(name: str, ending: str) -> Told:
    fields, story, _ = CASES[name]
    return play(badge(f"{fields}, points: 5, on_reversal: {ending}"), story)


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_award_is_kept_or_ends(name: str) -> None:
    kept, ended = case(name, "keep"), case(name, "revoke")
    gone = CASES[name][2]
    assert kept.kept("bo") == gone
    assert len(ended.ended("bo")) == len(gone)
    assert set(ended.badges("bo")) == set(kept.badges("bo")) - set(gone)
    assert ended.points("bo") == kept.points("bo") - 5 * len(gone)


# --------------------------------------------------------------------------------------------- organizations' events


def test_what_is_about_an_organization_is_taken_back_too() -> None:
    text = "metrics: {spent: {event: mdf.spent, take: sum, of: amount}}\n"
    text += "leaderboards: {most: {metric: spent, window: all, whose: organization}}"
    story = "mon org:acme mdf.spent amount=5; tue org:acme mdf.spent amount=2; wed org:acme reverses of=1"
    told = play(text, story, profiles={"org:acme": {"": {"organization": 1}}})
    assert told.organization(1, "spent") == 2
