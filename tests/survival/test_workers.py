"""Workers beside each other, and beside those that write."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from statistics import median

import pytest
from flask import Flask
from sqlalchemy import func, select

from hub import clock
from hub.db import db, reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import changeover, feed, log, programs, replay, verify
from hub.ledger.arrivals import Arrival, canonical
from hub.ledger.tables import accounts, entries, progress, set_aside
from hub.signals import queue
from tests.app import JANUARY, settings
from tests.club import publish
from tests.databases import ROOT

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-11-23}
events:
  deal.won: {attributes: {amount: {type: integer, required: true}}}
metrics:
  deals_won: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 1, of: amount}}
badges:
  deal_maker: {metric: deals_won, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 20}]}
goals:
  year: {metric: revenue, window: year, target: 1000}
leaderboards:
  top: {metric: revenue, window: month}
  partners: {metric: revenue, window: month, whose: organization}
"""
MEMBERS = 200
FROM, DAYS = clock.instant("2026-10-01T00:00:00Z"), 50


def profile(number: int, role: str = "sales_rep") -> MemberProfile:
    return MemberProfile(f"Member {number}", None, ("acme", "globex")[number % 2], (role,))


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Flask:
    assert cast
    with transaction() as connection:
        some = [MemberRecord(f"m{number}", profile(number), (), JANUARY) for number in range(MEMBERS)]
        members.upsert(connection, some, clock.now())
    publish(PROGRAM)
    return app


def events(count: int, source: str = "crm") -> list[Arrival]:
    """One after another, each worth a point."""
    random = Random(count)
    step = DAYS * clock.DAY // count
    data = {"amount": 1}
    return [
        Arrival(
            source, f"{n:06}", "deal.won", f"m{random.randrange(MEMBERS)}", FROM + n * step, 0, data, canonical(data)
        )
        for n in range(count)
    ]


def append(some: Sequence[Arrival]) -> None:
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        verdicts = log.append(connection, some, version.program.events, clock.now())
    assert {verdict.status for verdict in verdicts} == {"accepted"}


@contextmanager
def digesting(app: Flask, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many `hub digest` at once."""
    url = app.config["HUB"].database_url.render_as_string(hide_password=False)
    environment = {**os.environ, **settings(url, app.config["HUB"].instance.parent)}
    command = [sys.executable, "-m", "hub.cli", "digest"]
    started = [
        subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(count)
    ]
    try:
        yield started
        for process in started:
            _, told = process.communicate(timeout=120)
            assert process.returncode == 0, told
    finally:
        for process in started:
            process.kill()
            process.communicate()


def counted() -> tuple[int, int]:
    """Entries in the log, and points in the accounts."""
    with reader() as connection:
        assert connection.execute(select(queue)).all() == []
        assert connection.execute(select(set_aside)).all() == []
        found = connection.scalar(select(func.count()).select_from(entries)) or 0
        return found, int(connection.scalar(select(func.sum(accounts.c.balance))) or 0)


def told() -> int:
    """The points that the feed tells of, corrections included, each effect under its own name."""
    amount, places, place = 0, set(), feed.BEGINNING
    while True:
        with reader() as connection:
            page = feed.after(connection, place, 500)
        amount += sum(one.fields.get("amount", 0) for one in page.items)
        assert places.isdisjoint(one.place for one in page.items)
        places |= {one.place for one in page.items}
        if page.next is None:
            return amount
        place = page.next


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_several_workers_count_every_event_once(harbor: Flask):
    some = events(6_000)
    append(some[:4_000])
    with digesting(harbor, 3) as workers:
        # Late ones, and changed pasts: members are folded again while others of them are waiting.
        for start in range(4_000, 6_000, 100):
            append(some[start : start + 100][::-1])
            changed = [MemberRecord(f"m{n}", profile(n, "marketing"), (), JANUARY) for n in (start // 100, 7)]
            with transaction() as connection:
                members.upsert(connection, changed, clock.now())
        assert any(worker.poll() is None for worker in workers), (
            "all were done before there was anything to quarrel about"
        )
    with digesting(harbor, 2):
        pass
    assert counted() == (6_000, 6_000)
    assert told() == 6_000
    assert list(verify.breaches()) == []
    assert list(replay.differences()) == []


def test_versions_that_are_published_meanwhile_take_over_from_one_another(harbor: Flask):
    some = events(4_000)
    append(some[:2_000])
    with digesting(harbor, 1 if db.engine.dialect.name == "sqlite" else 3):
        for start in range(2_000, 4_000, 200):
            append(some[start : start + 200][::-1])
            if start % 600 == 200:
                needed = 20 - start // 400
                publish(PROGRAM.replace("at_least: 20}]", f"at_least: {needed}}}], points: {needed}"))
    with digesting(harbor, 1):
        pass
    with reader() as connection:
        assert set(connection.scalars(select(progress.c.version))) == {changeover.mark(5)}
        assert changeover.share(connection, 5) is None
    assert counted()[0] == 4_000
    assert list(verify.breaches()) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_waits_long_for_the_write_lock_while_a_backlog_is_digested(harbor: Flask, record_property):
    append(events(20_000))
    waited = []
    more = iter(events(1_000, "lms"))
    with digesting(harbor, 1) as [worker]:
        while worker.poll() is None:
            began = time.monotonic()
            with transaction():
                waited.append(time.monotonic() - began)
            append([next(more)])
            time.sleep(0.02)
    record_property("waits", len(waited))
    record_property("median_ms", round(median(waited) * 1000, 1))
    record_property("longest_ms", round(max(waited) * 1000, 1))
    # Some 50 ms are meant; a machine that does other things too may stop a writer for longer.
    assert len(waited) > 20
    assert median(waited) < 0.05
    assert max(waited) < 2.0
    with digesting(harbor, 1):
        pass
    assert counted() == (20_000 + len(waited), 20_000 + len(waited))
