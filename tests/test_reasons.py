"""Why an event brought something, and why not: in words, with the values that decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from hub import wording
from hub.gamification import engine, explain
from hub.gamification.because import Aimed, Answered, Beaten, Because, Climbed, Priced, Rewarded, Seen, SeenSome
from hub.gamification.outcome import Award, Effect, Points, Reached
from hub.gamification.progress import Parts, beginning
from hub.gamification.windows import DAY, Calendar
from hub.wording import reasons
from hub.wording.phrases import Speaker
from hub.wording.reasons import Line, Reason
from tests.gamification.play import Told, at, play
from tests.test_sentences import silence as silence
from tests.test_sentences import words


@pytest.fixture(autouse=True)
def request_of_bo() -> Iterator[None]:
    app = Flask("wording")
    wording.init(app)
    with app.test_request_context():
        wording.speak("en-GB", "Europe/Berlin")
        yield


HEAD = """
program: {time_zone: Europe/Berlin}
events:
  deal.won:
    title: Deal won
    attributes:
      amount: {type: number, unit: EUR}
      deal: {type: text}
      product: {type: text}
      own: {type: boolean}
  module.completed: {attributes: {course: {type: text}, module: {type: text}}}
"""
BO: Mapping[str, Any] = {"role": ("sales_rep",), "region": "emea", "tag": ("new",)}


def told(sections: str, story: str) -> Told:
    return play(HEAD + sections, story, profiles={"bo": {"": BO}})


def rule(fields: str) -> str:
    return f"points: {{won: {{event: deal.won, {fields}}}}}\n"


def why_not(fields: str, story: str, more: str = "") -> Reason:
    """Why the last skip of the story was one."""
    played = told(rule(fields) + more, story)
    skip = played.skipped("bo")[-1]
    program = played.plan.program
    return reasons.skipped(Speaker(program), program.rules[skip.rule], skip)


SKIPS = [
    (
        "award: 1, from: 2026-12-01",
        "mon bo wins",
        "This gives points only from 1 Dec 2026 on.",
        None,
    ),
    ("award: 1, until: 2026-11-01", "mon bo wins", "This gave points only before 1 Nov 2026.", None),
    (
        "award: 1, for: {role: [marketing, partner_owner]}",
        "mon bo wins",
        "This is for marketing people and partner owners; the role was Sales rep then.",
        None,
    ),
    (
        "award: 1, for: {role: sales_rep, region: apac}",
        "mon bo wins",
        "This is for sales reps whose region is apac; the region was emea then.",
        None,
    ),
    (
        "award: 1, for: {tier: gold}",
        "mon bo wins",
        "This is for people whose tier is gold; there was no tier then.",
        None,
    ),
    (
        "award: 1, where: {amount: {at_least: 1000}}",
        "mon bo wins amount=999.50",
        "This counts only if the amount is at least €1,000; it is €999.50.",
        "What counts is a deal won of at least €1,000.",
    ),
    (
        "award: 1, where: {product: [a, b]}",
        "mon bo wins",
        "This counts only if the product is a or b; it is missing.",
        "What counts is a deal won whose product is a or b.",
    ),
    (
        "award: 1, where: {none: [{product: services}]}",
        "mon bo wins product=services",
        "This does not count where the product is services.",
        "What counts is a deal won but not whose product is services.",
    ),
    (
        "award: 1, where: {own: true}",
        "mon bo wins own=false",
        "This counts only if the own is yes; it is no.",
        "What counts is a deal won whose own is yes.",
    ),
    (
        "award: 1, once_per: deal",
        "mon 09:00 bo wins deal=d1; tue bo wins deal=d1",
        "The deal d1 brought points already, on 16 Nov 2026, 10:00.",
        "Another deal counts.",
    ),
    (
        "award: 1, once_per: deal",
        "mon 09:00 bo wins; tue bo wins",
        "Without a deal this gives points once, and did on 16 Nov 2026, 10:00.",
        "One with a deal counts.",
    ),
    (
        "award: 1, once_per: true",
        "mon 09:00 bo wins; tue bo wins",
        "This gives points only once, and did on 16 Nov 2026, 10:00.",
        None,
    ),
    (
        "award: 1, cooldown: 15m",
        "mon 09:00 bo wins; mon 09:10 bo wins",
        "This gave points at 16 Nov 2026, 10:00, and takes a pause after that.",
        "From 16 Nov 2026, 10:15 on it gives points again.",
    ),
    (
        "award: {points: 1, for_every: 100, of: amount}",
        "mon bo wins amount=99",
        "€99 is too little to count.",
        "From €100 on it counts.",
    ),
    (
        "award: {points: 1, for_every: 100, of: amount}",
        "mon bo wins",
        "The amount is missing, so that there is nothing to count.",
        "From €100 on it counts.",
    ),
    (
        "award: 60, cap: {points: 100, per: day}",
        "mon 09:00 bo wins; mon 10:00 bo wins; mon 11:00 bo wins",
        "This gives at most 100 points a day, and had.",
        "From 17 Nov 2026 on it gives points again.",
    ),
    (
        "award: 60, cap: {times: 1}",
        "mon 09:00 bo wins; mon 10:00 bo wins",
        "This gives at most once in all, and had.",
        None,
    ),
]


@pytest.mark.parametrize(("fields", "story", "text", "change"), SKIPS)
def test_a_skip_says_what_failed_and_what_would_change_that(
    fields: str, story: str, text: str, change: str | None
) -> None:
    reason = why_not(fields, story)
    assert (reason.text, reason.change) == (text, change)


@pytest.mark.usefixtures("silence")
def test_no_word_is_said_that_cannot_be_translated() -> None:
    # What is left are titles and keys of the program, its values, and what the locale's own data says.
    known = {"deal", "won", "amount", "product", "own", "sales", "rep", "region", "apac", "emea", "services", "a", "b"}
    known |= {"nov", "dec", "d", "or", "and", "gold", "partner", "owner"}
    for fields, story, *_ in SKIPS:
        reason = why_not(fields, story)
        assert words(f"{reason.text} {reason.change or ''}") <= known, fields


def test_a_shared_cap_is_called_by_its_title() -> None:
    more = "caps: {fair: {title: Fair use, rules: won, times: 2, per: month}}"
    reason = why_not("award: 60", "mon bo wins; tue bo wins; wed bo wins", more)
    assert reason == Reason(
        "“Fair use” gives at most 2 times a month, and had.", "From 1 Dec 2026 on it gives points again."
    )


def test_what_was_there_before_is_named_so_that_one_can_go_there() -> None:
    assert why_not("award: 1, once_per: deal", "mon bo wins deal=a; tue bo wins deal=a").entry == 1


def test_a_boost_below_one_can_leave_nothing() -> None:
    more = "boosts: {half: {rules: won, factor: 1/2}}"
    assert why_not("award: 1", "mon bo wins", more).text == "This comes to less than one point."


# What made an effect


def made(sections: str, story: str, kind: type[Effect]) -> tuple[Told, Effect, Because | None]:  # type: ignore[valid-type]
    """The last effect of this kind, with what made it."""
    played = told(sections, story)
    one = played.people["bo"]
    trace = frozenset(event.entry for event in one.log)
    given = one._standing()
    outcome = engine.fold(played.plan, beginning(played.plan), Parts(whole=True), sorted(one.log), given, trace)
    place, effect = next(
        (at, effect)
        for at, effect in reversed([*enumerate(outcome.effects)])
        if isinstance(effect, kind) and getattr(effect, "kind", "") != "level"
    )
    return played, effect, outcome.because.get(place)


def test_an_amount_is_reckoned_step_by_step() -> None:
    sections = """
points: {won: {event: deal.won, award: {points: 1, for_every: 100, of: amount}, cap: {points: 500, per: day}}}
caps: {fair: {title: Fair use, rules: won, points: 600, per: month}}
boosts:
  push: {title: Push, rules: won, factor: 3/2}
  new: {title: Newcomers, rules: won, factor: 2, for: {tag: new}}
  old: {title: Veterans, rules: won, factor: 9, for: {tag: old}}
"""
    played, effect, priced = made(sections, "mon bo wins amount=12345; tue bo wins amount=30050", Points)
    assert isinstance(priced, Priced)
    assert isinstance(effect, Points)
    program = played.plan.program
    by = Speaker(program)
    assert effect.amount == 231
    assert reasons.reckoned(by, program.rules["won"], priced, effect.amount) == [
        Line("€30,050, 1 point for every €100", "300 points"),
        Line("Push: 1.5 times", ""),
        Line("Newcomers: twice", "900 points"),
        Line("at most 500 points a day: what was left of it", "500 points"),
        Line("“Fair use”, at most 600 points a month: what was left of it", "231 points"),
    ]


def test_a_fixed_award_is_reckoned_only_where_something_changed_it() -> None:
    played, _, priced = made(rule("award: 5"), "mon bo wins", Points)
    assert isinstance(priced, Priced)
    assert reasons.reckoned(Speaker(played.plan.program), played.plan.program.rules["won"], priced, 5) == []
    sections = rule("award: 5, cap: {points: 7}")
    played, _, priced = made(sections, "mon bo wins; tue bo wins", Points)
    assert isinstance(priced, Priced)
    assert reasons.reckoned(Speaker(played.plan.program), played.plan.program.rules["won"], priced, 2) == [
        Line("To begin with", "5 points"),
        Line("at most 7 points in all: what was left of it", "2 points"),
    ]


def test_what_met_a_rules_conditions_is_told_part_by_part() -> None:
    sections = rule(
        "award: 5, where: {amount: {at_least: 10}, any: [{product: a}, {own: true}]}, for: {role: sales_rep}"
    )
    played = told(sections, "mon bo wins")
    won = played.plan.program.rules["won"]
    by = Speaker(played.plan.program)
    values = {"amount": 12, "product": "b", "own": True}
    assert reasons.checked(by, explain.checks(won.where, values), won.types) == [
        Line("amount is at least €10", "€12", True),
        Line("whose product is a or whose own is yes", "product: b and own: yes", True),
    ]
    assert reasons.checked(by, explain.checks(won.for_, BO), None) == [Line("role is Sales rep", "Sales rep", True)]
    assert reasons.checked(by, explain.checks(won.where, {"amount": 9}), won.types)[0] == Line(
        "amount is at least €10", "€9", False
    )


METRICS = """
metrics:
  deals: {title: Deals, event: deal.won, take: count}
  revenue: {title: Revenue, event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  modules: {title: Modules, event: module.completed, take: distinct, of: module, by: course}
streaks: {weeks: {title: Weeks, event: deal.won, every: week}}
levels: {low: {at: 0}, high: {at: 10}}
"""


@pytest.mark.parametrize(
    ("badge", "story", "lines"),
    [
        (
            "{when: {metric: revenue, at_least: 100, within: month}}",
            "mon bo wins amount=60; tue bo wins amount=70",
            [Line("Revenue reaches €100 within one month", "€130")],
        ),
        (
            "{when: {all: [{metric: deals, at_least: 2}, {streak: weeks, at_least: 2}, {level: low}]}}",
            "mon bo wins; mon+1 bo wins",
            [
                Line("Deals reaches 2", "2"),
                Line("Weeks reaches 2 weeks in a row", "2 weeks in a row"),
                Line("the level Low is reached", ""),
            ],
        ),
        (
            "{when: {any: [{metric: deals, at_least: 9}, {metric: revenue, at_least: 5}]}}",
            "mon bo wins amount=5",
            [Line("Deals reaches 9", "1", False), Line("Revenue reaches €5", "€5")],
        ),
        (
            "{when: {metric: modules, at_least: 2}, repeat: true}",
            "mon bo module.completed course=b module=1; tue bo module.completed course=b module=2",
            [Line("Modules reaches 2 (b)", "2")],
        ),
        (
            "{metric: deals, tiers: [{name: A, at_least: 1}, {name: B, at_least: 2}]}",
            "mon bo wins; tue bo wins",
            [Line("Deals reaches 2", "2")],
        ),
    ],
)
def test_a_badge_tells_its_conditions_and_what_met_them(badge: str, story: str, lines: list[Line]) -> None:
    played, _, because = made(f"{METRICS}badges: {{badge: {badge}}}", story, Award)
    assert isinstance(because, Seen | SeenSome)
    assert reasons.seen(Speaker(played.plan.program), because) == lines


def test_of_several_conditions_it_is_told_how_many_it_took() -> None:
    some = (
        "{when: {at_least_of: {count: 1, conditions: [{metric: deals, at_least: 1}, {metric: revenue, at_least: 5}]}}}"
    )
    _, _, because = made(f"{METRICS}badges: {{badge: {some}}}", "mon bo wins", Award)
    assert isinstance(because, SeenSome)
    assert reasons.how_many(because) == (1, 2)
    both = some.replace("count: 1", "count: 2")
    _, _, because = made(f"{METRICS}badges: {{badge: {both}}}", "mon bo wins amount=5", Award)
    assert isinstance(because, SeenSome)
    assert reasons.how_many(because) is None


def test_what_made_the_other_effects_is_told_too() -> None:
    sections = (
        METRICS
        + """
badges: {best: {personal_best: {metric: biggest, minimum: 5}}, cup: {}}
goals: {g: {metric: revenue, window: month, target: 10, reward: {points: 7, badge: cup}}}
actions: {act: {event: deal.won, when: {idle: 7d}, bonus: {points: 3, within: 7d}, again_after: 1d}}
points: {won: {event: deal.won, award: 4}}
"""
    )
    story = "mon bo wins amount=6; fri+1 bo wins amount=8"
    assert made(sections, story, Reached)[2] == Aimed(14, 10, Calendar("Europe/Berlin").named("2026-11"))
    played = told(sections, story)
    one = played.people["bo"]
    outcome = engine.fold(
        played.plan, beginning(played.plan), Parts(whole=True), sorted(one.log), one._standing(), frozenset({1, 2})
    )
    by_key = {getattr(outcome.effects[at], "key", ""): because for at, because in outcome.because.items()}
    assert by_key["badge/best//crm\x1f0002"] == Beaten("biggest", 8, 6)
    assert by_key["badge/cup/"] == Rewarded("goal", "g")
    assert by_key["goal/g/2026-11"] == Rewarded("goal", "g")
    assert by_key["level/high"] == Climbed(18, 10)
    opened = at("mon+1 12:00")
    assert by_key["action/act/2"] == Answered(opened, opened + 7 * DAY)


def test_nothing_is_told_of_what_nobody_asks_about() -> None:
    played = told(rule("award: 1, once_per: true"), "mon bo wins; tue bo wins")
    one = played.people["bo"]
    given = one._standing()
    outcome = engine.fold(played.plan, beginning(played.plan), Parts(whole=True), sorted(one.log), given)
    assert (outcome.because, outcome.skips) == ({}, [])
