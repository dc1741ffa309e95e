"""The same act from many at once, over two web processes: it is done once, and all are told the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from flask import Flask
from sqlalchemy import func, select

from hub import clock
from hub.db import reader, transaction
from hub.identity import keys
from hub.ledger import verify
from hub.ledger.tables import accounts, entries
from tests.api.conftest import PROGRAM, publish
from tests.app import settings
from tests.databases import ROOT
from tests.live.conftest import START_SECONDS, free_port, wait_for

AT_ONCE = 64


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Two web processes and a worker on the app's database; their address."""
    config = app.config["HUB"]
    url = config.database_url.render_as_string(hide_password=False)
    environment = settings(url, config.instance.parent)
    port = free_port()
    command = [sys.executable, "-m", "hub.cli", "serve", "--port", str(port), "--web", "2"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_up(address), START_SECONDS)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def sender(app: Flask, cast: dict[str, int]) -> Iterator[Callable[..., list[tuple[int, bytes]]]]:
    """Sends so many adjustments at once: `sender(64, points=50, key="a")`; what each is answered."""
    assert cast
    publish(PROGRAM)
    with transaction() as connection:
        made = keys.create(connection, "test", ("awards:write",), clock.now())
    assert isinstance(made, tuple)
    limits = httpx.Limits(max_connections=AT_ONCE)
    headers = {"Authorization": f"Bearer {made[1]}"}
    with serving(app) as url, httpx.Client(base_url=url, headers=headers, limits=limits, timeout=60) as client:

        def send(count: int, points: int, key: str | None = None) -> list[tuple[int, bytes]]:
            body = {"member": "bo", "points": points, "reason": "Fair stand"}
            under = {} if key is None else {"Idempotency-Key": key}
            with ThreadPoolExecutor(count) as threads:
                sent = [
                    threads.submit(client.post, "/api/v1/adjustments", json=body, headers=under) for _ in range(count)
                ]
                return [(one.result().status_code, one.result().content) for one in sent]

        yield send


def standing(member: int) -> tuple[int, int]:
    """How many adjustments there are, and the balance."""
    with reader() as connection:
        acts = connection.scalar(select(func.count()).where(entries.c.type == "hub.points.adjusted")) or 0
        return acts, connection.scalar(select(accounts.c.balance).where(accounts.c.member == member)) or 0


def test_of_many_requests_with_one_key_one_acts(sender: Callable[..., Any], cast: dict[str, int]):
    told = sender(AT_ONCE, points=50, key="a")
    assert {status for status, _ in told} == {201}, told
    assert len({body for _, body in told}) == 1
    assert standing(cast["bo"]) == (1, 50)
    assert list(verify.breaches()) == []


def test_of_many_that_take_the_last_points_one_gets_them(sender: Callable[..., Any], cast: dict[str, int]):
    sender(1, points=100)
    told = sender(AT_ONCE, points=-60)
    assert sorted(status for status, _ in told) == [201, *[409] * (AT_ONCE - 1)]
    assert standing(cast["bo"]) == (2, 40)
    assert list(verify.breaches()) == []
