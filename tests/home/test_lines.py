"""The points page: what it says at its top, and how its lines are narrowed to a kind and a month."""

from __future__ import annotations

import pytest
from flask import Flask

from hub import clock
from hub.db import transaction
from hub.directory import lookup
from hub.home import lines
from hub.ledger import acts
from tests.club import Club
from tests.home.paging import Browser, founded, links, read


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    return founded(cast)


def autumn(club: Club) -> None:
    club.happens("bea", "asset.viewed", "2026-09-10T09:00:00Z", asset="a-1")
    club.happens("bea", "asset.viewed", "2026-10-10T09:00:00Z", asset="a-2")
    club.happens("bea", "deal.won", "2026-11-10T09:00:00Z", amount=20_000, deal="d-1")


def adjusted(club: Club, points: int) -> None:
    with transaction() as connection:
        known = lookup.member(connection, "bea")
        assert known
        assert isinstance(acts.adjust(connection, (known.no, known.id), points, "a mistake", "pat", clock.now()), int)
    club.digests()


def part(told: str) -> str:
    """What stands below the choice of a month."""
    return told.split(" Show ", 1)[1]


def test_it_says_what_there_is_to_spend_the_level_and_what_each_month_brought(club: Club, signed_in: Browser) -> None:
    autumn(club)
    told = read(signed_in("bea"), "/points")
    assert "310 Points to spend 310 earned in all 690 more to reach Pro Starter" in told
    assert "Earned in November 2026 +300 Jun Jul Aug Sep Oct Nov" in told


def test_a_month_shows_its_lines_and_what_it_brought(club: Club, signed_in: Browser) -> None:
    autumn(club)
    bea = signed_in("bea")
    [october] = [href for href in links(bea, "/points") if href.endswith("month=2026-10")]
    told = part(read(bea, october))
    assert told.startswith("Earned in October 2026 +5 Asset viewed Oct 10, 2026")
    assert "Deal won" not in told
    assert "Sep" not in told


def test_lines_are_narrowed_by_kind_and_month_together(club: Club, signed_in: Browser) -> None:
    autumn(club)
    club.happens("bea", "asset.viewed", "2026-11-09T09:00:00Z", asset="a-2")
    bea = signed_in("bea")
    told = part(read(bea, "/points?kind=earned"))
    assert "Deal won" in told
    assert "No such lines There are none of this kind" in read(bea, "/points?kind=less&month=2026-10")
    addresses = links(bea, "/points?kind=earned&month=2026-10")
    assert "/points?month=2026-10#lines" in addresses, "all kinds of that month"
    assert "/points?kind=less&month=2026-10#lines" in addresses
    assert "/points?kind=earned&month=2026-11" in addresses, "the same kind of another month"


def test_pages_keep_what_the_lines_are_narrowed_to(
    club: Club, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PAGE", 1)
    autumn(club)
    club.happens("bea", "asset.viewed", "2026-11-12T09:00:00Z", asset="a-9")
    bea = signed_in("bea")
    [older] = [href for href in links(bea, "/points?kind=earned&month=2026-11") if "before=" in href]
    assert older.startswith("/points?kind=earned&month=2026-11&before=")
    assert "Earned in November 2026 +305 Deal won" in part(read(bea, older))
    assert "/points?kind=earned&month=2026-11#lines" in links(bea, older)


@pytest.mark.parametrize("month", ["2026-99", "2031-01", "2026-Q4", "nonsense", "all"])
def test_an_unknown_month_is_told_and_all_lines_are_shown(club: Club, signed_in: Browser, month: str) -> None:
    autumn(club)
    told = read(signed_in("bea"), f"/points?month={month}&kind=nonsense")
    assert "There is no such month" in told
    assert "Asset viewed Oct 10, 2026" in told


def test_millions_and_what_was_taken_are_written_out_and_found_by_their_kind(club: Club, signed_in: Browser) -> None:
    adjusted(club, 1_234_567)
    adjusted(club, -1_000)
    bea = signed_in("bea")
    told = read(bea, "/points")
    assert "1,233,567 Points to spend" in told
    assert "Adjustment Nov 23, 2026, 11:00 AM \u22121,000 then 1,233,567" in told
    assert "Adjustment" in part(read(bea, "/points?kind=given"))
    assert "No such lines" in part(read(bea, "/points?kind=earned"))


def test_before_a_program_is_published_the_page_says_what_comes(cast: dict[str, int], signed_in: Browser) -> None:
    assert cast
    assert "The program starts soon" in read(signed_in("bea"), "/points")


def test_the_lines_are_ones_own(club: Club, signed_in: Browser) -> None:
    autumn(club)
    assert "Your first points are one step away" in read(signed_in("cy"), "/points")
