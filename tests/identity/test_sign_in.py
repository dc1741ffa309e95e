"""Signing in to a demo hub: choose who to be, land on the page that was asked for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub import clock
from hub.db import transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.identity import requires
from hub.identity.sign_in import OF_ROLE, local
from tests.app import JANUARY, PRODUCTION, started, token

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.add_url_rule("/whoami", "whoami", requires("home:see")(whoami))
    return app.test_client()


def whoami() -> str:
    from hub.identity import current_member

    viewer = current_member()
    assert viewer
    return f"{viewer.id} of {viewer.organization_name}"


def choose(client: FlaskClient, member: str, **more: str) -> TestResponse:
    return client.post("/sign-in", data={"csrf_token": token(client), "member": member, **more})


def test_one_chooses_who_to_be_and_lands_on_the_page_asked_for(client: FlaskClient) -> None:
    answer = choose(client, "bo", next="/badges?all=1")
    assert (answer.status_code, answer.location) == (303, "/badges?all=1")
    assert client.get("/whoami").text == "bo of Acme"


def test_an_alias_names_a_person_too(client: FlaskClient) -> None:
    choose(client, "lms:4711")
    assert client.get("/whoami").text == "bo of Acme"


def test_signing_in_needs_the_token_of_the_page(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"member": "bo"}).status_code == 400
    assert client.get("/whoami").status_code == 302


@pytest.mark.parametrize("member", ["", "nobody", "a\0b", "x" * 300])
def test_there_must_be_such_a_person(client: FlaskClient, member: str) -> None:
    assert choose(client, member).status_code == 422
    assert client.get("/whoami").status_code == 302


def test_the_session_is_a_new_one_after_signing_in(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = token(client)
    choose(client, "bo")
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/sign-out", data={"csrf_token": before}).status_code == 400


def test_its_cookie_is_for_this_hub_alone(client: FlaskClient) -> None:
    cookie = choose(client, "bo").headers["Set-Cookie"]
    assert cookie.startswith("hub=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_signing_out_ends_it(client: FlaskClient) -> None:
    choose(client, "bo")
    answer = client.post("/sign-out", data={"csrf_token": token(client)})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert client.get("/whoami").status_code == 302


def test_a_deactivated_member_is_signed_out_at_once(
    signed_in: Callable[[str], FlaskClient], cast: dict[str, int], client: FlaskClient
) -> None:
    assert client
    bo = signed_in("bo")
    assert bo.get("/whoami").status_code == 200
    with transaction() as connection:
        members.deactivate(connection, cast["bo"], "test", None, clock.now())
    assert bo.get("/whoami").status_code == 302
    assert choose(bo, "bo").status_code == 422


def test_a_cookie_that_nobody_signed_is_nobody(client: FlaskClient) -> None:
    client.set_cookie("hub", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb")
    assert client.get("/whoami").status_code == 302


def test_the_page_shows_people_of_every_role_and_finds_them(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    for name in ("Ada Berg", "Bo Lind", "Fay Okafor", "Pat Silva"):
        assert name in page
    found = client.get("/sign-in?q=globex").text
    assert "Cy Tanaka" in found
    assert "Bo Lind" not in found
    assert "Bo Lind" not in client.get("/sign-in?q=%25").text


def test_who_has_no_role_is_offered_too(client: FlaskClient) -> None:
    with transaction() as connection:
        members.upsert(connection, [MemberRecord("zoe", MemberProfile("Zoe Without"), (), JANUARY)], JANUARY)
    page = client.get("/sign-in").text
    assert page.index("<h2>No role</h2>") < page.index("Zoe Without")


def test_a_role_of_many_is_not_a_page_long_and_the_search_finds_the_rest(client: FlaskClient) -> None:
    several = [
        MemberRecord(f"s{number}", MemberProfile(f"Sol {number:02}", None, "acme", roles), (), JANUARY)
        for number in range(12)
        for roles in [("sales_rep",) if number % 2 else ("sales_rep", "marketing")]
    ]
    with transaction() as connection:
        members.upsert(connection, several, JANUARY)
    assert client.get("/sign-in").text.count("Sol ") < OF_ROLE
    assert client.get("/sign-in?q=sol").text.count("Sol ") == len(several)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "badges",
        " /badges",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example/",
        "http:///evil.example",
        "javascript:alert(1)",
        "//[",
    ],
)
def test_nobody_is_led_away_after_signing_in(address: str) -> None:
    assert local(address) == "/"


@pytest.mark.parametrize("address", ["/", "/badges", "/leaderboards/top?window=2026-11#me", "/members/b%C3%B6"])
def test_any_page_of_ours_can_be_asked_for(address: str) -> None:
    assert local(address) == address


def test_in_production_nobody_is_whoever_he_likes(database_url: str, tmp_path: Path) -> None:
    for app in started(database_url, tmp_path, **PRODUCTION):
        client = app.test_client()
        page = client.get("/sign-in", base_url="https://hub.example.com")
        assert page.status_code == 200
        assert "Single sign-on is not set up" in page.text
        assert "Bo Lind" not in page.text
        app.config["WTF_CSRF_ENABLED"] = False
        answer = client.post("/sign-in", data={"member": "bo"}, base_url="https://hub.example.com")
        assert answer.status_code == 404
