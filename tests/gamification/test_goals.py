"""Goals: whose target counts, and when it is reached."""

from tests.gamification.play import play

METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  lost: {event: deal.lost, take: sum, of: amount}
  net: {plus: [revenue], minus: [lost]}
"""


def goal(fields: str, more: str = "") -> str:
    return METRICS + f"goals: {{aim: {{{fields}}}}}\n" + more


GOLD_LATER = {"bo": {"": {"tier": "silver"}, "wed": {"tier": "gold"}}}


def test_a_goal_is_reached_in_each_window_at_the_event_that_makes_it_true() -> None:
    told = play(
        goal("metric: deals, window: week, target: 2"),
        "mon bo wins; tue bo wins; wed bo wins; mon+1 bo wins; mon+2 bo wins; sun+2 bo wins",
    )
    assert told.goal("bo", "aim") == ["2026-W47", "2026-W49"]
    assert told.people["bo"].reached["aim", "2026-W47"] == 2


def test_a_goal_once_reached_stays_so_in_its_window() -> None:
    told = play(goal("metric: open, window: week, target: 2"), "mon bo wins; tue bo wins; wed bo loses; thu bo wins")
    assert told.people["bo"].reached == {("aim", "2026-W47"): 2}


def test_a_late_event_re_decides_it() -> None:
    text = goal("metric: open, window: week, target: 2")
    assert play(text, "tue bo wins; wed bo wins; mon bo loses").goal("bo", "aim") == []
    assert play(text, "tue bo wins; wed bo wins; mon bo wins").people["bo"].reached == {("aim", "2026-W47"): 1}


def test_a_goal_of_two_dates_counts_what_lies_between_them() -> None:
    text = goal("metric: deals, window: {from: 2026-11-17, until: 2026-11-19}, target: 2")
    assert play(text, "mon bo wins; tue bo wins; thu bo wins").goal("bo", "aim") == []
    assert play(text, "tue bo wins; wed bo wins").goal("bo", "aim") == ["2026-11-17/2026-11-19"]


def test_a_goal_of_a_combined_metric() -> None:
    text = goal("metric: net, window: week, target: 10")
    told = play(text, "mon bo loses amount=5; tue bo wins amount=10; wed bo wins amount=5.5; mon+1 bo wins amount=10")
    assert told.people["bo"].reached == {("aim", "2026-W47"): 3, ("aim", "2026-W48"): 4}


def test_own_targets_go_first_then_the_first_that_fits_then_the_goals() -> None:
    text = goal(
        "metric: deals, window: week, target: 3,"
        " targets: [{for: {tier: gold}, target: 2}, {for: {role: sales_rep}, target: 1}]"
    )
    story = "mon bo wins; tue bo wins; wed bo wins"
    assert play(text, story, profiles={"bo": {"": {"tier": "silver"}}}).people["bo"].reached == {("aim", "2026-W47"): 3}
    both = {"bo": {"": {"tier": "gold", "role": ("sales_rep",)}}}
    assert play(text, story, profiles=both).people["bo"].reached == {("aim", "2026-W47"): 2}
    assert play(text, story).people["bo"].reached == {("aim", "2026-W47"): 1}
    own = play(text, story, targets={("aim", "2026-W47"): 4})
    assert own.goal("bo", "aim") == []


def test_a_member_for_whom_it_is_not_has_no_goal() -> None:
    text = goal("metric: deals, window: week, target: 1, for: {tier: gold}")
    assert play(text, "mon bo wins", profiles={"bo": {"": {"tier": "silver"}}}).goal("bo", "aim") == []


def test_without_any_target_there_is_no_goal() -> None:
    text = goal("metric: deals, window: week, targets: [{for: {tier: gold}, target: 1}]")
    assert play(text, "mon bo wins").goal("bo", "aim") == []
    assert play(text, "mon bo wins", targets={("aim", "2026-W47"): 1}).goal("bo", "aim") == ["2026-W47"]


def test_what_a_goal_leads_to_looks_at_the_profile_at_the_time_of_the_event() -> None:
    text = goal("metric: deals, window: week, target: 9, targets: [{for: {tier: silver}, target: 2}]")
    text += "badges: {aimed: {when: {goal: aim}}}"
    told = play(text, "mon bo wins; tue bo wins; thu bo wins", profiles=GOLD_LATER)
    assert (told.badges("bo"), told.when("bo", "aimed")) == (["aimed"], "2026-11-17 12:00")


def test_it_is_asked_again_at_each_event_where_the_profile_may_have_changed() -> None:
    text = goal("metric: deals, window: week, target: 2, for: {tier: gold}", "badges: {aimed: {when: {goal: aim}}}")
    told = play(text, "mon bo wins; tue bo wins; thu bo visits", profiles=GOLD_LATER)
    assert told.when("bo", "aimed") == "2026-11-19 12:00"
    assert play(text, "mon bo wins; tue bo wins; mon+1 bo visits", profiles=GOLD_LATER).badges("bo") == []


def test_when_it_is_asked_changes_nothing() -> None:
    text = goal("metric: deals, window: week, target: 2, for: {tier: gold}")
    told = [play(text, "thu bo wins; fri bo wins", profiles=GOLD_LATER, now=now) for now in ("tue", "sat", "mon+9")]
    assert [each.goal("bo", "aim") for each in told] == [["2026-W47"]] * 3


# Of the window before.


OF_PREVIOUS = "metric: revenue, window: week, target: {of_previous: 11/10}"


def test_of_previous_is_the_value_of_the_window_before_times_the_factor_rounded_up() -> None:
    story = "mon bo wins amount=10.5; mon+1 bo wins amount=11.5; tue+1 bo wins amount=0.5"  # 11.55 -> 12
    assert play(goal(OF_PREVIOUS), story).people["bo"].reached == {("aim", "2026-W48"): 3}


def test_without_a_value_in_the_window_right_before_there_is_no_goal() -> None:
    assert play(goal(OF_PREVIOUS), "mon bo wins amount=1; mon+2 bo wins amount=100").goal("bo", "aim") == []
    # An event of another metric in between changes nothing.
    told = play(
        goal(OF_PREVIOUS), "mon bo wins amount=1; mon+1 bo visits; mon+1 bo loses amount=1; mon+2 bo wins amount=100"
    )
    assert told.goal("bo", "aim") == []


def test_of_previous_of_a_combined_metric() -> None:
    text = goal("metric: net, window: week, target: {of_previous: 1}")
    told = play(
        text,
        "mon bo wins amount=5; tue bo loses amount=2; tue+1 bo wins amount=2; wed+1 bo wins amount=1;"
        "tue+2 bo wins amount=3",
    )
    assert told.people["bo"].reached == {("aim", "2026-W48"): 4, ("aim", "2026-W49"): 5}


def test_a_late_event_in_the_window_before_re_decides_it() -> None:
    told = play(goal(OF_PREVIOUS), "mon bo wins amount=10; mon+1 bo wins amount=11; tue bo wins amount=10")
    assert told.goal("bo", "aim") == []


REWARDED = "metric: deals, window: week, target: 2, reward: {points: 50}"


def test_a_reward_comes_once_a_window_at_the_event_that_reaches_the_goal() -> None:
    told = play(goal(REWARDED), "mon bo wins; tue bo wins; wed bo wins; mon+1 bo wins; tue+1 bo wins")
    assert told.earned("bo") == [("aim", 50), ("aim", 50)]
    assert told.people["bo"].posted == {"goal/aim/2026-W47": 50, "goal/aim/2026-W48": 50}


def test_a_badge_that_is_a_reward_needs_no_condition_and_comes_once() -> None:
    text = goal(
        "metric: deals, window: week, target: 1, reward: {points: 5, badge: champion}",
        "badges: {champion: {points: 7}}\n",
    )
    told = play(text, "tue bo wins; tue+1 bo wins")
    assert told.badges("bo") == ["champion"]
    assert told.earned("bo") == [("aim", 5), ("champion", 7), ("aim", 5)]
    assert told.when("bo", "champion") == "2026-11-17 12:00"


def test_a_reward_badge_that_is_not_on_offer_is_not_given() -> None:
    for state in ("state: draft", "until: 2026-01-01", "for: {tier: gold}"):
        text = goal(
            "metric: deals, window: week, target: 1, reward: {badge: champion}", f"badges: {{champion: {{{state}}}}}\n"
        )
        assert play(text, "tue bo wins").badges("bo") == []


def test_a_late_event_takes_the_reward_back_until_the_window_is_final() -> None:
    text = goal(
        "metric: open, window: week, target: 2, reward: {points: 50}", "levels: {starter: {at: 0}, pro: {at: 50}}\n"
    )
    told = play(text, "tue bo wins; wed bo wins; mon bo loses")
    assert told.points("bo") == 0
    assert told.level("bo") == "pro"  # a level once reached is kept


def test_a_reward_looks_at_the_profile_at_its_events_time() -> None:
    text = goal("metric: deals, window: week, target: 1, for: {tier: gold}, reward: {points: 50}")
    told = play(text, "mon bo wins; wed 13:00 bo visits", profiles=GOLD_LATER)
    assert told.people["bo"].reached == {("aim", "2026-W47"): 2}
    assert told.points("bo") == 50


def test_history_gives_no_rewards() -> None:
    text = "program: {name: Club, time_zone: UTC, live_from: 2026-11-23}\n" + goal(REWARDED)
    told = play(text, "mon bo wins; tue bo wins; mon+1 bo wins; tue+1 bo wins")
    assert told.goal("bo", "aim") == ["2026-W47", "2026-W48"]
    assert told.earned("bo") == [("aim", 50)]


def test_points_of_a_reward_are_in_the_metrics_of_the_next_pass() -> None:
    text = goal(
        REWARDED,
        "badges: {rich: {when: {metric: points_earned, at_least: 50}}}\nlevels: {starter: {at: 0}, pro: {at: 50}}\n",
    )
    told = play(text, "mon bo wins; tue bo wins")
    assert told.badges("bo") == ["rich"]
    assert told.level("bo") == "pro"
    assert told.when("bo", "rich") == "2026-11-17 12:00"


def test_a_badge_on_a_goal_follows_the_reward() -> None:
    text = goal(REWARDED, "badges: {fan: {when: {goal: aim}}}\n")
    assert play(text, "mon bo wins; tue bo wins").badges("bo") == ["fan"]
