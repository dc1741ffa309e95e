"""Skips as sentences: the first test that failed, and the value it found."""

import pytest

from hub.gamification.events import Event
from hub.gamification.outcome import Skip
from hub.ledger.effects import message

EVENT = Event(0, "crm", "w-1", "deal.won", 0, {})


@pytest.mark.parametrize(
    ("code", "detail", "told"),
    [
        (
            "condition",
            {"name": "amount", "operator": "at_least", "wanted": 1000, "found": 400, "excluded": False},
            "the rule needs amount at least 1000; the event has 400",
        ),
        (
            "condition",
            {"name": "product", "operator": "is", "wanted": "services", "found": "services", "excluded": True},
            "the rule excludes product services; the event has services",
        ),
        (
            "condition",
            {"name": "own", "operator": "is", "wanted": True, "found": None, "excluded": False},
            "the rule needs own true; the event has none",
        ),
        (
            "not_for_member",
            {"name": "role", "operator": "in", "wanted": ("a", "b"), "found": ("c",), "excluded": False},
            "the rule needs role one of a, b; the member then had c",
        ),
        ("cap", {"cap": None, "per": "day", "points": 500}, "the rule's cap of 500 points per day is used up"),
        ("cap", {"cap": "fair_use", "per": "week", "times": 3}, "the cap fair_use of 3 awards per week is used up"),
        ("not_in_force", {}, "the rule was not in force at the event's time"),
    ],
)
def test_a_skip_says_what_decided(code: str, detail: dict[str, object], told: str) -> None:
    assert message(Skip("rule", code, detail, EVENT)) == told
