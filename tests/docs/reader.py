"""Somebody who does what a page says, from top to bottom: writes its files, runs its commands, sends its requests."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.ledger import digest
from tests.docs import pages

HUB = "https://hub.example.com"
Command = Callable[..., tuple[int, str, str]]


class Reader:
    """In a folder of her own, step by step. The first key that a page makes is hers."""

    def __init__(self, app: Flask, client: FlaskClient, hub: Command, folder: Path) -> None:
        self._app, self._client, self._hub, self._folder = app, client, hub, folder
        self.key = ""
        self.said = ""  # by the last command
        self.answer: TestResponse | None = None  # to the last request

    def plays(self, page: Path) -> None:
        """Do all that the page says; it must come to what it shows."""
        for block in pages.blocks(page):
            if block.language == "http":
                assert self.answer is not None
                told = self.answer.status_code, plain(self.answer.json)
                assert told == shown(block), block
            elif block.language == "text":
                assert self.said == block.text, block
            else:
                self.takes(block)

    def takes(self, block: pages.Block) -> None:
        if block.language == "sh":
            for words in pages.commands(block.text.replace("$HUB_KEY", self.key)):
                self.runs(words)
        elif block.named:
            (self._folder / block.named).write_text(block.text)

    def runs(self, words: list[str]) -> None:
        if words[0] == "curl":
            self.answer = self._asks(*request(words[1:]))
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
            answer = self._client.open(path, method=method, headers=headers, data=body)
            # On PostgreSQL the feed waits for all transactions of the server, those of other tests too.
            patience = monotonic() + 10
            while "/effects" in path and not (answer.json or {}).get("items") and monotonic() < patience:
                sleep(0.05)
                answer = self._client.open(path, method=method, headers=headers, data=body)
            return answer

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


def request(words: list[str], hub: str = HUB) -> tuple[str, str, dict[str, str], str | None]:
    """The method, the path, the headers and the body that curl would send."""
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
    return method or ("GET" if body is None else "POST"), path, headers, body


def shown(block: pages.Block) -> tuple[int, Any]:
    """The status and the body of an answer on the page."""
    head, _, body = block.text.partition("\n\n")
    return int(head.split()[1]), plain(json.loads(body))


def plain(value: Any) -> Any:
    """With all refs, and all random ids, alike: which one it becomes is the database's choice, or chance."""
    text = re.sub(r'"([eatf])_\w+"', r'"\1_"', json.dumps(value))
    return json.loads(re.sub(r"\b[0-9a-f]{16}\b", "0", text))
