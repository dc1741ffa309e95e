"""Folding again: one member with 10,000 entries; and `hub replay --check`, everybody with all that ever happened."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from statistics import median

from bench import homepage, scene
from bench.digest import populated
from bench.findings import Finding, Scale, timed
from bench.hubs import DATABASES, HUB, ROOT, copied, hub, settings
from hub import clock
from hub.db import reader, transaction
from hub.ledger import digest
from hub.signals import fold_again

ENTRIES, QUICK_ENTRIES = 10_000, 2_000
TARGET_SECONDS = 1.0
REPLAY_SECONDS, REPLAY_MB = 120, 1024


def measure(scale: Scale) -> Iterator[Finding]:
    entries = scale.of(ENTRIES, QUICK_ENTRIES)
    people = scale.of(homepage.PEOPLE, homepage.QUICK_PEOPLE)
    for database in DATABASES:
        seconds = _one(database, entries, scale.rounds)
        told = f"{entries:,} entries"
        yield Finding("one member folded again", database, seconds, "s", TARGET_SECONDS, most=True, told=told)
        seconds, megabytes = _replay(homepage.built(database, people))
        told = f"{people * homepage.EVENTS_EACH:,} events of {people:,} members"
        yield Finding("replay --check", database, seconds, "s", REPLAY_SECONDS, most=True, told=told)
        yield Finding("replay --check, memory", database, megabytes, "MB", REPLAY_MB, most=True)


def _one(database: str, entries: int, rounds: int) -> float:
    with copied(database, populated(database, 1)) as url, hub(url, scene.NOW) as app, app.app_context():
        scene.accept_all(scene.bodies(1, entries))
        scene.digest_all()
        with reader() as connection:
            who = [known.no for known in scene.known(connection, 1).values()]
        spent = []
        for _ in range(rounds):
            with transaction() as connection:
                fold_again(connection, who, clock.now())
            spent.append(timed(digest.run))
        scene.digest_all()  # organizations' values wait for their turn
        scene.require_digested()
        return median(spent)


def _replay(url: str) -> tuple[float, float]:
    """Seconds, and the most megabytes that the process had."""
    environment = {**os.environ, **settings(url, scene.NOW)}
    began = time.perf_counter()
    process = subprocess.Popen([*HUB, "replay", "--check"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "what stands is not what the log says"
    return time.perf_counter() - began, used.ru_maxrss / 1024
