"""A second worker on PostgreSQL: how much faster two digest the same events than one does.

Each worker is a process of its own, and each has its own process of the server: two of them want four processors.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from sqlalchemy import func, select

from bench import scene
from bench.digest import populated
from bench.findings import Finding, Scale
from bench.hubs import HUB, ROOT, copied, hub, settings
from hub.db import reader
from hub.signals import queue

PEOPLE = 1_000
EVENTS, QUICK_EVENTS = 60_000, 30_000
TARGET = 1.7
PATIENCE_SECONDS = 600
LOOK_SECONDS = 0.02


def measure(scale: Scale) -> Iterator[Finding]:
    count = scale.of(EVENTS, QUICK_EVENTS)
    bodies = scene.bodies(PEOPLE, count)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(scale.rounds):
        for workers in rates:
            rates[workers].append(_rate(bodies, workers))
    one, two = median(rates[1]), median(rates[2])
    told = f"one {one:,.0f}/s, two {two:,.0f}/s, on {os.cpu_count()} processors"
    yield Finding("two workers, of one", "PostgreSQL", two / one, "times", TARGET, told=told)


def _rate(bodies: list[bytes], workers: int) -> float:
    """Events a second that so many workers digest, from when a tenth is done until a tenth is left."""
    with ExitStack() as stack:
        url = stack.enter_context(copied("PostgreSQL", populated("PostgreSQL", PEOPLE)))
        with hub(url, scene.NOW) as app, app.app_context():
            scene.accept_all(bodies)
            count = _waiting()
            for _ in range(workers):
                stack.callback(_end, _worker(url))
            began = _when_left(count * 9 // 10)
            ended = _when_left(count // 10)
            return (began.left - ended.left) / (ended.at - began.at)


class _Left:
    """How many waited, and when that was looked at."""

    def __init__(self) -> None:
        self.left, self.at = _waiting(), time.perf_counter()


def _when_left(most: int) -> _Left:
    until = time.monotonic() + PATIENCE_SECONDS
    while (seen := _Left()).left > most:
        assert time.monotonic() < until, "the workers do not get on"
        time.sleep(LOOK_SECONDS)
    return seen


def _waiting() -> int:
    with reader() as connection:
        return connection.scalar(select(func.count()).select_from(queue)) or 0


def _worker(url: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **settings(url, scene.NOW)}
    return subprocess.Popen(
        [*HUB, "worker"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    worker.wait(PATIENCE_SECONDS)
