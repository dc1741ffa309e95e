"""What goes through the ASGI front arrives as it was sent, and a stream is given to whom it is due."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from flask import Flask

from hub import clock
from hub.db import reader, transaction
from hub.directory.tables import deactivations
from hub.identity import sessions
from hub.identity.sessions import Proof
from hub.live.front import THREADS
from hub.live.streams import STREAMS_PER_MEMBER
from hub.signals import forget
from tests.live.conftest import Running, tell, wait_for

TOPICS = {"topic": ["points/17", "leaderboard/top"]}


class Stream:
    """An open stream, read line by line."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()
        self.cursor: str | None = None

    def event(self) -> str:
        """The next event's name; the cursor that came with it, or before, is kept."""
        for line in self._lines:
            if line.startswith("id: "):
                self.cursor = line[4:]
            if line.startswith("event: "):
                return line[7:]
        return "(the end)"


@contextmanager
def stream(running: Running, member: int = 1, session: int | None = None, **headers: str) -> Iterator[Stream]:
    asked = {"member": member, **TOPICS, **({"session": session} if session else {})}
    ticket = httpx.get(f"{running.url}/ticket", params=asked).text
    with httpx.stream("GET", f"{running.url}/live", params={"ticket": ticket}, headers=headers, timeout=5) as response:
        yield Stream(response)


@pytest.mark.parametrize("running_on_sqlite", [{"HUB_TRUSTED_PROXIES": "1"}], indirect=True)
def test_transport_security_is_promised_by_tls_only(running_on_sqlite: Running) -> None:
    for told, promised in (("https", True), ("https, http", False), ("http, https", True), ("", False)):
        answer = httpx.get(f"{running_on_sqlite.url}/live", headers={"X-Forwarded-Proto": told} if told else {})
        assert answer.status_code == 403
        found = answer.headers.get("Strict-Transport-Security")
        assert found == ("max-age=31536000" if promised else None), told


def test_a_stream_is_sent_as_it_comes_and_kept_nowhere(running: Running) -> None:
    with stream(running) as bo:
        assert bo.response.status_code == 200
        headers = dict(bo.response.headers)
        headers.pop("date")
        assert headers == {
            "cache-control": "no-store",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
            "content-type": "text/event-stream; charset=utf-8",
            "cross-origin-resource-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "transfer-encoding": "chunked",
            "x-accel-buffering": "no",
            "x-content-type-options": "nosniff",
        }
        assert bo.event() == "hub:open"
        tell("points/99")
        tell("points/17")
        assert bo.event() == "hub:points.17"
        assert bo.cursor == "2"


def test_a_reconnect_hears_what_it_missed_and_only_that(running: Running) -> None:
    tell("points/17")
    with stream(running) as bo:
        bo.event()
        tell("points/17")
        bo.event()
        cursor = bo.cursor
    tell("leaderboard/top", "points/99")
    with stream(running, **{"Last-Event-ID": cursor or ""}) as bo:
        assert [bo.event(), bo.event()] == ["hub:open", "hub:leaderboard.top"]


def test_what_changes_between_a_page_and_its_stream_is_not_missed(running_on_sqlite: Running) -> None:
    ticket = httpx.get(f"{running_on_sqlite.url}/ticket", params=TOPICS).text
    tell("points/17")
    with httpx.stream("GET", f"{running_on_sqlite.url}/live", params={"ticket": ticket}) as response:
        bo = Stream(response)
        assert [bo.event(), bo.event()] == ["hub:open", "hub:points.17"]


@pytest.mark.parametrize("cursor", ["999", "-1", "x", "9" * 30, "1"])
def test_a_cursor_that_is_unknown_or_too_old_means_look_at_everything(running_on_sqlite: Running, cursor: str) -> None:
    for _ in range(3):
        tell("points/17")
    with transaction() as connection:
        forget(connection, clock.now() + clock.HOUR)
    with stream(running_on_sqlite, **{"Last-Event-ID": cursor}) as bo:
        assert [bo.event(), bo.event()] == ["hub:open", "hub:all"]


def test_a_deactivated_member_is_cut_off_within_five_seconds_and_kept_out(running: Running) -> None:
    with stream(running) as bo, stream(running, member=2) as cy:
        bo.event()
        cy.event()
        with transaction() as connection:
            connection.execute(deactivations.insert(), {"member": 1, "at": clock.now(), "by": "ada"})
        assert [bo.event(), bo.event()] == ["hub:end", "(the end)"]
        with stream(running) as again:
            assert again.response.status_code == 403
            assert again.response.headers["content-type"] == "application/problem+json"
            assert again.response.read() == b'{"status":403,"code":"member_inactive"}'
        tell("points/17")
        assert cy.event() == "hub:points.17"


def test_the_stream_of_a_session_that_ended_is_cut_off_within_five_seconds_and_no_other(running: Running) -> None:
    with transaction() as connection:
        for _ in range(2):
            sessions.open_(connection, 1, Proof("demo"), "", clock.now())
    with reader() as connection:
        phone, desk = (one.no for one in sessions.of_member(connection, 1, clock.now()))
    with stream(running, session=phone) as lost, stream(running, session=desk) as kept:
        lost.event()
        kept.event()
        with transaction() as connection:
            sessions.end(connection, 1, phone)
        assert [lost.event(), lost.event()] == ["hub:end", "(the end)"]
        with stream(running, session=phone) as again:
            assert again.response.status_code == 403
        tell("points/17")
        assert kept.event() == "hub:points.17"


def test_too_many_streams_of_one_member_are_refused_for_now(running_on_sqlite: Running) -> None:
    opened = [stream(running_on_sqlite) for _ in range(STREAMS_PER_MEMBER)]
    for one in opened:
        one.__enter__()
    with stream(running_on_sqlite) as more:
        assert more.response.status_code == 503
        assert more.response.headers["retry-after"] == "15"
    with stream(running_on_sqlite, member=2) as cy:
        assert cy.response.status_code == 200
    for one in opened:
        one.__exit__(None, None, None)
    wait_for(lambda: _status(running_on_sqlite) == 200)


def _status(running: Running) -> int:
    with stream(running) as bo:
        return bo.response.status_code


def test_only_a_ticket_opens_a_stream(running_on_sqlite: Running) -> None:
    url = f"{running_on_sqlite.url}/live"
    assert httpx.get(url).status_code == 403
    assert httpx.get(url, params={"ticket": "made.up"}).status_code == 403
    assert httpx.get(url + "?" + "&".join(["a=1"] * 20)).status_code == 403
    assert httpx.get(url + "?ticket=%ff%00").status_code == 403
    refused = httpx.post(url)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("running_on_sqlite", [{"HUB_LIVE": "off"}], indirect=True)
def test_with_the_stream_off_a_page_is_sent_away_quietly_once(running_on_sqlite: Running) -> None:
    assert _status(running_on_sqlite) == 204
    with stream(running_on_sqlite, **{"Last-Event-ID": "5"}) as bo:
        assert bo.response.status_code == 503


def test_the_hub_that_polls_answers_as_if_the_stream_were_off(on_sqlite: Flask) -> None:
    client = on_sqlite.test_client()
    assert client.get("/live?ticket=x").status_code == 204
    assert client.get("/live?ticket=x", headers={"Last-Event-ID": "5"}).status_code == 503


def test_a_request_arrives_as_it_was_sent(running_on_sqlite: Running) -> None:
    url = f"{running_on_sqlite.url}/seen?a=%C3%A4&b"
    told, forwarded, length = httpx.post(url, content=b"x" * 4_000_000, headers={"X-One": "1"}).json()
    assert told == {
        "HTTP_X_ONE": "1",
        "PATH_INFO": "/seen",
        "QUERY_STRING": "a=%C3%A4&b",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "POST",
        "wsgi.url_scheme": "http",
    }
    assert (forwarded, length) == (None, 4_000_000)


def test_a_body_without_a_length_arrives_too(running_on_sqlite: Running) -> None:
    pieces = (b"x" * 1_000 for _ in range(100))
    assert httpx.post(f"{running_on_sqlite.url}/seen", content=pieces).json()[2] == 100_000


def test_a_body_over_the_limit_is_refused_however_it_is_sent(running_on_sqlite: Running) -> None:
    url = f"{running_on_sqlite.url}/seen"
    assert httpx.post(url, content=b"x" * 6_000_000).status_code == 413
    for piece, pieces in ((100_000, 60), (2**16, 81)):
        assert httpx.post(url, content=(b"x" * piece for _ in range(pieces))).status_code == 413
    assert httpx.post(url, content=(b"x" * 2**16 for _ in range(80))).json()[2] == 5 * 2**20


def test_a_header_with_an_underscore_is_not_taken_for_a_proxys(running_on_sqlite: Running) -> None:
    sent = {"X_Forwarded_For": "6.6.6.6", "X_One": "2"}
    told, forwarded, _ = httpx.get(f"{running_on_sqlite.url}/seen", headers=sent).json()
    assert (told["HTTP_X_ONE"], forwarded, told["REMOTE_ADDR"]) == (None, None, "127.0.0.1")


def test_head_has_the_headers_and_no_body(running_on_sqlite: Running) -> None:
    answer = httpx.head(f"{running_on_sqlite.url}/seen")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 10


def test_a_body_that_breaks_off_is_no_request(running_on_sqlite: Running) -> None:
    for head in ("Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"):
        with socket.create_connection(("127.0.0.1", running_on_sqlite.port)) as raw:
            raw.sendall(f"POST /seen HTTP/1.1\r\nHost: hub\r\n{head}".encode())
    assert httpx.get(f"{running_on_sqlite.url}/seen").status_code == 200


def test_who_hangs_up_in_the_middle_of_an_answer_holds_no_thread(running_on_sqlite: Running) -> None:
    for _ in range(THREADS + 1):
        with httpx.stream("GET", f"{running_on_sqlite.url}/long", params={"mb": 30}) as answer:
            next(answer.iter_bytes())
    assert httpx.get(f"{running_on_sqlite.url}/seen", timeout=10).status_code == 200


def test_a_websocket_is_refused(running_on_sqlite: Running) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    answer = httpx.get(f"{running_on_sqlite.url}/live", headers={**upgrade, "Sec-WebSocket-Key": "aHViaHViaHViaHVi"})
    assert answer.status_code in (400, 403, 426)


def test_a_server_that_stops_ends_its_streams_at_once(running_on_sqlite: Running) -> None:
    with stream(running_on_sqlite) as bo:
        bo.event()
        assert running_on_sqlite.stop() < 3
        assert bo.event() == "(the end)"
