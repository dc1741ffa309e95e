"""The log: each event once, whoever sends it and however many send at a time; held events are lost to nobody."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import DatabaseError

from hub import clock
from hub.db import db, on_sqlite, reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.gamification.events import Attribute, EventType
from hub.ledger import arrivals, log
from hub.ledger.arrivals import Arrival, Verdict
from hub.ledger.tables import entries, held, refused
from hub.signals import queue

TYPES = {
    "deal.won": EventType("deal.won", attributes={"amount": Attribute("amount", "number", required=True)}),
    "mdf.spent": EventType("mdf.spent", about="organization"),
}
pytestmark = pytest.mark.usefixtures("cast")

TIME = "2026-11-20T09:30:00Z"


def arrival(key: str, subject: str = "bo", kind: str = "deal.won", time: str = TIME, **data: Any) -> Arrival:
    sent = {"id": key, "source": "crm", "type": kind, "subject": subject, "time": time, "data": data or {"amount": 1}}
    read = arrivals.read(sent, clock.now(), lambda _source, _kind: True)
    assert isinstance(read, Arrival), read
    return read


def append(*some: Arrival | Verdict) -> list[str]:
    with transaction() as connection:
        return [verdict.status for verdict in log.append(connection, some, TYPES, clock.now())]


def count(table: Any) -> int:
    with reader() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


# ---------------------------------------------------------------------------------------------------------------- order


def test_entries_are_numbered_in_the_order_sent():
    keys = [str(number) for number in range(100)]
    random.Random(1).shuffle(keys)
    append(*(arrival(key) for key in keys))
    with reader() as connection:
        assert list(connection.scalars(select(entries.c.id).order_by(entries.c.no))) == keys


def test_a_members_events_come_in_canonical_order(cast: dict[str, int]):
    times = ["2026-11-20T09:30:00Z", "2026-11-20T09:30:00.000001Z", "2026-11-20T10:30:00+01:00"]
    some = [arrival(f"{letter}{place}", time=time) for letter in "zaÄ𐀀｡" for place, time in enumerate(times)]
    random.Random(2).shuffle(some)
    append(*some, arrival("cys", "cy"))
    with reader() as connection:
        told = log.of_members(connection, [cast["bo"], cast["cy"], cast["ada"]])
    assert [one.id for one in told[cast["cy"]]] == ["cys"]
    assert told[cast["ada"]] == []
    expected = sorted(some, key=lambda one: (one.time, one.source, one.id))
    assert [one.place for one in told[cast["bo"]]] == [(one.time, one.source, one.id) for one in expected]
    assert all(one.known_at == clock.now() and one.data == {"amount": 1} for one in told[cast["bo"]])


def test_numbers_come_back_exactly_as_they_went_in(cast: dict[str, int]):
    digits = "0." + "123456789" * 3
    raw = f'{{"amount": {digits}, "big": 1e12, "deep": [{{"x": -0.10}}, true, null]}}'
    data = arrivals.exact_data(arrivals.decode_data(raw.encode()))
    append(arrival("1", **data))
    with reader() as connection:
        (told,) = log.of_members(connection, [cast["bo"]])[cast["bo"]]
    assert arrivals.canonical(told.data) == f'{{"amount":{digits},"big":1000000000000,"deep":[{{"x":-0.1}},true,null]}}'


# ----------------------------------------------------------------------------------------------------------------- once


def test_any_split_and_any_duplication_store_the_same():
    chance = random.Random(3)
    some = [arrival(str(number), chance.choice(["bo", "ada", "nobody"]), amount=number) for number in range(300)]
    sent = some + chance.sample(some, 100)
    chance.shuffle(sent)
    told: Counter[str] = Counter()
    while sent:
        size = chance.randint(1, 50)
        told.update(append(*sent[:size]))
        sent = sent[size:]
    assert told["duplicate"] == 100
    assert told["accepted"] + told["held"] == 300
    assert (count(entries), count(queue), count(held)) == (300, told["accepted"], told["held"])


def test_what_is_refused_leaves_no_trace():
    wrong = arrival("1", amount="x")
    assert append(wrong, arrival("2"), wrong) == ["rejected", "accepted", "rejected"]
    assert append(arrival("1")) == ["accepted"]


def test_a_transaction_that_fails_leaves_nothing():
    def fail() -> None:
        with transaction() as connection:
            log.append(connection, [arrival("1"), arrival("2", "nobody")], TYPES, clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (count(entries), count(queue), count(held)) == (0, 0, 0)
    assert append(arrival("1")) == ["accepted"]


def test_an_entry_never_changes():
    append(arrival("1"), arrival("2", "nobody"))
    for changed in ({"data": "{}"}, {"time": 1}, {"member": 99}, {"known_at": 1}):
        with pytest.raises(DatabaseError), transaction() as connection:
            connection.execute(update(entries).where(entries.c.id == "1").values(**changed))
    with pytest.raises(DatabaseError), transaction() as connection:
        connection.execute(entries.delete())


# ------------------------------------------------------------------------------------------------------------- release


def enter(name: str, *aliases: str) -> int:
    """A member appears, and what waited for it is released: how many were."""
    now = clock.now()
    with transaction() as connection:
        upserted = members.upsert(connection, [MemberRecord(name, MemberProfile(name), aliases)], now)
        return log.release(connection, now, names=upserted.appeared, event_types=TYPES)


def test_an_alias_releases_what_waited_for_it():
    assert append(arrival("1", "lms:9"), arrival("2", "dora"), arrival("3", "other")) == ["held"] * 3
    assert enter("dora", "lms:9") == 2
    assert (count(queue), count(held)) == (2, 1)
    assert enter("dora", "lms:9") == 0


def test_what_still_lacks_something_waits_on_for_that():
    assert append(arrival("1", "dora", "new.type")) == ["held"]
    assert enter("dora") == 0
    now = clock.now()
    types = TYPES | {"new.type": EventType("new.type")}
    with transaction() as connection:
        assert log.release(connection, now, types=["new.type"], event_types=types) == 1
    append(arrival("2", "eve", "newer.type"))
    with transaction() as connection:
        types |= {"newer.type": EventType("newer.type")}
        assert log.release(connection, now, types=["newer.type"], event_types=types) == 0
        assert connection.execute(select(held.c.code, held.c.awaits)).all() == [("unknown_member", "eve")]


def test_released_events_are_known_from_then_on(monkeypatch: pytest.MonkeyPatch):
    append(arrival("1", "dora"), arrival("2", "dora", amount="x"))
    received, later = clock.now(), clock.now() + clock.DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    assert enter("dora") == 1
    with reader() as connection:
        rows = connection.execute(select(entries.c.received_at, entries.c.known_at).order_by(entries.c.no)).all()
        assert rows == [(received, later), (received, None)]
        assert connection.execute(select(refused.c.at, refused.c.path)).all() == [(later, "data.amount")]
    assert count(held) == 0


# ---------------------------------------------------------------------------------------------------------- concurrency


@contextmanager
def threads(app: Flask, number: int) -> Iterator[Callable[..., Any]]:
    """Runs work in threads of its own, each with an app context: `start(work, *arguments)` gives a future."""
    with ThreadPoolExecutor(number) as pool:

        def in_context(work: Callable[..., Any], *arguments: Any) -> Any:
            with app.app_context():
                return work(*arguments)

        yield lambda work, *arguments: pool.submit(in_context, work, *arguments)


def test_senders_of_the_same_keys_agree_who_was_first(app: Flask):
    some = [arrival(str(number)) for number in range(200)]
    together = threading.Barrier(6)

    def send(seed: int) -> Counter[str]:
        mine = list(some) if seed else [one._replace(subject="ada") for one in some]
        random.Random(seed).shuffle(mine)
        together.wait()
        told: Counter[str] = Counter()
        for start in range(0, 200, 50):
            told.update(append(*mine[start : start + 50]))
        return told

    with threads(app, 6) as start:
        told = sum((future.result() for future in [start(send, seed) for seed in range(6)]), Counter())
    assert told["accepted"] == 200
    assert told["accepted"] + told["duplicate"] + told["conflict"] == 1_200
    assert (count(entries), count(queue)) == (200, 200)


def test_a_writer_that_holds_its_transaction_open_hides_nothing(app: Flask):
    """On PostgreSQL its numbers are lower than those committed before it: whoever reads the queue still finds them."""
    wrote, go_on = threading.Event(), threading.Event()

    def slow() -> list[str]:
        with transaction() as connection:
            told = log.append(connection, [arrival("slow")], TYPES, clock.now())
            wrote.set()
            assert go_on.wait(10)
        return [verdict.status for verdict in told]

    with threads(app, 2) as start:
        first = start(slow)
        assert wrote.wait(10)
        if db.engine.dialect.name == "sqlite":
            go_on.set()  # one writer at a time
        assert append(arrival("fast")) == ["accepted"]
        if not go_on.is_set():
            second = start(append, arrival("slow", amount=2))  # waits for the first to end
            assert count(queue) == 1
            go_on.set()
            assert second.result() == ["conflict"]
        assert first.result() == ["accepted"]
    assert (count(entries), count(queue)) == (2, 2)


def test_an_event_whose_member_appears_meanwhile_is_not_stranded():
    """Judged while the member was unknown, written when it is known: queued, not held for ever."""
    with reader() as connection:
        judged = log.judge(connection, [arrival("1", "dora")], TYPES)
    enter("dora")
    with transaction() as connection:
        assert [one.status for one in log.write(connection, judged, TYPES, clock.now())] == ["accepted"]


def test_holding_and_releasing_take_turns(app: Flask):
    """However senders and the newcomer interleave, nothing stays held for a member that is there."""
    names = [f"new{number}" for number in range(10)]

    def send(seed: int) -> None:
        for name in random.Random(seed).sample(names, len(names)):
            append(*(arrival(f"{seed}-{name}-{number}", name) for number in range(3)))

    with threads(app, 4) as start:
        running = [start(send, seed) for seed in range(3)] + [start(enter, name) for name in names]
        for future in running:
            future.result()
    assert count(held) == 0
    assert count(queue) == count(entries) == 90


def test_standing_keys_are_found_by_their_index():
    """A batch of duplicates must not read the whole log."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "json_each" in statement and "entries" in statement:
            asked.append((statement, parameters))

    append(arrival("1"))
    event.listen(db.engine, "before_cursor_execute", note)
    assert append(arrival("1")) == ["duplicate"]
    event.remove(db.engine, "before_cursor_execute", note)
    with reader() as connection:
        if on_sqlite(connection):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]).all()
            assert not any("SCAN e" in step[3] for step in plan), plan
