"""Hostile values in every field of an event: each is refused with a 4xx that names it, or taken and digested like any
other; none is answered by a 5xx, sets anybody aside, or costs more than its share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from hub.db import reader
from hub.ledger import digest, replay, verify
from hub.ledger.tables import entries, set_aside
from tests.api.conftest import DEAL, Door, publish

#: With an attribute of each type, and something that counts it in each way.
PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won:
    attributes:
      {amount: {type: number}, units: {type: integer}, deal: {type: text}, paid: {type: boolean}, signed: {type: date}}
metrics:
  deals: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  smallest: {event: deal.won, take: min, of: units}
  mean: {event: deal.won, take: average, of: amount}
  last: {event: deal.won, take: latest, of: signed}
  names: {event: deal.won, take: distinct, of: deal}
  amounts: {event: deal.won, take: distinct, of: amount}
  days: {event: deal.won, take: days, clock: event}
  by_deal: {event: deal.won, take: sum, of: amount, by: deal}
  share: {share: revenue, of: names}
  odd: {plus: [revenue, mean], minus: [biggest]}
points:
  all: {event: deal.won, award: {points: 1000000, for_every: 0.0001, of: amount}, once_per: deal}
  some: {event: deal.won, award: 1, where: {deal: {starts_with: a}, signed: {at_least: 2026-01-01}, units: {not: 5}}}
  each: {event: deal.won, award: {points: 1, for_every: 3, of: units}, once_per: amount, cap: {points: 900, per: day}}
boosts: {odd: {rules: [all, each], factor: 7/3}}
badges:
  rich: {when: {metric: revenue, at_least: 999999999999}, points: 9}
  known: {when: {metric: by_deal, at_least: 1}, repeat: true}
  best: {personal_best: {metric: biggest, minimum: -5}}
streaks: {daily: {event: deal.won, every: day, clock: event}}
goals: {much: {metric: revenue, window: day, target: {of_previous: 11/10}, reward: {points: 1}}}
leaderboards: {top: {metric: mean, window: all}}
levels: {starter: {at: 0}, pro: {at: 1000000000}}
"""
TEXTS = (
    "", " ", "\t", "a\nb", "a\u0000b", "\u001b[2J", "\u007f", "\u0085", "\u202etxt", "\ufeffbo", "\ufffe", "\u200b",
    "bо", "ｂｏ", "Bo", "bo ", "é", "e\u0301", "\U0001f680", "x" * 255, "x" * 256, "x" * 60_000, "ß" * 255,
    "\U0010ffff" * 255, "' OR 1=1 --", "%00", "../../etc/passwd", "<script>alert(1)</script>", "{{ 7 * 7 }}",
    "=1+1", "NaN", "null",
    "a/b\u001fc", "\\", '"', "badge/rich//x",
)  # fmt: skip
NUMBERS = (
    0, -1, 10**12, -(10**12), 10**12 + 1, 10**30, -(10**30), 0.1, -0.0, 1e-5, 5e-324, 1e308, 123456789012.1234,
    True, False, None, [], [1], {}, {"a": 1}, "12", "1e3",
)  # fmt: skip
TIMES = (
    "2026-02-30T10:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T10:00:60Z", "2016-12-31T23:59:60Z",
    "2026-11-20T10:00:00", "2026-11-20", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
    "2026-11-20T10:00:00+14:00", "2026-11-20T10:00:00-12:00", "2026-11-20T10:00:00+99:99",
    "2026-11-20T10:00:00.1234567891Z",
    "２０２６-11-20T10:00:00Z", "2026-11-20t10:00:00z", "2026-W47-5T10:00:00Z", "+292277026596-12-04T15:30:08Z",
    "-2026-11-20T10:00:00Z", "now", "1732096800",
)  # fmt: skip
NAMES = (
    "",
    "amount ",
    "Amount",
    "аmount",
    "AMOUNT",
    "__proto__",
    "constructor",
    "a.b",
    "a" * 300,
    "\u0000",
    "data",
    "$ref",
)
A_BODY = 50
TEXT = "deal: {type: text}"
#: What one event may cost, from the door to its effects, on a slow machine.
SECONDS = 0.05


def hostile() -> Iterator[dict[str, Any]]:
    """An event with one hostile field each."""
    for name in ("id", "source", "type", "subject", "time", "data"):
        for value in (*TEXTS, *NUMBERS, *TIMES):
            yield DEAL | {name: value}
    for name in ("amount", "units", "deal", "paid", "signed", "undeclared"):
        for value in (*TEXTS, *NUMBERS, *TIMES, deep(20)):
            yield with_data(**{name: value})
    for name in NAMES:
        yield with_data(**{name: 7})
        yield DEAL | {name: 7}
    yield with_data(**{f"n{number}": number for number in range(2_000)})
    yield with_data(list=list(range(10_000)))
    for value in (*TEXTS, *NUMBERS):
        for name in ("source", "id", "reason"):
            yield {**DEAL, "type": "event.reversed", "data": {"source": "crm", "id": "w-1", name: value}}


def with_data(**more: Any) -> dict[str, Any]:
    return DEAL | {"data": DEAL["data"] | more}  # type: ignore[operator]


def deep(levels: int) -> Any:
    found: Any = 1
    for level in range(levels):
        found = {"a": found} if level % 2 else [found]
    return found


@pytest.fixture
def door(new_door: Callable[..., Door]) -> Door:
    publish(PROGRAM)
    return new_door("events:write", "events:reverse", "events:read", "members:read", "effects:read")


@pytest.mark.slow
def test_no_value_of_any_field_breaks_anything(door: Door):
    events = [one | {"id": f"h{number}"} if one["id"] == DEAL["id"] else one for number, one in enumerate(hostile())]
    began = perf_counter()
    statuses = {"accepted": 0, "held": 0, "rejected": 0, "duplicate": 0, "conflict": 0}
    for start in range(0, len(events), A_BODY):
        answer = door.post(msgspec.json.encode(events[start : start + A_BODY]))
        assert answer.status_code in (202, 409, 422), answer.data
        for result in msgspec.json.decode(answer.data)["results"]:
            statuses[result["status"]] += 1
            assert result["status"] != "rejected" or (result["code"] and result["message"].isprintable()), result
    digest_all()
    assert perf_counter() - began < SECONDS * len(events)
    assert min(statuses["accepted"], statuses["held"], statuses["rejected"]) > 50, statuses
    with reader() as connection:
        assert connection.scalar(select(func.count()).select_from(entries)) == statuses["accepted"] + statuses["held"]
    publish(PROGRAM.replace(TEXT, f"{TEXT}, undeclared: {{type: text}}").replace("of: deal}", "of: undeclared}"))
    digest_all()
    for path in (
        "/members/bo",
        "/members/bo/metrics",
        "/members/bo/transfers",
        "/members/bo/badges",
        "/held",
        "/effects",
    ):
        assert door.get(path).status_code == 200, path


def digest_all() -> None:
    while digest.run():
        pass
    with reader() as connection:
        assert connection.execute(select(set_aside)).all() == []
    assert list(verify.breaches()) == []
    assert list(replay.differences()) == []
