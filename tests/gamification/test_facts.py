"""Facts: what people were shown stays, as an award that is kept, whatever the log says later."""

import pytest

from hub.gamification import engine
from hub.gamification.progress import Given
from tests.gamification.play import Standing, at, plan_of, play, timeline, told_events

METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  mean: {event: deal.won, take: average, of: amount}
  closed: {event: [deal.won, deal.lost], take: count}
  rate: {share: deals, of: closed}
  lost: {event: deal.lost, take: count}
  net: {plus: [deals], minus: [lost]}
  last: {event: deal.won, take: latest, of: amount}
  bests: {event: deal.won, take: max, of: amount, by: deal, total: sum}
  best_and_lost: {plus: [biggest, lost]}
"""
LEVELS = "levels: {starter: {at: 0}, pro: {at: 10}, star: {at: 20}}\n"


def badge(when: str, more: str = "") -> str:
    return METRICS + f"badges:\n  b: {{when: {when}, points: 7}}\n" + more


def test_an_award_that_a_late_event_takes_back_is_kept_with_its_points() -> None:
    told = play(badge("{metric: open, at_least: 2}"), "tue bo wins; wed bo wins; mon bo loses")
    assert told.badges("bo") == told.kept("bo") == ["b"]
    assert told.when("bo", "b") == "2026-11-18 12:00"
    assert (told.points("bo"), told.metric("bo", "points_earned")) == (7, 7)


def test_a_kept_award_that_comes_due_again_is_the_same_and_no_longer_kept() -> None:
    told = play(
        badge("{metric: open, at_least: 2}"), "tue bo wins; wed bo wins; mon bo loses; fri bo wins; sat bo wins"
    )
    assert (told.badges("bo"), told.kept("bo"), told.points("bo")) == (["b"], [], 7)
    assert told.when("bo", "b") == "2026-11-20 12:00"


def test_what_never_stood_after_an_entry_is_no_fact() -> None:
    told = play(badge("{metric: open, at_least: 2}"), "mon bo loses; tue bo wins; wed bo wins")
    assert told.badges("bo") == []


def test_a_late_event_that_makes_it_true_earlier_moves_the_award() -> None:
    told = play(badge("{metric: deals, at_least: 2}"), "tue bo wins; thu bo wins; wed bo wins")
    assert (told.badges("bo"), told.kept("bo")) == (["b"], [])
    assert told.when("bo", "b") == "2026-11-18 12:00"


def test_a_kept_award_counts_in_conditions() -> None:
    text = (
        METRICS
        + """
badges:
  b: {when: {metric: open, at_least: 2, within: week}, repeat: true}
  twice: {when: {badge: b, times: 2}}
"""
    )
    told = play(text, "tue bo wins; wed bo wins; mon bo loses; mon+1 bo wins; tue+1 bo wins")
    assert told.badges("bo") == ["b 2026-W47", "b 2026-W48", "twice"]
    assert told.kept("bo") == ["b 2026-W47"]


def test_its_points_stand_at_the_place_of_its_event() -> None:
    text = badge("{metric: open, at_least: 2}", LEVELS + "points: {seen: {event: asset.viewed, award: 3}}")
    told = play(text, "tue bo wins; wed bo wins; mon bo loses; thu bo views")
    assert (told.level("bo"), told.points("bo")) == ("pro", 10)
    assert [fact.entry for fact in told.people["bo"].facts.values() if fact.badge == "pro"] == [4]


# Everything that a late event may take away. Each story is also told at once, so that none may be overlooked.


@pytest.mark.parametrize(
    ("when", "story"),
    [
        ("{metric: open, at_least: 2}", "tue bo wins; wed bo wins; mon bo loses"),
        ("{metric: revenue, at_least: 5}", "tue bo wins amount=5; mon bo wins amount=-1"),
        ("{metric: mean, at_least: 5}", "tue bo wins amount=5; mon bo wins amount=1"),
        ("{metric: last, at_least: 5}", "tue bo wins amount=5; mon bo wins amount=9; mon bo wins amount=2"),
        ("{metric: rate, at_least: 1}", "tue bo wins; mon bo loses"),
        ("{metric: net, at_least: 1}", "tue bo wins; mon bo loses"),
        ("{metric: bests, at_least: 5}", "tue bo wins amount=5 deal=a; mon bo wins amount=-2 deal=b"),
        ("{metric: best_and_lost, at_least: 1}", "tue bo loses; mon bo wins amount=-2"),
    ],
)
def test_metrics_that_fall(when: str, story: str) -> None:
    told = play(badge(when), story)
    assert told.badges("bo") == ["b"]
    assert told.points("bo") == 7


def test_a_personal_best_that_is_none_any_more() -> None:
    text = METRICS + "badges: {best: {personal_best: {metric: biggest, minimum: 5}, points: 2}}"
    told = play(text, "tue bo wins amount=5; wed bo wins amount=6; mon bo wins amount=10")
    assert (told.kept("bo"), told.points("bo")) == (["best"], 2)


def test_a_goal_of_the_window_before_that_is_reached_no_more() -> None:
    text = METRICS + "goals: {aim: {metric: deals, window: week, target: {of_previous: 1}}}\n"
    text += "badges: {aimed: {when: {goal: aim}}}"
    told = play(text, "mon bo wins; mon+1 bo wins; tue bo wins")
    assert (told.goal("bo", "aim"), told.kept("bo")) == ([], ["aimed"])


def rules(rule: str, more: str = "") -> str:
    return METRICS + f"points:\n  {rule}\n" + more + LEVELS


@pytest.mark.parametrize(
    ("text", "story"),
    [
        (
            rules("won: {event: deal.won, award: 10}\n  lost: {event: deal.lost, award: -1}"),
            "tue bo wins; mon bo loses",
        ),
        (
            rules("won: {event: deal.won, award: {points: 1, for_every: 1, of: amount}, cap: {times: 1}}"),
            "tue bo wins amount=10; mon bo wins amount=1",
        ),
        (
            rules("won: {event: deal.won, award: {points: 1, for_every: 1, of: amount}, once_per: deal}"),
            "tue bo wins amount=10 deal=a; mon bo wins amount=1 deal=a",
        ),
        (
            rules("won: {event: deal.won, award: {points: 1, for_every: 1, of: amount}, cooldown: 72h}"),
            "tue bo wins amount=10; mon bo wins amount=1",
        ),
        (
            rules(
                "won: {event: deal.won, award: {points: 1, for_every: 1, of: amount}}\n"
                "  lost: {event: deal.lost, award: 1}",
                "caps: {both: {rules: [won, lost], times: 1}}\n",
            ),
            "tue bo wins amount=10; mon bo loses",
        ),
    ],
)
def test_points_that_a_late_event_displaces(text: str, story: str) -> None:
    assert play(text, story).level("bo") == "pro"


@pytest.mark.parametrize("limit", ["cap: {times: 1}", "cooldown: 72h", "once_per: deal"])
def test_points_that_a_late_event_of_an_older_version_displaces(limit: str) -> None:
    award = "{event: deal.won, award: {points: 1, for_every: 1, of: amount}"
    versions = [rules(f"won: {award}}}"), "# from tue 00:00\n" + rules(f"won: {award}, {limit}}}")]
    assert play(versions, "tue bo wins amount=10 deal=a; mon bo wins amount=1 deal=a").level("bo") == "pro"


def test_points_that_a_metric_takes_away() -> None:
    text = METRICS.rstrip() + "\n  thrift: {plus: [deals], minus: [points_earned]}\n"
    text += "points: {seen: {event: asset.viewed, award: 5}}\nbadges: {b: {when: {metric: thrift, at_least: 1}}}"
    assert play(text, "tue bo wins; mon bo views").badges("bo") == ["b"]


def test_points_of_a_badge_that_moves_to_an_earlier_window() -> None:
    text = (
        METRICS
        + """
badges:
  maker: {when: {metric: deals, at_least: 2}, points: 100}
  month: {when: {metric: points_earned, at_least: 100, within: week}, repeat: true}
"""
    )
    told = play(text, "mon bo wins; mon+1 bo wins; tue bo wins")
    assert told.badges("bo") == ["maker", "month 2026-W47", "month 2026-W48"]
    assert told.kept("bo") == ["month 2026-W48"]


def test_a_kept_award_that_comes_due_later_may_take_another_with_it() -> None:
    text = (
        METRICS
        + """
badges:
  b: {when: {metric: open, at_least: 2}, points: 10}
  early: {when: {all: [{metric: points_earned, at_least: 10}, {metric: lost, at_least: 2}]}, until: 2026-11-20}
"""
    )
    story = "tue bo wins; wed bo wins; mon bo loses; thu bo loses; fri bo wins; sat bo wins; sun bo wins"
    told = play(text, story)
    assert told.badges("bo") == ["early", "b"]
    assert told.kept("bo") == ["early"]


def test_levels_are_facts_and_kept() -> None:
    text = rules("won: {event: deal.won, award: 10}\n  lost: {event: deal.lost, award: -5}")
    told = play(text, "tue bo wins; wed bo wins; mon bo loses")
    assert (told.level("bo"), told.points("bo"), told.kept("bo")) == ("star", 15, ["star"])


def test_a_kept_level_counts_in_conditions() -> None:
    text = rules(
        "won: {event: deal.won, award: 10}\n  lost: {event: deal.lost, award: -5}",
        "badges: {up: {when: {level: pro}, from: 2026-11-20}}\n",
    )
    told = play(text, "tue bo wins; mon bo loses; fri bo visits")
    assert (told.kept("bo"), told.badges("bo")) == (["pro"], ["up"])


def test_a_changed_amount_never_re_prices_a_standing_award() -> None:
    one = play(badge("{metric: deals, at_least: 1}"), "mon bo wins").people["bo"]
    dearer = Standing(plan_of(badge("{metric: deals, at_least: 1}").replace("points: 7", "points: 70")), one.given)
    dearer.log, dearer.facts = list(one.log), dict(one.facts)
    dearer._again([event._replace(entry=9, known_at=9) for event in told_events("mon-1 bo wins id=9")["bo"]])
    assert dearer.posted == {"badge/b/": 7}
    assert dearer.facts["badge/b/"].place[2] == "9"


def test_a_changed_program_keeps_what_it_no_longer_derives() -> None:
    one = play(badge("{metric: deals, at_least: 1}"), "mon bo wins; tue bo wins").people["bo"]
    harder = Standing(plan_of(badge("{metric: deals, at_least: 3}")), one.given)
    harder.log, harder.facts = list(one.log), dict(one.facts)
    harder._again([])
    assert (harder.kept, harder.posted) == ({"badge/b/"}, {"badge/b/": 7})
    harder.digest(told_events("wed bo wins id=9")["bo"])
    assert (harder.kept, harder.posted) == (set(), {"badge/b/": 7})
    assert harder.facts["badge/b/"].place[2] == "9"


# Where the event of an award is gone.


def without(one: Standing, *entries: int) -> Standing:
    """What stands, folded again from a log in which some entries never were."""
    later = Standing(one.plan, one.given)
    later.log, later.facts = [event for event in one.log if event.entry not in entries], dict(one.facts)
    later._again([])
    return later


def test_an_award_whose_event_is_gone_is_kept_and_nothing_is_looked_at_at_its_place() -> None:
    text = (
        METRICS
        + """
badges:
  b: {when: {metric: deals, at_least: 2}, points: 10}
  after: {when: {badge: b}, points: 1}
"""
        + LEVELS
    )
    one = play(text, "mon bo wins; tue bo wins").people["bo"]
    later = without(one, 2)
    assert later.kept == {"badge/b/", "badge/after/", "level/pro"}
    fresh = Standing(one.plan, one.given)
    fresh.log, fresh.facts = [one.log[0]], {"badge/b/": one.facts["badge/b/"]}
    fresh._again([])
    assert set(fresh.facts) == {"badge/b/", "level/starter"}
    fresh.digest(told_events("wed bo visits id=9")["bo"])
    assert {key: fact.place[2] for key, fact in fresh.facts.items() if fact.place[2] == "9"} == {
        "badge/after/": "9",
        "level/pro": "9",
    }
    at_once = Standing(one.plan, one.given)
    at_once.log, at_once.facts = list(fresh.log), {"badge/b/": one.facts["badge/b/"]}
    at_once._again([])
    assert at_once.compared() == fresh.compared()


def test_points_of_an_award_whose_event_is_gone_count_in_the_window_of_its_place() -> None:
    text = METRICS.rstrip() + "\n  all_in: {plus: [points_earned, lost]}\n"
    text += "badges: {b: {when: {metric: deals, at_least: 2}, points: 10}}\n"
    text += "leaderboards: {top: {metric: all_in, window: week}}"
    one = play(text, "mon bo visits; tue bo wins; wed bo wins; mon+1 bo visits").people["bo"]
    later = without(one, 3)
    assert later.values["all_in", "2026-W47"].value == 10
    assert ("all_in", "2026-W48") not in later.values


def test_late_deals_that_are_no_best_do_not_fold_the_member_once_more_each(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(METRICS + "badges: {best: {personal_best: {metric: biggest, minimum: 1}}}\n")
    days = [f"{day}+{week}" for week in range(1, 5) for day in ("mon", "tue", "wed", "thu", "fri")]
    # Two bests, the second of which a late one takes away; then what is none, the latest first.
    story = "mon bo wins amount=50; wed bo wins amount=60; thu bo wins amount=70; tue bo wins amount=65; "
    story += "; ".join(f"{day} bo wins amount=5" for day in reversed(days))
    folds = []
    fold = engine.fold
    monkeypatch.setattr(engine, "fold", lambda *given: folds.append(len(given[3])) or fold(*given))
    one = Standing(plan, Given(timeline({"": {}}), at("sun+9"), who=1))
    one.digest(told_events(story)["bo"])
    assert len(one.facts) == 3
    assert len(one.kept) == 1
    assert len([size for size in folds if size > 1]) < 6
