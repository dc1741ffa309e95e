"""The page that says why, and the points page that leads there: what is told, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import clock
from hub.db import reader, transaction
from hub.ledger import acts, arrivals, entry, log, programs
from tests.club import Club, publish

PROGRAM = Path(__file__).with_name("why.yaml")

Browser = Callable[[str], FlaskClient]


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM.read_text())
    return Club(cast, count(1))


def ref(number: int) -> str:
    """The public name of the event that the club sent as this one."""
    with reader() as connection:
        found = entry.of_key(connection, "crm", str(number))
    assert found
    return entry.ref(found.number)


def read(client: FlaskClient, path: str) -> str:
    """The words of a page."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    main = answer.text.split("<main", 1)[1].split("</main>", 1)[0].split(">", 1)[1]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).strip()


def part(told: str, title: str) -> str:
    """What stands under a heading of the page that says why."""
    titles = ["What it brought", "What it did not bring, and why", "Where it counts", "Corrected since"]
    after = told.split(title, 1)[1]
    return re.split("|".join(titles), after)[0].strip()


def deals(club: Club) -> None:
    """Bea wins three deals: the second one makes her a silver deal maker and reaches her goal."""
    club.happens("bea", "deal.won", "2026-11-18T09:00:00+01:00", amount=15_000, deal="d-1")
    club.happens("bea", "deal.won", "2026-11-20T09:30:00+01:00", amount=31_050, deal="d-2", product="licenses")
    club.happens("bea", "deal.won", "2026-11-20T15:00:00+01:00", amount=900, deal="d-3", product="services")


# What it tells


def test_it_tells_what_each_rule_gave_what_met_it_and_how_it_was_reckoned(club: Club, signed_in: Browser) -> None:
    deals(club)
    told = read(signed_in("bea"), f"/why/{ref(2)}")
    assert told.startswith("My points Deal won Nov 20, 2026, 9:30 AM +555 points BN Bea Noor Acme")
    assert "Amount €31,050 Deal d-2 Product licenses" in told
    assert part(told, "What it brought").startswith(
        "Deal won Points +465 points Each deal won whose amount is at least €1,000 and whose product is not services "
        "gives 1 point for every €100, once for each deal, at most 500 points a day, to sales reps and partner owners. "
        "amount is at least €1,000 €31,050 product is not services licenses role is Sales rep or Partner owner "
        "Sales rep "
        "€31,050, 1 point for every €100 310 points Autumn push: 1.5 times 465 points "
        "Version 1 of the program, published Nov 23, 2026"
    )


def test_it_tells_what_a_badge_a_goal_and_a_level_took(club: Club, signed_in: Browser) -> None:
    deals(club)
    brought = part(read(signed_in("bea"), f"/why/{ref(2)}"), "What it brought")
    assert "Weeks with a deal" not in brought, "the week counted already"
    assert "Deal maker Silver Badge" in brought
    assert "Deals won reaches 2 2" in brought
    assert "All-rounder Badge +40 points" in brought
    assert (
        "It took 2 of these: Revenue reaches €20,000 €46,050 Deals won reaches 20 2 the level Starter is reached"
        in brought
    )
    assert "Revenue this quarter Q4 2026 Goal reached +50 points" in brought
    assert "Revenue at €40,000 €46,050" in brought
    assert "Pro Level reached 600 points earned 690 points" in brought


def test_it_tells_what_was_not_given_the_first_thing_that_failed_and_what_would_change_that(
    club: Club, signed_in: Browser
) -> None:
    deals(club)
    told = read(signed_in("bea"), f"/why/{ref(3)}")
    assert "It counts, and brought nothing by itself" in told
    missed = part(told, "What it did not bring, and why")
    assert missed.startswith(
        "Deal won This counts only if the amount is at least €1,000; it is €900. "
        "What counts is a deal won whose amount is at least €1,000 and whose product is not services. The rule "
        "Each deal won"
    )
    assert "Deal of a silver partner This is for people whose tier is silver; the tier was gold then." in missed


def test_a_second_of_the_same_leads_to_the_first(club: Club, signed_in: Browser) -> None:
    deals(club)
    club.happens("bea", "deal.won", "2026-11-21T09:00:00+01:00", amount=2_000, deal="d-2", product="licenses")
    page = signed_in("bea").get(f"/why/{ref(4)}").text
    assert "The deal d-2 brought points already, on Nov 20, 2026" in page
    assert f'href="/why/{ref(2)}"' in page


def test_it_tells_where_the_event_counts_and_what_it_came_too_late_for(club: Club, signed_in: Browser) -> None:
    deals(club)
    counts = part(read(signed_in("bea"), f"/why/{ref(3)}"), "Where it counts")
    assert "Revenue this quarter Q4 2026 Reached Revenue: €46,950 of €40,000" in counts
    assert "Top sellers November 2026 Rank 1 of 1 Revenue: €46,950" in counts
    clock.set_source("2026-12-04T00:00:00+01:00")
    club.happens("bea", "deal.won", "2026-11-22T15:00:00+01:00", amount=4_000, deal="d-4")
    counts = part(read(signed_in("bea"), f"/why/{ref(4)}"), "Where it counts")
    assert (
        "Top sellers November 2026 Came too late Revenue: €46,950 This was final before the event was known" in counts
    )


def test_it_tells_what_was_corrected_since_and_what_another_event_brings_by_now(club: Club, signed_in: Browser) -> None:
    deals(club)
    club.happens("bea", "deal.won", "2026-11-20T08:00:00+01:00", amount=20_000, deal="d-0", product="licenses")
    told = read(signed_in("bea"), f"/why/{ref(2)}")
    corrected = part(told, "Corrected since")
    assert corrected.startswith("All-rounder comes of another event by now. See which Deal won −265")
    assert "at most 500 points a day: what was left of it 200 points" in told
    assert f'href="/why/{ref(4)}"' in signed_in("bea").get(f"/why/{ref(2)}").text


def test_a_kept_award_says_that_it_stays(club: Club, signed_in: Browser) -> None:
    deals(club)
    # Under the new version it takes more; what was earned stays.
    publish(PROGRAM.read_text().replace("at_least: 2}]}", "at_least: 9}]}"))
    club.digests()
    brought = part(read(signed_in("bea"), f"/why/{ref(2)}"), "What it brought")
    assert "Deal maker Silver Badge · kept" in brought
    assert "What was once earned stays, although the log by now reads otherwise." in brought


def test_what_was_done_by_hand_names_the_reason_and_who_did_it(
    club: Club, cast: dict[str, int], signed_in: Browser
) -> None:
    with transaction() as connection:
        done = acts.adjust(connection, (cast["bea"], "bea"), 25, "for patience", "key/k_1", clock.now())
    assert isinstance(done, int)
    club.digests()
    told = read(signed_in("bea"), f"/why/{entry.ref(done)}")
    assert "Points adjusted by hand" in told
    assert "Reason for patience" in told
    assert "By another system" in told
    assert "By hand By hand +25 points for patience" in told


def test_an_event_that_was_taken_back_says_so_and_leads_to_its_reversal(club: Club, signed_in: Browser) -> None:
    deals(club)
    club.happens(
        "bea", "event.reversed", "2026-11-21T09:00:00Z", source="crm", id="2", reason="the customer stepped back"
    )
    bea = signed_in("bea")
    told = read(bea, f"/why/{ref(2)}")
    assert "It was taken back, so that it counts nowhere. The reason: the customer stepped back. See how" in told
    assert f'href="/why/{ref(4)}"' in bea.get(f"/why/{ref(2)}").text
    assert "What it did not bring" not in told
    brought = part(told, "What it brought")
    assert "All-rounder Badge · kept" in brought, "what was earned stays"
    assert "Deal maker" not in brought, "the next deal is the second one by now"
    assert "Where it counts" not in told
    assert "Deal won Points" not in brought
    assert "Deal won −465" in part(told, "Corrected since")
    told = read(bea, f"/why/{ref(4)}")
    assert "Event taken back" in told
    assert "It takes back Deal won of Nov 20, 2026, 9:30 AM: all is as if that had not been" in told
    assert f'href="/why/{ref(2)}"' in bea.get(f"/why/{ref(4)}").text
    assert signed_in("cy").get(f"/why/{ref(4)}").status_code == 404


def test_what_was_final_before_an_event_was_taken_back_counts_it_all_the_same(club: Club, signed_in: Browser) -> None:
    deals(club)
    clock.set_source("2026-12-04T10:00:00Z")
    club.digests()
    club.happens("bea", "event.reversed", "2026-12-04T09:00:00Z", source="crm", id="2")
    told = read(signed_in("bea"), f"/why/{ref(2)}")
    counts = told.split("Where it counts all the same", 1)[1]
    assert "Top sellers November 2026 Final before that Revenue: €46,950" in counts
    assert "Revenue this quarter Q4 2026" not in counts.split("Corrected since")[0]


def test_a_reversal_of_what_nobody_has_sent_yet_says_so(club: Club, signed_in: Browser) -> None:
    assert club
    sent = {"id": "r-1", "source": "crm", "type": "event.reversed", "time": "2026-11-20T09:00:00Z"}
    arrival = arrivals.read(sent | {"data": {"source": "crm", "id": "w-9"}}, clock.now(), lambda *_: True)
    with transaction() as connection:
        log.append(connection, [arrival], {}, clock.now())
    assert "It takes back an event that nobody has sent yet." in read(signed_in("pat"), f"/why/{held('r-1')}")
    assert signed_in("bea").get(f"/why/{held('r-1')}").status_code == 404


def test_a_badge_given_by_hand_says_so(club: Club, cast: dict[str, int], signed_in: Browser) -> None:
    with transaction() as connection:
        done = acts.grant(
            connection, (cast["bea"], "bea"), "deal_maker", "Silver", "for the trade fair", "pat", clock.now()
        )
    assert isinstance(done, int)
    club.digests()
    told = read(signed_in("bea"), f"/why/{entry.ref(done)}")
    assert "Badge given by hand" in told
    assert "Badge Deal maker" in told
    assert "By Pat Silva" in told
    assert "Deal maker Silver Badge" in told
    assert "given by hand for the trade fair" in told


def test_a_prize_names_its_board_and_the_rank(club: Club, signed_in: Browser) -> None:
    prizes = "names: everyone, prizes: [{rank: 1, points: 30, badge: cup}]}"
    badges = "badges:\n  cup: {title: Harbor cup}\n"
    publish(PROGRAM.read_text().replace("names: everyone}", prizes).replace("badges:\n", badges))
    club.digests()
    deals(club)
    clock.set_source("2026-12-04T10:00:00Z")
    club.digests()
    bea = signed_in("bea")
    [won] = re.findall(r'href="(/why/e_\w+)">Top sellers</a> <span class="chip">Prize', bea.get("/points").text)
    told = read(bea, won)
    assert told.startswith("My points Prize won")
    assert "Leaderboard Top sellers Rank 1 Points 30 Window November 2026 Badge Harbor cup" in told
    assert "Top sellers Prize +30 points Rank 1 when the board was final." in told
    assert "Harbor cup Badge" in told
    assert "came as a prize of Top sellers" in told


def test_what_waits_and_what_was_refused_says_so(club: Club, signed_in: Browser) -> None:
    club.happens("bo", "deal.won", amount=1, deal="d")
    send("nobody", "deal.won", {"amount": 5, "deal": "d"}, "w-1")
    send("bo", "deal.signed", {}, "w-2")
    pat = signed_in("pat")
    assert "It waits: nobody here is known by that name yet." in read(pat, f"/why/{held('w-1')}")
    assert "It waits: the program does not know events of this kind yet." in read(pat, f"/why/{held('w-2')}")
    signed = "events:\n  deal.signed: {attributes: {deal: {type: text, required: true}}}\n"
    publish(PROGRAM.read_text().replace("events:\n", signed))
    told = read(pat, f"/why/{held('w-2')}")
    assert "It was refused and counts nowhere: deal.signed needs deal." in told


def send(who: str, kind: str, data: dict[str, object], name: str) -> None:
    sent = {"id": name, "source": "crm", "type": kind, "subject": who, "time": "2026-11-20T09:00:00Z", "data": data}
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        arrival = arrivals.read(sent, clock.now(), lambda *_: True)
        [verdict] = log.append(connection, [arrival], version.program.events, clock.now())
    assert verdict.status in ("held", "accepted")


def held(name: str) -> str:
    with reader() as connection:
        found = entry.of_key(connection, "crm", name)
    assert found
    return entry.ref(found.number)


def test_what_is_not_digested_yet_says_that_it_is_on_its_way(club: Club, signed_in: Browser) -> None:
    club.enters("bea", "deal.won", amount=2_000, deal="d-1")
    told = read(signed_in("bea"), f"/why/{ref(1)}")
    assert "It is in the log, and on its way to the points. Look again" in told
    assert "What it did not bring" not in told


def test_what_a_sender_wrote_is_shown_as_text_and_only_what_the_program_declares(
    club: Club, signed_in: Browser
) -> None:
    club.happens("bea", "deal.won", amount=2_000, deal="<script>alert(1)</script>", salary=123456)
    page = signed_in("bea").get(f"/why/{ref(1)}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "123456" not in page.replace(",", "")


# To whom


def test_it_is_told_to_whom_may_see_the_member_and_does_not_exist_for_others(club: Club, signed_in: Browser) -> None:
    club.happens("bo", "deal.won", amount=2_000, deal="d-1")
    path = f"/why/{ref(1)}"
    assert {who: signed_in(who).get(path).status_code for who in ("bo", "ada", "fay", "pat", "bea", "cy")} == {
        "bo": 200,
        "ada": 200,
        "fay": 200,
        "pat": 200,
        "bea": 404,
        "cy": 404,
    }
    assert "My points" not in read(signed_in("ada"), path)


def test_an_organizations_event_is_told_to_its_owner_and_who_looks_after_it(club: Club, signed_in: Browser) -> None:
    club.happens("acme", "mdf.spent", amount=400)
    path = f"/why/{ref(1)}"
    codes = {who: signed_in(who).get(path).status_code for who in ("ada", "fay", "pat", "bo", "cy")}
    assert codes == {"ada": 200, "fay": 200, "pat": 200, "bo": 404, "cy": 404}
    told = read(signed_in("ada"), path)
    assert "Marketing funds spent" in told
    assert "Use the funds Q4 2026 Funds spent: €400 of €1,000 · of the whole organization" in told.replace(
        "40% of the target ", ""
    )


def test_what_waits_for_nobody_known_only_those_see_who_see_everybody(club: Club, signed_in: Browser) -> None:
    assert club
    send("nobody", "deal.won", {"amount": 5, "deal": "d"}, "w-1")
    codes = {who: signed_in(who).get(f"/why/{held('w-1')}").status_code for who in ("pat", "fay", "ada", "cy")}
    assert codes == {"pat": 200, "fay": 404, "ada": 404, "cy": 404}


@pytest.mark.parametrize("name", ["e_00000000", "e_zzzzzzzz", "nothing", "e_", "1", "e_0000000'"])
def test_what_is_no_event_is_not_found(club: Club, signed_in: Browser, name: str) -> None:
    assert club
    assert signed_in("pat").get(f"/why/{name}").status_code == 404


def test_who_is_not_signed_in_is_led_there_and_back(club: Club, app: Flask) -> None:
    club.happens("bo", "deal.won", amount=2_000, deal="d-1")
    answer = app.test_client().get(f"/why/{ref(1)}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in?next=%2Fwhy%2F{ref(1)}")


# What leads there


def test_every_line_of_the_points_page_leads_to_its_why(club: Club, signed_in: Browser) -> None:
    deals(club)
    club.happens("bea", "deal.won", "2026-11-20T08:00:00+01:00", amount=20_000, deal="d-0", product="licenses")
    bea = signed_in("bea")
    told = read(bea, "/points")
    assert told.startswith("My points Every line, each with its why How to earn 815 Points to spend")
    assert "Deal won Correction Nov 20, 2026, 9:30 AM −265 then 815" in told
    links = re.findall(r'href="(/why/e_\w+)"', bea.get("/points").text)
    assert len(links) == 6
    assert {bea.get(link).status_code for link in links} == {200}


def test_the_points_page_pages_through_all_lines(club: Club, signed_in: Browser) -> None:
    for day in range(1, 22):
        for hour in (8, 12, 16):
            club.enters("bea", "asset.viewed", f"2026-10-{day:02}T{hour:02}:00:00+02:00", asset="a")
    club.digests()
    bea = signed_in("bea")
    first = bea.get("/points").text
    assert first.count('class="line"') == 42, "two a day"
    for day in range(1, 16):
        club.enters("bea", "asset.viewed", f"2026-09-{day:02}T08:00:00+02:00", asset="a")
    club.digests()
    first = bea.get("/points").text
    [older] = re.findall(r'href="(/points\?before=\d+)#lines"', first)
    second = bea.get(older).text
    assert (first.count('class="line"'), second.count('class="line"')) == (50, 7)
    assert "Older lines" not in second
    assert 'href="/points#lines"' in second


@pytest.mark.parametrize("before", ["", "x", "-1", "1e9", "9" * 40, "٣", "0"])
def test_a_page_that_there_is_not_is_the_newest_or_the_end(club: Club, signed_in: Browser, before: str) -> None:
    deals(club)
    told = read(signed_in("bea"), f"/points?before={before}")
    assert ("Deal won" in told) is (before != "0")
    assert ("No older lines" in told) is (before == "0")


def test_who_has_no_points_is_told_how_to_begin(club: Club, signed_in: Browser) -> None:
    assert club
    assert "Your first points are one step away" in read(signed_in("bea"), "/points")


def test_lines_and_badges_of_the_homepage_lead_there_too(club: Club, signed_in: Browser) -> None:
    deals(club)
    home = signed_in("bea").get("/").text
    assert f'<a class="why" href="/why/{ref(1)}">Deal won</a>' in home
    assert f'<a class="why" href="/why/{ref(2)}">Deal maker</a>' in home
    assert 'href="/points">All lines, each with its why' in home
