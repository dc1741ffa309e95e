"""The my-partners widget: who moves, who is one step away, who went quiet."""

from collections.abc import Callable
from itertools import count

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from hub.clock import instant
from hub.db import transaction
from hub.directory import assignments
from hub.directory.assignments import AssignmentRecord
from hub.widgets import kit
from hub.widgets.my_partners.query import query
from tests.app import JANUARY
from tests.club import Club, publish

PROGRAM = """
program: {name: Club, time_zone: Europe/Berlin}
events: {deal.won: {attributes: {amount: {type: number, unit: EUR}}}}
metrics:
  won: {title: Deals won, event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
points: {win: {event: deal.won, award: 10}}
badges:
  closer: {title: Closer, when: {metric: won, at_least: 4}}
  hidden: {title: Hidden, secret: true, when: {metric: won, at_least: 4}}
goals: {ours: {title: Our quarter, metric: revenue, window: quarter, whose: organization, target: 1000}}
homepages: {field_team: [{widget: my_partners}], sales_rep: [{widget: my_partners}]}
"""


@pytest.fixture
def club(cast: dict[str, int]) -> Club:
    publish(PROGRAM)
    with transaction() as connection:
        assignments.upsert(connection, [AssignmentRecord("globex", "fay", "field_team")], JANUARY)
    return Club(cast, count(1))


def html(view: kit.View) -> str:
    return str(kit.render(kit.catalogue()["my_partners"], view).html)


def test_who_moves_and_who_went_quiet(club: Club) -> None:
    club.happens("cy", "deal.won", "2026-11-02T10:00:00Z", amount=100)
    club.happens("bo", "deal.won", "2026-11-21T10:00:00Z", amount=100)
    club.happens("bea", "deal.won", "2026-11-03T10:00:00Z", amount=100)
    with club.looks("fay") as view:
        values, shown = query(view), html(view)
    assert [(one.name, one.points, one.active, one.people, one.newest) for one in values.moving] == [
        ("Acme", 20, 1, 3, "Bo Lind")
    ]
    assert [(one.name, one.last_at) for one in values.quiet] == [("Globex", instant("2026-11-02T10:00:00Z"))]
    assert values.total == 2
    assert 'href="/organizations/acme"' in shown


def test_somebody_who_never_did_anything_is_quiet_too(club: Club) -> None:
    with club.looks("fay") as view:
        values, shown = query(view), html(view)
    assert [(one.name, one.last_at) for one in values.quiet] == [("Acme", None), ("Globex", None)]
    assert "nothing yet" in shown
    assert "Nobody in the last 7 days." in shown


def test_an_organization_close_to_its_goal_is_one_step_away(club: Club) -> None:
    club.happens("bo", "deal.won", "2026-11-21T10:00:00Z", amount=500)
    with club.looks("fay") as view:
        assert query(view).goals == ()
    club.happens("bea", "deal.won", "2026-11-21T10:00:00Z", amount=400)
    with club.looks("fay") as view:
        [goal] = query(view).goals
        shown = html(view)
    assert (goal.name, goal.goal, goal.missing.value, goal.missing.unit) == ("Acme", "Our quarter", 100, "EUR")
    assert "€100 to Our quarter" in shown
    club.happens("bea", "deal.won", "2026-11-22T10:00:00Z", amount=100)
    with club.looks("fay") as view:
        assert query(view).goals == (), "reached"


def test_a_person_close_to_a_badge_is_one_step_away(club: Club) -> None:
    for day in (18, 19, 20):
        club.happens("bo", "deal.won", f"2026-11-{day}T10:00:00Z", amount=1)
    with club.looks("fay") as view:
        [badge] = query(view).badges
        shown = html(view)
    assert (badge.name, badge.organization, badge.badge) == ("Bo Lind", "Acme", "Closer")
    assert "Deals won, 3 of 4" in shown
    club.happens("bo", "deal.won", "2026-11-21T10:00:00Z", amount=1)
    with club.looks("fay") as view:
        assert query(view).badges == (), "earned"


def test_only_who_looks_after_somebody_sees_anything_of_her(club: Club) -> None:
    club.happens("bo", "deal.won", "2026-11-21T10:00:00Z", amount=900)
    with club.looks("pat") as view:
        values, shown = query(view), html(view)
    assert values.total == 0
    assert "No partners of yours yet" in shown


def test_it_is_for_the_vendors_people_alone(club: Club, signed_in: Callable[[str], FlaskClient]) -> None:
    assert club
    assert signed_in("fay").get("/w/my_partners").status_code == 200
    # Even if somebody is assigned, whatever her role.
    with transaction() as connection:
        assignments.upsert(connection, [AssignmentRecord("globex", "bo", "field_team")], JANUARY)
    assert signed_in("bo").get("/w/my_partners").status_code == 404


def test_who_did_something_last_can_be_written_to(club: Club) -> None:
    club.happens("ada", "deal.won", "2026-11-21T10:00:00Z", amount=1)
    with club.looks("fay") as view:
        assert "mailto:ada@acme.example" in html(view)


def test_it_shows_as_many_as_the_placement_says(club: Club) -> None:
    with club.looks("fay", show=1) as view:
        values = query(view)
    assert (len(values.quiet), values.quiet_total) == (1, 2)


def test_it_hears_of_each_organization_that_is_looked_after(club: Club) -> None:
    with club.looks("fay") as view:
        heard = kit.catalogue()["my_partners"].widget.topics(view)
    assert sum(topic.startswith("organization/") for topic in heard) == 2
    assert kit.catalogue()["my_partners"].widget.listens == ("member/{member}", "directory")


def test_it_asks_no_more_statements_of_many_than_of_few(club: Club) -> None:
    for who in ("bo", "bea", "ada", "cy"):
        club.enters(who, "deal.won", "2026-11-21T10:00:00Z", amount=300)
    club.digests()
    both = statements(club)
    globex = organization(club, "cy")
    with transaction() as connection:
        assert assignments.end(connection, globex, club.numbers["fay"], "field_team", JANUARY)
    assert statements(club) == both


def statements(club: Club) -> int:
    """How many the widget asks."""
    told: list[str] = []
    with club.looks("fay") as view:
        event.listen(view.connection, "before_cursor_execute", lambda *given: told.append(given[2]))
        query(view)
    return len(told)


def organization(club: Club, who: str) -> int:
    with club.looks(who) as view:
        assert view.member.organization
        return view.member.organization
