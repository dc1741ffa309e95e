"""Rate limits: what is too many is told when to come back, and nobody else is hindered."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.clock import instant
from hub.db import transaction
from hub.identity import keys, limits
from hub.identity.limits import MINUTE_SECONDS, REMEMBERED, Limit
from tests.app import NOW, started, token


def let_through(limit: Limit, who: str, now: float, tries: int) -> int:
    return sum(limit.wait(who, now) == 0 for _ in range(tries))


def test_a_minutes_worth_is_let_through_at_once_and_not_one_more() -> None:
    for per_minute in (1, 7, 60, 12_000):
        assert let_through(Limit(per_minute), "bo", 1e9, per_minute + 5) == per_minute


def test_it_comes_back_evenly() -> None:
    limit = Limit(6)
    assert let_through(limit, "bo", 0.0, 6) == 6
    assert limit.wait("bo", 0.0) == 10
    assert limit.wait("bo", 9.0) == 1
    assert limit.wait("bo", 10.0) == 0
    assert limit.wait("bo", 10.0) == 10
    assert let_through(limit, "bo", 10.0 + MINUTE_SECONDS, 9) == 6


def test_who_waits_as_long_as_told_is_let_through() -> None:
    limit, now = Limit(7), 0.0
    for _ in range(50):
        wait = limit.wait("bo", now)
        if wait:
            now += wait
            assert limit.wait("bo", now) == 0


def test_nobody_uses_anothers() -> None:
    limit = Limit(2)
    assert [let_through(limit, who, 0.0, 3) for who in ("bo", "cy")] == [2, 2]


def test_zero_is_no_limit() -> None:
    assert let_through(Limit(0), "bo", 0.0, 1_000) == 1_000


def test_its_memory_is_bounded_and_forgets_those_who_used_least() -> None:
    limit = Limit(10)
    assert let_through(limit, "bo", 0.0, 10) == 10
    for number in range(3 * REMEMBERED):
        assert limit.wait(f"other {number}", 0.0) == 0
    assert limit.wait("bo", 0.0) > 0


# Over HTTP


@pytest.fixture
def app(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    # The time between two requests of a test is nobody's business.
    monkeypatch.setattr(limits.time, "monotonic", lambda: 0.0)
    few = {"HUB_LIMIT_SIGN_IN": "3", "HUB_LIMIT_POSTS": "3", "HUB_LIMIT_API": "3", "HUB_TRUSTED_PROXIES": "1"}
    few["HUB_METRICS_TOKEN"] = "Jd8fGe3AVq7tWm2x"
    yield from started(database_url, tmp_path, **few)


def answered(ask: Callable[[], TestResponse], most: int = 10) -> TestResponse:
    """The first answer that is a 429, of the fourth request."""
    for number in itertools.count(1):
        assert number <= most
        answer = ask()
        if answer.status_code == 429:
            assert number == 4
            return answer
    raise AssertionError


def test_a_key_that_asks_too_often_is_told_when_to_come_back(app: Flask, cast: dict[str, int]) -> None:
    assert cast
    with transaction() as connection:
        made = [keys.create(connection, name, ["members:read"], instant(NOW)) for name in ("one", "two")]
    one, two = (key[1] for key in made if isinstance(key, tuple))
    client = app.test_client()

    def ask(key: str) -> TestResponse:
        return client.get("/api/v1/members", headers={"Authorization": f"Bearer {key}"})

    refused = answered(lambda: ask(one))
    assert refused.content_type == "application/problem+json"
    assert refused.headers["Retry-After"] == "20"
    assert refused.json is not None
    assert (refused.json["code"], refused.json["status"]) == ("too_many", 429)
    assert ask(two).status_code == 200


def test_one_cannot_try_keys_without_end(app: Flask) -> None:
    client = app.test_client()
    numbers = itertools.count()

    def ask(address: str) -> TestResponse:
        headers = {"Authorization": f"Bearer hub_{next(numbers)}", "X-Forwarded-For": address}
        return client.get("/api/v1/members", headers=headers)

    answered(lambda: ask("203.0.113.7"))
    assert ask("203.0.113.8").status_code == 401


def test_one_cannot_try_the_token_of_the_metrics_without_end(app: Flask) -> None:
    client, numbers = app.test_client(), itertools.count()
    answered(lambda: client.get("/metrics", headers={"Authorization": f"Bearer {next(numbers)}"}))
    assert client.get("/metrics", headers={"Authorization": "Bearer Jd8fGe3AVq7tWm2x"}).status_code == 200


def test_scim_is_limited_in_its_own_words(app: Flask) -> None:
    client = app.test_client()
    refused = answered(lambda: client.get("/scim/v2/Users"))
    assert refused.content_type == "application/scim+json"
    assert int(refused.headers["Retry-After"]) > 0


def test_one_cannot_sign_in_without_end_from_one_address(app: Flask, cast: dict[str, int]) -> None:
    assert cast
    client = app.test_client()
    proof = token(client)

    def ask(address: str) -> TestResponse:
        headers = {"X-Forwarded-For": address}
        return client.post("/sign-in", data={"csrf_token": proof, "member": "nobody"}, headers=headers)

    refused = answered(lambda: ask("203.0.113.7"))
    assert refused.mimetype == "text/html"
    assert int(refused.headers["Retry-After"]) > 0
    assert ask("203.0.113.8").status_code == 422
    assert client.get("/sign-in", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 200


def test_a_member_cannot_post_without_end(app: Flask, cast: dict[str, int]) -> None:
    assert cast
    bo, cy = app.test_client(), app.test_client()
    for client, member in ((bo, "bo"), (cy, "cy")):
        answer = client.post("/sign-in", data={"csrf_token": token(client), "member": member})
        assert answer.status_code == 303
    tokens = {client: token(client) for client in (bo, cy)}

    def ask(client: FlaskClient) -> TestResponse:
        return client.post("/arrange", data={"csrf_token": tokens[client], "act": "reset"})

    answered(lambda: ask(bo))
    assert ask(cy).status_code != 429
    assert bo.get("/").status_code == 200, "she can still read"
