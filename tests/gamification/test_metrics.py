"""Metrics: what each `take` makes of the events of a window, by object and in combination."""

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.gamification.play import at, play, shown


def metric(fields: str, more: str = "") -> str:
    return f"metrics:\n  it: {{{fields}}}\n{more}"


STORY = "mon bo wins amount=10.5 deal=a; tue bo wins amount=-3 deal=b; wed bo wins deal=a; thu bo wins amount=7 deal=c"


@pytest.mark.parametrize(
    ("take", "value"),
    [
        ("take: count", 4),
        ("take: sum, of: amount", Decimal("14.5")),
        ("take: max, of: amount", Decimal("10.5")),
        ("take: min, of: amount", -3),
        ("take: average, of: amount", Fraction(29, 6)),
        ("take: latest, of: amount", 7),
        ("take: latest, of: deal", "c"),
        ("take: distinct, of: deal", 3),
        ("take: days", 4),
    ],
)
def test_what_each_take_makes_of_the_same_events(take: str, value: object) -> None:
    told = play(metric(f"event: deal.won, {take}"), STORY)
    assert told.metric("bo", "it") == value


@pytest.mark.parametrize("take", ["sum, of: amount", "max, of: amount", "average, of: amount", "distinct, of: amount"])
def test_an_event_without_what_is_needed_is_not_in_the_metric(take: str) -> None:
    assert play(metric(f"event: deal.won, take: {take}"), "mon bo wins deal=a").metric("bo", "it") is None


def test_without_a_fitting_event_there_is_no_value_but_a_sum_of_nothing_is_one() -> None:
    text = metric("event: deal.won, take: sum, of: amount, where: {product: x}")
    assert play(text, "mon bo wins amount=5 product=y").metric("bo", "it") is None
    assert play(text, "mon bo wins amount=5 product=x; tue bo wins amount=-5 product=x").metric("bo", "it") == 0
    assert play(text, "mon bo wins amount=0 product=x").metric("bo", "it") == 0


def test_a_count_may_add_other_numbers_than_one() -> None:
    told = play(
        metric("event: {deal.won: 3, deal.lost: -1, asset.viewed: 0}, take: count"),
        "mon bo loses; tue bo loses; wed bo wins; thu bo views",
    )
    assert told.metric("bo", "it") == 1


def test_numbers_equal_by_value_are_one_in_distinct() -> None:
    told = play(
        metric("event: deal.won, take: distinct, of: amount"),
        "mon bo wins amount=1; tue bo wins amount=1.0; wed bo wins amount=1.00; thu bo wins amount=10",
    )
    assert told.metric("bo", "it") == 2


def test_a_sum_beyond_64_bits_stays_exact() -> None:
    story = ";".join("mon bo wins amount=999999999999.999999999999999999999999999999" for _ in range(20))
    told = play(metric("event: deal.won, take: sum, of: amount"), story)
    assert told.metric("bo", "it") == 20 * Fraction("999999999999.999999999999999999999999999999")


# Windows.


def test_a_metric_has_a_value_in_each_window() -> None:
    board = "leaderboards: {top: {metric: it, window: week}, day: {metric: it, window: day}}"
    told = play(
        metric("event: deal.won, take: count", board),
        "mon bo wins; sun 23:59 bo wins; mon+1 00:00 bo wins; mon+3 bo wins",
    )
    assert told.value("bo", "it", "2026-W47") == 2
    assert told.value("bo", "it", "2026-W48") == 1
    assert told.value("bo", "it", "2026-W49") is None
    assert told.value("bo", "it", "2026-W50") == 1
    assert told.value("bo", "it", "2026-11-23") == 1


def test_what_is_distinct_is_so_in_each_window() -> None:
    board = "leaderboards: {top: {metric: it, window: week}}"
    told = play(
        metric("event: deal.won, take: distinct, of: deal", board),
        "mon bo wins deal=a; sun bo wins deal=a; mon+1 bo wins deal=a",
    )
    assert [told.value("bo", "it", name) for name in ("2026-W47", "2026-W48")] == [1, 1]
    assert told.metric("bo", "it") == 1


def test_a_window_of_two_dates_holds_what_lies_between_them() -> None:
    board = "leaderboards: {top: {metric: it, window: {from: 2026-11-17, until: 2026-11-19}}}"
    told = play(
        metric("event: deal.won, take: count", board),
        "mon bo wins; tue 00:00 bo wins; wed 23:59 bo wins; thu 00:00 bo wins; mon+4 bo wins",
    )
    assert told.value("bo", "it", "2026-11-17/2026-11-19") == 2
    assert told.metric("bo", "it") == 5


# By object.


COURSES = """
mon bo module.completed course=go module=1 score=10
mon bo module.completed course=go module=1 score=30
tue bo module.completed course=py module=1 score=20
wed bo module.completed course=py module=2 score=5
thu bo module.completed module=3 score=99
"""


@pytest.mark.parametrize(
    ("take", "greatest", "total", "objects"),
    [
        ("count", 2, 4, {"go": 2, "py": 2}),
        ("distinct, of: module", 2, 3, {"go": 1, "py": 2}),
        ("sum, of: score", 40, 65, {"go": 40, "py": 25}),
        ("max, of: score", 30, 50, {"go": 30, "py": 20}),
        ("min, of: score", 10, 15, {"go": 10, "py": 5}),
        ("average, of: score", 20, Fraction(65, 2), {"go": 20, "py": Fraction(25, 2)}),
        ("latest, of: score", 30, 35, {"go": 30, "py": 5}),
        ("days", 2, 3, {"go": 1, "py": 2}),
    ],
)
def test_a_metric_by_course(take: str, greatest: int, total: object, objects: dict[str, object]) -> None:
    text = f"event: module.completed, take: {take}, by: course"
    told = play(metric(text), COURSES)
    assert told.metric("bo", "it") == greatest
    assert told.objects("bo", "it") == objects
    assert play(metric(text + ", total: sum"), COURSES).metric("bo", "it") == total
    assert play(metric(text + ", total: count"), COURSES).metric("bo", "it") == 2


def test_the_greatest_object_may_fall_and_another_is_the_greatest_then() -> None:
    told = play(
        metric("event: {deal.won: 1, deal.lost: -2}, take: count, by: deal"),
        "mon bo wins deal=a; tue bo wins deal=a; wed bo wins deal=b; thu bo loses deal=a; fri bo loses deal=b",
    )
    assert told.objects("bo", "it") == {"a": 0, "b": -1}
    assert told.metric("bo", "it") == 0


def test_the_state_of_each_claim_with_what_is_shown_of_it() -> None:
    told = play(
        metric("event: claim.changed, take: latest, of: state, by: claim, show: [amount]"),
        "mon bo claim.changed claim=c1 state=submitted amount=10.5; tue bo claim.changed claim=c1 state=paid;"
        "wed bo claim.changed claim=c2 state=submitted; thu bo claim.changed claim=c2 amount=3",
    )
    assert told.objects("bo", "it") == {"c1": "paid", "c2": "submitted"}
    assert told.metric("bo", "it") is None


def test_the_latest_is_the_last_in_canonical_order_not_the_last_to_arrive() -> None:
    told = play(
        metric("event: claim.changed, take: latest, of: state"),
        "tue bo claim.changed state=paid; mon bo claim.changed state=new",
    )
    assert told.metric("bo", "it") == "paid"


@pytest.mark.parametrize(
    ("take", "amounts", "changed"),
    [
        ("average", (3, 3, 3), 0),
        ("average", (2, 4, 3), 1),
        ("latest", (3, 3, 5), 2),
        ("latest", (3, 5, 5), 1),
        ("sum", (3, 0, 0), 0),
        ("max", (3, 2, 3), 0),
    ],
)
def test_a_value_last_changed_at_the_event_that_made_another_of_it(
    take: str, amounts: tuple[int, ...], changed: int
) -> None:
    text = metric(f"event: deal.won, take: {take}, of: amount") + "leaderboards: {top: {metric: it, window: all}}"
    days = ("mon", "tue", "wed")
    told = play(text, "; ".join(f"{day} bo wins amount={amount}" for day, amount in zip(days, amounts, strict=True)))
    assert shown(told.people["bo"].values["it", "all"].place[0]) == shown(at(days[changed]))


# Combined.


SHARE = """
metrics:
  won: {event: deal.won, take: count}
  closed: {event: [deal.won, deal.lost], take: count}
  rate: {share: won, of: closed, minimum: 3}
leaderboards: {top: {metric: rate, window: week}}
"""


def test_a_share_has_no_value_below_its_minimum() -> None:
    told = play(SHARE, "mon bo wins; tue bo loses")
    assert told.metric("bo", "rate") is None
    told = play(SHARE, "mon bo wins; tue bo loses; wed bo loses; thu bo wins; mon+1 bo wins")
    assert told.value("bo", "rate", "2026-W47") == Fraction(1, 2)
    assert told.value("bo", "rate", "2026-W48") is None
    assert told.metric("bo", "rate") == Fraction(3, 5)


def test_a_share_of_nothing_is_zero_but_a_share_of_zero_is_none() -> None:
    assert play(SHARE, "mon bo loses; tue bo loses; wed bo loses").metric("bo", "rate") == 0
    text = """
metrics:
  won: {event: deal.won, take: count}
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  rate: {share: won, of: open}
"""
    assert play(text, "mon bo wins; tue bo loses").metric("bo", "rate") is None


BALANCE = """
metrics:
  won: {event: deal.won, take: sum, of: amount}
  lost: {event: deal.lost, take: sum, of: amount}
  net: {plus: [won], minus: [lost]}
  twice: {plus: [net]}
  far: {plus: [net, twice], minus: [won]}
leaderboards: {top: {metric: net, window: week}, far: {metric: far, window: week}}
"""


def test_a_part_without_value_is_zero_and_none_only_if_all_have_none() -> None:
    told = play(BALANCE, "mon bo loses amount=2.5; tue+1 bo wins amount=4; wed+2 bo visits")
    assert told.value("bo", "net", "2026-W47") == Decimal("-2.5")
    assert told.value("bo", "far", "2026-W47") == -5
    assert told.value("bo", "net", "2026-W48") == 4
    assert told.value("bo", "net", "2026-W49") is None
    assert told.metric("bo", "net") == Decimal("1.5")


# Days, on whose clock.


@pytest.mark.parametrize(("clock", "days"), [("member", 1), ("program", 2), ("event", 3)])
def test_days_are_those_of_the_member_the_program_or_the_event(clock: str, days: int) -> None:
    told = play(
        "program: {name: Club, time_zone: Europe/Berlin}\n" + metric(f"event: hub.visited, take: days, clock: {clock}"),
        "mon 11:30+00:00 bo visits; tue 00:30+14:00 bo visits; tue 00:15+01:00 bo visits; tue 09:00Z bo visits;"
        "sun-1 23:50-12:00 bo visits",
        profiles={"bo": {"": {"time_zone": "Pacific/Honolulu"}}},
    )
    assert told.metric("bo", "it") == days


def test_a_day_counts_once_even_when_dates_run_backwards() -> None:
    told = play(
        metric("event: hub.visited, take: days, clock: event"),
        "tue 00:30+14:00 bo visits; mon 11:00Z bo visits; mon 00:10-12:00 bo visits;"
        "wed 03:00+14:00 bo visits; tue 02:00-12:00 bo visits",
    )
    assert told.metric("bo", "it") == 3


# Of organizations.


OURS = """
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
  average: {event: deal.won, take: average, of: amount}
  best: {event: deal.won, take: max, of: amount}
  deals: {event: deal.won, take: distinct, of: amount}
  days: {event: deal.won, take: days}
  last: {event: deal.won, take: latest, of: amount}
  spent: {event: mdf.spent, take: sum, of: amount}
  left: {plus: [revenue], minus: [spent]}
leaderboards:
  a: {metric: revenue, whose: organization, window: all}
  w: {metric: revenue, whose: organization, window: week}
  b: {metric: average, whose: organization, window: all}
  c: {metric: best, whose: organization, window: all}
  d: {metric: deals, whose: organization, window: all}
  e: {metric: days, whose: organization, window: all}
  f: {metric: last, whose: organization, window: all}
  g: {metric: left, whose: organization, window: all}
"""
ACME, BORA = {"organization": 1}, {"organization": 2}


def test_an_organization_has_what_its_members_did_while_they_belonged_to_it() -> None:
    told = play(
        OURS,
        "mon bo wins amount=10; tue bo wins amount=20; wed bo wins amount=40.5; thu bo wins amount=1;"
        "mon ada wins amount=10.0",
        profiles={"bo": {"mon": ACME, "tue": BORA, "wed": ACME}, "ada": {"": ACME}},
    )
    assert told.organization(1, "revenue") == Decimal("61.5")
    assert told.organization(1, "revenue", "2026-W47") == Decimal("61.5")
    assert told.organization(2, "revenue") == 20
    assert told.organization(1, "average") == Fraction(123, 8)
    assert told.organization(1, "best") == Decimal("40.5")
    assert told.organization(1, "deals") == 3
    assert told.organization(1, "days") == 3
    assert told.organization(1, "last") == 1
    assert told.organization(2, "days") == 1


def test_events_about_an_organization_count_in_its_metrics() -> None:
    told = play(
        OURS,
        "mon bo wins amount=10; tue org:acme mdf.spent amount=4",
        profiles={"bo": {"": ACME}, "org:acme": {"": ACME}},
    )
    assert (told.organization(1, "spent"), told.organization(1, "left")) == (4, 6)


def test_objects_of_an_organization_are_those_of_all_its_members_together() -> None:
    text = """
metrics:
  modules: {event: module.completed, take: distinct, of: module, by: course}
  score: {event: module.completed, take: max, of: score, by: course, total: sum}
  courses: {event: module.completed, take: count, by: course, total: count}
  state: {event: module.completed, take: latest, of: module, by: course}
leaderboards:
  a: {metric: modules, whose: organization, window: all}
  b: {metric: score, whose: organization, window: all}
  c: {metric: courses, whose: organization, window: week}
"""
    told = play(
        text,
        "mon bo module.completed course=1.5 module=a score=2.5; tue bo module.completed course=1.50 module=b score=1;"
        "tue ada module.completed course=1.5 module=b score=3; wed ada module.completed course=x module=a score=1.25",
        profiles={"bo": {"": ACME}, "ada": {"": ACME}},
    )
    assert told.organization(1, "modules") == 2
    assert told.organization(1, "score") == Decimal("4.25")
    assert told.organization(1, "courses", "2026-W47") == 2
    assert told.organization(2, "modules") is None


# The points metrics.


def test_points_earned_count_at_the_time_of_their_event_and_less_deductions() -> None:
    told = play(
        """
points: {won: {event: deal.won, award: 10}, lost: {event: deal.lost, award: -3}}
metrics: {deals: {event: deal.won, take: count}}
badges: {maker: {when: {metric: deals, at_least: 2}, points: 100}}
""",
        "mon bo wins; tue-3 bo wins; wed bo loses",
    )
    assert told.metric("bo", "points_earned") == 117
    assert told.metric("bo", "points_received") == 120
    assert told.value("bo", "points_earned", "2026-10") == 10
    assert told.value("bo", "points_earned", "2026-11") == 107
