"""How to earn: what the live program gives whoever looks, now and soon, and what is left unsaid."""

from __future__ import annotations

import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.ledger import programs
from tests.club import Club, publish
from tests.home.paging import PROGRAM, Browser, founded, links, read


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    return founded(cast)


def part(told: str, title: str) -> str:
    """What stands under one heading."""
    titles = (
        "Points, right now",
        "A bonus for",
        "Goals",
        "Badges The",
        "Prizes",
        "Levels",
        "Soon",
        "rules for other roles",
    )
    after = told.split(title, 1)[1]
    return after[: min((after.index(one) for one in titles if one in after), default=len(after))]


def test_it_says_what_each_rule_gives_now_in_plain_words(club: Club, signed_in: Browser) -> None:
    assert club
    now = part(read(signed_in("bea"), "/earn"), "Points, right now")
    assert (
        "Deal won 1 point for every €100 Each deal won gives 1 point for every €100, once for each deal, "
        "at most 500 points a day, to sales reps and partner owners." in now
    )
    assert "Asset viewed 5 points Each asset viewed gives 5 points, once for each asset." in now
    assert "Deal won and Asset viewed together give at most 600 points a day." in now
    assert "Christmas deal" not in now
    assert "Summer deal" not in now


def test_what_comes_is_announced_what_is_over_is_gone_and_what_is_for_others_is_apart(
    club: Club, signed_in: Browser
) -> None:
    told = read(signed_in("bea"), "/earn")
    assert "Autumn push Deal won gives 1.5 times the points, from Oct 1, 2026, before Jan 1, 2027." in told
    assert "Christmas deal 50 points" in part(told, "Soon")
    assert "Summer deal" not in told
    others = "Ticket resolved 10 points Each ticket resolved gives 10 points, to service and support people."
    assert told.endswith(f"1 rule for other roles {others}")
    clock.set_source("2026-12-10T10:00:00Z")
    assert "Christmas deal 50 points" in part(read(signed_in("bea"), "/earn"), "Points, right now")
    assert club


def test_goals_badges_prizes_and_levels_are_told_with_what_they_bring(club: Club, signed_in: Browser) -> None:
    assert club
    browser = signed_in("bea")
    told = read(browser, "/earn")
    assert "Win your next deal 50 points" in part(told, "A bonus for")
    assert "Revenue this quarter 50 points Revenue this quarter is to bring Revenue each quarter to €40,000" in told
    assert "Explorer 100 points The badge Explorer is earned when Assets seen reaches 4" in told
    assert "Top sellers 300 points and the badge Champion" in told
    assert "Starter Where everybody begins You are here Pro from 1,000 earned on" in told.replace("where", "Where")
    addresses = links(browser, "/earn")
    assert all(
        browser.get(href).status_code == 200 for href in addresses if href.startswith(("/badges/", "/leaderboards/"))
    )
    assert "/badges/explorer" in addresses


def test_secrets_drafts_and_what_is_for_others_stay_unsaid(club: Club, signed_in: Browser) -> None:
    assert club
    told = read(signed_in("bea"), "/earn")
    for unsaid in ("Hat-trick", "Not ready", "Helper"):
        assert unsaid not in told
    fay = read(signed_in("fay"), "/earn")
    assert "Revenue this quarter" not in fay
    assert "Win your next deal" not in fay


def test_rules_are_those_of_the_version_in_force(club: Club, signed_in: Browser) -> None:
    text = PROGRAM.read_text().replace(
        "{points: 1, for_every: 100, of: amount}", "{points: 2, for_every: 100, of: amount}"
    )
    with transaction() as connection:
        ahead = clock.instant("2026-12-01T00:00:00Z")
        made = programs.publish_text(connection, text, clock.now(), in_force_from=ahead)
    assert not isinstance(made, list)
    assert "1 point for every €100" in read(signed_in("bea"), "/earn")
    clock.set_source("2026-12-02T10:00:00Z")
    assert "2 points for every €100" in read(signed_in("bea"), "/earn")
    assert club


def test_a_program_that_gives_nothing_says_so(cast: dict[str, int], signed_in: Browser) -> None:
    assert cast
    assert "The program starts soon" in read(signed_in("bea"), "/earn")
    publish("program: {name: Club, time_zone: Europe/Berlin}")
    assert "Nothing to earn yet" in read(signed_in("bea"), "/earn")
