"""`kill -9` at random moments, under load: what was answered 2xx counts exactly once."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.tables import members as people
from hub.identity import keys
from hub.ledger import digest, verify
from hub.ledger.tables import accounts, entries, set_aside, workers
from hub.signals import queue
from tests.app import started
from tests.club import publish
from tests.databases import ROOT
from tests.live.conftest import process_environment

KILLS = 50
#: However slow the machine: fewer kills then, and still a proof.
AT_MOST_SECONDS, AT_LEAST_KILLS = 90, 20
MEMBERS, BATCH = 40, 60
#: A kill comes this long after a process is up: in the middle of its work.
MOMENTS_SECONDS = (0.0, 0.4)

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin}
events:
  deal.won: {attributes: {amount: {type: integer, required: true}}}
metrics:
  deals_won: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 1, of: amount}}
badges:
  deal_maker: {metric: deals_won, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 100}]}
goals:
  year: {metric: revenue, window: year, target: 1000}
leaderboards:
  top: {metric: revenue, window: month}
"""


@dataclass
class Process:
    """A process of the hub that is started again as soon as it was killed."""

    arguments: list[str]
    environment: dict[str, str]
    files: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: int = 0

    def start(self) -> None:
        command = [sys.executable, "-m", "hub.cli", *self.arguments]
        self.started_at = clock.now()
        self.process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, pass_fds=self.files, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


@dataclass
class Web(Process):
    """A web process with a socket of its own, which outlives it."""

    listening: socket.socket = field(default_factory=socket.socket)

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.listening.getsockname())

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=1).status_code == 200
        except httpx.TransportError:
            return False


class Worker(Process):
    def is_up(self) -> bool:
        with reader() as connection:
            return bool(connection.scalar(select(func.count()).where(workers.c.started_at >= self.started_at)))


def web(environment: dict[str, str]) -> Web:
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    file = listening.fileno()
    return Web(["web", "--socket", str(file)], environment, (file,), listening=listening)


class Sender(threading.Thread):
    """Sends events to both web processes until each was answered; what got no answer is sent again."""

    def __init__(self, webs: list[Web], key: str, seed: int) -> None:
        super().__init__()
        self.webs, self.random, self.seed = webs, Random(seed), seed
        self.client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=5)
        self.stop = threading.Event()
        self.waiting: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.unanswered = 0
        self.made = 0

    def run(self) -> None:
        with self.client:
            self.send_all()

    def send_all(self) -> None:
        while self.waiting or not self.stop.is_set():
            if not self.stop.is_set():
                self.waiting += [self.event() for _ in range(self.random.randrange(1, BATCH))]
            self.random.shuffle(self.waiting)
            self.send(self.waiting[: 2 * BATCH])
            time.sleep(0.02)

    def event(self) -> dict[str, Any]:
        self.made += 1
        # Mostly one after another, and now and then a late one.
        day = 1 + self.made // 1000 % 25 if self.random.random() > 0.005 else 1
        time_ = f"2026-10-{day:02}T{self.made // 60 % 24:02}:{self.made % 60:02}:00Z"
        about, amount = f"m{self.random.randrange(MEMBERS)}", self.random.randrange(1, 100)
        return {
            "id": f"{self.seed}-{self.made}", "source": "crm", "type": "deal.won", "subject": about, "time": time_,
            "data": {"amount": amount},
        }  # fmt: skip

    def send(self, some: list[dict[str, Any]]) -> None:
        try:
            answer = self.client.post(f"{self.random.choice(self.webs).url}/api/v1/events", json=some)
        except httpx.TransportError:
            self.unanswered += 1
            return
        assert answer.status_code in (202, 503), answer.text
        if answer.status_code == 202:
            assert {result["status"] for result in answer.json()["results"]} <= {"accepted", "duplicate"}
            self.answered += some
            del self.waiting[: len(some)]


@contextmanager
def running(processes: list[Process]) -> Iterator[None]:
    try:
        for process in processes:
            process.start()
        until = time.monotonic() + 60
        while not all(process.is_up() for process in processes):
            assert time.monotonic() < until
            time.sleep(0.1)
        yield
    finally:
        for process in processes:
            process.end()


def kill_at_random(processes: list[Process], random: Random) -> int:
    """Kill one after another, whenever it is at work; how many times."""
    kills, until = 0, time.monotonic() + AT_MOST_SECONDS
    while kills < KILLS and time.monotonic() < until:
        time.sleep(random.uniform(*MOMENTS_SECONDS))
        victim = random.choice(processes)
        if victim.is_up():
            victim.kill()
            victim.start()
            kills += 1
    return kills


@pytest.mark.slow
def test_what_was_answered_counts_once_whatever_is_killed(database_url: str, tmp_path: Path):
    environment = process_environment(database_url, tmp_path)
    for _ in started(database_url, tmp_path):
        clock.set_source(None)
        key = prepared()
        webs = [web(environment), web(environment)]
        senders = [Sender(webs, key, seed) for seed in range(2)]
        processes: list[Process] = [*webs, Worker(["worker"], environment)]
        with running(processes):
            for sender in senders:
                sender.start()
            # The worker as often as both others: it has more to lose.
            kills = kill_at_random([*processes, processes[-1]], Random(4))
            for sender in senders:
                sender.stop.set()
            for sender in senders:
                sender.join(60)
                assert not sender.is_alive()
        for one in webs:
            one.listening.close()
        assert kills >= AT_LEAST_KILLS
        assert sum(sender.unanswered for sender in senders) > 0, "no kill hit a request"
        while digest.run():
            pass
        check([event for sender in senders for event in sender.answered])


def prepared() -> str:
    """People, a program, and a key."""
    with transaction() as connection:
        profile = MemberProfile("Somebody")
        members.upsert(connection, [MemberRecord(f"m{number}", profile) for number in range(MEMBERS)], clock.now())
    publish(PROGRAM)
    with transaction() as connection:
        made = keys.create(connection, "test", ("events:write",), clock.now())
    assert isinstance(made, tuple)
    return made[1]


def check(answered: list[dict[str, Any]]) -> None:
    expected: Counter[str] = Counter()
    for event in answered:
        expected[event["subject"]] += event["data"]["amount"]
    with reader() as connection:
        assert connection.scalar(select(func.count()).select_from(entries)) == len(answered)
        assert connection.execute(select(queue)).all() == []
        assert connection.execute(select(set_aside)).all() == []
        balances = select(people.c.id, accounts.c.balance).join(accounts, accounts.c.member == people.c.no)
        assert {row.id: row.balance for row in connection.execute(balances)} == expected
    assert list(verify.breaches()) == []
