"""Playing the CRM: what the demo's page sends takes the way of every event, and shows what it did."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hub.db import reader
from hub.demo import acts, build, page
from hub.ledger import digest
from hub.ledger.tables import accounts, entries
from tests.app import SignedIn, started, token
from tests.club import publish


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs beside these tests."""
    monkeypatch.setattr(page, "WAIT_SECONDS", 0.0)


@pytest.fixture
def played(app: Flask, cast: dict[str, int]) -> FlaskClient:
    """The page of a hub with the cast and the demo's program."""
    assert cast
    publish(build.PROGRAM.read_text(encoding="utf-8"))
    return app.test_client()


def send(client: FlaskClient, act: str, choice: str = "", member: str = "bo", **headers: str):
    form = {"csrf_token": token(client, "/demo"), "act": act, "choice": choice, "member": member}
    return client.post("/demo/events", data=form, headers=headers)


def balance(member: int) -> int:
    with reader() as connection:
        return connection.scalar(select(accounts.c.balance).where(accounts.c.member == member)) or 0


def sent() -> list[tuple[str, str, str]]:
    with reader() as connection:
        return [tuple(row) for row in connection.execute(select(entries.c.source, entries.c.type, entries.c.subject))]


def test_a_won_deal_is_entered_and_moves_the_points(played: FlaskClient, cast: dict[str, int]) -> None:
    answer = send(played, "deal.won", "12000")
    assert answer.status_code == 303
    assert sent() == [("crm", "deal.won", "bo")]
    on_its_way = played.get(answer.headers["Location"]).text
    assert "on its way" in on_its_way
    while digest.run():
        pass
    assert balance(cast["bo"]) == 120
    told = played.get(answer.headers["Location"]).text
    assert "Deal maker, Bronze" in told
    assert "+120" in told
    assert "Bo Lind now has 120 points" in told


def test_the_page_looks_again_by_itself_until_it_is_told(played: FlaskClient) -> None:
    part = send(played, "deal.won", "12000", **{"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.status_code == 200
    assert "<html" not in part.text
    [address] = re.findall(r'hx-get="(/demo/events/[^"]+)"', part.text)
    while digest.run():
        pass
    told = played.get(address).text
    assert "+120" in told
    assert "hx-get" not in told


def test_what_gave_nothing_says_why(played: FlaskClient) -> None:
    sent_twice = [send(played, "asset.downloaded", acts.ASSETS[0]) for _ in range(2)]
    while digest.run():
        pass
    pages = [played.get(answer.headers["Location"]).text for answer in sent_twice]
    # At one instant the ids decide which of the two comes first.
    [told] = [page for page in pages if "It counts, and earned nothing." in page]
    assert "brought points already" in told


def test_each_act_is_an_event_that_the_program_takes(played: FlaskClient) -> None:
    for act in acts.ACTS:
        ref = parse_qs(urlsplit(send(played, act.kind, next(iter(act.choices), "")).headers["Location"]).query)["ref"]
        assert ref[0].startswith("e_")
    assert {kind for _, kind, _ in sent()} == {act.kind for act in acts.ACTS}


def test_a_course_goes_on_where_she_left_it(played: FlaskClient) -> None:
    for _ in range(2):
        send(played, "module.completed", "Negotiation")
    with reader() as connection:
        told = list(connection.scalars(select(entries.c.data).order_by(entries.c.no)))
    assert [("Negotiation 1" in told[0]), ("Negotiation 2" in told[1])] == [True, True]


def test_it_is_for_who_is_signed_in_or_who_is_chosen(played: FlaskClient, signed_in: SignedIn) -> None:
    assert "Send for Bo Lind" in played.get("/demo").text
    assert "Send for Ada Berg" in signed_in("ada").get("/demo").text
    assert "Send for Cy Tanaka" in signed_in("ada").get("/demo?member=cy").text
    assert "Send for Bo Lind" in played.get("/demo?member=nobody").text


@pytest.mark.parametrize(
    ("act", "choice", "member"),
    [("deal.won", "1", "bo"), ("deal.won", "", "bo"), ("hub.visited", "", "bo"), ("deal.registered", "", "nobody")],
)
def test_what_the_page_does_not_offer_is_refused(played: FlaskClient, act: str, choice: str, member: str) -> None:
    assert send(played, act, choice, member).status_code == 422
    assert sent() == []


def test_a_form_of_elsewhere_is_refused(played: FlaskClient) -> None:
    assert played.post("/demo/events", data={"act": "deal.registered", "member": "bo"}).status_code == 400
    assert sent() == []


def test_an_unknown_ref_is_nothing(played: FlaskClient) -> None:
    assert played.get("/demo/events/e_00000000").status_code == 404
    assert "Nothing sent yet" in played.get("/demo?ref=e_00000000").text


def test_without_people_or_program_the_page_says_so(client: FlaskClient) -> None:
    assert "Nothing to play with yet" in client.get("/demo").text


def test_the_sign_in_shows_the_cast_first(app: Flask, played: FlaskClient) -> None:
    shown = re.findall(r'name="member" value="([^"]+)"', played.get("/sign-in").text)
    assert shown.index("bo") < shown.index("bea")
    assert "/demo" in played.get("/sign-in").text
    assert app


def test_outside_a_demo_there_is_no_such_page(database_url: str, tmp_path: Path) -> None:
    for app in started(database_url, tmp_path, HUB_DEMO="off"):
        browser = app.test_client()
        assert browser.get("/demo").status_code == 404
        assert browser.post("/demo/events").status_code in {400, 404}
        assert "/demo" not in browser.get("/sign-in").text
