"""A member whose fold fails is set aside with the error; the others go on, and it is tried again on demand."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.db import reader
from hub.gamification import engine
from hub.ledger import digest, reading, replay, verify
from hub.ledger.tables import set_aside
from tests.club import Club, publish

WITH_FUNDS = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number, required: true}, deal: {type: text, required: true}}}
  asset.viewed: {attributes: {asset: {type: text, required: true}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number, required: true}}}
metrics:
  spent: {event: mdf.spent, take: sum, of: amount}
leaderboards:
  spenders: {metric: spent, window: month, whose: organization}
"""
Command = Callable[..., tuple[int, str, str]]


def balance(club: Club, who: str) -> int:
    with club.looks(who) as view:
        return reading.points(view.connection, view.version, club.numbers[who], view.now).balance


@pytest.fixture
def poisoned(club: Club, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Whether the fold of Bo's events raises."""
    fold = engine.fold

    def fails(plan: Any, state: Any, parts: Any, events: Any, given: Any, *rest: Any) -> Any:
        if given.who == club.numbers["bo"]:
            raise ArithmeticError("a poison event")
        return fold(plan, state, parts, events, given, *rest)

    return lambda on: monkeypatch.setattr(engine, "fold", fails if on else fold)


def test_one_poison_member_does_not_stop_the_others(club: Club, hub: Command, poisoned: Callable[[bool], None]):
    poisoned(True)
    club.happens("bo", "deal.won", amount=12000, deal="d1")
    club.happens("cy", "deal.won", amount=5000, deal="d2")
    assert balance(club, "cy") == 50
    status, _, told = hub("digest")
    assert (status, told) == (1, "set aside: bo: ArithmeticError: a poison event\n")
    assert digest.run() == 0, "what is set aside is not work"
    assert not digest.pending()
    assert list(verify.breaches()) == []

    assert hub("digest", "--retry")[0] == 1, "still poisoned"
    poisoned(False)
    assert hub("digest")[0] == 1, "nobody asked for another try"
    club.happens("bo", "deal.won", amount=3000, deal="d3")
    assert hub("digest", "--retry") == (0, "", "")
    assert balance(club, "bo") == 150
    with reader() as connection:
        assert connection.execute(set_aside.select()).all() == []
    assert list(replay.differences()) == []


def test_a_member_that_fails_later_keeps_what_it_had(club: Club, hub: Command, poisoned: Callable[[bool], None]):
    club.happens("bo", "deal.won", amount=12000, deal="d1")
    poisoned(True)
    club.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=100, deal="d2")
    assert balance(club, "bo") == 120
    poisoned(False)
    assert hub("digest", "--retry")[0] == 0
    assert balance(club, "bo") == 121
    assert list(verify.breaches()) == []


def test_an_organization_is_set_aside_like_a_member(club: Club, hub: Command, monkeypatch: pytest.MonkeyPatch):
    publish(WITH_FUNDS)
    fold = engine.fold

    def fails(plan: Any, state: Any, parts: Any, events: Any, given: Any, *rest: Any) -> Any:
        if given.who < 0:
            raise ArithmeticError("a poison event")
        return fold(plan, state, parts, events, given, *rest)

    monkeypatch.setattr(engine, "fold", fails)
    club.happens("acme", "mdf.spent", amount=100)
    status, _, told = hub("digest")
    assert (status, told) == (1, "set aside: organization acme: ArithmeticError: a poison event\n")
    monkeypatch.setattr(engine, "fold", fold)
    assert hub("digest", "--retry") == (0, "", "")
    assert list(verify.breaches()) == []
