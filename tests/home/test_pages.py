"""The homepage and its cells, as a browser gets them."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger.tables import entries
from hub.widgets import kit
from tests.app import SignedIn
from tests.club import PROGRAM, Club, publish


def visits() -> list[tuple[str, str]]:
    with reader() as connection:
        found = connection.execute(select(entries.c.id, entries.c.subject).where(entries.c.type == "hub.visited"))
        return [(id_, subject) for id_, subject in found]


def test_signed_out_leads_to_the_sign_in_and_back(client: FlaskClient, club: Club) -> None:
    assert club
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in?next=%2F")


def test_before_a_program_is_published_the_page_says_what_comes(signed_in: SignedIn) -> None:
    answer = signed_in("bo").get("/")
    assert answer.status_code == 200
    assert "The program starts soon" in answer.text


def test_the_homepage_shows_what_was_earned(signed_in: SignedIn, club: Club) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-77")
    page = signed_in("bo").get("/").text
    assert "Good morning, Bo" in page, "it is 11 o'clock in Berlin"
    assert "My points" in page
    assert "12.000\xa0€" in page, "Bo's locale is German"


def test_a_visit_is_an_entry_once_a_day(signed_in: SignedIn, club: Club) -> None:
    browser = signed_in("bo")
    browser.get("/")
    browser.get("/")
    assert visits() == [("visit/bo/2026-11-23", "bo")]
    club.digests()
    assert "Day in the hub" in browser.get("/").text
    clock.set_source("2026-11-24T10:00:00Z")
    browser.get("/")
    assert [id_ for id_, _ in visits()] == ["visit/bo/2026-11-23", "visit/bo/2026-11-24"]


def test_the_day_of_a_visit_is_the_members_own(signed_in: SignedIn, club: Club) -> None:
    assert club
    clock.set_source("2026-11-23T16:00:00Z")
    signed_in("cy").get("/")
    assert visits() == [("visit/cy/2026-11-24", "cy")], "in Tokyo it is tomorrow"


def test_only_opening_a_page_is_a_visit(signed_in: SignedIn, club: Club) -> None:
    assert club
    browser = signed_in("bo")
    browser.head("/")
    browser.get("/w/points")
    assert visits() == []


def test_a_cell_is_fetched_alone_and_not_again_while_it_is_the_same(signed_in: SignedIn, club: Club) -> None:
    browser = signed_in("bo")
    first = browser.get("/w/points")
    assert first.status_code == 200
    assert 'id="w-points"' in first.text
    assert "<html" not in first.text
    again = browser.get("/w/points", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    club.happens("bo", "deal.won", amount=500, deal="d-1")
    assert browser.get("/w/points", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_minute_later_a_cell_is_still_the_same(signed_in: SignedIn, club: Club) -> None:
    club.happens("bo", "deal.won", amount=500, deal="d-1")
    browser = signed_in("bo")
    keys = ("points", "badges")
    before = [browser.get(f"/w/{key}").headers["ETag"] for key in keys]
    clock.set_source("2026-11-23T10:01:00Z")
    assert [browser.get(f"/w/{key}").headers["ETag"] for key in keys] == before


def test_what_is_on_none_of_her_homepages_cannot_be_fetched(signed_in: SignedIn, club: Club) -> None:
    assert club
    assert signed_in("ada").get("/w/badges").status_code == 404, "offered, not placed"
    assert signed_in("bo").get("/w/nonsense").status_code == 404


def test_a_cell_says_what_changes_it(signed_in: SignedIn, club: Club) -> None:
    assert f"hub:points.{club.numbers['bo']} from:body" in signed_in("bo").get("/w/points").text


def test_a_widget_that_fails_does_not_take_the_page_with_it(
    signed_in: SignedIn, club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert club

    def fails(view: kit.View) -> object:
        view.connection.exec_driver_sql("SELECT * FROM nowhere")
        raise AssertionError

    kinds = dict(kit.catalogue())
    kinds["points"] = kit.Kind(kinds["points"].widget, fails, kinds["points"].folder)
    monkeypatch.setattr(kit, "catalogue", lambda: kinds)
    page = signed_in("bo").get("/")
    assert page.status_code == 200
    assert "This did not load" in page.text
    assert "Top sellers" in page.text, "the widgets after it read on, on PostgreSQL too"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202eevil", "🦊" * 50, "x" * 250])
def test_a_hostile_name_is_only_a_name(signed_in: SignedIn, club: Club, name: str) -> None:
    with transaction() as connection:
        changed = MemberRecord("bea", MemberProfile(name, None, "acme", ("sales_rep",)), (), clock.now())
        members.upsert(connection, [changed], clock.now())
    club.happens("bea", "deal.won", amount=9_000, deal="d-9")
    page = signed_in("bo").get("/")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_the_style_page_shows_every_widget(client: FlaskClient, club: Club) -> None:
    assert club
    page = client.get("/style")
    assert page.status_code == 200
    for name in kit.catalogue():
        assert f"widget--{name}" in page.text


def test_while_a_new_version_takes_over_the_page_says_how_far_it_is(signed_in: SignedIn, club: Club) -> None:
    for who in ("bo", "cy"):
        club.happens(who, "deal.won", amount=12_000, deal=f"d-{who}")
    browser = signed_in("cy")
    assert browser.get("/recalculating").text.split(">", 1)[1].strip() == "</div>"
    publish(PROGRAM.read_text())
    page = browser.get("/").text
    assert "The program has changed: recalculating, 0%" in page
    assert "Recalculating, 0%. Ranks may still change." in page
    club.digests()
    assert browser.get("/recalculating").text.split(">", 1)[1].strip() == "</div>"
    assert "The program has changed" not in browser.get("/").text
