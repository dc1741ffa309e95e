"""Metrics in any window: the state, a fold of the log and a count by hand say the same."""

from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import pytest

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup, members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import measuring
from hub.ledger.measuring import NoSuchWindow, Objects
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {attributes: {amount: {type: number}, product: {type: text}}}
  deal.lost: {}
  module.completed: {attributes: {course: {type: text}, module: {type: text}}}
  claim.changed: {attributes: {claim: {type: text}, state: {type: text}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number}}}
metrics:
  won: {event: deal.won, take: count}
  closed: {event: [deal.won, deal.lost], take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  average: {event: deal.won, take: average, of: amount}
  win_rate: {share: won, of: closed, minimum: 2}
  lost: {plus: [closed], minus: [won]}
  products: {event: deal.won, take: distinct, of: product}
  days: {event: deal.won, take: days}
  modules: {event: module.completed, take: distinct, of: module, by: course}
  claims: {event: claim.changed, take: latest, of: state, by: claim}
  spent: {event: mdf.spent, take: sum, of: amount}
points:
  won: {event: deal.won, award: 10}
leaderboards:
  partners: {metric: revenue, window: quarter, whose: organization}
"""


@pytest.fixture
def harbor(app: Any, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    club = Club(cast, count(1))
    club.happens("bo", "deal.won", "2026-10-10T10:00:00Z", amount=100, product="a")
    club.happens("bo", "deal.won", "2026-11-02T10:00:00Z", amount=Decimal("0.1"), product="a")
    club.happens("bo", "deal.won", "2026-11-02T11:00:00Z", amount=Decimal("0.2"), product="b")
    club.happens("bo", "deal.lost", "2026-11-03T10:00:00Z")
    return club


def of(club: Club, who: str, window: str) -> measuring.Values:
    with reader() as connection:
        return measuring.of_member(connection, club.numbers[who], window, clock.now())


def of_organization(id_: str, window: str) -> measuring.Values:
    with reader() as connection:
        number = lookup.organizations(connection, [id_])[id_]
        return measuring.of_organization(connection, number, window, clock.now())


def test_a_month_that_the_program_does_not_keep_is_folded(harbor: Club):
    november = of(harbor, "bo", "2026-11")
    assert november["won"] == 2
    assert november["revenue"] == Decimal("0.3")
    assert november["average"] == Fraction(3, 20)
    assert november["win_rate"] == Fraction(2, 3)
    assert (november["lost"], november["products"], november["days"]) == (1, 2, 1)
    assert november["points_earned"] == 20
    assert of(harbor, "bo", "2026-10")["win_rate"] is None, "only one deal was closed"


@pytest.mark.parametrize(
    ("window", "revenue"),
    [("2026-10-01/2026-11-03", "100.3"), ("2026", "100.3"), ("2026-W45", "0.3"), ("2026-11-02", "0.3")],
)
def test_any_window_of_the_calendar_can_be_asked(harbor: Club, window: str, revenue: str):
    assert of(harbor, "bo", window)["revenue"] == Decimal(revenue)


@pytest.mark.parametrize("window", ["", "2026-13", "2026-02-30", "yesterday", "2026-11-03/2026-11-02", "2026-11-22w"])
def test_a_window_that_the_calendar_has_not_is_refused(harbor: Club, window: str):
    with pytest.raises(NoSuchWindow):
        of(harbor, "bo", window)


def test_who_did_nothing_has_no_value(harbor: Club):
    values = of(harbor, "bea", "all")
    assert values.pop("modules") == values.pop("claims") == Objects(None, {})
    assert set(values.values()) == {None}


def test_the_state_and_the_fold_say_the_same(harbor: Club, monkeypatch: pytest.MonkeyPatch):
    harbor.happens("bo", "module.completed", course="basics", module="m1")
    harbor.happens("bo", "claim.changed", claim="c1", state="paid")
    stands = of(harbor, "bo", "all")
    monkeypatch.setattr(measuring, "_is_current", lambda *_: False)
    assert of(harbor, "bo", "all") == stands


def test_a_metric_by_object_tells_each_object(harbor: Club):
    for course, module in (("basics", "m1"), ("basics", "m2"), ("basics", "m2"), ("sales", "m1")):
        harbor.happens("bo", "module.completed", course=course, module=module)
    for hour, state in enumerate(("submitted", "approved")):
        harbor.happens("bo", "claim.changed", f"2026-11-20T1{hour}:00:00Z", claim="c1", state=state)
    for window in ("all", "2026-11"):
        values = of(harbor, "bo", window)
        assert values["modules"] == Objects(2, {"basics": 2, "sales": 1})
        assert values["claims"] == Objects(None, {"c1": "approved"})


def test_an_organization_has_the_objects_of_its_members_together(harbor: Club):
    for who, course, module in (("bo", "basics", "m1"), ("bea", "basics", "m2"), ("bea", "sales", "m1")):
        harbor.happens(who, "module.completed", "2026-11-20T10:00:00Z", course=course, module=module)
    harbor.happens("bea", "claim.changed", "2026-11-20T10:00:00Z", claim="c1", state="paid")
    acme = of_organization("acme", "2026-11")
    assert acme["modules"] == Objects(2, {"basics": 2, "sales": 1})
    assert acme["claims"] == Objects(None, {"c1": "paid"})


def test_an_organization_has_what_its_members_brought_while_they_belonged_to_it(harbor: Club):
    harbor.happens("bea", "deal.won", "2026-11-02T12:00:00Z", amount=7, product="a")
    with transaction() as connection:
        moved = MemberProfile("Bo Lind", None, "globex", ("sales_rep",))
        members.upsert(connection, [MemberRecord("bo", moved)], clock.instant("2026-11-10T00:00:00Z"))
    harbor.digests()
    harbor.happens("bo", "deal.won", "2026-11-11T10:00:00Z", amount=1000, product="c")
    harbor.happens("acme", "mdf.spent", "2026-11-11T10:00:00Z", amount=50)
    acme, globex = of_organization("acme", "2026-11"), of_organization("globex", "2026-11")
    assert (acme["revenue"], acme["won"], acme["products"], acme["spent"]) == (Decimal("7.3"), 3, 2, 50)
    assert acme["average"] == Fraction(73, 30)
    assert acme["win_rate"] == Fraction(3, 4)
    assert (globex["revenue"], globex["won"], globex["spent"]) == (1000, 1, None)
