"""What every answer carries, to the letter: each route, answered and refused, by TLS and without."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from hub.identity.keys import SCOPES
from tests.identity.surface import ROUTES, About, Key, Own
from tests.identity.world import OF, World

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
TLS = "https://hub.example.com"
MACHINES = ("/api/", "/scim/", "/healthz", "/readyz", "/metrics")


def paths(world: World, rule: str) -> str:
    """An address that the rule serves."""
    if rule.startswith("/scim"):
        return rule.replace("<path:path>", "Users")
    for route in (route for (_, one), route in ROUTES.items() if one == rule):
        if isinstance(route, Own):
            return route.path
        if isinstance(route, About):
            return world.filled(route.path("sales_rep"))
        if isinstance(route, Key):
            return f"/api/v1{world.filled(route.path(OF['acme']))}"
    return rule.replace("<path:filename>", "js/live.js").replace("<ref>", "e_nothing")


def check(answer: TestResponse, rule: str, *, secure: bool) -> None:
    for name, value in HEADERS.items():
        assert answer.headers.getlist(name) == [value], (rule, answer.status_code, name)
    promised = ["max-age=31536000"] if secure else []
    assert answer.headers.getlist("Strict-Transport-Security") == promised, (rule, answer.status_code)
    varies = {name.strip() for line in answer.headers.getlist("Vary") for name in line.split(",")}
    if rule.startswith("/static"):
        assert varies <= {"Accept-Encoding"}
        assert "Set-Cookie" not in answer.headers
    elif rule.startswith(MACHINES):
        assert varies >= {"Authorization"}, (rule, answer.status_code)
    else:
        assert varies >= {"Cookie", "HX-Request", "HX-Request-Type"}, (rule, answer.status_code)
    if not rule.startswith("/static"):
        kept = answer.headers["Cache-Control"]
        assert kept == "no-store" or kept.startswith("private, no-cache"), (rule, answer.status_code, kept)


@pytest.mark.parametrize("base_url", ["http://localhost", TLS])
def test_every_answer_of_every_route_carries_the_headers(world: World, base_url: str) -> None:
    anybody, member = world.app.test_client(), world.browser("sales_rep")
    everything = {"Authorization": f"Bearer {world.key(*SCOPES)}"}
    statuses = set()
    for method, rule in ROUTES:
        path = paths(world, rule)
        for client, proof in ((anybody, {}), (member, {}), (anybody, everything)):
            answer = client.open(path, method=method, headers=proof, base_url=base_url)
            check(answer, rule, secure=base_url == TLS)
            statuses.add(answer.status_code)
    assert statuses >= {200, 302, 400, 401, 404}, "answered and refused"


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/scim/v1", "/a%00b", "/why/%ff"])
def test_so_does_every_refusal_of_what_is_no_route(world: World, path: str) -> None:
    for base_url in ("http://localhost", TLS):
        for method in ("GET", "POST", "OPTIONS"):
            answer = world.app.test_client().open(path, method=method, base_url=base_url)
            check(answer, path, secure=base_url == TLS)
