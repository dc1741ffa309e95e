"""The list widget: the newest state of each object."""

from decimal import Decimal
from itertools import count

import pytest

from hub.clock import instant
from hub.widgets import kit
from hub.widgets.list.query import query
from tests.club import Club, publish

PROGRAM = """
program: {name: Club, time_zone: Europe/Berlin}
events:
  claim.changed:
    attributes:
      claim: {title: Claim, type: text, required: true}
      state: {type: text, one_of: [submitted, in_review, paid]}
      amount: {type: number, unit: EUR}
      by: {title: Handled by, type: text}
metrics:
  claims: {title: Claims, event: claim.changed, take: latest, of: state, by: claim, show: [amount, by]}
"""


@pytest.fixture
def club(cast: dict[str, int]) -> Club:
    publish(PROGRAM)
    return Club(cast, count(1))


def html(view: kit.View) -> str:
    return str(kit.render(kit.catalogue()["list"], view).html)


def test_the_newest_state_of_each_object_the_newest_first(club: Club) -> None:
    club.happens("bo", "claim.changed", "2026-11-02T10:00:00Z", claim="c-1", state="submitted", amount=Decimal("99.5"))
    club.happens("bo", "claim.changed", "2026-11-03T10:00:00Z", claim="c-2", state="submitted", by="Sam")
    club.happens("bo", "claim.changed", "2026-11-05T10:00:00Z", claim="c-1", state="in_review", amount=Decimal("120.5"))
    club.happens("bea", "claim.changed", "2026-11-06T10:00:00Z", claim="c-9", state="paid")
    with club.looks("bo", metric="claims") as view:
        values, shown = query(view), html(view)
    assert [(one.name, one.state, one.about) for one in values.rows] == [
        ("c-1", "In review", ("€120.50",)),
        ("c-2", "Submitted", ("Handled by: Sam",)),
    ]
    assert values.changed_at == instant("2026-11-05T10:00:00Z")
    assert ">Claims</h2>" in shown, "without a title it is called like its metric"
    assert "c-9" not in shown


def test_a_late_event_does_not_undo_a_newer_state(club: Club) -> None:
    club.happens("bo", "claim.changed", "2026-11-05T10:00:00Z", claim="c-1", state="paid")
    club.happens("bo", "claim.changed", "2026-11-02T10:00:00Z", claim="c-1", state="submitted")
    with club.looks("bo", metric="claims") as view:
        assert [one.state for one in query(view).rows] == ["Paid"]


def test_as_many_as_the_placement_shows_and_how_many_more_there_are(club: Club) -> None:
    for number in range(5):
        club.enters("bo", "claim.changed", claim=f"c-{number}", state="paid")
    club.digests()
    with club.looks("bo", metric="claims", show=2) as view:
        values, shown = query(view), html(view)
    assert (len(values.rows), values.total) == (2, 5)
    assert "and 3 older" in shown


def test_a_hostile_object_is_text(club: Club) -> None:
    club.happens("bo", "claim.changed", claim="<script>alert(1)</script>\u202e", state="paid")
    with club.looks("bo", metric="claims") as view:
        assert "&lt;script&gt;" in html(view)


@pytest.mark.parametrize(("metric", "told"), [("claims", "Nothing here yet"), ("gone", "This list is gone")])
def test_without_objects_it_says_why(club: Club, metric: str, told: str) -> None:
    with club.looks("bo", metric=metric) as view:
        assert told in html(view)
