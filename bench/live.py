"""The live stream: how long after an event is accepted an open page hears of it, with 500 streams on one process.

`hub serve` with its worker; all its processes share the machine's processors with the reading side.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from random import Random
from statistics import median, quantiles
from typing import NamedTuple

import msgspec

from bench import scene
from bench.findings import Finding, Scale
from bench.hubs import DATABASES, fresh, hub
from bench.serving import Served, headers, key, serving
from hub import clock
from hub.db import reader, transaction
from hub.ledger.arrivals import written
from hub.live import live
from hub.signals import publish

STREAMS = 500
EVENTS, QUICK_EVENTS = 200, 60
APART_SECONDS = 0.05
PATIENCE_SECONDS = 30
BOARD = "leaderboard/top_points"
TARGET_MS = 250
WEB_MB = 150
WORKER_MB = 250


class Measured(NamedTuple):
    """Milliseconds from accepted to heard, and from a board's notice to each of all pages; what is in memory."""

    waits: list[float]
    board: list[float]
    web_mb: float
    worker_mb: float
    stream_kb: float


def measure(scale: Scale) -> Iterator[Finding]:
    for database in DATABASES:
        with fresh(database) as url, hub(url) as app:
            scene.populate(app, STREAMS)
            secret = key(app)
            with serving(url, "--web", "1") as served, app.app_context():
                found = asyncio.run(_measure(served, secret, scale.of(EVENTS, QUICK_EVENTS)))
        yield from _findings(database, found)


def _findings(database: str, found: Measured) -> Iterator[Finding]:
    told = f"median {median(found.waits):.0f} ms, {STREAMS} streams, {len(found.waits)} events"
    yield Finding("event to page, 95 %", database, _p95(found.waits), "ms", TARGET_MS, most=True, told=told)
    yield Finding("one notice to all pages, 95 %", database, _p95(found.board), "ms")
    told = f"{found.stream_kb:.0f} KiB more a stream"
    yield Finding("web process at rest", database, found.web_mb, "MB", WEB_MB, most=True, told=told)
    yield Finding("worker", database, found.worker_mb, "MB", WORKER_MB, most=True)


def _p95(waits: list[float]) -> float:
    return quantiles(waits, n=20)[-1]


async def _measure(served: Served, secret: str, count: int) -> Measured:
    with reader() as connection:
        numbers = {known.id: known.no for known in scene.known(connection, STREAMS).values()}
    pages = [Page(number, name) for name, number in numbers.items()]
    await pages[0].open(served.port)
    await pages[0].close()
    resting = served.megabytes("web")
    await asyncio.gather(*(page.open(served.port) for page in pages))
    chosen = Random(1).sample(pages, count)
    accepted = await asyncio.to_thread(_send, served.port, secret, chosen)
    await _until(lambda: all(page.told in page.heard for page in chosen))
    # Boards are told at most once in two seconds; those of the events are over by then.
    await asyncio.sleep(3)
    for page in pages:
        page.heard.clear()
    board = await asyncio.to_thread(_tell_board)
    await _until(lambda: all(BOARD_TOLD in page.heard for page in pages))
    web, worker = served.megabytes("web"), served.megabytes("worker")
    # Taken before they are closed: a page that closes forgets nothing.
    waits = [(page.first - at) * 1000 for page, at in zip(chosen, accepted, strict=True)]
    boards = [(page.heard[BOARD_TOLD] - board) * 1000 for page in pages]
    for page in pages:
        await page.close()
    return Measured(waits, boards, resting, worker, (web - resting) * 1024 / STREAMS)


def _send(port: int, secret: str, pages: list[Page]) -> list[float]:
    """An event of each page's member, one after another: when each was accepted."""
    connection = HTTPConnection("127.0.0.1", port)
    accepted = []
    for page in pages:
        time_sent = written(clock.now(), 0)
        event = {"id": f"live-{page.name}", "source": "crm", "type": "call.logged", "subject": page.name}
        body = msgspec.json.encode({**event, "time": time_sent, "data": {"minutes": 10}})
        connection.request("POST", "/api/v1/events", body, headers(secret))
        answer = connection.getresponse()
        accepted.append(time.perf_counter())
        assert answer.status == 202, answer.read()
        answer.read()
        time.sleep(APART_SECONDS)
    connection.close()
    return accepted


def _tell_board() -> float:
    with transaction() as connection:
        publish(connection, [BOARD], clock.now())
    return time.perf_counter()


async def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < until, "a page was not told"
        await asyncio.sleep(0.05)


BOARD_TOLD = "hub:" + BOARD.replace("/", ".")


class Page:
    """An open page of a member: when it heard of what."""

    def __init__(self, member: int, name: str) -> None:
        self.name = name
        self.told = f"hub:points.{member}"
        self.heard: dict[str, float] = {}
        self.first = 0.0
        topics = [f"{kind}/{member}" for kind in ("points", "badges", "streaks", "goals")]
        self._ticket = live().tickets.issue(member, [*topics, BOARD], None, clock.now())

    async def open(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(f"GET /live?ticket={self._ticket} HTTP/1.1\r\nHost: hub\r\n\r\n".encode())
        while b"hub:open" not in await reader.readline():
            pass
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b"event: "):
                name = line[7:].decode().strip()
                self.heard[name] = time.perf_counter()
                if name == self.told:
                    self.first = self.first or self.heard[name]

    async def close(self) -> None:
        self._writer.close()
        await self._reading
