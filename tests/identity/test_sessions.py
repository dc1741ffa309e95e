"""Sessions: each is a record that can be ended, and ends by itself; the cookie alone is nobody."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.identity import requires, sessions
from hub.identity.devices import device
from hub.identity.sessions import NOTED_US, SESSIONS_PER_MEMBER, Session
from hub.identity.viewers import KEPT_AS
from hub.live import live
from tests.app import NOW, PRODUCTION, SignedIn, started, token

pytestmark = pytest.mark.usefixtures("cast")

START = clock.instant(NOW)


def of(cast: dict[str, int], id_: str = "bo", now: int | None = None) -> list[Session]:
    with reader() as connection:
        return sessions.of_member(connection, cast[id_], clock.now() if now is None else now)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def at(time: int) -> None:
    clock.set_source(clock.moment(time).isoformat())


def test_a_member_sees_where_she_is_signed_in_and_ends_one(signed_in: SignedIn, cast: dict[str, int]) -> None:
    phone = signed_in("bo")
    at(START + NOTED_US)
    desk = signed_in("bo")
    signed_in("bea")
    newest, oldest = of(cast)
    assert (newest.opened_at, oldest.opened_at, newest.member) == (START + NOTED_US, START, cast["bo"])
    with transaction() as connection:
        assert sessions.end(connection, cast["bo"], oldest.no)
        assert not sessions.end(connection, cast["bo"], oldest.no)
        assert not sessions.end(connection, cast["bea"], newest.no), "nobody ends another's"
    assert not is_signed_in(phone)
    assert is_signed_in(desk)


def test_a_member_ends_all_others_or_all(signed_in: SignedIn, cast: dict[str, int]) -> None:
    phone, desk, bea = signed_in("bo"), signed_in("bo"), signed_in("bea")
    with transaction() as connection:
        assert sessions.end_all(connection, cast["bo"], but=of(cast)[0].no) == 1
    assert [is_signed_in(one) for one in (phone, desk, bea)] == [False, True, True]
    with transaction() as connection:
        assert sessions.end_all(connection, cast["bo"]) == 1
    assert [is_signed_in(one) for one in (phone, desk, bea)] == [False, False, True]


def test_a_session_that_is_not_used_ends(signed_in: SignedIn, cast: dict[str, int], app: Flask) -> None:
    idle = app.config["HUB"].session_idle_hours * clock.HOUR
    bo = signed_in("bo")
    at(START + idle - 1)
    assert is_signed_in(bo), "which is a use"
    at(START + 2 * idle - 2)
    assert is_signed_in(bo)
    at(START + 3 * idle)
    assert not is_signed_in(bo)
    assert of(cast) == []


def test_a_session_ends_though_it_is_used(signed_in: SignedIn, app: Flask) -> None:
    hub = app.config["HUB"]
    bo, last = signed_in("bo"), START + hub.session_hours * clock.HOUR
    for time in range(START, last, hub.session_idle_hours * clock.HOUR // 2):
        at(time)
        assert is_signed_in(bo)
    at(last)
    assert not is_signed_in(bo)


def test_use_is_noted_now_and_then(signed_in: SignedIn, cast: dict[str, int]) -> None:
    bo = signed_in("bo")
    for minutes, noted in ((4, 0), (5, 5), (9, 5), (10, 10)):
        at(START + minutes * clock.MINUTE)
        assert is_signed_in(bo)
        assert of(cast)[0].seen_at == START + noted * clock.MINUTE


def test_a_deactivation_ends_sessions_for_ever(signed_in: SignedIn, cast: dict[str, int]) -> None:
    before = signed_in("bo")
    with transaction() as connection:
        members.deactivate(connection, cast["bo"], "test", None, clock.now())
    assert not is_signed_in(before)
    with transaction() as connection:
        members.reactivate(connection, cast["bo"], clock.now())
    assert not is_signed_in(before), "reactivated a moment later, she signs in again"
    assert of(cast) == []
    assert is_signed_in(signed_in("bo"))


def test_a_cookie_copied_before_signing_out_is_nobody_afterwards(signed_in: SignedIn) -> None:
    bo = signed_in("bo")
    cookie = bo.get_cookie("hub")
    assert cookie
    assert bo.post("/sign-out", data={"csrf_token": token(bo, "/")}).status_code == 303
    bo.set_cookie("hub", cookie.value)
    assert not is_signed_in(bo)


def test_signing_in_again_ends_the_session_before(client: FlaskClient, cast: dict[str, int], app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client.post("/sign-in", data={"member": "bo"})
    first = client.get_cookie("hub")
    assert first
    client.post("/sign-in", data={"member": "bea"})
    assert of(cast) == []
    assert len(of(cast, "bea")) == 1
    client.set_cookie("hub", first.value)
    assert not is_signed_in(client)


def test_a_cookie_planted_before_signing_in_is_nobody_afterwards(
    client: FlaskClient, cast: dict[str, int], app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client.get("/sign-in")
    planted = client.get_cookie("hub")
    client.post("/sign-in", data={"member": "bo"})
    assert is_signed_in(client)
    assert len(of(cast)) == 1
    client.set_cookie("hub", planted.value if planted else "")
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", [0, 5, -1])
def test_a_cookie_that_was_changed_is_nobody(signed_in: SignedIn, change: int) -> None:
    bo = signed_in("bo")
    cookie = bo.get_cookie("hub")
    assert cookie
    letters = list(cookie.value)
    # The last letter of base64 holds bits that count for nothing: another one that differs in all of them.
    letters[change] = "A" if letters[change] not in "ABCDEFGH" else "x"
    bo.set_cookie("hub", "".join(letters))
    assert not is_signed_in(bo)


@pytest.mark.parametrize("token", ["", "1", "x" * 10_000, "a\0b", "\ud800"])
def test_a_cookie_of_ours_with_a_token_that_nobody_has_is_nobody(client: FlaskClient, token: str) -> None:
    with client.session_transaction() as session:
        session[KEPT_AS] = token
    assert not is_signed_in(client)


def test_the_database_holds_no_token(signed_in: SignedIn) -> None:
    bo = signed_in("bo")
    with bo.session_transaction() as session:
        token = session[KEPT_AS]
    with reader() as connection:
        row = connection.execute(select(sessions.sessions)).one()
    assert token not in map(str, row)


def test_a_member_has_so_many_sessions_and_the_oldest_goes(signed_in: SignedIn, cast: dict[str, int]) -> None:
    first = signed_in("bo")
    for number in range(SESSIONS_PER_MEMBER):
        at(START + number)
        second = signed_in("bo")
    assert len(of(cast)) == SESSIONS_PER_MEMBER
    assert not is_signed_in(first)
    assert is_signed_in(second)


def test_what_is_over_is_forgotten(signed_in: SignedIn, app: Flask) -> None:
    signed_in("bo")
    later = START + app.config["HUB"].session_idle_hours * clock.HOUR
    at(later)
    signed_in("bea")
    sessions.forget(later)
    with reader() as connection:
        assert connection.scalar(select(func.count()).select_from(sessions.sessions)) == 1


def test_a_page_s_stream_belongs_to_its_session(app: Flask, signed_in: SignedIn, cast: dict[str, int]) -> None:
    app.add_url_rule("/mine", "mine", requires("home:see")(lambda: live().ticket(cast["bo"], ["points/2"])))
    signed_in("bo")
    ticket = live().tickets.read(signed_in("bo").get("/mine").text, clock.now())
    assert ticket
    assert ticket.session == of(cast)[0].no, "the newer of two"


def test_its_cookie_is_for_tls_and_this_host_alone(database_url: str, tmp_path: Path) -> None:
    for app in started(database_url, tmp_path, **PRODUCTION):
        client = app.test_client()
        answer = client.get("/sign-in", base_url="https://hub.example.com")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-hub=")
        parts = {part.strip() for part in cookie.split(";")}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
        assert not any(part.startswith("Domain") for part in parts)


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
            " Safari/537.36 Edg/140.0.0.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile"
            " Safari/537.36",
            "Chrome, Android",
        ),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_a_device_is_told_in_two_words(user_agent: str, said: str) -> None:
    assert device(user_agent) == said
