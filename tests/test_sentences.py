"""Entries of a program as sentences: in plain words, the program's own titles, the reader's numbers and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from flask import Flask

from hub import wording
from hub.gamification import explain, homepages, program
from hub.gamification.events import OWN
from hub.gamification.program import Program
from hub.wording.entries import _SENTENCES, sentence
from tests.gamification.test_program import HARBOR


@pytest.fixture(autouse=True)
def request_of_nobody() -> Iterator[None]:
    app = Flask("wording")
    wording.init(app)
    with app.test_request_context():
        yield


def read(text: str) -> Program:
    reading = program.read(text, now=0, widgets=homepages.WIDGETS, not_yet=())
    assert [str(fault) for fault in reading.faults] == []
    assert reading.program is not None
    return reading.program


SENTENCES = Path(__file__).parent / "data" / "harbor_sentences.txt"

HEAD = """
program: {time_zone: Europe/Berlin, points: {title: Points}}
events:
  deal.won:
    title: Deal won
    attributes:
      amount: {type: number, unit: EUR, title: {en: Amount, de: Betrag}}
      deal: {type: text}
      product: {type: text}
      first: {type: boolean}
      day: {type: date}
  deal.lost: {attributes: {deal: {type: text}, amount: {type: number, unit: EUR}, costs: {type: number, unit: EUR}}}
metrics:
  deals: {title: Deals, event: deal.won, take: count}
  revenue: {title: Revenue, event: deal.won, take: sum, of: amount}
  biggest: {title: Biggest deal, event: deal.won, take: max, of: amount}
  products: {event: deal.won, take: distinct, of: product, by: deal, total: count}
"""


def told(more: str, name: str) -> list[str]:
    found = read(HEAD + more)
    return [sentence(found, entry) for entry in explain.named(found, name)]


def one(more: str, name: str) -> str:
    [only] = told(more, name)
    return only


def test_the_entries_of_the_example_are_plain_sentences() -> None:
    found = read(HARBOR)
    own = [entry for entry in explain.entries(found) if entry.key not in OWN]
    told_now = [f"{entry.section}.{entry.key}: {sentence(found, entry)}" for entry in own]
    assert told_now == SENTENCES.read_text().splitlines()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("award: -5", "Each deal won costs 5 points."),
        ("award: 1, once_per: true", "Each deal won gives 1 point, only once ever."),
        (
            "award: {points: 2, for_every: 50, of: amount, at_least: 1, at_most: 9}",
            "Each deal won gives 2 points for every €50, at least 1 point, at most 9 points at a time.",
        ),
        (
            "award: 5, cap: [{points: 9}, {times: 1, per: week}]",
            "Each deal won gives 5 points, at most 9 points in all, at most once a week.",
        ),
        (
            "award: 5, cap: {times: 2, per: {from: 2026-10-01, until: 2027-01-01}}",
            "Each deal won gives 5 points, at most 2 times in Oct 1, 2026 – Dec 31, 2026.",
        ),
        ("award: 5, where: {product: [a, b]}", "Each deal won whose product is a or b gives 5 points."),
        (
            "award: 5, where: {amount: {at_least: 5, less_than: 9}, product: {not: x}}",
            "Each deal won whose amount is at least €5, whose amount is less than €9, and whose "
            "product is not x gives 5 points.",
        ),
        (
            "award: 5, where: {any: [{first: true}, {all: [{day: {more_than: 2026-01-01}}, {product: "
            "{present: false}}]}]}",
            "Each deal won whose first is yes or (whose day is more than Jan 1, 2026 and whose "
            "product is missing) gives 5 points.",
        ),
        (
            "award: 5, where: {none: [{product: {starts_with: a-}}, {first: false}]}",
            "Each deal won but not whose product begins with a- or whose first is no gives 5 points.",
        ),
        ("award: 5, for: {tag: [new, old]}", "Each deal won gives 5 points, to people tagged new or old."),
        ("award: 5, for: {tag: {not: new}}", "Each deal won gives 5 points, to people not tagged new."),
        (
            "award: 5, for: {role: marketing, tier: {not_in: [gold, silver]}}",
            "Each deal won gives 5 points, to marketing people whose tier is not gold or silver.",
        ),
        (
            "award: 5, for: {role: {not: marketing}}",
            "Each deal won gives 5 points, to people whose role is not Marketing.",
        ),
        ("award: 5, from: 2026-10-01T12:00:00+02:00", "Each deal won gives 5 points, from Oct 1, 2026, 12:00\u202fPM."),
    ],
)
def test_a_rule_says_what_it_pays_for_to_whom_and_how_often(rule: str, said: str) -> None:
    assert one(f"points: {{rule: {{event: deal.won, {rule}}}}}", "rule") == said


def test_an_amount_is_named_where_there_is_more_than_one() -> None:
    more = (
        "points: {rule: {event: deal.lost, award: {points: 1, for_every: 100, of: costs}, where: "
        "{amount: {at_least: 5}}}}"
    )
    assert one(more, "rule") == "Each deal lost whose amount is at least €5 gives 1 point for every €100 of costs."


def test_what_the_program_calls_its_points_is_said() -> None:
    text = HEAD.replace("title: Points", "title: {en: Stars}") + "points: {rule: {event: deal.won, award: 5}}"
    found = read(text)
    assert [sentence(found, entry) for entry in explain.named(found, "rule")] == ["Each deal won gives 5 Stars."]


def test_a_role_is_called_what_the_program_calls_it() -> None:
    more = (
        "roles: {sales_rep: {title: Sales}, lead: {title: Team lead}}\npoints: {rule: {event: deal.won, "
        "award: 5, for: {role: [lead, sales_rep, marketing]}}}"
    )
    said = "Each deal won gives 5 points, to marketing people and people in the roles Team lead and Sales."
    assert one(more, "rule") == said


@pytest.mark.parametrize(
    ("badge", "said"),
    [
        ("{}", "is given by hand, or as a reward or a prize."),
        ("{when: {any: [{level: l}, {goal: g}]}}", "is earned when the level L is reached or the goal G is reached."),
        ("{when: {badge: other, tier: A, times: 2}}", "is earned when the badge Other in First is earned 2 times."),
        (
            "{when: {metric: revenue, at_least: 5}, secret: true, state: draft}",
            "is earned when Revenue reaches €5, and is hidden until it is earned, but is a draft and not given yet.",
        ),
        (
            "{when: {metric: deals, at_least: 1}, from: 2026-10-01, for: {tier: gold}}",
            "is earned when Deals reaches 1, from Oct 1, 2026, for people whose tier is gold.",
        ),
        (
            "{when: {metric: deals, at_least: 1}, state: locked}",
            "is earned when Deals reaches 1, but is locked: who has it keeps it, and nobody else gets it.",
        ),
    ],
)
def test_a_badge_says_what_it_takes(badge: str, said: str) -> None:
    more = f"""
badges:
  badge: {badge}
  other: {{metric: deals, tiers: [{{name: A, title: First, at_least: 1}}]}}
levels: {{l: {{at: 0}}}}
goals: {{g: {{metric: deals, window: month}}}}
"""
    assert one(more, "badge") == f"The badge Badge {said}"


def test_goals_and_boards_of_organizations_speak_of_organizations() -> None:
    more = """
goals: {g: {metric: revenue, window: year, whose: organization, direction: at_most,
  target: {of_previous: 11/10}, for: {tier: gold}}}
leaderboards: {b: {metric: revenue, window: all, whose: organization, for: {region: emea}, direction: lowest,
  minimum: 5}}
"""
    goal = (
        "G is to keep Revenue each year at or below 1.1 times what it was in the window before, for "
        "organizations whose tier is gold."
    )
    assert one(more, "g") == goal
    board = "B ranks organizations whose region is emea by Revenue of all time, the smallest first, from €5 on."
    assert one(more, "b") == board


def test_factors_that_are_no_decimals_are_fractions() -> None:
    rules = "points: {r: {event: deal.won, award: 1}}\n"
    assert one(rules + "boosts: {x: {rules: r, factor: 4/3}}", "x") == "R gives 4/3 times the points."
    assert one(rules + "boosts: {x: {rules: r, factor: 2}}", "x") == "R gives twice the points."


def test_numbers_and_dates_are_the_readers_and_titles_in_her_language() -> None:
    wording.speak("de-DE", "America/New_York")
    said = one("points: {r: {event: deal.won, award: {points: 1, for_every: 1000, of: amount}, from: 2026-10-01}}", "r")
    # The date is one of the program's calendar, wherever the reader is.
    assert said == "Each deal won gives 1 point for every 1.000\xa0€, from 1 Oct 2026."


def test_a_key_that_several_sections_have_is_found_in_each_and_in_one_by_its_path() -> None:
    more = "points: {deals: {event: deal.won, award: 1}}\nbadges: {deals: {}}"
    found = read(HEAD + more)
    assert [entry.section for entry in explain.named(found, "deals")] == ["metrics", "points", "badges"]
    assert [entry.section for entry in explain.named(found, "badges.deals")] == ["badges"]
    assert [entry.section for entry in explain.named(found, "deal.won")] == ["events"]
    assert [entry.section for entry in explain.named(found, "events.deal.won")] == ["events"]
    assert explain.named(found, "dealz") == []
    assert explain.nearest(found, "dealz") == "deals"
    assert explain.nearest(found, "qqqq") is None


# Every text goes through gettext.

#: What the locale's own data says: lists, units, months.
LOCALES = {"and", "or", "days", "day", "minute", "jan", "oct"}
#: Values of conditions, units and codes, as the program has them.
VALUES = {"emea", "gold", "services", "eur", "de", "by", "submitted", "in", "review", "approved", "paid", "rejected"}


def silenced(text: str, *_: object) -> str:
    """A translation that leaves of a text only its placeholders."""
    return re.sub(r"(%\(\w+\)s)|[^\W\d_]+", lambda found: found[1] or "", text)


class Silence:
    """A language without words."""

    ugettext = staticmethod(silenced)

    @staticmethod
    def ungettext(_one: str, many: str, _count: int) -> str:
        return silenced(many)


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording, "translations", Silence)


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def of_the_program(found: Program) -> set[str]:
    """The words of its keys and titles."""
    told_by_it: set[str] = words(found.settings.name) | words(found.settings.time_zone)
    for entry in explain.entries(found):
        texts = [entry.key, *getattr(entry.thing, "title", {}).values(), *getattr(entry.thing, "attributes", ())]
        texts += [ask for question in getattr(entry.thing, "questions", ()) for ask in question.ask.values()]
        texts += [tier.name for tier in getattr(entry.thing, "tiers", ())]
        texts += [text for placed in getattr(entry.thing, "placements", ()) for text in placed.title.values()]
        told_by_it |= {word for text in texts for word in words(text)}
    return told_by_it


@pytest.mark.usefixtures("silence")
def test_no_word_is_said_that_cannot_be_translated() -> None:
    found = read(HARBOR)
    known = of_the_program(found) | LOCALES | VALUES
    for entry in explain.entries(found):
        assert words(sentence(found, entry)) <= known, entry.key


def test_every_kind_of_entry_has_a_sentence() -> None:
    assert set(_SENTENCES) == set(get_args(explain.Thing))
