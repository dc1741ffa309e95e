"""Search: what is found, by whom, and that nobody can list everybody with it."""

from __future__ import annotations

import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.directory import finding, members
from hub.directory.members import MemberProfile, MemberRecord
from tests.app import JANUARY
from tests.club import Club
from tests.home.paging import Browser, founded, links, read


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    return founded(cast)


def found(signed_in: Browser, who: str, asked: str) -> set[str]:
    told = read(signed_in(who), f"/search?q={asked}")
    names = ("Ada Berg", "Bo Lind", "Bea Noor", "Fay Okafor", "Pat Silva", "Cy Tanaka")
    return {name.split()[0].lower() for name in names if name in told}


def test_one_finds_by_any_part_of_a_name_whatever_the_case(club: Club, signed_in: Browser) -> None:
    assert club
    assert found(signed_in, "ada", "noo") == {"bea"}
    assert found(signed_in, "ada", "BE") == {"bea", "ada"}
    assert found(signed_in, "ada", "bo+li") == {"bo"}
    assert found(signed_in, "ada", "100%25") == set()
    assert found(signed_in, "ada", "_o") == set(), "what a database takes for any letter is only itself"


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("bea", {"ada", "bo", "bea"}),
        ("cy", {"cy"}),
        ("fay", {"ada", "bo", "bea", "fay", "pat"}),
        ("pat", {"ada", "bo", "bea", "fay", "pat", "cy"}),
    ],
)
def test_one_finds_only_whom_one_may_know_of(club: Club, signed_in: Browser, who: str, sees: set[str]) -> None:
    assert club
    everybody: set[str] = set()
    for asked in ("ada", "bo", "bea", "fay", "pat", "cy"):
        everybody |= found(signed_in, who, asked)
    assert everybody == sees


def test_a_name_leads_to_the_scorecard_only_for_whom_it_is_open(club: Club, signed_in: Browser) -> None:
    assert club
    assert "/members/bo" in links(signed_in("ada"), "/search?q=lind")
    assert "/members/bo" not in links(signed_in("bea"), "/search?q=lind")
    assert "/members/bea" in links(signed_in("bea"), "/search?q=noor")


def test_the_whole_id_or_alias_finds_too_and_no_stranger(club: Club, signed_in: Browser) -> None:
    assert club
    assert found(signed_in, "ada", "lms:4711") == {"bo"}
    assert found(signed_in, "cy", "lms:4711") == set()


def test_organizations_are_found_by_whom_they_are_open_to(club: Club, signed_in: Browser) -> None:
    assert club
    opens = {who: links(signed_in(who), "/search?q=acm") for who in ("ada", "fay", "pat", "bea", "cy")}
    assert {who for who, found in opens.items() if "/organizations/acme" in found} == {"ada", "fay", "pat"}
    assert "/organizations/globex" in links(signed_in("pat"), "/search?q=GLOB")
    assert "/organizations/globex" not in links(signed_in("fay"), "/search?q=glob")


def test_badges_are_found_by_title_but_no_secret_ones(club: Club, signed_in: Browser) -> None:
    assert club
    assert "/badges/explorer" in links(signed_in("bea"), "/search?q=expl")
    for unknown in ("hat-trick", "not+ready", "helper"):
        assert "Nothing found" in read(signed_in("bea"), f"/search?q={unknown}")


@pytest.mark.parametrize("asked", ["", "a", "+++b+++", "%E2%80%AE"])
def test_too_few_letters_find_nobody(club: Club, signed_in: Browser, asked: str) -> None:
    assert club
    assert "Write at least 2 letters" in read(signed_in("pat"), f"/search?q={asked}")


def test_so_many_are_found_and_no_more(club: Club, signed_in: Browser) -> None:
    several = [MemberRecord(f"m-{n}", MemberProfile(f"Some One {n}", None, "acme"), (), JANUARY) for n in range(30)]
    with transaction() as connection:
        members.upsert(connection, several, clock.now())
    told = read(signed_in("pat"), "/search?q=some+one")
    assert told.count("Some One") == finding.MAX_FOUND
    assert "There may be more" in told
    assert club


def test_in_a_large_hub_who_sees_everybody_finds_by_how_a_name_begins(
    club: Club, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SMALL", 3)
    assert found(signed_in, "pat", "bo+l") == {"bo"}
    assert found(signed_in, "pat", "lind") == set()
    assert found(signed_in, "pat", "lms:4711") == {"bo"}
    assert found(signed_in, "ada", "lind") == {"bo"}, "of her own organization as ever"
    assert club


def test_who_left_is_not_found(club: Club, signed_in: Browser) -> None:
    with transaction() as connection:
        members.deactivate(connection, club.numbers["bo"], by="pat", now=clock.now(), reason="left")
    assert found(signed_in, "ada", "lind") == set()


def test_a_part_of_the_page_is_what_one_types_for(club: Club, signed_in: Browser) -> None:
    assert club
    answer = signed_in("ada").get("/search?q=lind", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div class="stack found" id="found">')
    assert "<html" not in answer.text
    assert "HX-Request-Type" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "asked", ["%3Cscript%3Ealert(1)%3C/script%3E", "x" * 5_000, "%F0%9F%A6%8A%F0%9F%A6%8A", "%22'--"]
)
def test_hostile_letters_are_only_letters(club: Club, signed_in: Browser, asked: str) -> None:
    assert club
    page = signed_in("pat").get(f"/search?q={asked}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
