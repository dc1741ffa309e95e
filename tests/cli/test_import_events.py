"""`hub import events`: real exports come in as they are; what is wrong in a row is named with its line."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from hub import clock
from hub.cli import import_events, main
from hub.db import reader, transaction
from hub.ledger import arrivals, log, programs
from hub.ledger.tables import entries, held
from hub.signals import queue
from tests.app import settings

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won:
    attributes:
      amount: {type: number, required: true}
      units: {type: integer}
      paid: {type: boolean}
      signed: {type: date}
      product: {type: text}
  deal.lost: {}
"""
HEADING = "id,source,type,subject,time,amount\n"
GOOD = "1,crm,deal.won,bo,2026-11-20T09:30:00+01:00,12.50\n"

Import = Callable[..., Result]


@pytest.fixture
def take(app: Flask, cast: dict[str, int], tmp_path: Path) -> Import:
    """`take(content, "--map", "id=key")` writes the content to a file and imports it."""
    assert cast
    with transaction() as connection:
        assert not isinstance(programs.publish_text(connection, PROGRAM, clock.now()), list)
    config = app.config["HUB"]
    environ = settings(config.database_url.render_as_string(hide_password=False), config.instance.parent)

    def run(content: str | bytes, *options: str, stdin: bool = False, as_json: bool = True) -> Result:
        octets = content.encode() if isinstance(content, str) else content
        file = tmp_path / "events.csv"
        file.write_bytes(octets)
        more = ["--json"] if as_json else []
        arguments = ["import", "events", "-" if stdin else str(file), *options, *more]
        return CliRunner().invoke(main, arguments, input=octets if stdin else None, env=environ)

    return run


def told(result: Result) -> dict[str, Any]:
    assert isinstance(result.exception, SystemExit | None), result.exception
    summary: dict[str, Any] = json.loads(result.stdout)
    return summary


def faults(result: Result) -> list[tuple[int, str, str]]:
    assert result.exit_code == 1
    return [(error["line"], error["code"], error["path"]) for error in told(result)["errors"]]


def count(table: Any) -> int:
    with reader() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def data(key: str) -> Any:
    with reader() as connection:
        return json.loads(
            connection.scalar(select(entries.c.data).where(entries.c.id == key)) or "null", parse_float=Decimal
        )


def time(key: str) -> str:
    with reader() as connection:
        row = connection.execute(select(entries.c.time, entries.c.offset).where(entries.c.id == key)).one()
    return arrivals.written(row.time, row.offset)


def test_a_file_comes_in_once(take: Import):
    content = HEADING + GOOD + "2,crm,deal.lost,cy,2026-11-20T09:30:00Z,\n"
    counted = {"rows": 2, "accepted": 2, "duplicates": 0, "held": 0, "rejected": 0, "conflicts": 0, "left_out": 0}
    assert told(take(content)) == counted | {"errors": []}
    again = take(content, stdin=True)
    assert again.exit_code == 0
    assert told(again) == counted | {"accepted": 0, "duplicates": 2, "errors": []}
    assert (count(entries), count(queue)) == (2, 2)
    assert data("1") == {"amount": Decimal("12.5")}
    assert data("2") == {}


def test_every_fault_has_its_line_and_leaves_nothing(take: Import):
    rows = [
        (",crm,deal.won,bo,2026-11-20T09:30:00Z,1", "missing", "id"),
        ("2,,deal.won,bo,2026-11-20T09:30:00Z,1", "missing", "source"),
        ("3,crm,,bo,2026-11-20T09:30:00Z,1", "missing", "type"),
        ("4,crm,deal.won,,2026-11-20T09:30:00Z,1", "missing", "subject"),
        ("5,crm,deal.won,bo,,1", "missing", "time"),
        ("x" * 256 + ",crm,deal.won,bo,2026-11-20T09:30:00Z,1", "too_long", "id"),
        ("7,crm,deal.won,bo,yesterday,1", "time", "time"),
        ("8,crm,deal.won,bo,2026-11-20T09:30:00,1", "time", "time"),
        ("9,crm,deal.won,bo,2026-11-20,1", "time", "time"),
        ("10,crm,deal.won,bo,1999-12-31T00:00:00Z,1", "time", "time"),
        ("11,crm,deal.won,bo,2026-11-23T10:06:00Z,1", "time", "time"),
        ("12,crm,deal.won,bo,2026-11-20T09:30:00Z,", "attribute", "data.amount"),
        ("13,crm,deal.won,bo,2026-11-20T09:30:00Z,twelve", "attribute", "data.amount"),
        ("14,crm,deal.won,bo,2026-11-20T09:30:00Z,1000000000001", "too_large", "data.amount"),
        ("15,crm,deal.won,bo,2026-11-20T09:30:00Z,1e400", "too_large", "data.amount"),
        ("16,hub,deal.won,bo,2026-11-20T09:30:00Z,1", "source", "source"),
        ("17,crm,hub.visited,bo,2026-11-20T09:30:00Z,", "type", "type"),
        ("18,crm,event.reversed,bo,2026-11-20T09:30:00Z,", "attribute", "data.source"),
        ("19,crm,deal.won", "columns", ""),
    ]
    content = HEADING + "".join(row + "\n" for row, _, _ in rows) + GOOD
    result = take(content)
    assert faults(result) == [(line, code, path) for line, (_, code, path) in enumerate(rows, 2)]
    assert (told(result)["accepted"], told(result)["rejected"], count(entries)) == (1, len(rows), 1)


def test_a_conflict_is_a_bad_row_and_a_held_event_is_not(take: Import):
    content = HEADING + GOOD + GOOD.replace("12.50", "13") + "2,crm,deal.won,nobody,2026-11-20T09:30:00Z,1\n"
    result = take(content)
    assert faults(result) == [(3, "conflict", "id")]
    assert (told(result)["conflicts"], told(result)["held"], count(held)) == (1, 1, 1)


def test_an_export_with_its_own_headings(take: Import):
    content = (
        "key,rep,stage,closed,value\n"
        "a,bo,Won,2026-03-01,100\n"
        "b,bo,Lost,2026-03-02,\n"
        "c,bo,Prospecting,,\n"
        '"d, e",cy,"Won, late",2026-03-03,50\n'
    )
    options = ("--set", "source=crm", "--map", "id=key,subject=rep,time=closed,amount=value", "--map", "deal=key")
    types = ("--types", 'stage:Won=deal.won,Lost=deal.lost,"Won, late=deal.won"', "--time-zone", "Europe/Berlin")
    summary = told(take(content, *options, *types, "--attributes", "amount,deal"))
    assert (summary["accepted"], summary["left_out"], summary["errors"]) == (3, 1, [])
    assert data("a") == {"amount": 100, "deal": "a"}
    assert time("a") == "2026-03-01T12:00:00+01:00"
    assert data("d, e") == {"amount": 50, "deal": "d, e"}
    assert told(take(content, *options, *types, "--attributes", "amount,deal", "--where", "rep=cy"))["left_out"] == 3


def test_where_names_a_value_or_the_lack_of_one(take: Import):
    content = HEADING + GOOD + "2,crm,deal.lost,bo,2026-11-20T09:30:00Z,\n"
    summary = told(take(content, "--where", "amount="))
    assert (summary["accepted"], summary["left_out"]) == (1, 1)


def test_cells_are_read_by_the_declared_type(take: Import):
    content = (
        "id,source,type,subject,time,amount,units,paid,signed,product,data.id,other\n"
        "1,crm,deal.won,bo,2026-11-20T09:30:00Z,-1.50,3.0,Yes,2026-11-01,007,x,5\n"
        "2,crm,deal.won,bo,2026-11-20T09:30:00Z,1,1.5,,,,,\n"
        "3,crm,deal.won,bo,2026-11-20T09:30:00Z,1,,maybe,,,,\n"
        "4,crm,deal.won,bo,2026-11-20T09:30:00Z,1,,,2026-02-30,,,\n"
    )
    assert faults(take(content)) == [
        (3, "attribute", "data.units"),
        (4, "attribute", "data.paid"),
        (5, "attribute", "data.signed"),
    ]
    assert data("1") == {
        "amount": Decimal("-1.5"), "units": 3, "paid": True, "signed": "2026-11-01", "product": "007", "id": "x",
        "other": "5",
    }  # fmt: skip


def test_local_times_take_the_zone(take: Import):
    rows = {
        "plain": "2026-07-01 09:30:00",
        "twice": "2026-10-25T02:30:00",
        "never": "2026-03-29T02:30:00",
        "own": "2026-07-01 09:30:00+09:00",
        "day": "2026-07-01",
    }
    content = "id,subject,time,amount\n" + "".join(f"{key},bo,{value},1\n" for key, value in rows.items())
    result = take(content, "--set", "source=crm", "--set", "type=deal.won", "--time-zone", "Europe/Berlin")
    assert faults(result) == [(4, "time", "time")]
    assert time("plain") == "2026-07-01T09:30:00+02:00"
    assert time("twice") == "2026-10-25T02:30:00+02:00"
    assert time("own") == "2026-07-01T09:30:00+09:00"
    assert time("day") == "2026-07-01T12:00:00+02:00"


def test_what_the_command_asks_for_must_be_there(take: Import):
    content = "key,rep,closed\n1,bo,2026-07-01\n"
    named = ("--map", "id=key,subject=rep,time=closed")
    assert faults(take(content, *named, "--set", "type=deal.lost")) == [(1, "missing", "source")]
    assert faults(take(content, *named, "--set", "source=crm")) == [(1, "missing", "type")]
    both = (*named, "--set", "source=crm", "--set", "type=deal.lost")
    assert faults(take(content, *both, "--where", "stage=Won")) == [(1, "columns", "stage")]
    assert faults(take(content, *both, "--attributes", "amount")) == [(1, "columns", "amount")]
    assert faults(take(content, *both, "--map", "amount=value")) == [(1, "columns", "amount")]
    assert faults(take("a,data.a,id,source,type,time\n")) == [(1, "columns", "a")]
    assert faults(take("")) == [(1, "missing", "")]
    for wrong in (("--types", "stage"), ("--where", "stage"), ("--map", "x"), ("--time-zone", "Mars/North")):
        assert take(content, *wrong).exit_code == 2, wrong


def test_members_are_made_where_that_is_asked_for(take: Import):
    content = HEADING + GOOD.replace("bo", "new one") + "2,crm,deal.won,new one,2026-11-20T09:30:00Z,1\n"
    assert told(take(content))["held"] == 2
    later = content.replace("\n2,", "\n3,")
    summary = told(take(later, "--create-members"))
    assert (summary["accepted"], summary["duplicates"], summary["held"]) == (1, 1, 0)
    assert (count(held), count(queue)) == (0, 3)


def test_a_trial_run_tells_the_same_and_writes_nothing(take: Import, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_events, "SLICE", 2)
    content = HEADING + GOOD + "2,crm,deal.won,dora,2026-11-20T09:30:00Z,1\n" + "x,crm,deal.won,bo,no,1\n" + GOOD
    content += GOOD.replace("12.50", "13")
    trial = told(take(content, "--dry-run", "--create-members"))
    assert (count(entries), count(queue), count(held)) == (0, 0, 0)
    assert told(take(content, "--create-members")) == trial
    assert (trial["accepted"], trial["duplicates"], trial["rejected"], trial["conflicts"]) == (2, 1, 1, 1)


def test_a_trial_run_knows_the_reversals_of_earlier_slices(take: Import, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_events, "SLICE", 1)
    reversed_ = {"type": "event.reversed", "source": "crm", "time": "2026-11-20T09:30:00Z"}
    content = "\n".join(
        json.dumps(reversed_ | {"id": id_, "data": {"source": "crm", "id": of}})
        for id_, of in (("r1", "1"), ("r2", "r1"), ("r3", "1"))
    )
    trial = take(content, "--dry-run")
    assert faults(trial) == [(2, "forbidden", "data.id")]
    assert told(take(content)) == told(trial)


def test_slices_make_no_difference(take: Import, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_events, "SLICE", 7)
    rows = [GOOD.replace("1,crm", f"{number},crm") for number in range(50)]
    assert told(take(HEADING + "".join(rows + rows[:20])))["duplicates"] == 20
    with reader() as connection:
        assert sorted(log.of_entries(connection, range(1, 100))) == list(range(1, 51))


def test_ndjson_is_one_event_a_line(take: Import):
    event = {
        "id": "1",
        "source": "crm",
        "type": "deal.won",
        "subject": "bo",
        "time": "2026-11-20",
        "data": {"amount": 1.5},
    }
    lines = [
        json.dumps(event),
        "",
        json.dumps(event | {"id": "2", "time": "2026-11-20T09:30:00Z", "data": {"amount": "1.5"}}),
        '{"id": 1, "id": 2}',
        "[1]",
        "{",
        json.dumps(event | {"id": "3", "data": {"amount": 1, "note": "x" * 70_000}}),
        json.dumps(event | {"id": "4", "type": "deal.lost"}),
    ]
    result = take("\n".join(lines), "--time-zone", "UTC", "--where", "type=deal.won")
    assert faults(result) == [
        (3, "attribute", "data.amount"),
        (4, "unreadable", ""),
        (5, "type", ""),
        (6, "unreadable", ""),
        (7, "too_large", ""),
    ]
    assert (told(result)["accepted"], told(result)["left_out"]) == (1, 1)
    assert time("1") == "2026-11-20T12:00:00Z"


def test_people_read_the_summary_in_words(take: Import):
    result = take(HEADING + GOOD + "2,crm,deal.won,bo,soon,1\n", as_json=False)
    assert result.exit_code == 1
    assert result.stdout == "2 rows, 1 accepted, 0 duplicates, 0 held, 1 rejected, 0 conflicts, 0 left out\n"
    assert result.stderr.startswith("line 3: time: ")
