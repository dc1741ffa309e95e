"""Points: what a rule gives for an event, and the first thing that fails where it gives nothing."""

from fractions import Fraction

import pytest

from hub.gamification.outcome import Skip
from tests.gamification.play import play


def rule(fields: str, event: str = "deal.won") -> str:
    return f"points: {{won: {{event: {event}, {fields}}}}}"


# The table of codes, in its order.


def test_a_rule_gives_its_award() -> None:
    told = play(rule("award: 5"), "mon bo wins; tue bo wins")
    assert told.points("bo") == 10
    assert told.skips("bo") == []


def test_a_rule_is_in_force_from_its_first_instant_until_just_before_its_last() -> None:
    told = play(
        rule("award: 1, from: 2026-11-17, until: 2026-11-18"),
        "mon 23:59:59.999999 bo wins; tue 00:00 bo wins; tue 23:59:59.999999 bo wins; wed 00:00 bo wins",
    )
    assert told.points("bo") == 2
    assert told.skips("bo") == [("won", "not_in_force")] * 2


def test_who_gets_points_is_asked_of_the_profile_at_the_time_of_the_event() -> None:
    told = play(
        rule("award: 1, for: {tier: gold}"),
        "mon bo wins; tue bo wins; wed bo wins; thu bo wins",
        profiles={"bo": {"mon": {"tier": "silver"}, "tue": {"tier": "gold"}, "wed 12:00": {"tier": "silver"}}},
    )
    assert told.points("bo") == 1
    assert told.skips("bo") == [("won", "not_for_member")] * 3


def test_what_does_not_meet_the_condition_earns_nothing_and_says_what_was_found() -> None:
    told = play(
        rule("award: 1, where: {amount: {at_least: 1000}}"), "mon bo wins amount=999.99; tue bo wins amount=1000"
    )
    assert told.points("bo") == 1
    [skip] = told.skipped("bo")
    assert skip.code == "condition"
    assert (skip.detail["name"], str(skip.detail["found"])) == ("amount", "999.99")


def test_once_per_deal() -> None:
    told = play(rule("award: 1, once_per: deal"), "mon bo wins deal=a; tue bo wins deal=a; wed bo wins deal=b")
    assert told.points("bo") == 2
    assert told.skips("bo") == [("won", "once_per")]


def test_all_that_lack_the_attribute_are_one() -> None:
    told = play(rule("award: 1, once_per: deal"), "mon bo wins; tue bo wins; wed bo wins deal=-")
    assert told.points("bo") == 2


def test_once_per_true_is_once_ever() -> None:
    told = play(rule("award: 7, once_per: true"), "mon bo wins deal=a; tue bo wins deal=b; mon+52 bo wins")
    assert told.points("bo") == 7


def test_numbers_equal_by_value_are_the_same_thing() -> None:
    told = play(
        rule("award: 1, once_per: amount"), "mon bo wins amount=1; tue bo wins amount=1.0; wed bo wins amount=10"
    )
    assert told.points("bo") == 2


def test_what_was_skipped_is_not_used_up() -> None:
    told = play(
        rule("award: 1, once_per: deal, where: {amount: {at_least: 10}}"),
        "mon bo wins deal=a amount=1; tue bo wins deal=a amount=10; wed bo wins deal=a amount=10",
    )
    assert told.points("bo") == 1
    assert told.skips("bo") == [("won", "condition"), ("won", "once_per")]


def test_a_cooldown_runs_from_the_last_award_not_from_the_last_event() -> None:
    told = play(
        rule("award: 1, cooldown: 10m"),
        "mon 12:00 bo wins; mon 12:09:59.999999 bo wins; mon 12:10 bo wins; mon 12:19 bo wins",
    )
    assert told.points("bo") == 2
    assert told.skips("bo") == [("won", "cooldown")] * 2


def test_amounts_that_come_to_nothing() -> None:
    told = play(
        rule("award: {points: 2, for_every: 100, of: amount}"),
        "mon bo wins amount=99.99; tue bo wins amount=-500; wed bo wins; thu bo wins amount=250",
    )
    assert told.points("bo") == 4
    assert told.skips("bo") == [("won", "nothing")] * 3


def test_an_award_of_nothing_is_a_skip() -> None:
    assert play(rule("award: 0"), "mon bo wins").skips("bo") == [("won", "nothing")]


def test_what_comes_to_nothing_uses_no_cooldown_and_no_once() -> None:
    told = play(
        rule("award: {points: 1, for_every: 100, of: amount}, once_per: deal, cooldown: 1h"),
        "mon 12:00 bo wins deal=a amount=1; mon 12:01 bo wins deal=a amount=100",
    )
    assert told.points("bo") == 1


def test_the_codes_come_in_the_order_of_the_table() -> None:
    told = play(
        rule(
            "award: {points: 1, for_every: 10, of: amount}, where: {product: {not: x}}, for: {tier: gold},"
            " once_per: deal, cooldown: 1h, cap: {times: 2, per: week}, from: 2026-11-17"
        ),
        """mon bo wins product=x amount=1
           tue 12:00 bo wins product=x amount=10
           wed 12:00 bo wins product=x amount=1
           wed 12:01 bo wins deal=a amount=10
           wed 12:02 bo wins deal=a amount=1
           wed 12:03 bo wins deal=b amount=1
           wed 13:01 bo wins deal=b amount=1
           wed 14:01 bo wins deal=b amount=10
           wed 16:01 bo wins deal=c amount=10""",
        profiles={"bo": {"mon": {"tier": "silver"}, "wed": {"tier": "gold"}}},
    )
    codes = ["not_in_force", "not_for_member", "condition", "once_per", "cooldown", "nothing", "cap"]
    assert [code for _, code in told.skips("bo")] == codes
    assert told.points("bo") == 2


# Amounts.


@pytest.mark.parametrize(
    ("award", "amount", "points"),
    [
        ("{points: 3, for_every: 100, of: amount}", "299.99", 6),
        ("{points: 1, for_every: 0.5, of: amount}", "1.75", 3),
        ("{points: 1, for_every: 100, of: amount, at_least: 5}", "120", 5),
        ("{points: 1, for_every: 100, of: amount, at_least: 5}", "-1", 5),
        ("{points: 1, for_every: 100, of: amount, at_most: 5}", "1000", 5),
        ("{points: 1000000, for_every: 0.0001, of: amount}", "1000000000000", 10**9),
    ],
)
def test_a_measured_award_is_floored_then_raised_then_cut(award: str, amount: str, points: int) -> None:
    assert play(rule(f"award: {award}"), f"mon bo wins amount={amount}").points("bo") == points


def test_a_missing_amount_is_not_raised() -> None:
    told = play(rule("award: {points: 1, for_every: 100, of: amount, at_least: 5}"), "mon bo wins")
    assert told.skips("bo") == [("won", "nothing")]


BOOSTED = """
points: {won: {event: deal.won, award: 5}, other: {event: deal.won, award: 5}}
boosts:
  push: {rules: [won], factor: 3/2, from: 2026-11-17, until: 2026-11-19}
  gold: {rules: [won], factor: 1.5, for: {tier: gold}}
"""


def test_boosts_multiply_and_the_product_is_floored_once() -> None:
    told = play(
        BOOSTED,
        "mon bo wins; tue bo wins; wed bo wins; thu bo wins",
        profiles={"bo": {"mon": {"tier": "silver"}, "wed": {"tier": "gold"}}},
    )
    # 5; 5 x 3/2 = 7.5; 5 x 3/2 x 3/2 = 11.25; 5 x 1.5 = 7.5
    assert [amount for name, amount in told.earned("bo") if name == "won"] == [5, 7, 11, 7]
    assert [amount for name, amount in told.earned("bo") if name == "other"] == [5] * 4


def test_a_boost_may_make_less_and_even_nothing() -> None:
    told = play(rule("award: 1") + "\nboosts: {half: {rules: [won], factor: 1/2}}", "mon bo wins")
    assert told.skips("bo") == [("won", "nothing")]


def test_a_boosted_amount_is_cut_to_a_billion() -> None:
    told = play(rule("award: 1000000000") + "\nboosts: {more: {rules: [won], factor: 1000}}", "mon bo wins")
    assert told.points("bo") == 10**9


def test_boosts_come_before_caps() -> None:
    told = play(
        rule("award: 10, cap: {points: 25}") + "\nboosts: {double: {rules: [won], factor: 2}}",
        "mon bo wins; tue bo wins; wed bo wins",
    )
    assert [amount for _, amount in told.earned("bo")] == [20, 5]


# Caps.


def test_a_cap_of_points_cuts_the_award_to_what_is_left_and_skips_it_when_nothing_is() -> None:
    told = play(
        rule("award: 10, cap: {points: 25, per: day}"),
        "mon bo wins; mon bo wins; mon bo wins; mon bo wins; tue bo wins",
    )
    assert [amount for _, amount in told.earned("bo")] == [10, 10, 5, 10]
    assert told.skips("bo") == [("won", "cap")]


def test_a_cap_of_times_counts_awards() -> None:
    told = play(
        rule("award: 10, cap: {times: 2, per: week}, where: {amount: {present: true}}"),
        "mon bo wins; tue bo wins amount=1; wed bo wins amount=1; thu bo wins amount=1; mon+1 bo wins amount=1",
    )
    assert told.points("bo") == 30
    assert told.skips("bo") == [("won", "condition"), ("won", "cap")]


def test_a_cap_is_for_all_time_unless_it_says_otherwise() -> None:
    assert play(rule("award: 10, cap: {points: 15}"), "mon bo wins; mon+99 bo wins").points("bo") == 15


def test_a_rule_may_have_several_caps_and_all_of_them_hold() -> None:
    told = play(
        rule("award: 10, cap: [{points: 15, per: day}, {times: 3, per: week}, {points: 32, per: month}]"),
        "mon bo wins; mon bo wins; tue bo wins; wed bo wins; mon+1 bo wins; tue+1 bo wins",
    )
    assert [amount for _, amount in told.earned("bo")] == [10, 5, 10, 7]
    assert [dict(skip.detail)["per"] for skip in told.skipped("bo")] == ["week", "month"]


SHARED = """
points:
  won: {event: deal.won, award: 10, cap: {times: 2, per: day}}
  seen: {event: [asset.viewed, deal.won], award: 4}
caps:
  fair: {rules: [won, seen], points: 20, per: day}
"""


def test_rules_share_a_cap_in_the_order_of_the_file() -> None:
    told = play(SHARED, "mon bo wins; mon bo wins; mon bo views; tue bo views; tue bo wins")
    assert told.earned("bo") == [("won", 10), ("seen", 4), ("won", 6), ("seen", 4), ("won", 10), ("seen", 4)]
    assert told.skips("bo") == [("seen", "cap"), ("seen", "cap")]
    assert told.skipped("bo")[0].detail["cap"] == "fair"


def test_an_award_skipped_by_a_shared_cap_counts_toward_no_cap() -> None:
    told = play(
        """
points:
  seen: {event: asset.viewed, award: 20}
  won: {event: deal.won, award: 10, cap: {times: 1, per: week}}
caps: {fair: {rules: [won, seen], points: 20, per: day}}
""",
        "mon bo views; mon bo wins; tue bo wins; wed bo wins",
    )
    assert told.earned("bo") == [("seen", 20), ("won", 10)]
    assert [skip.detail["cap"] for skip in told.skipped("bo")] == ["fair", None]


def test_a_cap_between_two_dates_is_about_events_between_them_only() -> None:
    told = play(
        rule("award: 10, cap: {points: 15, per: {from: 2026-11-17, until: 2026-11-19}}"),
        "mon bo wins; mon bo wins; tue bo wins; wed bo wins; wed bo wins; thu bo wins; fri bo wins",
    )
    assert [amount for _, amount in told.earned("bo")] == [10, 10, 10, 5, 10, 10]


def test_the_days_of_caps_are_those_of_the_program() -> None:
    head = "program: {name: Club, time_zone: Europe/Berlin}\n"
    told = play(
        head + rule("award: 1, cap: {times: 1, per: day}"),
        "mon 22:59 bo wins; mon 23:00 bo wins; tue 22:59 bo wins",
        profiles={"bo": {"": {"time_zone": "Pacific/Auckland"}}},
    )
    assert told.points("bo") == 2


# Deductions.


def test_a_deduction_is_neither_boosted_nor_capped_and_counts_toward_no_cap() -> None:
    told = play(
        """
points:
  won: {event: deal.won, award: 10, cap: {points: 30, times: 3}}
  lost: {event: deal.lost, award: -4, cap: {points: 1, times: 1}}
boosts: {more: {rules: [won, lost], factor: 2}}
caps: {both: {rules: [won, lost], points: 30, times: 2}}
""",
        "mon bo loses; tue bo loses; wed bo wins; thu bo wins",
    )
    assert told.earned("bo") == [("lost", -4), ("lost", -4), ("won", 20), ("won", 10)]
    assert told.points("bo") == 22


def test_a_deduction_is_an_award_for_once_per_and_cooldown() -> None:
    told = play(rule("award: -4, once_per: deal"), "mon bo wins deal=a; tue bo wins deal=a; wed bo wins deal=b")
    assert told.points("bo") == -8
    told = play(rule("award: -4, cooldown: 1h"), "mon 12:00 bo wins; mon 12:30 bo wins; mon 13:00 bo wins")
    assert told.points("bo") == -8


def test_deductions_count_in_points_earned_and_not_in_points_received() -> None:
    told = play(
        "points: {won: {event: deal.won, award: 10}, lost: {event: deal.lost, award: -4}}", "mon bo wins; tue bo loses"
    )
    assert (told.metric("bo", "points_earned"), told.metric("bo", "points_received")) == (6, 10)


def test_what_one_rule_takes_is_received_all_the_same_at_the_same_event() -> None:
    rules = "points: {won: {event: deal.won, award: 10}, fee: {event: deal.won, award: -4}}"
    told = play(rules, "mon bo wins")
    assert (told.metric("bo", "points_earned"), told.metric("bo", "points_received")) == (6, 10)
    told = play(rules.replace("-4", "-10"), "mon bo wins")
    assert (told.metric("bo", "points_earned"), told.metric("bo", "points_received")) == (0, 10)


# Late events take their place.


def test_a_late_event_re_decides_caps_however_old() -> None:
    told = play(rule("award: 10, cap: {points: 15, per: day}"), "mon 12:00 bo wins; mon+9 bo wins; mon 11:00 bo wins")
    assert [(effect.event.id, effect.amount) for effect in told.effects("bo")] == [
        ("0003", 10),
        ("0001", 5),
        ("0002", 10),
    ]  # type: ignore[union-attr]


def test_a_late_event_takes_the_once_and_the_cooldown() -> None:
    told = play(rule("award: 1, once_per: deal"), "tue bo wins deal=a; mon bo wins deal=a")
    assert [effect.event.id for effect in told.effects("bo")] == ["0002"]
    told = play(rule("award: 1, cooldown: 1h"), "mon 12:30 bo wins; mon 13:10 bo wins; mon 12:00 bo wins")
    assert [effect.event.id for effect in told.effects("bo")] == ["0003", "0002"]


# Versions.


def test_points_follow_the_version_in_force_at_the_time_of_the_event() -> None:
    told = play(
        [rule("award: 1"), "# from wed\n" + rule("award: 100")],
        "tue bo wins; wed 11:59 bo wins; wed 12:00 bo wins; mon bo wins",
    )
    assert told.earned("bo") == [("won", 1), ("won", 1), ("won", 1), ("won", 100)]
    assert [effect.version for effect in told.effects("bo")] == [1, 1, 1, 2]  # type: ignore[union-attr]


def test_caps_are_counted_by_key_across_versions() -> None:
    told = play(
        [
            rule("award: 10, cap: {points: 15, per: day}"),
            "# from wed\n" + rule("award: 10, cap: {points: 35, per: week}"),
        ],
        "mon bo wins; tue bo wins; tue bo wins; wed bo wins; thu bo wins",
    )
    assert [amount for _, amount in told.earned("bo")] == [10, 10, 5, 10]


def test_a_cap_counts_what_was_earned_before_there_was_one() -> None:
    told = play(
        [rule("award: 10"), "# from wed\n" + rule("award: 10, cap: {points: 25, per: week}")],
        "mon bo wins; tue bo wins; wed bo wins",
    )
    assert [amount for _, amount in told.earned("bo")] == [10, 10, 5]


def test_once_per_is_counted_by_key_across_versions() -> None:
    told = play(
        [rule("award: 1"), "# from wed\n" + rule("award: 1, once_per: deal")],
        "mon bo wins deal=a; tue bo wins deal=a; wed bo wins deal=a; thu bo wins deal=b; fri bo wins deal=b",
    )
    assert told.points("bo") == 3
    assert told.skips("bo") == [("won", "once_per")] * 2


def test_once_per_another_attribute_is_another_question() -> None:
    told = play(
        [rule("award: 1, once_per: product"), "# from wed\n" + rule("award: 1, once_per: deal")],
        "mon bo wins deal=a product=x; wed bo wins deal=x; thu bo wins deal=a",
    )
    assert told.points("bo") == 2
    assert told.skips("bo") == [("won", "once_per")]


def test_a_cooldown_runs_across_versions() -> None:
    told = play(
        [rule("award: 1"), "# from wed\n" + rule("award: 1, cooldown: 48h")], "tue bo wins; wed bo wins; fri bo wins"
    )
    assert told.points("bo") == 2


# Organizations.


def test_what_is_about_an_organization_earns_nobody_anything() -> None:
    told = play("points: {spent: {event: mdf.spent, award: 5}}", "mon org:acme mdf.spent amount=1")
    assert told.effects("org:acme") == []


# Skips are told in full.


def test_a_skip_names_the_earlier_award() -> None:
    told = play(rule("award: 1, once_per: deal"), "mon bo wins deal=a; tue bo wins deal=a")
    [skip] = told.skipped("bo")
    assert isinstance(skip, Skip)
    assert skip.detail["by"] == 1


def test_the_factor_is_taken_as_written() -> None:
    told = play(rule("award: 30") + "\nboosts: {b: {rules: [won], factor: 1/3}}", "mon bo wins")
    assert told.points("bo") == Fraction(30, 3)
