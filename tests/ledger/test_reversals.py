"""Reversals in the ledger: whenever one comes, and however it meets its event, all is as if that had never been."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.gamification.ranking import number
from hub.ledger import arrivals, boards, digest, log, programs, reading, replay, taking, verify
from hub.ledger.arrivals import Arrival, Verdict
from hub.ledger.tables import (
    awards,
    entries,
    goals_reached,
    member_values,
    organization_values,
    reversals,
    revocations,
    transfers,
)
from hub.signals import notices, queue
from tests.app import JANUARY
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01, reversals: [erp]}
events:
  deal.won: {attributes: {amount: {type: number, required: true}, deal: {type: text}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number, required: true}}}
metrics:
  deals: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  spent: {event: mdf.spent, take: sum, of: amount}
points:
  won: {event: deal.won, award: {points: 1, for_every: 100, of: amount}, once_per: deal}
badges:
  maker: {metric: deals, tiers: [{name: One, at_least: 1}, {name: Three, at_least: 3}], points: 10}
  closer: {when: {metric: revenue, at_least: 5000}, points: 50, on_reversal: revoke}
goals:
  month: {metric: revenue, window: month, target: 6000, reward: {points: 7}}
leaderboards:
  top: {metric: revenue, window: month, names: everyone}
  firms: {metric: revenue, window: month, whose: organization}
  spenders: {metric: spent, window: month, whose: organization}
levels: {starter: {at: 0}, pro: {at: 100}}
"""
BEFORE, THEN, AFTER = "2026-11-18T09:00:00Z", "2026-11-19T09:00:00Z", "2026-11-20T09:00:00Z"


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


def sent(key: str, kind: str, subject: str | None, time: str, source: str = "crm", **data: Any) -> Arrival:
    event = {"id": key, "source": source, "type": kind, "subject": subject, "time": time, "data": data}
    read = arrivals.read(event, clock.now(), lambda *_: True)
    assert isinstance(read, Arrival), read
    return read


def deal(key: str, amount: int, subject: str = "bo", time: str = THEN) -> Arrival:
    return sent(key, "deal.won", subject, time, amount=amount, deal=key)


def reversal(of: str, key: str | None = None, source: str = "crm", whose: str = "crm") -> Arrival:
    data = {"source": whose, "id": of}
    read = arrivals.read(
        {
            "id": key or f"r-{of}",
            "source": source,
            "type": "event.reversed",
            "time": "2026-11-21T09:00:00Z",
            "data": data,
        },
        clock.now(),
        lambda *_: True,
    )
    assert isinstance(read, Arrival), read
    return read


def append(*some: Arrival, known_at: int | None = None) -> list[Verdict]:
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        return log.append(connection, some, version.program.events, known_at or clock.now())


def enter(name: str, *aliases: str) -> None:
    with transaction() as connection:
        record = MemberRecord(name, MemberProfile(name, None, "acme", ("sales_rep",)), aliases, JANUARY)
        upserted = members.upsert(connection, [record], clock.now())
        log.release(connection, clock.now(), names=upserted.appeared)


def digest_all() -> None:
    while digest.run():
        pass


def sound() -> None:
    assert list(verify.breaches()) == []
    with reader() as connection:
        assert connection.execute(select(queue)).all() == []


def rows(table: Any, *names: str) -> list[tuple[Any, ...]]:
    with reader() as connection:
        return [tuple(row) for row in connection.execute(select(*(table.c[name] for name in names)))]


def points() -> dict[tuple[int, str], int]:
    """What each cause gave whom in the end."""
    sums: Counter[tuple[int, str]] = Counter()
    for member, cause, origin, amount in rows(transfers, "member", "cause", "from_account", "amount"):
        sums[member, cause] += amount if origin == 1 else -amount
    return {key: amount for key, amount in sums.items() if amount}


# ---------------------------------------------------------------------------------------------------- whenever it comes

#: E: the event; R, S: reversals of it; H: the event, under a name that nobody has; A: somebody gets it; D: digest.
#: What is not divided by `;` comes in one batch.
SHOWN = ("E; D; R; D", "E; R; D", "E R; D", "E; D; R; S; D", "E; D; R; D; S; D", "E R S; D")
UNSEEN = ("R; E; D", "R; D; E; D", "R E; D", "R; S; E; D", "H; R; A; D", "H; D; R; D; A; D", "R; H; A; D", "H R; A; D")
#: Applied before the reversal came, though it waited first.
WAITED = ("H; A; R; D", "H; A; D; R; D")


def play(story: str, who: str = "bo") -> None:
    told = {"E": deal("E", 6000, who), "H": deal("E", 6000, "crm:9"), "R": reversal("E"), "S": reversal("E", "again")}
    for batch in story.split("; "):
        if batch == "D":
            digest_all()
        elif batch == "A":
            enter(who, "crm:9")
        else:
            append(*(told[word] for word in batch.split()))


@pytest.mark.parametrize("story", [*SHOWN, *UNSEEN, *WAITED])
def test_whenever_it_comes_all_is_as_if_its_event_had_never_been(harbor: Club, story: str):
    append(deal("before", 1000, time=BEFORE))
    play(story)
    append(deal("after", 500, time=AFTER))
    digest_all()
    sound()
    bo = harbor.numbers["bo"]
    values = {
        (metric, window): number(value)
        for _, metric, window, value in rows(member_values, "member", "metric", "window", "value")
    }
    assert values["revenue", "2026-11"] == 1500
    firms = {
        (metric, window): number(value)
        for metric, window, value in rows(organization_values, "metric", "window", "value")
    }
    assert firms["revenue", "2026-11"] == 1500
    assert rows(goals_reached, "goal") == []
    causes = points()
    assert sum(amount for (_, cause), amount in causes.items() if cause.startswith("rule/")) == 15
    assert not [cause for _, cause in causes if cause.startswith(("badge/closer", "goal/"))]
    standing = dict(rows(awards, "key", "kept"))
    ended = [(key, reason) for key, reason in rows(revocations, "key", "reason")]
    if story in UNSEEN:
        assert (standing, ended) == ({"level/starter": None, "badge/maker/One": None}, [])
    else:
        # With 60 points for the deal and 50 for the badge Bo was a pro, and was told so.
        assert standing == {"level/starter": None, "badge/maker/One": None, "level/pro": "reversed"}
        assert ended == [("badge/closer/", "reversed")]
    assert {row[0] for row in rows(reversals, "reversed")} == {number_of("E")}
    assert {member for source, kind, member in rows(entries, "source", "type", "member")} == {bo}


def number_of(key: str) -> int:
    return next(no for no, id_ in rows(entries, "no", "id") if id_ == key)


def test_it_belongs_to_who_gets_the_events_name_later(harbor: Club):
    append(deal("E", 6000, "crm:9"), reversal("E"), deal("F", 700, "crm:9"))
    digest_all()
    enter("cy", "crm:9")
    digest_all()
    sound()
    cy = harbor.numbers["cy"]
    assert {member for member, _ in points()} == {cy}
    assert {row[0] for row in rows(entries, "member")} == {cy}


def test_a_deactivated_members_event_is_taken_back_while_it_waits(harbor: Club):
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["bo"], "pat", None, clock.now())
    assert [one.status for one in append(deal("E", 6000), reversal("E"))] == ["held", "accepted"]
    with transaction() as connection:
        names = members.reactivate(connection, harbor.numbers["bo"], clock.now())
        log.release(connection, clock.now(), names=names)
    digest_all()
    sound()
    assert (points(), rows(awards, "key")) == ({}, [])


def test_what_is_about_an_organization_is_taken_back_too(harbor: Club):
    assert harbor
    append(sent("1", "mdf.spent", "acme", BEFORE, amount=5), sent("2", "mdf.spent", "acme", THEN, amount=2))
    digest_all()
    append(reversal("1"))
    digest_all()
    sound()
    told = {
        (metric, window): number(value)
        for metric, window, value in rows(organization_values, "metric", "window", "value")
    }
    assert told["spent", "2026-11"] == 2
    append(reversal("2"))
    digest_all()
    sound()
    assert rows(organization_values, "metric", "window") == []


def test_what_turns_out_wrong_when_it_is_released_needs_no_reversal(harbor: Club):
    assert harbor
    append(sent("E", "deal.won", "crm:9", THEN, deal="d"), reversal("E"))
    enter("bo", "crm:9")
    digest_all()
    sound()
    assert rows(reversals, "reversed") == [(None,)]


def test_whatever_the_size_of_the_batches(harbor: Club, monkeypatch: pytest.MonkeyPatch):
    assert harbor
    monkeypatch.setattr(taking, "BATCH", 1)
    # The event waited first and is released last; of the queue it is the first.
    append(deal("E", 6000, "crm:9"))
    append(reversal("E"), deal("F", 5000, time=AFTER))
    enter("bo", "crm:9")
    digest_all()
    append(reversal("F"), deal("G", 100))
    digest_all()
    sound()
    assert dict(rows(awards, "key", "kept")) == {
        "level/starter": None, "badge/maker/One": None, "level/pro": "reversed",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------- lines and awards


def test_lines_stay_and_corrections_name_them(harbor: Club):
    append(deal("E", 6000))
    digest_all()
    before = rows(transfers, "no", "amount", "cause", "entry")
    append(reversal("E"))
    digest_all()
    after = rows(transfers, "no", "amount", "cause", "entry", "kind", "corrects")
    assert {row[:4] for row in after} >= set(before)
    first = {cause: no for no, _, cause, _ in before}
    taken = {(cause, amount): corrects for _, amount, cause, _, kind, corrects in after if kind == "correction"}
    assert taken == {
        (f"rule/won/{number_of('E')}", 60): first[f"rule/won/{number_of('E')}"],
        ("badge/closer/", 50): first["badge/closer/"],
        ("goal/month/2026-11", 7): first["goal/month/2026-11"],
    }
    with harbor.looks("bo") as view:
        assert reading.points(view.connection, view.version, view.member.no, view.now).balance == 10


def test_what_ended_and_is_earned_again_is_another_award(harbor: Club):
    assert harbor
    append(deal("E", 6000))
    digest_all()
    [first] = [no for no, key in rows(awards, "no", "key") if key == "badge/closer/"]
    append(reversal("E"), deal("F", 5500, time=AFTER))
    digest_all()
    sound()
    assert rows(revocations, "award", "by") == [(first, number_of("r-E"))]
    [(second, entry)] = [(no, cause) for no, cause, key in rows(awards, "no", "entry", "key") if key == "badge/closer/"]
    assert second != first
    assert entry == number_of("F")
    assert points()[harbor.numbers["bo"], "badge/closer/"] == 50


def test_what_ended_within_a_batch_is_told_all_the_same(harbor: Club):
    assert harbor
    append(deal("E", 6000), reversal("E"), deal("F", 5500, time=AFTER), reversal("F"), deal("G", 5500, time=BEFORE))
    digest_all()
    sound()
    assert sorted(rows(revocations, "entry", "by")) == [
        (number_of("E"), number_of("r-E")),
        (number_of("F"), number_of("r-F")),
    ]
    assert {key for key, kept in rows(awards, "key", "kept") if kept is None} == {
        "level/starter", "level/pro", "badge/maker/One", "badge/closer/",
    }  # fmt: skip


def test_its_pages_and_boards_are_told(harbor: Club):
    append(deal("E", 6000))
    digest_all()
    with transaction() as connection:
        connection.execute(delete(notices))
    append(reversal("E"))
    digest_all()
    told = " ".join(row[0] for row in rows(notices, "topics"))
    bo, acme = harbor.numbers["bo"], 1
    for topic in (
        f"points/{bo}",
        f"badges/{bo}",
        f"goals/{bo}",
        "leaderboard/top",
        "leaderboard/firms",
        f"organization/{acme}",
    ):
        assert f'"{topic}"' in told, topic
    with harbor.looks("bo") as view:
        board = boards.board(view.connection, view.version, "top", None, view.now, window="2026-11")
        assert board
        assert board.items == ()


# -------------------------------------------------------------------------------------------------------------- at once


@contextmanager
def threads(app: Flask, number: int) -> Iterator[Callable[..., "Future[Any]"]]:
    with ThreadPoolExecutor(number) as pool:

        def in_context(work: Callable[..., Any], *arguments: Any) -> Any:
            with app.app_context():
                return work(*arguments)

        yield lambda work, *arguments: pool.submit(in_context, work, *arguments)


def test_a_reversal_and_its_event_at_the_same_moment_meet(app: Flask, harbor: Club):
    """However they interleave, also with the newcomer whom an event waited for."""
    assert harbor
    numbers, together = range(40), threading.Barrier(4)

    def events() -> None:
        together.wait()
        for no in numbers:
            append(deal(f"E{no}", 100, f"new{no % 8}" if no % 2 else "bo"))

    def taking_back() -> None:
        together.wait()
        for no in numbers:
            append(reversal(f"E{no}"))

    def newcomers() -> None:
        together.wait()
        for no in range(8):
            enter(f"new{no}")

    def worker() -> None:
        together.wait()
        for _ in range(40):
            digest.run()

    with threads(app, 4) as start:
        for future in [start(events), start(taking_back), start(newcomers), start(worker)]:
            future.result()
    digest_all()
    sound()
    assert {cause.split("/")[0] for _, cause in points()} <= {"badge"}, "at most the awards that were shown are left"
    assert [metric for (metric,) in rows(member_values, "metric") if "points" not in metric] == []
    assert all(row[0] for row in rows(reversals, "reversed"))


@pytest.mark.parametrize("story", ["H; R; A; D", "R; H; A; D"])
def test_what_is_taken_back_before_it_is_known_does_nothing_though_the_batch_ends_between(
    harbor: Club, monkeypatch: pytest.MonkeyPatch, story: str
):
    assert harbor
    monkeypatch.setattr(taking, "BATCH", 1)
    play(story, "dora")
    sound()
    assert (points(), rows(awards, "key"), rows(revocations, "key")) == ({}, [], [])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("first", ["event", "reversal"])
def test_who_is_written_while_the_other_is_not_committed_finds_it(app: Flask, harbor: Club, first: str):
    assert harbor
    pair = [deal("E", 6000), reversal("E")]
    open_, later = pair if first == "event" else pair[::-1]
    wrote, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction() as connection:
            version = programs.newest(connection)
            assert version
            log.append(connection, [open_], version.program.events, clock.now())
            wrote.set()
            assert go_on.wait(10)

    with threads(app, 2) as start:
        running = start(slow)
        assert wrote.wait(10)
        waiting = start(append, later)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        go_on.set()
        running.result()
        waiting.result()
    digest_all()
    sound()
    assert rows(reversals, "reversed") == [(number_of("E"),)]
    assert number_of("r-E") in {entry for entry, member in rows(entries, "no", "member") if member}


def test_what_commits_late_is_read_in_its_place_before_the_reversal(harbor: Club):
    """Known before it, visible after it was digested."""
    assert harbor
    now = clock.now()
    append(deal("E", 100), deal("F", 100, time=BEFORE), known_at=now)
    digest_all()
    append(reversal("E"), known_at=now + 2)
    digest_all()
    append(deal("late", 100, time=AFTER), known_at=now + 1)
    digest_all()
    sound()
    # With it they were three for a moment.
    assert dict(rows(awards, "key", "kept"))["badge/maker/Three"] == "reversed"


def test_a_reversal_that_is_read_once_more_ends_nothing_again(harbor: Club):
    assert harbor
    now = clock.now()
    append(deal("E", 6000), known_at=now)
    digest_all()
    append(reversal("E"), known_at=now + 2)
    digest_all()
    late = 1
    for more in ([], [deal("F", 5500, time=AFTER)]):
        append(*more, known_at=now + 3)
        digest_all()
        before = (
            rows(revocations, "award", "by"),
            [row for row in rows(awards, "no", "key", "entry") if "closer" in row[1]],
        )
        append(deal(f"late {late}", 100, time=BEFORE), known_at=now + 1)
        late += 1
        digest_all()
        sound()
        after = (
            rows(revocations, "award", "by"),
            [row for row in rows(awards, "no", "key", "entry") if "closer" in row[1]],
        )
        assert after == before
        assert len(before[0]) == 1
        assert len(before[1]) == len(more)


def test_one_that_comes_while_its_event_is_digested_is_taken_up_after(harbor: Club, monkeypatch: pytest.MonkeyPatch):
    append(deal("E", 6000))
    fold_all, acts = digest.fold_all, [lambda: append(reversal("E"))]

    def meanwhile(*given: Any, **named: Any) -> Any:
        folding = fold_all(*given, **named)
        for act in acts:
            act()
        acts.clear()
        return folding

    monkeypatch.setattr(digest, "fold_all", meanwhile)
    harbor.digests()
    sound()
    assert not acts
    assert rows(revocations, "key") == [("badge/closer/",)]


# -------------------------------------------------------------------------------------------------------- what is final


def test_what_is_final_stays(harbor: Club):
    clock.set_source("2026-11-25T10:00:00Z")
    append(deal("E", 6000))
    digest_all()
    clock.set_source("2026-12-10T10:00:00Z")
    digest_all()
    append(reversal("E"))
    digest_all()
    sound()
    bo = harbor.numbers["bo"]
    assert rows(goals_reached, "member", "goal", "window") == [(bo, "month", "2026-11")]
    assert points() == {(bo, "goal/month/2026-11"): 7, (bo, "badge/maker/One"): 10}
    with harbor.looks("bo") as view:
        board = boards.board(view.connection, view.version, "top", None, view.now, window="2026-11")
        assert board
        assert [(row.rank, row.id, int(row.score)) for row in board.items] == [(1, "bo", 6000)]
    append(deal("F", 100))
    digest_all()
    sound()


# ------------------------------------------------------------------------------------------------------------ tampering

TAMPERED = {
    "what is taken back": (update(reversals).values(id="other"), "the table of reversals says"),
    "a reversal that is forgotten": (delete(reversals), "the table of reversals says"),
    "one that waits no more": (update(reversals).values(reversed=None), "waits for crm E, which is there"),
    "one of another event": (update(reversals).values(reversed=1), "which is not that of crm E"),
    "by what it ended": (update(revocations).values(by=999), "was ended by entry 999"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_verify_names_what_was_tampered_with(harbor: Club, what: str):
    assert harbor
    append(deal("before", 1000, time=BEFORE))
    play("E; D; R; D")
    sound()
    statement, told = TAMPERED[what]
    with transaction() as connection:
        assert connection.execute(statement).rowcount
    assert any(told in line for line in verify.breaches(folds=False)), list(verify.breaches(folds=False))


def test_replay_finds_an_award_that_should_have_been_kept(harbor: Club):
    assert harbor
    play("E; D; R; D")
    sound()
    with transaction() as connection:
        assert connection.execute(delete(awards).where(awards.c.key == "level/pro")).rowcount
    assert "member bo: award level/pro is missing" in set(replay.differences())
