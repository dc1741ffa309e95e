"""Erasing: nothing tells who somebody was, in no answer, export, log line or byte; log and boards stay sound."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from hub import clock
from hub.db import db, reader, transaction
from hub.directory import lookup, members
from hub.directory.members import MemberProfile, MemberRecord
from hub.gamification.faults import Fault
from hub.identity import keys, sessions
from hub.identity.sessions import Proof
from hub.identity.tables import scim_group_members, scim_groups, scim_users
from hub.ledger import acts, arrivals, entry, log, merging, programs
from hub.ledger.arrivals import Verdict
from hub.ledger.tables import accounts, awards, entries, held, refused, transfers
from tests.api.conftest import Door, other_tests_end
from tests.app import JANUARY
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won:
    attributes: {amount: {type: number, required: true}, deal: {type: text, required: true}, note: {type: text}}
  claim.changed: {attributes: {claim: {type: text, required: true}, state: {type: text}}}
metrics:
  deals: {event: deal.won, take: count}
  customers: {event: deal.won, take: distinct, of: deal}
  revenue: {event: deal.won, take: sum, of: amount}
  best: {event: deal.won, take: max, of: amount}
  by_deal: {event: deal.won, take: count, by: deal}
  claims: {event: claim.changed, take: latest, of: state, by: claim}
points:
  won: {event: deal.won, award: 100, once_per: deal}
badges:
  seller: {metric: deals, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 3}], points: 10}
  loyal: {when: {metric: by_deal, at_least: 1}, repeat: true, points: 3}
  record: {personal_best: {metric: best, minimum: 1}}
  helper: {}
streaks:
  daily: {event: hub.visited, every: day}
goals:
  quarter: {metric: deals, window: quarter, target: 2, reward: {points: 50}}
leaderboards:
  top: {metric: revenue, window: month}
  past: {metric: revenue, window: {from: 2026-11-01, until: 2026-11-15}, prizes: [{rank: 1, points: 500}]}
"""

#: Everything that is hers, and that nothing else would say.
ID, NAME, MAIL, PHONE, TITLE = (
    "zq.quux-77",
    "Zelda Quuxley",
    "zelda.quux@acme.example",
    "+49 170 5550177",
    "Duchess of Deals",
)
ALIAS, OTHER_ID, OTHER_NAME = "lms:zq4711", "quuxley-old", "Z. Quuxley-Meyer"
NOTE, REASON, GONE, STATE = (
    "my dog ate the contract",
    "she was very kind",
    "off to the mountains",
    "waiting for my lawyer",
)
SUBJECT = "auth0|5f7c8ec7c33c6c004bbafe82"
HERS = (ID, NAME, MAIL, PHONE, TITLE, ALIAS, OTHER_ID, OTHER_NAME, NOTE, REASON, GONE, STATE, SUBJECT)


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    """Zelda, who is in the hub twice and does all that one can do."""
    assert app
    profile = MemberProfile(NAME, MAIL, "acme", ("sales_rep",), "Europe/Berlin", "de", phone=PHONE, title=TITLE)
    records = [
        MemberRecord(ID, profile, (ALIAS,), JANUARY),
        MemberRecord(OTHER_ID, MemberProfile(OTHER_NAME, None, "acme"), (), JANUARY),
    ]
    with transaction() as connection:
        members.upsert(connection, records, JANUARY)
        known = lookup.members(connection, [ID, OTHER_ID])
    clock.set_source("2026-11-10T10:00:00Z")
    publish(PROGRAM)
    return Club(cast | {name: one.no for name, one in known.items()}, count(1))


def lives(club: Club) -> None:
    """What happens to her, and where others tell of her."""
    club.happens(ID, "deal.won", "2026-11-10T09:00:00Z", amount=700, deal="d-1", note=NOTE)
    club.happens(OTHER_ID, "deal.won", "2026-11-10T09:30:00Z", amount=900, deal=f"with {MAIL}", extra=NOTE)
    club.happens("bo", "deal.won", "2026-11-10T09:40:00Z", amount=300, deal="d-2", note=f"thanks to {NAME}!")
    club.happens("bea", "deal.won", "2026-11-10T09:40:00Z", amount=200, deal="d-3")
    club.happens(ID, "claim.changed", "2026-11-10T09:50:00Z", claim="c-1", state=STATE)
    arrives(f"w/{ID}/1", "deal.won", ALIAS, amount=5000, deal="d-9")
    arrives("waits", "unheard.of", ID, text=NOTE)
    arrives("r1", "event.reversed", "", source="crm", id=f"w/{ID}/1", reason=REASON)
    arrives(f"w/{ID}/2", "deal.won", ID, amount=50, deal="d-10")
    with transaction() as connection:
        visit = arrivals.own("hub.visited", f"visit/{ID}/2026-11-10", ID, clock.now())
        log.append(connection, [visit], {}, clock.now())
        whom, bo = (club.numbers[ID], ID), (club.numbers["bo"], "bo")
        assert isinstance(acts.adjust(connection, whom, 40, REASON, "key/k", clock.now()), int)
        assert isinstance(acts.grant(connection, whom, "helper", None, REASON, "key/k", clock.now()), int)
        assert isinstance(acts.adjust(connection, bo, 7, "helped", ID, clock.now()), int)
        members.deactivate(connection, club.numbers[ID], "operator", GONE, clock.now())
        members.reactivate(connection, club.numbers[ID], clock.now())
        assert isinstance(merging.merge(connection, OTHER_ID, ID, "operator", clock.now()), int)
        _is_known_to_scim(connection, club.numbers[ID])
        proof = Proof("oidc:acme", "https://id.acme.example", SUBJECT)
        sessions.open_(connection, club.numbers[ID], proof, "Firefox, Linux", clock.now())
    club.digests()
    clock.set_source("2026-11-23T10:00:00Z")
    club.digests()


def _is_known_to_scim(connection: Connection, member: int) -> None:
    at = {"created_at": 1, "modified_at": 1, "version": 1}
    sent = json.dumps({"userName": MAIL, "displayName": NAME})
    connection.execute(insert(scim_users).values(no=1, id="u1", member=member, name_folded=MAIL, resource=sent, **at))
    connection.execute(insert(scim_groups).values(no=1, id="g1", name="Sales", name_folded="sales", **at))
    connection.execute(insert(scim_group_members).values(group=1, user=1))


def arrives(id_: str, kind: str, subject: str, sender: str = "crm", /, **data: Any) -> Verdict:
    sent = {"id": id_, "source": sender, "type": kind, "subject": subject, "time": "2026-11-10T09:55:00Z", "data": data}
    arrival = arrivals.read(sent, clock.now(), lambda *_: True)
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        [verdict] = log.append(connection, [arrival], version.program.events, clock.now())
    return verdict


@pytest.fixture
def erased(harbor: Club, hub: Callable[..., tuple[int, str, str]]) -> Club:
    lives(harbor)
    with reader() as connection:
        told = str(connection.execute(select(entries)).all())
    assert all(word in told for word in (ID, NAME, MAIL, NOTE, REASON)), "there is something to erase"
    assert hub("members", "erase", ALIAS, "--yes") == (0, "Erased.\n", "")
    return harbor


def files() -> Iterator[tuple[str, bytes]]:
    """The database's files: on PostgreSQL the tables' and indexes' own, as they are on the disk."""
    if db.engine.dialect.name == "sqlite":
        file = Path(db.engine.url.database or "")
        for one in file.parent.glob(f"{file.name}*"):
            yield one.name, one.read_bytes()
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        folder = Path(connection.scalar(text("SHOW data_directory")) or "")
        base = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    for one in (folder / "base" / str(base)).iterdir():
        yield one.name, one.read_bytes()


def answers(door: Door) -> Iterator[tuple[str, str]]:
    """Everything that can be asked for."""
    paths = ["/members", "/members?inactive=true", "/held", "/program", "/openapi.json", "/organizations/acme"]
    paths += [
        "/leaderboards/top?window=2026-11",
        "/leaderboards/past?window=2026-11-01/2026-11-15",
        "/effects?limit=500",
    ]
    people = ["ada", "bo", "bea", "fay", "pat", "cy"]
    paths += [f"/members/{one}{rest}" for one in people for rest in ("", "/badges", "/transfers")]
    with reader() as connection:
        paths += [f"/events/{entry.ref(no)}" for no in connection.scalars(select(entries.c.no))]
    for path in paths:
        answer = asked(door, path)
        assert answer.status_code in (200, 404), (path, answer.text)
        yield path, answer.text


def asked(door: Door, path: str) -> TestResponse:
    if path.startswith("/effects"):
        other_tests_end()
    return door.client.get(f"/api/v1{path}", headers=door.headers)


@pytest.fixture
def door(app: Flask, harbor: Club) -> Door:
    assert harbor
    with transaction() as connection:
        made = keys.create(connection, "test", keys.SCOPES, clock.now())
    assert isinstance(made, tuple)
    return Door(app.test_client(), made[1])


def test_nothing_of_her_is_left_anywhere(
    erased: Club, door: Door, hub: Callable[..., tuple[int, str, str]], signed_in: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    caplog.set_level(logging.DEBUG)
    assert hub("verify")[1:] == ("no breach\n", "")
    assert hub("replay", "--check")[0] == 0
    told = dict(answers(door))
    assert len(told) > 20
    for name in ("ada", "bo", "pat", "fay"):
        told |= {f"{name} {page}": signed_in(name).get(page).text for page in ("/", "/points")}
        told[f"export of {name}"] = hub("members", "export", name)[1]
    told["list"] = hub("members", "list", "--all")[1]
    told["logs"] = caplog.text
    for where, what in told.items():
        for word in HERS:
            assert word.lower() not in what.lower(), f"{word} in {where}"
    for name, content in files():
        for word in HERS:
            assert word.encode() not in content, f"{word} in the file {name}"
            assert json.dumps(word)[1:-1].encode() not in content, f"{word} in the file {name}"
    assert erased


def test_what_she_earned_stays_and_boards_close_the_gap(erased: Club, door: Door):
    with reader() as connection:
        balance = connection.scalar(select(accounts.c.balance).where(accounts.c.member == erased.numbers[ID]))
    # Two deals and one that stands for a mail address; their badges; the goal; the prize; by hand.
    assert balance
    assert balance > 500
    board = asked(door, "/leaderboards/top?window=2026-11").json
    assert [(row["rank"], row["id"]) for row in board["items"]] == [(1, "bo"), (2, "bea")]
    past = asked(door, "/leaderboards/past?window=2026-11-01/2026-11-15").json
    assert ID not in str(past)
    acme = asked(door, "/organizations/acme/metrics?window=2026-11").json
    assert acme["metrics"]["revenue"] == 700 + 900 + 300 + 200 + 50, "her deals are Acme's"


def test_events_sent_again_bring_nobody_back(erased: Club, door: Door):
    with reader() as connection:
        before = connection.scalar(select(func.count()).select_from(entries))
    assert arrives("1", "deal.won", ID, amount=700, deal="d-1", note=NOTE).status == "duplicate"
    for name in (ID, ALIAS, OTHER_ID):
        verdict = arrives("new", "deal.won", name, amount=1, deal="d")
        assert (verdict.status, verdict.code, verdict.path) == ("rejected", "erased", "subject")
    verdict = arrives(f"w/{ID}/1", "deal.won", ALIAS, amount=5000, deal="d-9")
    assert (verdict.status, verdict.code) == ("rejected", "erased")
    assert arrives("waits", "unheard.of", ID, text=NOTE).status == "duplicate"
    assert arrives("new", "never.heard.of", ID, text=NOTE).code == "erased"
    with reader() as connection:
        assert connection.scalar(select(func.count()).select_from(entries)) == before
        assert connection.scalar(select(func.count()).select_from(held)) == 0
        assert connection.scalar(select(func.count()).select_from(refused)) == 1
    assert asked(door, f"/members/{ID}").status_code == 404
    assert erased


def test_an_import_brings_nobody_back(erased: Club):
    with transaction() as connection:
        record = MemberRecord(ID, MemberProfile(NAME, MAIL))
        other = MemberRecord("someone", MemberProfile("Some One"), (ALIAS,))
        outcomes = members.upsert(connection, [record, other], clock.now()).outcomes
    assert [(one.status, one.faults[0].path, one.faults[0].code) for one in outcomes] == [
        ("rejected", "id", "erased"),
        ("rejected", "aliases", "erased"),
    ]
    assert erased


def test_what_was_erased_can_be_taken_back_by_who_sent_it(erased: Club, hub: Callable[..., tuple[int, str, str]]):
    assert arrives("r2", "event.reversed", "", source="crm", id="1").status == "accepted"
    erased.digests()
    assert hub("verify")[0] == 0
    with reader() as connection:
        number = connection.scalar(select(entries.c.member).where(entries.c.id == "r2"))
    assert number == erased.numbers[ID]


def test_who_is_erased_can_neither_be_merged_nor_erased_again(erased: Club, hub: Callable[..., tuple[int, str, str]]):
    with transaction() as connection:
        for name, into, path in ((ID, "bo", "from"), ("bo", ALIAS, "into")):
            fault = merging.merge(connection, name, into, "operator", clock.now())
            assert isinstance(fault, Fault)
            assert (fault.path, fault.code) == (path, "erased")
    status, output, error = hub("members", "erase", ID, "--yes")
    assert (status, output) == (1, "")
    assert "was erased before" in error
    assert hub("members", "erase", "nobody", "--yes")[0] == 1
    assert erased


def test_whoever_does_not_say_yes_erases_nobody(harbor: Club, hub: Callable[..., tuple[int, str, str]]):
    assert hub("members", "erase", ID)[0] == 1
    with reader() as connection:
        known = lookup.member(connection, ID)
    assert known
    assert known.active
    assert harbor


def test_once_somebody_is_erased_the_log_is_closed_again(erased: Club):
    for statement in ("UPDATE entries SET data = '{}'", "UPDATE transfers SET cause = 'rule/x/1'"):
        with pytest.raises(IntegrityError), transaction() as connection:
            connection.execute(text(statement))
    assert erased


def test_files_that_somebody_reads_are_written_anew_later(
    harbor: Club, hub: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL waits for whoever reads a table")
    lives(harbor)
    monkeypatch.setattr("hub.db.SCRUB_SECONDS", 0.2)
    with reader() as connection:
        connection.execute(select(func.count()).select_from(entries))
        status, _, error = hub("members", "erase", ID, "--yes")
        assert status == 1
        assert "hub db scrub" in error
        assert hub("db", "scrub")[0] == 1
    assert hub("db", "scrub") == (0, "Nothing that was deleted is left in the database's files.\n", "")
    assert not [name for name, content in files() for word in HERS if word.encode() in content]


def test_who_wrote_of_her_keeps_what_that_earned(harbor: Club, hub: Callable[..., tuple[int, str, str]]):
    for deal in (f"with {MAIL}", f"with {PHONE}"):
        harbor.happens("bo", "deal.won", "2026-11-10T09:40:00Z", amount=300, deal=deal)
    harbor.happens(ID, "deal.won", "2026-11-10T09:41:00Z", amount=300, deal=f"with {MAIL}")
    _weeks_pass(harbor)
    with transaction() as connection:
        [(number, *_), *_] = awarded = _what_stands_of(harbor, "bo")[2]
        assert len(awarded) > 1
        assert isinstance(acts.revoke(connection, number, f"said {NAME}", "operator", clock.now()), int)
    harbor.digests()
    before = _what_stands_of(harbor, "bo")
    assert hub("members", "erase", ID, "--yes")[0] == 0
    assert _what_stands_of(harbor, "bo") == before
    assert hub("verify")[1:] == ("no breach\n", "")
    for name, content in files():
        assert not any(word.encode() in content for word in (NAME, MAIL, PHONE)), name


def test_what_others_took_back_stays_taken_back(harbor: Club, hub: Callable[..., tuple[int, str, str]]):
    arrives(f"for/{MAIL}", "deal.won", "bo", amount=300, deal="d-1")
    arrives("r1", "event.reversed", "", source="crm", id=f"for/{MAIL}", reason=f"asked by {NAME}")
    arrives("noted", "deal.won", "bo", amount=1, deal="d-2", note=f"thanks to {NAME}")
    _weeks_pass(harbor)
    before = _what_stands_of(harbor, "bo")
    assert hub("members", "erase", ID, "--yes")[0] == 0
    assert arrives(f"for/{MAIL}", "deal.won", "bo", amount=300, deal="d-1").status == "duplicate"
    assert arrives("noted", "deal.won", "bo", amount=1, deal="d-2", note=f"thanks to {NAME}").status == "conflict"
    assert _what_stands_of(harbor, "bo") == before
    assert hub("verify")[1:] == ("no breach\n", "")


def test_events_of_two_sources_with_one_id_stay_two(harbor: Club, hub: Callable[..., tuple[int, str, str]]):
    for source in ("crm", "lms"):
        arrives(f"w/{ID}/1", "deal.won", ID, source, amount=900 if source == "lms" else 500, deal=f"d of {source}")
    harbor.digests()
    arrives("r1", "event.reversed", "", source="crm", id=f"w/{ID}/1")
    _weeks_pass(harbor)
    before = _what_stands_of(harbor, ID)
    assert hub("members", "erase", ID, "--yes")[0] == 0
    assert _what_stands_of(harbor, ID) == before
    assert hub("verify")[1:] == ("no breach\n", "")


def _weeks_pass(club: Club) -> None:
    club.digests()
    clock.set_source("2026-11-23T10:00:00Z")
    club.digests()


def _what_stands_of(club: Club, who: str) -> tuple[Any, ...]:
    number = club.numbers[who]
    with reader() as connection:
        balance = connection.scalar(select(accounts.c.balance).where(accounts.c.member == number))
        lines = connection.scalar(select(func.count()).select_from(transfers).where(transfers.c.member == number))
        had = select(awards.c.no, awards.c.badge, awards.c.tier, awards.c.kept).where(awards.c.member == number)
        return (balance, lines, sorted(map(tuple, connection.execute(had))))
