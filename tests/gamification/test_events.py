"""What an event's data must be, and what a later version may not change."""

from decimal import Decimal
from typing import Any

import pytest

from hub.gamification import events
from hub.gamification.events import Attribute, EventType

WON = EventType(
    "deal.won",
    attributes={
        "amount": Attribute("amount", "number", required=True),
        "items": Attribute("items", "integer"),
        "product": Attribute("product", "text"),
        "renewed": Attribute("renewed", "boolean"),
        "closed": Attribute("closed", "date"),
        "state": Attribute("state", "text", one_of=("open", "paid")),
    },
)


@pytest.mark.parametrize(
    "data",
    [
        {"amount": 0},
        {"amount": Decimal("12.50"), "items": Decimal("1.0"), "product": "", "renewed": False},
        {"amount": 1, "closed": "2024-02-29", "state": "paid", "undeclared": [1, {"a": None}]},
        {"amount": 1, "items": None, "product": None, "renewed": None, "closed": None, "state": None},
    ],
)
def test_data_that_fits_has_no_fault(data: dict[str, Any]) -> None:
    assert events.check(WON, data) == []


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({}, "data.amount"),
        ({"amount": None}, "data.amount"),
        ({"amount": "12"}, "data.amount"),
        ({"amount": True}, "data.amount"),
        ({"amount": [1]}, "data.amount"),
        ({"amount": Decimal("NaN")}, "data.amount"),
        ({"amount": 1, "items": Decimal("1.5")}, "data.items"),
        ({"amount": 1, "items": True}, "data.items"),
        ({"amount": 1, "product": 5}, "data.product"),
        ({"amount": 1, "renewed": 1}, "data.renewed"),
        ({"amount": 1, "renewed": "true"}, "data.renewed"),
        ({"amount": 1, "closed": "2026-02-30"}, "data.closed"),
        ({"amount": 1, "closed": "20260101"}, "data.closed"),
        ({"amount": 1, "closed": "2026-01-01T00:00:00Z"}, "data.closed"),
        ({"amount": 1, "closed": 20260101}, "data.closed"),
        ({"amount": 1, "state": "lost"}, "data.state"),
        ({"amount": 1, "state": {}}, "data.state"),
    ],
)
def test_data_that_does_not_fit_names_the_attribute(data: dict[str, Any], path: str) -> None:
    assert [(fault.path, fault.code) for fault in events.check(WON, data)] == [(path, "attribute")]


def test_all_faults_of_the_data_come_at_once() -> None:
    data = {"items": "x", "product": 1, "renewed": "no", "closed": "soon", "state": "gone"}
    assert {fault.path for fault in events.check(WON, data)} == {f"data.{name}" for name in WON.attributes}


def test_a_later_version_may_drop_an_attribute_but_not_change_its_type() -> None:
    amount_as_text = EventType(
        "deal.won", attributes={"amount": Attribute("amount", "text"), "new": Attribute("new", "text")}
    )
    about_organizations = EventType("deal.won", about="organization")
    assert events.changed({"deal.won": WON}, {}) == []
    assert events.changed({"deal.won": WON}, {"deal.won": EventType("deal.won")}) == []
    told = [str(fault) for fault in events.changed({"deal.won": WON}, {"deal.won": amount_as_text})]
    assert told == ["events.deal.won.attributes.amount.type: was number in an earlier version and cannot become text"]
    assert [fault.path for fault in events.changed({"deal.won": WON}, {"deal.won": about_organizations})] == [
        "events.deal.won.about"
    ]
