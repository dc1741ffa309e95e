"""What was earned since one looked: summed up once on the homepage, celebrated once on an open page."""

import re

import pytest
from flask.testing import FlaskClient

from hub import clock
from tests.app import SignedIn
from tests.club import Club


@pytest.fixture
def bo(signed_in: SignedIn, club: Club) -> FlaskClient:
    """Bo, who has looked at her homepage once."""
    browser = signed_in("bo")
    browser.get("/")
    club.digests()
    return browser


def news(browser: FlaskClient) -> str:
    """The summary at the top of the homepage."""
    found = re.search(r'<section class="news".*?</section>', browser.get("/").text, re.DOTALL)
    return found[0] if found else ""


def celebrated(browser: FlaskClient) -> str:
    token = re.search(r'"X-CSRFToken": "([^"]+)"', browser.get("/arrange").text)
    assert token
    answer = browser.post("/moments", headers={"X-CSRFToken": token[1]})
    assert answer.status_code == (200 if answer.text else 204)
    return answer.text


def test_who_looks_for_the_first_time_is_told_nothing(signed_in: SignedIn, club: Club) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    assert news(signed_in("bo")) == ""
    assert celebrated(signed_in("bo")) == ""


def test_what_came_since_one_looked_is_summed_up_once(bo: FlaskClient, club: Club) -> None:
    club.happens("bo", "deal.won", amount=72_000, deal="d-1")
    told = news(bo)
    assert "Deal maker, Bronze" in told
    assert "Badge earned" in told
    assert "Goal reached" in told
    assert "+" in told
    assert news(bo) == ""
    assert celebrated(bo) == ""


def test_on_an_open_page_a_moment_is_celebrated_once_for_all_pages(bo: FlaskClient, club: Club) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    told = celebrated(bo)
    assert "Badge earned" in told
    assert "Deal maker, Bronze" in told
    assert 'href="/why/' in told
    assert celebrated(bo) == ""
    assert news(bo) == ""


def test_several_moments_are_one_note(bo: FlaskClient, club: Club) -> None:
    club.happens("bo", "deal.won", amount=72_000, deal="d-1")
    told = celebrated(bo)
    assert told.count('class="toast') == 1
    assert "things earned" in told


def test_points_alone_are_told_to_who_was_away_and_never_celebrated(bo: FlaskClient, club: Club) -> None:
    club.happens("bo", "deal.won", amount=1_000, deal="d-1")
    assert celebrated(bo)
    club.happens("bo", "deal.won", amount=2_000, deal="d-2")
    assert celebrated(bo) == ""
    assert news(bo) == "", "she looks all the time"
    clock.set_source("2026-11-24T10:00:00Z")
    club.happens("bo", "deal.won", "2026-11-24T09:00:00+01:00", amount=2_000, deal="d-3")
    assert "+20 points" in news(bo)
    assert news(bo) == ""


def test_the_level_that_everybody_begins_with_is_no_moment(bo: FlaskClient) -> None:
    assert celebrated(bo) == ""
    assert news(bo) == ""


def test_what_others_earn_is_no_moment_of_hers(bo: FlaskClient, club: Club) -> None:
    club.happens("cy", "deal.won", amount=72_000, deal="d-1")
    assert news(bo) == ""
    assert celebrated(bo) == ""


def test_only_opening_the_page_tells(bo: FlaskClient, club: Club) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    bo.head("/")
    bo.get("/w/badges")
    assert "Deal maker" in news(bo)


def test_a_late_event_is_told_like_any_other(bo: FlaskClient, club: Club) -> None:
    club.happens("bo", "deal.won", "2026-11-02T09:00:00+01:00", amount=12_000, deal="d-1")
    assert "Deal maker, Bronze" in celebrated(bo)
