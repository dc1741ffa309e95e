"""POST of 1,000-event batches over real HTTP, against the bare insert of the same events into the same table."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from statistics import median
from threading import local

from bench import scene
from bench.bare import insert_all
from bench.digest import pair
from bench.findings import Finding, Scale, timed
from bench.hubs import DATABASES
from bench.serving import headers, key, serving
from hub import clock
from hub.db import db

PEOPLE = 1_000
EVENTS, QUICK_EVENTS = 200_000, 40_000
#: Senders at a time, each on a connection of its own.
SENDERS = 4
TURN = 20
TARGET = 40.0


def measure(scale: Scale) -> Iterator[Finding]:
    count = scale.of(EVENTS, QUICK_EVENTS)
    bodies = scene.bodies(PEOPLE, count)
    for database in DATABASES:
        rounds = [_round(database, bodies) for _ in range(scale.rounds)]
        share = median(100 * bare / posting for bare, posting in rounds)
        bare, posting = (median(column) for column in zip(*rounds, strict=True))
        told = f"bare {count / bare:,.0f}/s, POST {count / posting:,.0f}/s, {SENDERS} senders"
        yield Finding("POST over HTTP, of the bare insert", database, share, "%", TARGET, told=told)


def _round(database: str, bodies: list[bytes]) -> tuple[float, float]:
    """Seconds of the bare insert, and of the requests."""
    bare_spent = posting_spent = 0.0
    with pair(database, PEOPLE) as (bare, whole):
        numbers, now, secret = scene.people_of(bare, PEOPLE), clock.now(), key(whole)
        with whole.app_context():
            url = db.engine.url.render_as_string(hide_password=False)
        with serving(url, "--no-worker", now=scene.NOW) as served, Senders(served.port, secret) as senders:
            for start in range(0, len(bodies), TURN):
                turn = bodies[start : start + TURN]
                slices = [scene.rows(body, numbers, now) for body in turn]
                with bare.app_context():
                    bare_spent += timed(insert_all, slices)
                posting_spent += timed(senders.send, turn)
    return bare_spent, posting_spent


class Senders:
    """Some systems that send at once."""

    def __init__(self, port: int, secret: str) -> None:
        self._port, self._headers = port, headers(secret)
        self._threads = ThreadPoolExecutor(SENDERS)
        self._own = local()

    def __enter__(self) -> Senders:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def send(self, bodies: list[bytes]) -> None:
        """All of them, each accepted whole."""
        for status in self._threads.map(self._post, bodies):
            assert status == 202, status

    def _post(self, body: bytes) -> int:
        if not hasattr(self._own, "connection"):
            self._own.connection = HTTPConnection("127.0.0.1", self._port)
        try:
            return self._answered(self._own.connection, body)
        except ConnectionError:
            # On a busy machine the bare insert took so long that the hub let go of who was silent meanwhile.
            self._own.connection.close()
            return self._answered(self._own.connection, body)

    def _answered(self, connection: HTTPConnection, body: bytes) -> int:
        connection.request("POST", "/api/v1/events", body, self._headers)
        answer = connection.getresponse()
        answer.read()
        return int(answer.status)
