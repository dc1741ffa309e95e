"""The pages of badges: what is earned, what is next and how far, and what nobody is told of before."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.club import Club, publish
from tests.home.paging import PROGRAM, Browser, founded, links, read


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    return founded(cast)


def wins(club: Club, who: str, deals: int) -> None:
    for number in range(deals):
        club.happens(who, "deal.won", f"2026-11-{number + 2:02}T09:30:00+01:00", amount=1_000, deal=f"{who}-{number}")


def test_before_the_first_badge_the_page_says_what_each_takes_the_nearest_first(club: Club, signed_in: Browser) -> None:
    club.happens("bea", "asset.viewed", asset="a-1")
    told = read(signed_in("bea"), "/badges")
    assert "Your first badge is ahead" in told
    assert told.index("Explorer") < told.index("Deal maker"), "a quarter of the way comes before nothing"
    assert "Assets seen 1 of 4" in told
    several = "Deals won 0 of 20 20 more Earn the badge Explorer Reach the level Pro 5 of 1,000 995 more"
    assert f"One of these is enough: {several}" in told
    assert "Earned in one go, or given" in told
    assert told.index("Champion") > told.index("Earned in one go, or given")


def test_what_is_earned_leads_to_its_why_and_says_how_far_the_next_tier_is(club: Club, signed_in: Browser) -> None:
    wins(club, "bea", 2)
    browser = signed_in("bea")
    told = read(browser, "/badges")
    assert "2 of 6 badges earned" in told
    assert "Deal maker Earned Nov 2, 2026 For those who close. Bronze Silver To Silver 50%" in told
    assert any(href.startswith("/why/e_") for href in links(browser, "/badges"))
    assert browser.get(next(href for href in links(browser, "/badges") if href.startswith("/why/"))).status_code == 200


def test_a_badge_that_is_earned_again_lists_each_time(club: Club, signed_in: Browser) -> None:
    for course in ("basics", "sales"):
        for module in ("m-1", "m-2"):
            club.happens("bea", "module.completed", course=course, module=module)
    told = read(signed_in("bea"), "/badges/graduate")
    assert "2 times" in told
    assert "Each time you earned it Graduate sales" in told
    assert "Graduate basics" in told


def test_a_secret_badge_is_unseen_until_it_is_earned(club: Club, signed_in: Browser) -> None:
    browser = signed_in("bea")
    assert "Hat-trick" not in read(browser, "/badges")
    assert browser.get("/badges/hidden").status_code == 404
    wins(club, "bea", 3)
    assert "Hat-trick" in read(browser, "/badges")
    assert read(browser, "/badges/hidden").startswith("My badges Hat-trick Secret")
    assert signed_in("cy").get("/badges/hidden").status_code == 404


def test_drafts_and_badges_for_others_are_not_shown(club: Club, signed_in: Browser) -> None:
    wins(club, "bea", 1)
    browser = signed_in("bea")
    told = read(browser, "/badges")
    assert "Not ready" not in told
    assert "Helper" not in told
    assert browser.get("/badges/draft").status_code == 404
    assert browser.get("/badges/helper").status_code == 404


def test_a_retired_badge_stays_with_who_has_it_and_is_unseen_by_others(club: Club, signed_in: Browser) -> None:
    wins(club, "bea", 1)
    text = PROGRAM.read_text()
    publish(text.replace("early: {title: Early bird,", "early: {title: Early bird, state: locked,"))
    club.digests()
    assert "Early bird Earned Nov 2, 2026 No longer given" in read(signed_in("bea"), "/badges")
    assert "what you earned stays yours" in read(signed_in("bea"), "/badges/early")
    assert signed_in("cy").get("/badges/early").status_code == 404
    publish("\n".join(line for line in text.splitlines() if not line.startswith("  early:")))
    club.digests()
    assert "Early Earned Nov 2, 2026 Of an earlier program" in read(signed_in("bea"), "/badges")
    assert "The program has this badge no longer" in read(signed_in("bea"), "/badges/early")
    assert signed_in("cy").get("/badges/early").status_code == 404


def test_a_badge_that_never_was_is_a_404(club: Club, signed_in: Browser) -> None:
    assert club
    for key in ("nonsense", "x" * 1000, "%3Cscript%3E"):
        assert signed_in("bea").get(f"/badges/{key}").status_code == 404


def test_before_a_program_is_published_the_page_says_what_comes(cast: dict[str, int], signed_in: Browser) -> None:
    assert cast
    assert "The program starts soon" in read(signed_in("bea"), "/badges")
    assert signed_in("bea").get("/badges/early").status_code == 404


def test_signed_out_leads_to_the_sign_in_and_back(club: Club, client: FlaskClient) -> None:
    assert club
    assert client.get("/badges/early").headers["Location"] == "/sign-in?next=%2Fbadges%2Fearly"
