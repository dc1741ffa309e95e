"""Somebody who does what a page says, from top to bottom: writes its files, runs its commands, sends its requests."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.ledger import digest
from tests.docs import pages

HUB = "https://hub.example.com"
FEED, FEED_SECONDS = "/api/v1/effects", 10
Command = Callable[..., tuple[int, str, str]]


class Request(NamedTuple):
    """What curl would send."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None


class Reader:
    """In a folder of her own, step by step. The first key that a page makes is hers."""

    def __init__(self, app: Flask, client: FlaskClient, hub: Command, folder: Path) -> None:
        self._app, self._client, self._hub, self._folder = app, client, hub, folder
        self.key = ""
        self.said = ""  # by the last command
        self._asked: Request | None = None  # the last request
        self.answer: TestResponse | None = None  # to it

    def plays(self, page: Path) -> None:
        """Do all that the page says; it must come to what it shows."""
        for block in pages.blocks(page):
            if block.language == "http":
                assert self._told(shown(block)) == shown(block), block
            elif block.language == "text":
                assert self.said == block.text, block
            else:
                self.takes(block)

    def _told(self, wanted: tuple[int, Any]) -> tuple[int, Any]:
        """The answer to the last request. On PostgreSQL the feed waits for all transactions of the server, those of
        other tests too: it is asked again while it does not tell what is wanted.
        """
        assert self._asked is not None
        patience = monotonic() + FEED_SECONDS
        while True:
            assert self.answer is not None
            told = self.answer.status_code, plain(self.answer.json)
            if told == wanted or FEED not in self._asked.path or monotonic() > patience:
                return told
            sleep(0.05)
            self.answer = self._asks(*self._asked)

    def takes(self, block: pages.Block) -> None:
        if block.language == "sh":
            for words in pages.commands(block.text.replace("$HUB_KEY", self.key)):
                self.runs(words)
        elif block.named:
            (self._folder / block.named).write_text(block.text)

    def runs(self, words: list[str]) -> None:
        if words[0] == "curl":
            self._asked = request(words[1:])
            self.answer = self._asks(*self._asked)
        elif words[:3] != ["hub", "keys", "revoke"]:
            _, out, err = self._hub(*words[1:])
            self.said = err + out
            if words[1:3] == ["keys", "create"] and not self.key:
                self.key = out.split()[1]
        while digest.run():
            pass

    def _asks(self, method: str, path: str, headers: Mapping[str, str], body: str | None) -> TestResponse:
        # Events are digested at once only for who waits for them.
        with self._working("Prefer" in headers or not path.endswith("/events")):
            return self._client.open(path, method=method, headers=headers, data=body)

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


def request(words: list[str], hub: str = HUB) -> Request:
    method, path, headers, body = "", "", {}, None
    rest = iter(words)
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        elif word == "-X":
            method = next(rest)
        else:
            assert word.startswith(f"{hub}/"), word
            path = word.removeprefix(hub)
    return Request(method or ("GET" if body is None else "POST"), path, headers, body)


def shown(block: pages.Block) -> tuple[int, Any]:
    """The status and the body of an answer on the page."""
    head, _, body = block.text.partition("\n\n")
    return int(head.split()[1]), plain(json.loads(body))


def plain(value: Any) -> Any:
    """With all refs, and all random ids, alike: which one it becomes is the database's choice, or chance."""
    text = re.sub(r'"([eatf])_\w+"', r'"\1_"', json.dumps(value))
    return json.loads(re.sub(r"\b[0-9a-f]{16}\b", "0", text))
