"""The pages of leaderboards: windows and groups, names as the board says, prizes, pages of one moment."""

from __future__ import annotations

import pytest
from flask import Flask

from hub import clock
from hub.db import reader, transaction
from hub.directory import members, segments
from hub.directory.members import MemberProfile, MemberRecord
from hub.home import boards
from tests.app import JANUARY
from tests.club import Club
from tests.home.paging import Browser, founded, links, read


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    return founded(cast)


def sells(club: Club, who: str, amount: int, time: str = "2026-11-20T09:30:00+01:00") -> None:
    club.happens(who, "deal.won", time, amount=amount, deal=f"{who}-{time}-{amount}")


def test_all_boards_stand_on_one_page_with_their_first_rows_and_my_rank(club: Club, signed_in: Browser) -> None:
    sells(club, "bea", 9_000)
    sells(club, "cy", 12_000)
    told = read(signed_in("bea"), "/leaderboards")
    assert "Top sellers Running Revenue · November 2026 · emea 1 BN Bea Noor You €9,000 You: rank 1 of 1 Prizes" in told
    assert "All by name Running Revenue · November 2026 1 CT Cy Tanaka €12,000 2 BN Bea Noor You €9,000" in told
    assert "Top partners Running Revenue · Q4 2026 1 G Globex €12,000 2 A Acme My organization €9,000" in told
    assert "Your organization: rank 2 of 2" in told


def test_a_board_says_what_it_ranks_where_i_stand_and_what_can_be_won(club: Club, signed_in: Browser) -> None:
    for number, who in enumerate(("ada", "bo", "bea")):
        sells(club, who, 9_000 - 1_000 * number)
    told = read(signed_in("bea"), "/leaderboards/top_sellers")
    assert "Top sellers ranks people by Revenue each month, on a board for each region" in told
    assert "Rank 3 of 3 You, Revenue: €7,000 €1,000 to rank 2" in told
    assert "Prizes 1 300 points and the badge Champion 2 200 points" in told
    assert "Given once the board is final, on Dec 4, 2026" in told


def test_names_are_told_as_the_board_says(club: Club, signed_in: Browser) -> None:
    sells(club, "bea", 9_000)
    browser = signed_in("cy")
    told = read(browser, "/leaderboards/top_sellers?among=emea")
    assert "Acme €9,000" in told
    assert "Bea" not in told
    assert "Bea Noor €9,000" in read(browser, "/leaderboards/everybody")


def test_a_row_leads_to_the_scorecard_only_for_whom_that_is_open(club: Club, signed_in: Browser) -> None:
    sells(club, "bea", 9_000)
    sells(club, "cy", 8_000)

    def open_to(who: str, path: str) -> set[str]:
        return {href for href in links(signed_in(who), path) if href.startswith(("/members/", "/organizations/"))}

    everybody, partners = "/leaderboards/everybody", "/leaderboards/top_partners"
    assert open_to("bea", everybody) == {"/members/bea"}
    assert open_to("ada", everybody) == {"/members/bea"}
    assert open_to("fay", everybody) == {"/members/bea"}
    assert open_to("pat", everybody) == {"/members/bea", "/members/cy"}
    assert open_to("cy", everybody) == {"/members/cy"}
    assert [open_to(who, partners) for who in ("bea", "cy")] == [set(), set()]
    assert open_to("ada", partners) == {"/organizations/acme"}
    assert open_to("pat", partners) == {"/organizations/acme", "/organizations/globex"}


def test_one_goes_back_to_earlier_windows_and_never_ahead(club: Club, signed_in: Browser) -> None:
    sells(club, "bea", 4_000)
    clock.set_source("2026-12-10T10:00:00Z")
    club.digests()
    browser = signed_in("bea")
    addresses = links(browser, "/leaderboards/everybody")
    assert "/leaderboards/everybody?window=2026-11" in addresses
    assert not any("2027-01" in href for href in addresses)
    november = "/leaderboards/everybody?window=2026-11"
    assert "Bea Noor You €4,000" in read(browser, november)
    assert "/leaderboards/everybody?window=2026-12" in links(browser, november)


def test_an_ended_board_is_open_for_late_events_until_it_is_final(club: Club, signed_in: Browser) -> None:
    sells(club, "bea", 4_000)
    clock.set_source("2026-12-02T10:00:00Z")
    browser, address = signed_in("bea"), "/leaderboards/top_sellers?window=2026-11"
    assert "Ended, not final yet" in read(browser, address)
    clock.set_source("2026-12-04T10:00:00Z")
    club.digests()
    told = read(browser, address)
    assert "November 2026 · emea Final" in told
    assert "Given when the board became final" in told
    assert "before the program began" in read(browser, "/leaderboards/top_sellers?window=2025-11")


def test_each_group_has_its_board_and_who_stands_on_none_chooses(club: Club, signed_in: Browser) -> None:
    sells(club, "bea", 4_000)
    sells(club, "cy", 3_000)
    fay = signed_in("fay")
    told = read(fay, "/leaderboards/top_sellers")
    assert "Region Choose apac emea Show" in told
    assert "Which board? Each group has a board of its own" in told
    assert "Acme" in read(fay, "/leaderboards/top_sellers?among=emea")
    assert "Nobody is ranked yet" in read(fay, "/leaderboards/top_sellers?among=nowhere")


def test_groups_are_found_one_by_one_and_there_are_at_most_so_many(club: Club) -> None:
    several = [
        MemberRecord(f"m-{n}", MemberProfile(f"M {n}", None, "acme", region=f"region {n:03}"), (), JANUARY)
        for n in range(segments.MAX_SEGMENTS + 5)
    ]
    with transaction() as connection:
        members.upsert(connection, several, clock.now())
    with reader() as connection:
        assert segments.known(connection, "tier") == ["gold", "silver"]
        assert segments.known(connection, "type") == ["distributor", "reseller"]
        regions = segments.known(connection, "region")
    assert len(regions) == segments.MAX_SEGMENTS
    assert regions[:3] == ["apac", "emea", "region 000"]
    assert club


def test_further_ranks_are_of_the_moment_of_the_first_page(
    club: Club, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "PAGE", 2)
    for number, who in enumerate(("ada", "bo", "bea", "cy")):
        sells(club, who, 9_000 - 1_000 * number)
    browser = signed_in("cy")
    # Of the first look: nobody has paged through this board before.
    following = next(href for href in links(browser, "/leaderboards/everybody") if "cursor=" in href)
    first = read(browser, "/leaderboards/everybody")
    assert "Around you 2 BL Bo Lind €8,000 3 BN Bea Noor €7,000 4 CT Cy Tanaka You €6,000" in first
    sells(club, "bea", 90_000)
    second = read(browser, following)
    assert "3 BN Bea Noor €7,000 4 CT Cy Tanaka You €6,000" in second
    assert "To the top" in second
    assert "Around you" not in second, "she is on this page"


def test_who_shares_a_rank_lacks_nothing_to_it(club: Club, signed_in: Browser) -> None:
    sells(club, "bo", 9_000)
    sells(club, "bea", 9_000)
    for who in ("bo", "bea"):
        told = read(signed_in(who), "/leaderboards/top_sellers")
        assert "Rank 1 of 2 You, Revenue: " in told
        assert "to rank" not in told


def test_a_page_that_is_no_longer_kept_leads_to_the_top(club: Club, signed_in: Browser) -> None:
    assert club
    browser = signed_in("bea")
    answer = browser.get("/leaderboards/top_sellers?window=2026-11&among=emea&cursor=nonsense")
    assert answer.headers["Location"] == "/leaderboards/top_sellers?window=2026-11&among=emea"
    assert "no longer kept" in read(browser, answer.headers["Location"])


@pytest.mark.parametrize("query", ["window=2026-99", "window=2026-W01", "window=x" * 50, "window=2026&among=emea"])
def test_an_unknown_window_is_told_and_the_one_that_holds_now_is_shown(
    club: Club, signed_in: Browser, query: str
) -> None:
    sells(club, "bea", 4_000)
    told = read(signed_in("bea"), f"/leaderboards/top_sellers?{query}")
    assert "has no such window or group" in told
    assert "November 2026 · emea Running 1 BN Bea Noor" in told


def test_an_unknown_board_is_a_404_and_a_hostile_name_only_a_name(club: Club, signed_in: Browser) -> None:
    assert signed_in("bea").get("/leaderboards/nonsense").status_code == 404
    name = "<script>alert(1)</script>\u202e🦊" + "x" * 900
    with transaction() as connection:
        changed = MemberRecord("cy", MemberProfile(name[:255], None, "globex", ("sales_rep",)), (), clock.now())
        members.upsert(connection, [changed], clock.now())
    sells(club, "cy", 10**12 - 1)
    page = signed_in("bea").get("/leaderboards/everybody").text
    assert "<script>alert" not in page
    assert "€999,999,999,999" in page


def test_the_boards_are_for_people_of_the_hub(club: Club, app: Flask) -> None:
    assert club
    for path in ("/leaderboards", "/leaderboards/everybody"):
        assert app.test_client().get(path).status_code == 302
