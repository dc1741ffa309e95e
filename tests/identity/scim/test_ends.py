"""Whom the identity provider deactivates is out within five seconds: of a hub that serves, with a page open."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask

from hub import clock
from hub.db import reader
from hub.directory import lookup
from tests.identity.scim.conftest import PATCH, TOKEN, USER
from tests.live.conftest import Running, process_environment, started_site, wait_for

SECONDS = 5.0
#: For what is not measured: the first request of a process loads the models.
PATIENCE = 60


@pytest.fixture
def hub(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Running]:
    assert app
    clock.set_source(None)
    with started_site(process_environment(database_url, tmp_path, HUB_SCIM_TOKEN=TOKEN)) as site:
        yield site


class Stream:
    """A page's open stream, read until it ends."""

    def __init__(self, url: str, ticket: str) -> None:
        self.text = ""
        self.ended_at: float | None = None
        self._url, self._ticket = url, ticket
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        address = f"{self._url}/live"
        with httpx.stream("GET", address, params={"ticket": self._ticket}, timeout=30) as answer:
            self.text = f"{answer.status_code}\n"
            for chunk in answer.iter_text():
                self.text += chunk
        self.ended_at = time.monotonic()


def signed_in(browser: httpx.Client, member: str) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/sign-in").text)
    assert token
    answer = browser.post("/sign-in", data={"csrf_token": token[1], "member": member})
    assert answer.status_code == 303
    assert browser.get("/").status_code == 200


def provider_of(hub: Running) -> httpx.Client:
    return httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE)


def activate(provider: httpx.Client, user: str, *, active: bool) -> httpx.Response:
    change = {"op": "replace", "path": "active", "value": active}
    return provider.patch(f"/scim/v2/Users/{user}", json={"schemas": [PATCH], "Operations": [change]})


def test_a_deactivation_ends_the_session_and_the_stream(hub: Running) -> None:
    with httpx.Client(base_url=hub.url, timeout=PATIENCE) as browser, provider_of(hub) as provider:
        made = provider.post("/scim/v2/Users", json={"schemas": [USER], "userName": "dee"})
        assert made.status_code == 201
        with reader() as connection:
            known = lookup.member(connection, "dee")
        assert known
        signed_in(browser, "dee")
        ticket = provider.get("/ticket", params={"member": known.no, "topic": "points/1"}).text
        stream = Stream(hub.url, ticket)
        wait_for(lambda: stream.text.startswith("200"), PATIENCE)

        began = time.monotonic()
        assert activate(provider, made.json()["id"], active=False).status_code == 204
        assert browser.get("/").headers["Location"].startswith("/sign-in")
        wait_for(lambda: stream.ended_at is not None, SECONDS)
        assert stream.ended_at
        assert stream.ended_at - began < SECONDS
        assert "event: hub:end" in stream.text
        assert httpx.get(f"{hub.url}/live", params={"ticket": ticket}).status_code == 403

        # Who is let in again signs in again.
        assert activate(provider, made.json()["id"], active=True).status_code == 204
        assert browser.get("/").headers["Location"].startswith("/sign-in")
