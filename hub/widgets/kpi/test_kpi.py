"""The KPI widget: one number, how it changed, and as of when."""

from fractions import Fraction
from itertools import count

import pytest

from hub import clock, signals
from hub.clock import instant
from hub.db import reader, transaction
from hub.ledger import arrivals, log, programs
from hub.widgets import kit
from hub.widgets.kpi.query import query
from tests.club import Club, publish

PROGRAM = """
program: {name: Club, time_zone: Europe/Berlin}
events:
  deal.won: {attributes: {amount: {type: number, unit: EUR}}}
  deal.lost: {}
  mdf.allocated: {about: organization, attributes: {amount: {type: number, unit: EUR}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number, unit: EUR}}}
metrics:
  revenue: {title: Revenue, event: deal.won, take: sum, of: amount}
  won: {event: deal.won, take: count}
  closed: {event: [deal.won, deal.lost], take: count}
  win_rate: {title: Win rate, share: won, of: closed}
  mdf_total: {event: mdf.allocated, take: sum, of: amount}
  mdf_used: {event: mdf.spent, take: sum, of: amount}
  mdf_available: {title: MDF available, plus: [mdf_total], minus: [mdf_used]}
homepages:
  sales_rep:
    - {widget: kpi, metric: revenue, window: month}
    - {widget: kpi, metric: revenue, window: quarter, whose: organization}
    - {widget: kpi, metric: win_rate, window: month}
    - {widget: kpi, metric: mdf_used, window: month}
"""


@pytest.fixture
def club(cast: dict[str, int]) -> Club:
    publish(PROGRAM)
    return Club(cast, count(1))


def about(organization: str, kind: str, amount: int, time: str = "2026-11-20T09:30:00Z") -> None:
    """An event about an organization is in the log."""
    number = f"{organization}/{kind}/{time}"
    sent = {"id": number, "source": "mdf", "type": kind, "subject": organization, "time": time}
    arrival = arrivals.read({**sent, "data": {"amount": amount}}, clock.now(), lambda *_: True)
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        assert log.append(connection, [arrival], version.program.events, clock.now())[0].status == "accepted"


def html(view: kit.View) -> str:
    return str(kit.render(kit.catalogue()["kpi"], view).html)


def test_a_number_of_this_month_beside_that_of_the_month_before(club: Club) -> None:
    club.happens("bo", "deal.won", "2026-10-08T10:00:00Z", amount=8_000)
    club.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=12_000)
    with club.looks("bo", metric="revenue", window="month") as view:
        values, shown = query(view), html(view)
    assert values.value is not None
    assert values.change is not None
    assert (values.value.value, values.value.unit) == (12_000, "EUR")
    assert (values.change.by, values.change.before.value) == (Fraction(1, 2), 8_000)
    assert values.changed_at == instant("2026-11-20T10:00:00Z")
    assert "€12,000" in shown
    assert "50%" in shown
    assert "against all of October 2026, €8,000" in shown
    assert ">Revenue</h2>" in shown, "without a title it is called like its metric"


def test_without_a_window_it_counts_all_and_there_is_no_change(club: Club) -> None:
    club.happens("bo", "deal.won", "2026-10-08T10:00:00Z", amount=8_000)
    club.happens("bo", "deal.won", "2026-11-20T10:00:00Z", amount=12_000)
    with club.looks("bo", metric="revenue") as view:
        values = query(view)
    assert values.value is not None
    assert (values.value.value, values.change) == (20_000, None)


def test_an_organizations_number_is_that_of_all_its_people(club: Club) -> None:
    for who, amount in (("bo", 8_000), ("bea", 3_000), ("cy", 50_000)):
        club.happens(who, "deal.won", amount=amount)
    with club.looks("ada", metric="revenue", window="quarter", whose="organization") as view:
        values, shown = query(view), html(view)
    assert values.value is not None
    assert values.value.value == 11_000
    assert "Acme" in shown


def test_what_only_organizations_have_is_the_organizations_without_saying_so(club: Club) -> None:
    about("acme", "mdf.allocated", 5_000)
    about("acme", "mdf.spent", 1_200)
    about("globex", "mdf.spent", 700)
    club.digests()
    with club.looks("ada", metric="mdf_available") as view:
        values = query(view)
    assert values.value is not None
    assert (values.whose, values.value.value, values.value.unit) == ("organization", 3_800, "EUR")


def test_a_page_hears_of_what_happens_to_its_organization(club: Club) -> None:
    with reader() as connection:
        before = signals.Follower(connection).cursor
    about("acme", "mdf.spent", 1_200)
    club.digests()
    with club.looks("ada", metric="mdf_available") as view:
        told = signals.since(view.connection, before)
        assert told & set(kit.catalogue()["kpi"].widget.topics(view))


def test_such_a_number_has_its_windows_too(club: Club) -> None:
    about("acme", "mdf.spent", 1_000, "2026-10-08T10:00:00Z")
    about("acme", "mdf.spent", 1_200)
    club.digests()
    with club.looks("bo", metric="mdf_used", window="month") as view:
        values = query(view)
    assert values.value is not None
    assert values.change is not None
    assert (values.value.value, values.change.by) == (1_200, Fraction(1, 5))


def test_a_share_changes_by_points_of_a_hundred(club: Club) -> None:
    for time, kind in (("10-01", "deal.won"), ("10-02", "deal.lost"), ("11-01", "deal.won"), ("11-02", "deal.won")):
        club.happens("bo", kind, f"2026-{time}T10:00:00Z")
    with club.looks("bo", metric="win_rate", window="month") as view:
        values, shown = query(view), html(view)
    assert values.change is not None
    assert (values.change.by, values.change.kind) == (50, "points")
    assert "50 points" in shown
    assert "100%" in shown


def test_after_a_month_of_nothing_there_is_no_part_to_change_by(club: Club) -> None:
    club.happens("bo", "deal.won", amount=0, time="2026-10-08T10:00:00Z")
    club.happens("bo", "deal.won", amount=500)
    with club.looks("bo", metric="revenue", window="month") as view:
        assert query(view).change is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"metric": "revenue", "window": "month"}, "Nothing to count yet"),
        ({"metric": "revenue", "window": "quarter", "whose": "organization"}, "Nothing to count yet"),
        ({"metric": "mdf_used"}, "Nothing to count yet"),
        ({"metric": "gone"}, "This number is gone"),
        ({}, "This number is gone"),
    ],
)
def test_without_a_number_it_says_why(club: Club, options: dict[str, str], told: str) -> None:
    with club.looks("bo", **options) as view:
        assert told in html(view)


def test_the_unit_can_be_said_otherwise(club: Club) -> None:
    club.happens("bo", "deal.won", amount=500)
    with club.looks("bo", metric="won", unit="deals") as view:
        assert "1 deals" in html(view)
