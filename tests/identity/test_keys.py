"""API keys: made once, found by their hash, bounded by scope, ended for ever."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from hub.clock import MINUTE, instant
from hub.db import reader, transaction
from hub.identity import current_key, keys, requires_scope
from hub.identity.keys import Key, KeyFault
from hub.identity.tables import api_keys
from tests.app import NOW

pytestmark = pytest.mark.usefixtures("cast")
NOW_US = instant(NOW)


def make(*scopes: str, sources: tuple[str, ...] = (), organization: str | None = None) -> tuple[Key, str]:
    with transaction() as connection:
        made = keys.create(connection, "the CRM", scopes, NOW_US, sources, organization)
    assert not isinstance(made, KeyFault)
    return made


def known(id_: str) -> Key:
    with reader() as connection:
        return next(key for key in keys.list_all(connection) if key.id == id_)


def test_a_key_opens_what_it_was_made_for() -> None:
    key, text = make("events:write", "events:read", sources=("crm",), organization="acme")
    assert key.id.startswith("k_")
    found = keys.authenticate(f"Bearer {text}", NOW_US)
    assert found is not None
    assert (found.id, found.scopes, found.sources) == (key.id, {"events:write", "events:read"}, {"crm"})
    assert (found.organization, found.organization_id) == (key.organization, "acme")
    assert [found.may_send(source) for source in ("crm", "lms")] == [True, False]


def test_a_key_without_sources_speaks_for_any() -> None:
    assert make("events:write")[0].may_send("lms")


def test_the_database_does_not_hold_the_key() -> None:
    _, text = make("events:write")
    with reader() as connection:
        stored = str(connection.execute(select(api_keys)).all())
    assert text not in stored
    assert text.removeprefix("hub_") not in stored


def test_no_two_keys_are_alike_and_each_has_256_bits() -> None:
    several = {make("events:write")[1] for _ in range(20)}
    assert len(several) == 20
    assert {len(text) for text in several} == {len("hub_") + 43}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer hub_",
        "Bearer hub_x",
        "Basic {text}",
        "{text}",
        "Bearer {text}x",
        "Bearer hub_\ud800",
    ],
)
def test_anything_else_opens_nothing(header: str | None) -> None:
    _, text = make("events:write")
    assert keys.authenticate(header and header.replace("{text}", text), NOW_US) is None


def test_a_revoked_key_no_longer_works_and_stays_listed() -> None:
    key, text = make("events:write")
    with transaction() as connection:
        assert keys.revoke(connection, key.id, NOW_US)
    with transaction() as connection:
        assert not keys.revoke(connection, key.id, NOW_US + 1)
        assert not keys.revoke(connection, "k_none", NOW_US)
    assert keys.authenticate(f"Bearer {text}", NOW_US) is None
    assert known(key.id).revoked_at == NOW_US


def test_its_last_use_is_noted_to_the_minute() -> None:
    key, text = make("events:write")
    assert known(key.id).last_used_at is None
    for later in (1, 59_000_000, MINUTE + 5):
        keys.authenticate(f"Bearer {text}", NOW_US + later)
    assert known(key.id).last_used_at == NOW_US + MINUTE


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "x" * 101}),
        ("name", {"name": "two\nlines"}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["events:eat"]}),
        ("sources", {"sources": [""]}),
        ("sources", {"sources": ["a\0b"]}),
        ("organization", {"organization": "nowhere"}),
        ("organization", {"organization": "a\0b"}),
        ("organization", {"organization": ""}),
    ],
)
def test_a_wrong_key_is_not_made(field: str, given: dict[str, object]) -> None:
    wanted = {"name": "the CRM", "scopes": ["events:write"], "now": NOW_US, **given}
    with transaction() as connection:
        fault = keys.create(connection, **wanted)  # type: ignore[arg-type]
        assert isinstance(fault, KeyFault)
        assert fault.field == field
        assert keys.list_all(connection) == []


# Over HTTP


@pytest.fixture
def door(app: Flask) -> Flask:
    @requires_scope("members:read")
    def read() -> str:
        return current_key().id

    app.add_url_rule("/api/test", "test", read)
    return app


def test_a_request_without_a_valid_key_is_told_what_it_needs(door: Flask) -> None:
    for headers in ({}, {"Authorization": "Bearer hub_wrong"}):
        answer = door.test_client().get("/api/test", headers=headers)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hub"'


def test_a_request_without_the_scope_is_refused_by_name(door: Flask) -> None:
    _, text = make("events:write")
    answer = door.test_client().get("/api/test", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json and answer.json["code"]) == (403, "scope")
    assert 'error="insufficient_scope", scope="members:read"' in answer.headers["WWW-Authenticate"]


def test_a_request_with_the_scope_is_answered(door: Flask) -> None:
    key, text = make("members:read")
    for scheme in ("Bearer", "bearer"):
        answer = door.test_client().get("/api/test", headers={"Authorization": f"{scheme} {text}"})
        assert (answer.status_code, answer.text) == (200, key.id)


def test_a_scope_that_does_not_exist_stops_the_start() -> None:
    with pytest.raises(LookupError, match="events:eat"):
        requires_scope("events:eat")


# From the command line


def test_the_command_makes_lists_and_revokes_keys(hub: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = hub("keys", "create", "the CRM", "--scope", "events:write", "--source", "crm", "--json")
    made = json.loads(out)
    assert (status, err, sorted(made)) == (0, "", ["id", "key"])
    assert keys.authenticate(f"Bearer {made['key']}", NOW_US) is not None

    status, out, _ = hub("keys", "list", "--json")
    listed = json.loads(out)["items"]
    assert [(one["id"], one["scopes"], one["sources"]) for one in listed] == [(made["id"], ["events:write"], ["crm"])]
    assert made["key"] not in out

    assert hub("keys", "revoke", made["id"])[0] == 0
    status, _, err = hub("keys", "revoke", made["id"])
    assert (status, len(err.splitlines())) == (1, 1)
    assert keys.authenticate(f"Bearer {made['key']}", NOW_US) is None


def test_the_command_refuses_what_is_wrong(hub: Callable[..., tuple[int, str, str]]) -> None:
    assert hub("keys", "create", "x", "--scope", "events:eat")[0] == 2
    assert hub("keys", "create", "x")[0] == 2
    status, out, err = hub("keys", "create", "x", "--scope", "events:read", "--organization", "nowhere")
    assert (status, out) == (1, "")
    assert "organization" in err
