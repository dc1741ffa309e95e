"""One's own page: zone and language, names on boards, quiet mode, pauses, sessions, and one's data."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup, members, preferences
from hub.directory.members import MemberProfile, MemberRecord
from hub.identity import sessions
from hub.identity.sessions import Proof
from hub.ledger import pauses, verify
from hub.ledger.pauses import Whom
from tests.app import SignedIn, token
from tests.club import Club


@pytest.fixture
def bo(signed_in: SignedIn, club: Club) -> FlaskClient:
    assert club
    return signed_in("bo")


def sent(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    return browser.post(path, data={"csrf_token": token(browser, "/me"), **fields})


def person(club: Club, id_: str = "bo") -> lookup.Person:
    with reader() as connection:
        found = lookup.profile_now(connection, club.numbers[id_], clock.now())
    assert found
    return found


def test_what_she_chooses_holds_from_now_on(bo: FlaskClient, club: Club) -> None:
    answer = sent(bo, "/me", time_zone="America/New_York", locale="pt-BR", listed="on", quiet="on")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    assert (person(club).time_zone, person(club).locale, person(club).listed) == ("America/New_York", "pt-BR", True)
    with reader() as connection:
        history = members.profile_at(connection, club.numbers["bo"], clock.instant("2026-06-01T00:00:00Z"))
    assert history
    assert history.time_zone == "Europe/Berlin", "the past stays"
    page = bo.get("/me").text
    assert '<option value="America/New_York" selected>' in page
    assert re.search(r'name="quiet"[^>]* checked', page)


def test_an_import_does_not_undo_what_she_chose(bo: FlaskClient, club: Club) -> None:
    sent(bo, "/me", time_zone="Asia/Tokyo", locale="")
    with transaction() as connection:
        record = MemberRecord("bo", MemberProfile("Bo Lind-Berg", None, "acme", ("sales_rep",), "Europe/Berlin"))
        members.upsert(connection, [record], clock.now() + 1)
    clock.set_source("2026-11-23T10:00:05Z")
    bo_now = person(club)
    assert (bo_now.name, bo_now.time_zone, bo_now.listed) == ("Bo Lind-Berg", "Asia/Tokyo", False)


def test_a_profile_dated_ahead_does_not_undo_what_she_chose(bo: FlaskClient, club: Club) -> None:
    later = clock.instant("2027-01-01T00:00:00Z")
    ahead = MemberProfile("Bo Lind-Berg", None, "acme", ("sales_rep",), "Europe/Berlin", "de")
    with transaction() as connection:
        members.upsert(connection, [MemberRecord("bo", ahead, (), later)], clock.now())
    sent(bo, "/me", time_zone="America/New_York", locale="de")
    with reader() as connection:
        found = members.profile_at(connection, club.numbers["bo"], later)
    assert found
    assert (found.name, found.time_zone, found.listed) == ("Bo Lind-Berg", "America/New_York", False)


def test_whoever_opts_out_is_on_no_board_and_sees_her_rank(bo: FlaskClient, signed_in: SignedIn, club: Club) -> None:
    club.happens("bo", "deal.won", amount=9000, deal="d-1")
    club.happens("bea", "deal.won", amount=5000, deal="d-2")
    assert "Bo Lind" in signed_in("bea").get("/").text
    sent(bo, "/me", time_zone="Europe/Berlin", locale="de")
    assert "Bo Lind" not in signed_in("bea").get("/").text
    assert person(club).listed is False
    assert not re.search(r'name="listed"[^>]* checked', bo.get("/me").text)
    sent(bo, "/me", time_zone="Europe/Berlin", locale="de", listed="on")
    assert "Bo Lind" in signed_in("bea").get("/").text


def test_in_quiet_mode_nothing_is_celebrated(bo: FlaskClient, club: Club) -> None:
    bo.get("/")
    sent(bo, "/me", time_zone="Europe/Berlin", locale="de", listed="on", quiet="on")
    club.happens("bo", "deal.won", amount=9000, deal="d-1")
    assert sent(bo, "/moments").status_code == 204
    assert 'class="news' not in bo.get("/").text


def test_without_quiet_mode_it_is(bo: FlaskClient, club: Club) -> None:
    bo.get("/")
    club.happens("bo", "deal.won", amount=9000, deal="d-1")
    assert sent(bo, "/moments").status_code == 200


@pytest.mark.parametrize(
    ("path", "fields", "name", "said"),
    [
        ("/me", {"time_zone": "Mars/Olympus"}, "time_zone", "There is no such time zone"),
        ("/me", {"locale": "klingon!"}, "locale", "There is no such language"),
        ("/me/pauses", {"from": "", "to": "2026-12-01"}, "from", "Choose a date"),
        ("/me/pauses", {"from": "2026-12-01", "to": "soon"}, "to", "Choose a date"),
        ("/me/pauses", {"from": "2026-11-01", "to": "2026-12-01"}, "from", "cannot begin in the past"),
        ("/me/pauses", {"from": "2026-12-02", "to": "2026-12-01"}, "to", "before the first"),
        ("/me/pauses", {"from": "2026-12-02", "to": "2029-12-01"}, "to", "366 days at most"),
        ("/me/pauses", {"streak": "none", "from": "2026-12-02", "to": "2026-12-03"}, "streak", "no such streak"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_changes_nothing(
    bo: FlaskClient, club: Club, path: str, fields: dict[str, str], name: str, said: str
) -> None:
    before = person(club)
    answer = sent(bo, path, **fields)
    assert answer.status_code == 422
    assert re.search(rf'id="{name}"[^>]*aria-describedby="[^"]*{name}-fault"[^>]*aria-invalid="true"', answer.text)
    assert re.search(rf'id="{name}-fault".*?{said}', answer.text, re.DOTALL)
    assert f'href="#{name}"' in answer.text
    assert person(club) == before
    with reader() as connection:
        whom = Whom(before.no, before.id, before.time_zone)
        assert pauses.planned(connection, whom, clock.now()) == []


def test_a_streak_is_paused_and_the_pause_is_shown(bo: FlaskClient, club: Club) -> None:
    answer = sent(bo, "/me/pauses", streak="", **{"from": "2026-12-24", "to": "2027-01-06"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me#pauses")
    page = bo.get("/me").text
    assert "All streaks" in page
    assert "24" in page
    club.digests()
    with reader() as connection:
        [pause] = pauses.planned(connection, Whom(club.numbers["bo"], "bo", "Europe/Berlin"), clock.now())
    assert (pause.streak, pause.last - pause.first) == (None, 13)
    assert list(verify.breaches()) == []


def test_she_ends_a_session_elsewhere_and_no_one_elses(bo: FlaskClient, signed_in: SignedIn, club: Club) -> None:
    phone = signed_in("bo")
    with transaction() as connection:
        sessions.open_(connection, club.numbers["cy"], Proof("demo"), "Safari, iPhone", clock.now())
    with reader() as connection:
        [foreign] = sessions.of_member(connection, club.numbers["cy"], clock.now())
        mine = {one.no for one in sessions.of_member(connection, club.numbers["bo"], clock.now())}
    assert sent(bo, f"/me/sessions/{foreign.no}/end").status_code == 404
    [other] = [int(number) for number in re.findall(r"/me/sessions/(\d+)/end", bo.get("/me").text)]
    assert other in mine
    assert phone.get("/me").status_code == 200
    assert sent(bo, f"/me/sessions/{other}/end").status_code == 303
    assert phone.get("/me").status_code == 302
    assert bo.get("/me").status_code == 200


def test_she_signs_out_everywhere_else(bo: FlaskClient, signed_in: SignedIn) -> None:
    others = [signed_in("bo"), signed_in("bo")]
    assert sent(bo, "/me/sessions/end").status_code == 303
    assert [one.get("/me").status_code for one in others] == [302, 302]
    assert bo.get("/me").status_code == 200


def test_her_data_is_hers_to_read_and_to_take(bo: FlaskClient, club: Club) -> None:
    club.happens("bo", "deal.won", amount=9000, deal="<i>d-1</i>")
    club.happens("bea", "deal.won", amount=9000, deal="of bea")
    page, file = bo.get("/me/data"), bo.get("/me/data.json")
    assert "&lt;i&gt;d-1&lt;/i&gt;" in page.text
    assert "of bea" not in page.text + file.text
    assert file.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert file.headers["Cache-Control"] == "no-store"
    assert "deal.won" in {event["type"] for event in json.loads(file.text)["events"]}


def test_nobody_who_is_not_signed_in_has_such_a_page(app: Flask, club: Club) -> None:
    assert club
    for path in ("/me", "/me/data", "/me/data.json"):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.headers["Location"]) == (
            302,
            f"/sign-in?next=%2Fme{path[3:].replace('/', '%2F')}",
        )


def test_what_nobody_chose_is_as_others_say(club: Club) -> None:
    with reader() as connection:
        assert preferences.of(connection, list(club.numbers.values())) == {}
