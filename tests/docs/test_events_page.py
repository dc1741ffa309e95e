"""docs/events.md is played from top to bottom: its files written, its commands run, its requests answered as shown."""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.identity import keys
from hub.ledger import digest
from tests.docs import pages

PAGE = pages.page("events")
HUB = "https://hub.example.com"
Command = Callable[..., tuple[int, str, str]]


class Reader:
    """Somebody who does what the page says, step by step, in a folder of her own."""

    def __init__(self, app: Flask, client: FlaskClient, hub: Command, folder: Path) -> None:
        self._app, self._client, self._hub, self._folder = app, client, hub, folder
        self._key = ""
        self.said = ""  # by the last command
        self.answer: TestResponse | None = None  # to the last request

    def takes(self, block: pages.Block) -> None:
        if block.language == "sh":
            for words in pages.commands(block.text.replace("$HUB_KEY", self._key)):
                self._runs(words)
        elif block.named:
            (self._folder / block.named).write_text(block.text)

    def _runs(self, words: list[str]) -> None:
        if words[0] == "curl":
            self.answer = self._asks(*request(words[1:]))
        elif words[:3] != ["hub", "keys", "revoke"]:
            _, out, err = self._hub(*words[1:])
            self.said = err + out
            if words[1:4] == ["keys", "create", "crm"]:
                self._key = out.split()[1]
        while digest.run():
            pass

    def _asks(self, path: str, headers: Mapping[str, str], body: str | None) -> TestResponse:
        with self._working("Prefer" in headers):
            return self._client.open(path, method="GET" if body is None else "POST", headers=headers, data=body)

    @contextmanager
    def _working(self, wanted: bool) -> Iterator[None]:
        """A worker beside the web."""
        ended = Event()

        def work() -> None:
            with self._app.app_context():
                while not ended.wait(0.02):
                    digest.run()

        worker = Thread(target=work)
        if wanted:
            worker.start()
        try:
            yield
        finally:
            ended.set()
            if wanted:
                worker.join()


def request(words: list[str], hub: str = HUB) -> tuple[str, dict[str, str], str | None]:
    """The path, the headers and the body that curl would send."""
    path, headers, body = "", {}, None
    rest = iter(words)
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        else:
            assert word.startswith(f"{hub}/"), word
            path = word.removeprefix(hub)
    return path, headers, body


def shown(block: pages.Block) -> tuple[int, Any]:
    """The status and the body of an answer on the page."""
    head, _, body = block.text.partition("\n\n")
    return int(head.split()[1]), plain(json.loads(body))


def plain(value: Any) -> Any:
    """With all refs alike: which one an entry gets is the database's choice."""
    return json.loads(re.sub(r'"e_\w+"', '"e_"', json.dumps(value)))


@pytest.fixture
def reader(app: Flask, client: FlaskClient, hub: Command, cast: Any, tmp_path: Path) -> Iterator[Reader]:
    assert cast
    folder = tmp_path / "reader"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield Reader(app, client, hub, folder)


def test_what_the_page_does_is_answered_as_it_shows(reader: Reader):
    for block in pages.blocks(PAGE):
        if block.language == "http":
            assert reader.answer is not None
            told = reader.answer.status_code, plain(reader.answer.json)
            assert told == shown(block), block
        elif block.language == "text":
            assert reader.said == block.text, block
        else:
            reader.takes(block)


REJECTIONS = pages.rows(pages.section(PAGE, "Why an event is rejected"))


@pytest.mark.parametrize("row", [row for row in REJECTIONS if len(row) > 3 and row[3]], ids=lambda row: row[0])
def test_the_examples_of_what_is_rejected_are(reader: Reader, row: list[str]):
    first = next(block for block in pages.blocks(PAGE, "sh") if "curl" in block.text)
    for block in pages.blocks(PAGE)[: pages.blocks(PAGE).index(first)]:
        reader.takes(block)
    body = json.loads(shlex.split(first.text.replace("\\\n", ""))[-1]) | json.loads(pages.code(row[3])[0])
    reader._runs(["curl", f"{HUB}/api/v1/events", *headers(reader), "-d", json.dumps(body)])
    assert reader.answer is not None
    assert reader.answer.status_code == 422
    assert reader.answer.json is not None
    (told,) = reader.answer.json["results"]
    assert told["code"] == pages.code(row[0])[0]
    paths = pages.code(row[1])
    assert not paths or told["path"] == paths[0] or (paths[0] == "data.NAME" and told["path"].startswith("data."))


def headers(reader: Reader) -> list[str]:
    return ["-H", f"Authorization: Bearer {reader._key}", "-H", "Content-Type: application/json"]


def test_every_address_is_listed_with_its_scopes(client: FlaskClient):
    described = client.get("/api/v1/openapi.json").json
    assert described
    there = {
        re.sub(r"\{\w+_id\}", "{id}", path.removeprefix("/api/v1")): {
            *re.findall(r"`([a-z]+:[a-z]+)`", " ".join(one.get("description", "") for one in methods.values()))
        }
        for path, methods in described["paths"].items()
    }
    rows = pages.rows(pages.section(PAGE, "What else there is to ask"))
    assert {pages.code(row[0])[0]: set(pages.code(row[1])) for row in rows} == there


def test_every_scope_is_explained(app: Flask):
    assert app
    explained = set(re.findall(r"`([a-z]+:[a-z]+)`", pages.section(PAGE, "Keys and scopes")))
    assert explained == set(keys.SCOPES)
