"""Scorecards: what they tell of a window, and to whom."""

from __future__ import annotations

import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.home import colleagues
from tests.app import JANUARY
from tests.club import Club
from tests.home.paging import Browser, founded, links, read


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    return founded(cast)


def autumn(club: Club) -> None:
    club.happens("bea", "deal.won", "2026-08-10T09:00:00Z", amount=5_000, deal="d-0")
    club.happens("bea", "deal.won", "2026-10-10T09:00:00Z", amount=9_000, deal="d-1")
    club.happens("bea", "deal.won", "2026-11-10T09:00:00Z", amount=12_000, deal="d-2")
    club.happens("bo", "deal.won", "2026-11-11T09:00:00Z", amount=4_000, deal="d-3")


@pytest.mark.parametrize(
    ("path", "open_to"),
    [
        ("/members/bea", {"bea", "ada", "fay", "pat"}),
        ("/members/cy", {"cy", "pat"}),
        ("/members/fay", {"fay", "pat"}),
        ("/organizations/acme", {"ada", "fay", "pat"}),
        ("/organizations/globex", {"pat"}),
        ("/members/nobody", set()),
        ("/organizations/nothing", set()),
        ("/organizations/" + "x" * 1000, set()),
    ],
)
def test_a_scorecard_is_open_to_whom_the_table_says_and_a_404_to_all_others(
    club: Club, signed_in: Browser, path: str, open_to: set[str]
) -> None:
    found = {who: signed_in(who).get(path).status_code for who in club.numbers}
    assert {who for who, status in found.items() if status == 200} == open_to
    assert set(found.values()) <= {200, 404}


def test_it_tells_the_numbers_of_the_window_and_of_the_one_before(club: Club, signed_in: Browser) -> None:
    autumn(club)
    ada = signed_in("ada")
    told = read(ada, "/members/bea")
    assert told.startswith("BN Bea Noor Acme · Sales rep")
    assert "In numbers Revenue €21,000 €5,000 in Q3 2026 Points earned 365 90 in Q3 2026" in told
    assert "Revenue this quarter Behind Revenue: €21,000 of €40,000 Q4 2026" in told
    assert "Revenue of the team Behind Revenue: €25,000 of €100,000" in told
    november = read(ada, "/members/bea?window=2026-11")
    assert "Revenue €12,000 €9,000 in October 2026 Points earned 230 135 in October 2026" in november
    ever = read(ada, "/members/bea?window=all")
    assert "Deals won 3 Revenue €26,000" in ever


def test_it_tells_the_badges_of_the_window_and_where_she_stands(club: Club, signed_in: Browser) -> None:
    autumn(club)
    ada = signed_in("ada")
    assert "Badges earned in Q4 2026 Hat-trick Nov 10, 2026" in read(ada, "/members/bea")
    summer = read(ada, "/members/bea?window=2026-Q3")
    assert "Badges earned in Q3 2026 Early bird Aug 10, 2026 Deal maker Bronze Aug 10, 2026" in summer
    assert "Altogether Points earned 455 Level 1 of 2 Starter" in read(ada, "/members/bea")
    why = [href for href in links(ada, "/members/bea?window=2026-Q3") if href.startswith("/why/")]
    assert why
    assert ada.get(why[0]).status_code == 200


def test_what_she_did_lately_is_for_herself_and_those_who_look_after_her(club: Club, signed_in: Browser) -> None:
    autumn(club)
    assert "Lately Win your next deal Bonus +50" in read(signed_in("bea"), "/members/bea")
    assert "Lately Win your next deal Bonus +50" in read(signed_in("fay"), "/members/bea")
    assert "Lately" not in read(signed_in("ada"), "/members/bea"), "an owner sees progress, badges and numbers"


def test_an_organizations_scorecard_has_its_numbers_goals_and_people(club: Club, signed_in: Browser) -> None:
    autumn(club)
    ada = signed_in("ada")
    told = read(ada, "/organizations/acme")
    assert told.startswith("Acme reseller · gold · emea")
    assert "In numbers Revenue €25,000 €5,000 in Q3 2026" in told
    assert "Revenue of the team Behind Revenue: €25,000 of €100,000 Q4 2026" in told
    assert "Name Badges Points BN Bea Noor Sales rep 1 365 BL Bo Lind Sales rep 2 60" in told
    assert "/members/bea?window=2026-Q4" in links(ada, "/organizations/acme")
    assert ada.get("/members/bea?window=2026-Q4").status_code == 200


def test_many_people_stand_on_several_pages(club: Club, signed_in: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colleagues, "PEOPLE", 2)
    several = [MemberRecord(f"m-{n}", MemberProfile("Same Name", None, "acme"), (), JANUARY) for n in range(3)]
    with transaction() as connection:
        members.upsert(connection, several, clock.now())
    ada, seen, path = signed_in("ada"), [], "/organizations/acme"
    while path:
        addresses = links(ada, path)
        seen += [href.split("?")[0] for href in addresses if href.startswith("/members/")]
        path = next((href for href in addresses if "after=" in href), "")
    assert seen == [f"/members/{id_}" for id_ in ("ada", "bea", "bo", "m-0", "m-1", "m-2")]
    assert club


@pytest.mark.parametrize("window", ["2026-99", "2031-01", "2026-11-20", "nonsense", "2026-01-01/2026-02-01"])
def test_an_unknown_window_is_told_and_the_one_that_holds_now_is_shown(
    club: Club, signed_in: Browser, window: str
) -> None:
    autumn(club)
    for path in ("/members/bea", "/organizations/acme"):
        told = read(signed_in("ada"), f"{path}?window={window}")
        assert "There is no such window here" in told
        assert "Q4 2026" in told


def test_before_anything_happened_it_says_so(club: Club, signed_in: Browser) -> None:
    assert club
    told = read(signed_in("cy"), "/members/cy")
    assert "Nothing counted yet" in told
    assert "No badge in this window" in told


def test_who_left_is_shown_as_deactivated(club: Club, signed_in: Browser) -> None:
    autumn(club)
    with transaction() as connection:
        members.deactivate(connection, club.numbers["bea"], by="pat", now=clock.now(), reason="left")
    assert "Deactivated" in read(signed_in("ada"), "/members/bea")


def test_ones_own_places_are_in_the_menu(club: Club, signed_in: Browser) -> None:
    assert club
    menus = {who: signed_in(who).get("/badges").text for who in ("bea", "ada", "fay")}
    assert all(f'href="/members/{who}"' in text for who, text in menus.items())
    assert 'href="/organizations/acme"' in menus["ada"]
    assert "/organizations/" not in menus["bea"]
