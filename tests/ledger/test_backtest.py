"""Backtest: what it says of each kind of change, one at a time, is what a publication then does."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.gamification import engine
from hub.gamification.events import EventType
from hub.ledger import acts, arrivals, backtest, changes, log
from hub.ledger.backtest import MemberPoints, Posting
from hub.ledger.tables import set_aside
from hub.widgets import kit
from tests.club import Club, publish
from tests.ledger.foretelling import Said, all_exactly, foretold, published, standing

NOW = clock.instant("2026-11-23T10:00:00Z")
HEAD = "program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}\n"
EVENTS = "events: {deal.won: {attributes: {amount: {type: number}}}, asset.viewed: {}}\n"
METRICS = "metrics: {deals: {event: deal.won, take: count}, views: {event: asset.viewed, take: count}}\n"
PAYS = "points: {sold: {event: deal.won, award: {points: 1, for_every: 100, of: amount}}}\n"
TIERS = "[{name: Bronze, at_least: 1}, {name: Silver, at_least: 3}]"
BADGES = f"""badges:
  maker: {{metric: deals, tiers: {TIERS}, points: 10}}
  viewer: {{when: {{metric: views, at_least: 1}}, points: 5}}
"""
FIRST = HEAD + EVENTS + METRICS + PAYS + BADGES


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    """Bo has sold twice and viewed, Cy has sold once; Bo has Bronze and viewer, Cy has Bronze."""
    assert app
    publish(FIRST)
    harbor = Club(cast, count(1))
    for who, kind, day in (
        ("bo", "deal.won", 2), ("bo", "asset.viewed", 3), ("cy", "deal.won", 4), ("bo", "deal.won", 20),
    ):  # fmt: skip
        harbor.happens(who, kind, f"2026-11-{day:02}T09:00:00Z", **({"amount": 1000} if kind == "deal.won" else {}))
    return harbor


def told_then_done(text: str, days: int | None = None) -> tuple[Posting, Said]:
    """What is said of a draft, and that it then happens: on publishing, or with `--from` so many days ago."""
    before, since = standing(), NOW - (days or 90) * clock.DAY
    report, said = foretold(text, since)
    published(text, None if days is None else since)
    question = "on_publishing" if days is None else "what_if"
    all_exactly(said, question, before, standing())
    return getattr(report, question), said


def awarded(posting: Posting) -> list[tuple[str, str | None, int, int]]:
    return [(one.key, one.tier, one.awards, one.kept) for one in posting.given]


def test_a_new_badge_is_told_with_its_points(harbor: Club) -> None:
    assert harbor
    posting, said = told_then_done(FIRST + "  seller: {when: {metric: deals, at_least: 2}, points: 70}\n")
    assert (posting.points, posting.members, awarded(posting)) == (70, 1, [("seller", None, 1, 0)])
    assert said["cy"].on_publishing.nothing


def test_a_changed_tier_is_told(harbor: Club) -> None:
    assert harbor
    posting, _ = told_then_done(FIRST.replace("at_least: 3", "at_least: 2"))
    assert (posting.points, awarded(posting)) == (10, [("maker", "Silver", 1, 0)])


def test_a_harder_tier_takes_nothing_from_who_has_it(harbor: Club) -> None:
    assert harbor
    posting, _ = told_then_done(FIRST.replace("at_least: 1}, {name: Silver", "at_least: 2}, {name: Silver"))
    assert (posting.points, awarded(posting)) == (0, [("maker", "Bronze", 0, 1)])
    assert (posting.gains, posting.losses) == ((), ())


def test_a_dropped_badge_is_kept_and_no_loss(harbor: Club) -> None:
    assert harbor
    posting, said = told_then_done(FIRST[: FIRST.index("  viewer:")])
    assert (posting.points, posting.lowered, awarded(posting)) == (0, 0, [("viewer", None, 0, 1)])
    assert [fact.points for fact in said["bo"].on_publishing.kept] == [5]


def test_a_badge_with_other_points_prices_nobody_anew(harbor: Club) -> None:
    harbor.happens("ada", "deal.won", "2026-11-21T09:00:00Z", amount=1000)
    posting, _ = told_then_done(FIRST.replace("points: 10", "points: 99").replace("at_least: 3", "at_least: 2"))
    assert (posting.points, awarded(posting)) == (99, [("maker", "Silver", 1, 0)]), "only the new award has them"


def test_levels_and_goals_are_told(harbor: Club) -> None:
    assert harbor
    goals = "goals: {month: {metric: deals, window: month, target: 2, reward: {points: 4}}}\n"
    posting, said = told_then_done(FIRST + goals + "levels: {low: {at: 0}, high: {at: 30}}\n")
    assert awarded(posting) == [("low", None, 2, 0), ("high", None, 1, 0)]
    assert [(one.goal, one.reached) for one in posting.goals] == [("month", 1)]
    assert said["bo"].on_publishing.reached == (("month", "2026-11"),)
    assert posting.points == 4


def test_what_if_is_priced_from_then_on_only(harbor: Club) -> None:
    assert harbor
    posting, said = told_then_done(FIRST.replace("award: {points: 1", "award: {points: 3"), days=10)
    assert (posting.points, posting.posted, posting.drafted) == (20, 10, 30)
    assert posting.gains == (MemberPoints("bo", 20),)
    assert said["cy"].what_if.nothing


def test_who_loses_is_told_too(harbor: Club) -> None:
    assert harbor
    posting, _ = told_then_done(FIRST.replace("for_every: 100", "for_every: 200"), days=60)
    assert (posting.points, posting.raised, posting.lowered) == (-15, 0, -15)
    assert posting.losses == (MemberPoints("bo", -10), MemberPoints("cy", -5))


def test_points_that_a_badge_looks_at_bring_it_with_them(harbor: Club) -> None:
    assert harbor
    rich = "  rich: {when: {metric: points_earned, at_least: 50}, points: 1}\n"
    text = FIRST.replace("award: {points: 1", "award: {points: 3") + rich
    report, _ = foretold(text, NOW - 60 * clock.DAY)
    assert awarded(report.on_publishing) == []
    posting, _ = told_then_done(text, days=60)
    assert awarded(posting) == [("rich", None, 1, 0)]
    assert posting.points == 20 + 20 + 20 + 1


def test_what_waits_is_digested_first(harbor: Club) -> None:
    """It is not the draft that brings it."""
    event = {"id": "late", "source": "crm", "type": "asset.viewed", "subject": "cy", "time": "2026-11-01T09:00:00Z"}
    with transaction() as connection:
        arrival = arrivals.read({**event, "data": {}}, clock.now(), lambda *_: True)
        log.append(connection, [arrival], {"asset.viewed": EventType("asset.viewed")}, clock.now())
    text = FIRST + "  seller: {when: {metric: views, at_least: 1}, points: 70}\n"
    report, said = foretold(text, NOW)
    assert report.on_publishing.points == 140
    harbor.digests()
    before = standing()
    assert "badge/viewer/" in before["cy"].awards
    published(text, None)
    all_exactly(said, "on_publishing", before, standing())


def test_what_is_held_for_its_type_is_told_where_the_draft_declares_it(harbor: Club) -> None:
    with transaction() as connection:
        for number, (who, worth) in enumerate((("ada", 5), ("ada", "much"), ("nobody", 5), ("bo", None))):
            data = {} if worth is None else {"worth": worth}
            sent = {"id": f"l{number}", "source": "crm", "type": "lead.won", "subject": who, "data": data}
            arrival = arrivals.read({**sent, "time": "2026-11-02T09:00:00Z"}, clock.now(), lambda *_: True)
            [verdict] = log.append(connection, [arrival], {}, clock.now())
            assert verdict.status == "held"
    declared = EVENTS.replace("asset.viewed: {}", "asset.viewed: {}, lead.won: {attributes: {worth: {type: integer}}}")
    text = FIRST.replace(EVENTS, declared).replace("views:", "leads: {event: lead.won, take: count}, views:")
    text = text.replace("points: {sold", "points: {lead: {event: lead.won, award: 6}, sold")
    posting, said = told_then_done(text + "  leader: {when: {metric: leads, at_least: 1}, points: 8}\n")
    assert awarded(posting) == [("leader", None, 2, 0)]
    assert said["ada"].on_publishing.points == 8, "rules are in force from now on, and these came before"
    assert harbor.numbers["ada"]


def test_a_member_that_the_draft_fails_for_is_named(harbor: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    fold = engine.fold

    def fails(plan: Any, state: Any, parts: Any, events: Any, given: Any, *rest: Any) -> Any:
        if given.who == harbor.numbers["bo"]:
            raise ArithmeticError("a poison event")
        return fold(plan, state, parts, events, given, *rest)

    monkeypatch.setattr(engine, "fold", fails)
    report, said = foretold(FIRST, NOW)
    assert (report.failed, said.keys()) == (("bo",), {"cy"})


def test_who_is_set_aside_is_left_out(harbor: Club) -> None:
    with transaction() as connection:
        connection.execute(set_aside.insert(), {"member": harbor.numbers["bo"], "at": NOW, "error": "poison"})
    report, said = foretold(FIRST, NOW)
    assert (report.members, said.keys()) == (1, {"cy"})


def test_a_publication_meanwhile_ends_it(harbor: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    assert harbor
    monkeypatch.setattr(changes, "MEMBERS_A_TIME", 1)
    draft = changes.draft(FIRST, NOW, NOW, kit.options())
    assert isinstance(draft, changes.Draft)
    with pytest.raises(changes.Overtaken):
        backtest.run(draft, each=lambda _: publish(FIRST) and None)


def test_members_are_taken_in_slices(harbor: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    assert harbor
    monkeypatch.setattr(changes, "MEMBERS_A_TIME", 1)
    heard: list[tuple[int, int]] = []
    draft = changes.draft(FIRST, NOW, NOW, kit.options())
    assert isinstance(draft, changes.Draft)
    assert backtest.run(draft, lambda done, of: heard.append((done, of))).members == 2
    assert heard == [(1, 2), (2, 2)]


def test_what_was_given_by_hand_is_no_matter_of_the_program(harbor: Club) -> None:
    with transaction() as connection:
        for number in range(3):
            acts.adjust(connection, (harbor.numbers["bo"], "bo"), 100 + number, "thanks", "test", clock.now())
    harbor.digests()
    posting, _ = told_then_done(FIRST.replace("award: {points: 1", "award: {points: 3"), days=60)
    assert {one.kind for one in posting.amounts} == {"rule", "badge"}
    assert (posting.posted, posting.drafted) == (55, 115)
