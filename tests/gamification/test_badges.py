"""Badges and levels: when they are earned, how often, and for what."""

from dataclasses import replace

from hub.gamification.plan import Plan
from tests.gamification.play import plan_of, play

METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  assets: {event: asset.viewed, take: distinct, of: asset}
  modules: {event: module.completed, take: distinct, of: module, by: course}
  score: {event: module.completed, take: sum, of: score, by: course}
  courses: {event: module.completed, take: count, by: course, total: count}
"""


def badges(text: str, more: str = "") -> str:
    return METRICS + "badges:\n" + "\n".join(f"  {line.strip()}" for line in text.strip().splitlines()) + "\n" + more


def test_a_badge_is_earned_at_the_event_that_first_makes_it_true_and_once() -> None:
    told = play(badges("maker: {when: {metric: deals, at_least: 2}}"), "mon bo wins; tue bo wins; wed bo wins")
    assert told.badges("bo") == ["maker"]
    assert told.when("bo", "maker") == "2026-11-17 12:00"


def test_several_tiers_at_once_are_each_awarded_in_order() -> None:
    tiers = "[{name: Bronze, at_least: 100}, {name: Silver, at_least: 200}, {name: Gold, at_least: 500}]"
    told = play(
        badges(f"maker: {{metric: revenue, tiers: {tiers}, points: 5}}"),
        "mon bo wins amount=250; tue bo wins amount=250",
    )
    assert told.badges("bo") == ["maker Bronze", "maker Silver", "maker Gold"]
    assert told.points("bo") == 15
    assert told.when("bo", "maker Silver") == "2026-11-16 12:00"


def test_all_any_and_at_least_of() -> None:
    parts = "[{metric: deals, at_least: 2}, {metric: assets, at_least: 1}, {streak: daily, at_least: 2}]"
    text = badges(
        f"""every: {{when: {{all: {parts}}}}}
            some: {{when: {{any: {parts}}}}}
            two: {{when: {{at_least_of: {{count: 2, conditions: {parts}}}}}}}
            nested: {{when: {{all: [{{any: [{{metric: deals, at_least: 9}}, {{badge: two}}]}}, {{badge: some}}]}}}}""",
        "streaks: {daily: {event: hub.visited, every: day}}",
    )
    told = play(text, "mon bo views asset=a; tue bo wins; wed bo wins; thu bo visits; fri bo visits")
    assert told.badges("bo") == ["some", "two", "nested", "every"]
    assert [told.when("bo", badge) for badge in ("some", "two", "nested", "every")] == [
        f"2026-11-{day} 12:00" for day in (16, 18, 18, 20)
    ]


def test_a_count_that_needs_nothing_is_there_with_the_first_event_of_any_type() -> None:
    told = play(badges("born: {when: {metric: deals, at_least: 0}}"), "mon bo visits; tue bo visits")
    assert told.when("bo", "born") == "2026-11-16 12:00"


def test_a_maximum_without_value_is_no_number() -> None:
    assert play(badges("low: {when: {metric: biggest, at_least: -5}}"), "mon bo visits").badges("bo") == []


# Repeats.


def test_repeated_once_a_window() -> None:
    told = play(
        badges("sprint: {when: {metric: deals, at_least: 2, within: week}, repeat: true, points: 3}"),
        "mon bo wins; tue bo wins; wed bo wins; sun bo wins; mon+1 bo wins; mon+2 bo wins; tue+2 bo wins",
    )
    assert told.badges("bo") == ["sprint 2026-W47", "sprint 2026-W49"]
    assert told.points("bo") == 6


def test_tiers_repeated_once_a_window_each() -> None:
    tiers = "[{name: A, at_least: 1}, {name: B, at_least: 2}]"
    told = play(
        badges(f"sprint: {{metric: deals, within: week, repeat: true, tiers: {tiers}}}"),
        "mon bo wins; tue bo wins; mon+1 bo wins; mon+2 bo wins; tue+2 bo wins",
    )
    assert told.badges("bo") == [
        "sprint A 2026-W47",
        "sprint B 2026-W47",
        "sprint A 2026-W48",
        "sprint A 2026-W49",
        "sprint B 2026-W49",
    ]


def test_what_needs_nothing_is_earned_anew_in_each_window() -> None:
    told = play(
        badges("there: {when: {metric: deals, at_least: 0, within: week}, repeat: true}"),
        "mon bo visits; tue+1 bo visits; wed+1 bo visits; thu+3 bo visits",
    )
    assert told.badges("bo") == ["there 2026-W47", "there 2026-W48", "there 2026-W50"]


def test_what_holds_without_its_window_is_earned_anew_at_the_first_event_of_each() -> None:
    when = "{any: [{metric: revenue, at_least: 5}, {metric: deals, at_least: 2, within: week}]}"
    told = play(
        badges(f"keen: {{when: {when}, repeat: true}}"),
        "mon bo wins; tue bo wins; mon+1 bo wins amount=5; mon+2 bo visits; tue+2 bo visits; wed+4 bo visits",
    )
    assert told.badges("bo") == ["keen 2026-W47", "keen 2026-W48", "keen 2026-W49", "keen 2026-W51"]
    assert told.when("bo", "keen 2026-W49") == "2026-11-30 12:00"
    about = "{any: [{metric: score, at_least: 5}, {metric: modules, at_least: 9, within: week}]}"
    story = "mon bo module.completed course=go score=5; tue bo module.completed course=py score=7; mon+2 bo visits"
    told = play(badges(f"keen: {{when: {about}, repeat: true}}"), story)
    assert told.badges("bo") == ["keen 2026-W47 go", "keen 2026-W47 py", "keen 2026-W49 go", "keen 2026-W49 py"]


def test_without_repeat_a_window_is_met_once_and_for_all() -> None:
    told = play(
        badges("sprint: {when: {metric: deals, at_least: 2, within: week}}"),
        "sun bo wins; mon+1 bo wins; tue+1 bo wins; mon+2 bo wins; tue+2 bo wins",
    )
    assert told.badges("bo") == ["sprint"]
    assert told.when("bo", "sprint") == "2026-11-24 12:00"


def test_a_window_of_two_dates_is_met_by_what_lies_between_them() -> None:
    span = "{from: 2026-11-17, until: 2026-11-19}"
    told = play(
        badges(f"push: {{when: {{metric: deals, at_least: 2, within: {span}}}, repeat: true}}"),
        "mon bo wins; mon bo wins; tue bo wins; wed bo wins; thu bo wins; fri bo wins",
    )
    assert told.badges("bo") == ["push 2026-11-17/2026-11-19"]
    assert told.when("bo", "push 2026-11-17/2026-11-19") == "2026-11-18 12:00"


LEARNING = """
mon bo module.completed course=go module=1
tue bo module.completed course=py module=1
wed bo module.completed course=go module=2
thu bo module.completed course=py module=2
mon+1 bo module.completed course=go module=3
tue+1 bo module.completed course=go module=3
wed+1 bo module.completed course=go module=4
"""


def test_repeated_once_an_object() -> None:
    told = play(badges("graduate: {when: {metric: modules, at_least: 2}, repeat: true}"), LEARNING)
    assert told.badges("bo") == ["graduate go", "graduate py"]


def test_repeated_once_an_object_and_window() -> None:
    told = play(badges("graduate: {when: {metric: modules, at_least: 2, within: week}, repeat: true}"), LEARNING)
    assert told.badges("bo") == ["graduate 2026-W47 go", "graduate 2026-W47 py", "graduate 2026-W48 go"]


def test_tiers_repeated_once_an_object_each() -> None:
    tiers = "[{name: A, at_least: 1}, {name: B, at_least: 2}, {name: C, at_least: 4}]"
    told = play(badges(f"graduate: {{metric: modules, repeat: true, tiers: {tiers}}}"), LEARNING)
    assert told.badges("bo") == [f"graduate {each}" for each in ("A go", "A py", "B go", "B py", "C go")]


def test_without_repeat_one_object_is_enough() -> None:
    told = play(badges("graduate: {when: {metric: modules, at_least: 2}}"), LEARNING)
    assert told.badges("bo") == ["graduate"]
    assert told.when("bo", "graduate") == "2026-11-18 12:00"


def test_conditions_of_one_badge_with_the_same_by_are_about_the_same_object() -> None:
    text = badges("top: {when: {all: [{metric: modules, at_least: 2}, {metric: score, at_least: 10}]}, repeat: true}")
    told = play(
        text,
        "mon bo module.completed course=go module=1; tue bo module.completed course=go module=2;"
        "wed bo module.completed course=py module=1 score=20; thu bo module.completed course=go score=10",
    )
    assert told.badges("bo") == ["top go"]
    assert told.when("bo", "top go") == "2026-11-19 12:00"


def test_an_object_badge_that_also_needs_something_else_waits_for_it() -> None:
    text = badges("expert: {when: {all: [{metric: modules, at_least: 2}, {metric: deals, at_least: 1}]}, repeat: true}")
    told = play(text, LEARNING + "fri+1 bo wins")
    assert told.badges("bo") == ["expert go", "expert py"]
    assert told.when("bo", "expert py") == "2026-11-27 12:00"


def test_a_badge_that_may_also_be_earned_otherwise_needs_no_object() -> None:
    when = "{any: [{metric: modules, at_least: 2}, {metric: deals, at_least: 1}]}"
    told = play(badges(f"either: {{when: {when}}}\neach: {{when: {when}, repeat: true}}"), "mon bo wins")
    assert told.badges("bo") == ["either"]
    told = play(badges(f"either: {{when: {when}}}\neach: {{when: {when}, repeat: true}}"), LEARNING)
    assert told.badges("bo") == ["either", "each go", "each py"]


def test_a_total_that_is_no_greatest_is_about_the_plain_value() -> None:
    told = play(badges("broad: {when: {metric: courses, at_least: 2}}"), LEARNING)
    assert told.when("bo", "broad") == "2026-11-17 12:00"
    text = badges(
        "broad: {when: {all: [{metric: courses, at_least: 2}, {metric: modules, at_least: 2}]}, repeat: true}"
    )
    assert play(text, LEARNING).badges("bo") == ["broad go", "broad py"]


def test_an_object_badge_waits_for_its_member() -> None:
    text = badges("graduate: {when: {metric: modules, at_least: 2}, repeat: true, for: {tier: gold}}")
    told = play(text, LEARNING, profiles={"bo": {"": {"tier": "silver"}, "fri": {"tier": "gold"}}})
    assert told.badges("bo") == ["graduate go", "graduate py"]
    assert told.when("bo", "graduate py") == "2026-11-23 12:00"


# Badges of badges, streaks, levels and goals.


def test_a_badge_for_a_badge_earned_so_many_times() -> None:
    text = badges(
        """marathon: {when: {badge: sprint, times: 2}}
           sprint: {when: {metric: deals, at_least: 2, within: week}, repeat: true}
           after: {when: {badge: marathon}}"""
    )
    told = play(text, "mon bo wins; tue bo wins; mon+1 bo wins; mon+2 bo wins; tue+2 bo wins")
    assert sorted(told.badges("bo")) == ["after", "marathon", "sprint 2026-W47", "sprint 2026-W49"]
    assert told.when("bo", "marathon") == told.when("bo", "after") == "2026-12-01 12:00"


def test_a_badge_for_a_tier() -> None:
    tiers = "[{name: Bronze, at_least: 1}, {name: Gold, at_least: 2}]"
    text = badges(f"maker: {{metric: deals, tiers: {tiers}}}\ngolden: {{when: {{badge: maker, tier: Gold}}}}")
    assert play(text, "mon bo wins").badges("bo") == ["maker Bronze"]
    assert play(text, "mon bo wins; tue bo wins").when("bo", "golden") == "2026-11-17 12:00"


def test_a_badge_for_the_longest_run() -> None:
    text = badges("regular: {streak: daily, tiers: [{name: A, at_least: 2}, {name: B, at_least: 3}]}") + (
        "streaks: {daily: {event: hub.visited, every: day}}"
    )
    told = play(text, "mon bo visits; wed bo visits; thu bo visits; mon+1 bo visits")
    assert told.badges("bo") == ["regular A"]
    late = play(text, "mon bo visits; wed bo visits; tue bo visits")
    assert (late.badges("bo"), late.when("bo", "regular B")) == (["regular A", "regular B"], "2026-11-18 12:00")


LEVELS = "levels: {starter: {at: 0}, pro: {at: 10}, star: {at: 20}}\n"
WON = """
points:
  won: {event: deal.won, award: {points: 1, for_every: 1, of: amount}}
  lost: {event: deal.lost, award: -10}
"""


def test_levels_are_reached_at_their_points_two_at_once_and_kept() -> None:
    told = play(LEVELS + WON, "mon bo visits")
    assert told.level("bo") == "starter"
    assert play(LEVELS + WON, "mon bo wins amount=9").level("bo") == "starter"
    assert play(LEVELS + WON, "mon bo wins amount=10").level("bo") == "pro"
    told = play(LEVELS + WON, "mon bo wins amount=25; tue bo loses; wed bo loses")
    assert (told.points("bo"), told.level("bo")) == (5, "star")
    assert len([fact for fact in told.people["bo"].facts.values() if fact.kind == "level"]) == 3


def test_a_badge_for_a_level_is_also_for_a_higher_one() -> None:
    text = badges("pro: {when: {level: pro}, points: 10}\nstarted: {when: {level: starter}}", LEVELS + WON)
    told = play(text, "mon bo wins amount=10")
    assert told.badges("bo") == ["pro", "started"]
    assert (told.level("bo"), told.points("bo")) == ("star", 20)


def test_points_of_a_pass_are_seen_in_the_next_all_at_the_time_of_the_event() -> None:
    text = badges(
        """third: {when: {metric: points_earned, at_least: 35}, points: 1}
           second: {when: {metric: points_earned, at_least: 20}, points: 15}
           first: {when: {metric: deals, at_least: 1}, points: 20}""",
        LEVELS,
    )
    told = play(text, "mon bo wins")
    assert told.earned("bo") == [("first", 20), ("second", 15), ("third", 1)]
    assert {told.when("bo", badge) for badge in ("first", "second", "third")} == {"2026-11-16 12:00"}
    assert told.level("bo") == "star"


def test_a_badge_for_a_goal_reached_in_any_window() -> None:
    goals = "goals: {week: {metric: deals, window: week, target: 2}}"
    text = badges("aimed: {when: {goal: week}, points: 7}", goals)
    told = play(text, "mon bo wins; mon+1 bo wins; tue+1 bo wins; mon+2 bo wins; tue+2 bo wins")
    assert (told.badges("bo"), told.when("bo", "aimed"), told.points("bo")) == (["aimed"], "2026-11-24 12:00", 7)
    assert told.goal("bo", "week") == ["2026-W48", "2026-W49"]


# Personal bests.


def test_a_personal_best_beats_the_maximum_before_and_the_first_sets_the_mark() -> None:
    text = badges("best: {personal_best: {metric: biggest, minimum: 10}, points: 1}")
    told = play(
        text,
        "mon bo wins amount=5; tue bo wins amount=7; wed bo wins amount=10.5; thu bo wins amount=10.5;"
        "fri bo wins amount=10.75; sat bo wins amount=9; sun bo wins amount=11; mon+1 bo wins",
    )
    assert told.badges("bo") == ["best", "best"]
    assert [told.people["bo"].facts[key].entry for key in sorted(told.people["bo"].facts)] == [5, 7]
    assert told.points("bo") == 2


def test_a_personal_best_before_its_time_moves_the_mark_all_the_same() -> None:
    text = badges("best: {personal_best: {metric: biggest, minimum: 10}, from: 2026-11-18}")
    told = play(text, "mon bo wins amount=10; tue bo wins amount=20; wed bo wins amount=15; thu bo wins amount=21")
    assert [fact.entry for fact in told.people["bo"].facts.values()] == [4]


# Who, when, and in which state.


def test_from_until_and_for_are_about_the_instant_not_about_what_counts() -> None:
    text = badges("late: {when: {metric: deals, at_least: 2}, from: 2026-11-19}")
    told = play(text, "mon bo wins; tue bo wins; wed bo visits; thu 00:00 bo visits")
    assert told.when("bo", "late") == "2026-11-19 00:00"
    text = badges("early: {when: {metric: deals, at_least: 2}, until: 2026-11-18}")
    assert play(text, "mon bo wins; tue bo wins").badges("bo") == ["early"]
    assert play(text, "mon bo wins; wed 00:00 bo wins").badges("bo") == []
    text = badges("gold: {when: {metric: deals, at_least: 2}, for: {tier: gold}}")
    lives = {"bo": {"": {"tier": "silver"}, "wed": {"tier": "gold"}, "thu": {"tier": "silver"}}}
    assert play(text, "mon bo wins; tue bo wins; thu bo visits", profiles=lives).badges("bo") == []
    told = play(text, "mon bo wins; tue bo wins; wed bo visits", profiles=lives)
    assert told.when("bo", "gold") == "2026-11-18 12:00"


def test_a_draft_is_never_earned_and_a_secret_is() -> None:
    text = badges(
        "d: {when: {metric: deals, at_least: 1}, state: draft}\ns: {when: {metric: deals, at_least: 1}, secret: true}"
    )
    assert play(text, "mon bo wins").badges("bo") == ["s"]


def locked(when: str, at: int) -> Plan:
    """A badge that the second version locks when the log has `at` - 1 entries."""
    plan = plan_of(badges(f"b: {{when: {when}}}"), "# from mon\n" + badges(f"b: {{when: {when}, state: locked}}"))
    return Plan([plan.versions[0], replace(plan.versions[1], published_at=at)])


def test_a_locked_badge_takes_nothing_from_entries_known_after_its_version() -> None:
    story = "mon bo wins; tue bo wins; wed bo wins"
    assert play(locked("{metric: deals, at_least: 2}", 2), story).badges("bo") == []
    assert play(locked("{metric: deals, at_least: 2}", 3), story).badges("bo") == ["b"]


def test_a_locked_badge_keeps_its_holder_when_a_late_event_makes_it_true_earlier() -> None:
    told = play(
        locked("{metric: assets, at_least: 2}", 3),
        "mon bo views asset=a; wed bo views asset=b; tue bo views asset=b; thu bo visits",
    )
    assert told.badges("bo") == ["b"]
    assert (told.when("bo", "b"), told.kept("bo")) == ("2026-11-18 12:00", [])


def test_an_organization_earns_no_badges() -> None:
    text = (
        METRICS
        + "  spent: {event: mdf.spent, take: count}\nbadges: {b: {when: {metric: spent, at_least: 1}}}\n"
        + LEVELS
    )
    assert play(text, "mon org:acme mdf.spent").effects("org:acme") == []


def test_objects_of_a_window_of_two_dates_are_its_own() -> None:
    span = "{from: 2026-11-17, until: 2026-11-19}"
    text = badges(
        f"expert: {{when: {{all: [{{metric: modules, at_least: 2, within: {span}}}, {{metric: deals, at_least: 1}}]}}}}"
    )
    assert play(text, LEARNING + "sun bo wins").badges("bo") == []
    story = "tue bo module.completed course=1 module=1; tue bo module.completed course=1 module=2"
    assert play(text, story + "; wed bo wins").badges("bo") == ["expert"]
    assert play(text, story + "; thu bo wins").badges("bo") == []
