"""What every answer carries, and how the hub refuses."""

import json
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from jinja2 import UndefinedError
from sqlalchemy.exc import OperationalError
from werkzeug.test import EnvironBuilder

from hub import web
from hub.identity import public
from hub.web import FieldFault, Problem
from tests.app import started

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
HTMX = "/static/vendor/htmx.min.js"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Nothing here touches the database."""
    return f"sqlite:///{tmp_path}/unused.sqlite"


@pytest.fixture
def anybody(app: Flask) -> Flask:
    """The app with pages that anybody may see."""

    def refuse() -> str:
        raise Problem(422, "invalid", "Two fields are wrong.", [FieldFault("points", "too_large", "at most 500")])

    def fail() -> str:
        raise RuntimeError("bo@acme.example")

    def no_database() -> str:
        raise OperationalError("SELECT 1", {}, Exception("password authentication failed for user bo"))

    def page() -> web.Response:
        return web.with_etag("<p>620 points</p>")

    def note() -> str:
        return request.form.get("text", "nothing")

    for name, view in {"refuse": refuse, "fail": fail, "no-database": no_database, "page": page, "note": note}.items():
        app.add_url_rule(f"/{name}", f"page_{name}", public(view), methods=["GET", "POST"])
        app.add_url_rule(f"/api/{name}", f"api_{name}", public(view), methods=["GET", "POST"])
    return app


@pytest.fixture
def client(anybody: Flask) -> FlaskClient:
    return anybody.test_client()


@pytest.mark.parametrize("path", ["/page", "/nowhere", "/refuse", "/api/nowhere", "/api/refuse", HTMX])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    assert "Strict-Transport-Security" not in headers


def test_transport_security_is_promised_over_tls_only(client: FlaskClient) -> None:
    answer = client.get("/page", base_url="https://hub.example.com")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_proxy_is_believed_as_far_as_the_setting_says(database_url: str, tmp_path: Path) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    for hops, secure in (("0", False), ("1", True)):
        for app in started(database_url, tmp_path, HUB_TRUSTED_PROXIES=hops):
            answer = app.test_client().get("/nowhere", headers=forwarded)
            assert ("Strict-Transport-Security" in answer.headers) is secure


def test_a_refusal_is_problem_json_for_machines(client: FlaskClient) -> None:
    answer = client.get("/api/refuse")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "invalid",
        "detail": "Two fields are wrong.",
        "errors": [{"path": "points", "code": "too_large", "message": "at most 500"}],
    }


def test_a_refusal_is_a_page_for_people(client: FlaskClient) -> None:
    answer = client.get("/refuse")
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "Two fields are wrong." in answer.text


def test_what_does_not_exist_says_so_in_both_ways(client: FlaskClient) -> None:
    assert client.get("/nowhere").mimetype == "text/html"
    answer = client.get("/api/v1/nowhere")
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/api/page")
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(("path", "type_"), [("/fail", "text/html"), ("/api/fail", "application/problem+json")])
def test_our_own_fault_tells_nothing_of_it_and_is_logged_without_the_address(
    anybody: Flask, capsys: pytest.CaptureFixture[str], path: str, type_: str
) -> None:
    anybody.testing = False
    answer = anybody.test_client().get(f"{path}?who=cy")
    assert (answer.status_code, answer.mimetype) == (500, type_)
    assert "RuntimeError" not in answer.text
    assert "bo@acme" not in answer.text
    told = capsys.readouterr().err
    assert "RuntimeError" in told
    assert "cy" not in told


def test_a_database_that_does_not_answer_is_503_and_says_when_to_come_back(client: FlaskClient) -> None:
    answer = client.get("/api/no-database")
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "5")
    assert "password" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/%ff%fe", 404),
        ("/api/%c3%28", 404),
        ("/a%00b", 400),
        ("/page?x=%00", 400),
        ("/page?x=%ff", 200),
        ("/..%2f..%2fetc", 404),
    ],
)
def test_an_unreadable_address_is_refused_without_a_fault(client: FlaskClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999999999999", "1e3", ""])
def test_a_wrong_content_length_is_no_fault_of_ours(anybody: Flask, length: str) -> None:
    environ = EnvironBuilder(path="/api/note", method="POST").get_environ()
    environ |= {"CONTENT_LENGTH": length, "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    answer = anybody.test_client().open(environ)
    assert 400 <= answer.status_code < 500


def test_a_body_over_five_mebibytes_is_refused(client: FlaskClient) -> None:
    body = b"text=" + b"x" * (5 * 1024 * 1024)
    answer = client.post("/api/note", data=body, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_a_form_without_the_token_of_its_session_is_refused(client: FlaskClient) -> None:
    answer = client.post("/note", data={"text": "hello"})
    assert answer.status_code == 400
    assert "Reload it" in answer.text


def test_a_page_that_has_not_changed_is_304(client: FlaskClient) -> None:
    first = client.get("/page")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {name.strip() for name in first.headers["Vary"].split(",")} >= {"HX-Request", "HX-Request-Type"}
    again = client.get("/page", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Content-Security-Policy"] == CSP


def test_a_script_is_served_as_one(client: FlaskClient) -> None:
    assert client.get(HTMX).mimetype == "text/javascript"


def test_a_template_that_asks_for_an_unknown_name_fails(anybody: Flask) -> None:
    with anybody.test_request_context(), pytest.raises(UndefinedError):
        anybody.jinja_env.from_string("{{ balanec }}").render()


def test_a_request_has_one_line_with_its_route_and_none_of_its_values(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for app in started(database_url, tmp_path, HUB_LOG="json"):
        app.add_url_rule("/api/people/<name>", "people", public(lambda name: name))
        answer = app.test_client().get(
            "/api/people/bo@acme.example?token=hush", headers={"Authorization": "Bearer hush"}
        )
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert len(lines) == 1
    line = lines[0]
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/api/people/<name>",
        "status": answer.status_code,
        "request": answer.headers["X-Request-ID"],
        "at": "2026-11-23T10:00:00.000+00:00",
    }
