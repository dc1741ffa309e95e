"""Whether the hub is well, as the machines that watch it are told."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from hub import clock
from hub.db import transaction
from hub.ledger.tables import set_aside, workers
from hub.ledger.worker import ALIVE_US
from hub.signals import queue
from tests.app import started

TOKEN = "7hQzRw3LxVb9TnKe5MdYp2Js"


def told(client: FlaskClient, status: int) -> dict[str, Any]:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")
    assert answer.json is not None
    assert answer.json["status"] == ("ok" if status == 200 else "unavailable")
    checks: dict[str, Any] = answer.json["checks"]
    return checks


def worker_seen(ago_us: int) -> None:
    now = clock.now()
    with transaction() as connection:
        connection.execute(workers.insert(), {"id": "w", "started_at": now - ago_us, "seen_at": now - ago_us})


def test_a_hub_at_rest_is_ready(client: FlaskClient) -> None:
    ok = {"status": "ok"}
    assert told(client, 200) == {
        "database": ok,
        "migrations": ok,
        "worker": ok,
        "set_aside": {"status": "ok", "members": 0},
    }


def test_a_worker_that_was_seen_lately_is_well(client: FlaskClient) -> None:
    worker_seen(ALIVE_US // 2)
    assert told(client, 200)["worker"] == {"status": "ok"}


def test_a_worker_that_died_is_missed(client: FlaskClient) -> None:
    worker_seen(ALIVE_US * 2)
    assert told(client, 503)["worker"] == {"status": "missing"}


def test_work_without_a_worker_is_told(client: FlaskClient) -> None:
    with transaction() as connection:
        connection.execute(queue.insert(), {"entry": 1})
    assert told(client, 503)["worker"] == {"status": "missing"}


def test_members_set_aside_are_counted_and_send_nobody_away(client: FlaskClient) -> None:
    with transaction() as connection:
        connection.execute(set_aside.insert(), {"member": 7, "at": 1, "error": "division by zero"})
    assert told(client, 200)["set_aside"] == {"status": "ok", "members": 1}


def test_a_database_that_is_not_migrated_is_not_ready(empty_database_url: str, tmp_path: Path) -> None:
    for app in started(empty_database_url, tmp_path):
        client = app.test_client()
        assert told(client, 503)["migrations"] == {"status": "behind"}
        assert client.get("/healthz").status_code == 200


def test_a_database_of_another_release_is_not_ready(app: Flask, client: FlaskClient) -> None:
    with transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert app
    assert told(client, 503)["migrations"] == {"status": "behind"}


@pytest.mark.parametrize("url", ["sqlite:////nowhere/hub.sqlite", "postgresql://127.0.0.1:1/hub"])
def test_a_hub_without_its_database_still_answers(tmp_path: Path, url: str) -> None:
    for app in started(url, tmp_path):
        client = app.test_client()
        assert client.get("/healthz").json == {"status": "ok"}
        assert client.get("/readyz").status_code == 503
        assert client.get("/metrics").status_code == 503


def test_metrics_tell_what_waits(client: FlaskClient) -> None:
    with transaction() as connection:
        connection.execute(queue.insert(), [{"entry": 1}, {"entry": 2}])
    client.get("/readyz")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    lines = answer.text.splitlines()
    assert {"hub_queue_entries 2.0", "hub_held_entries 0.0", "hub_workers 0.0"} <= set(lines)
    assert any(line.startswith("hub_request_seconds_count") and 'route="/readyz"' in line for line in lines)


@pytest.mark.parametrize("address", ["203.0.113.7", "::2", ""])
def test_metrics_are_for_this_machine_only(client: FlaskClient, address: str) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 403


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_any_of_its_own_addresses(client: FlaskClient, address: str) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 200


def test_a_proxy_on_this_machine_makes_nobody_near(client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403


def test_with_a_token_it_is_the_token_that_counts(database_url: str, tmp_path: Path) -> None:
    for app in started(database_url, tmp_path, HUB_METRICS_TOKEN=TOKEN):
        client = app.test_client()
        far = {"REMOTE_ADDR": "203.0.113.7"}
        assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, environ_base=far).status_code == 200
        for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}, {"Authorization": "Bearer ü"}):
            answer = client.get("/metrics", headers=wrong)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
