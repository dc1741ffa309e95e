"""The scene of the benchmarks: a club's people and what they do, the same at every run, whatever its size.

Everybody does as much as everybody else, over a quarter of a year, in the order of time. Ids count up, as those of most
systems do: that is when the bare insert is fastest, so the ratio to it is a strict one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from flask import Flask
from sqlalchemy import Connection

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup, members, organizations
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.ledger import arrivals, digest, exact, log, programs
from hub.ledger.arrivals import Arrival
from hub.ledger.insertion import Row
from hub.ledger.tables import set_aside

NOW = "2026-11-20T12:00:00+00:00"
BEGAN = clock.instant("2026-08-25T00:00:00+00:00")
JOINED = clock.instant("2026-01-01T00:00:00+00:00")

PROGRAM = Path(__file__).with_name("program.yaml")
#: One with more of everything.
FULL_PROGRAM = PROGRAM.with_name("program_full.yaml")
PEOPLE_EACH = 20
#: As many events come with one request, and as many are one transaction.
SLICE = 1_000

_TIERS = ("gold", "silver", "bronze")
_REGIONS = ("emea", "apac", "amer")
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", None)
_FIRST = ("Ada", "Bo", "Cy", "Dee", "Eli", "Fay", "Gus", "Hana", "Ira", "Jo")
_LAST = ("Berg", "Costa", "Diaz", "Ek", "Fox", "Gruber", "Hahn", "Ito", "Jensen", "Khan", "Lind")
_KINDS = {
    "asset.viewed": (40, "portal"),
    "call.logged": (20, "crm"),
    "deal.registered": (12, "prm"),
    "module.completed": (10, "lms"),
    "deal.won": (8, "crm"),
    "campaign.sent": (6, "marketing"),
    "ticket.closed": (4, "support"),
}


def member_id(place: int) -> str:
    return f"m{place:07}"


def populate(app: Flask, people: int, program: Path = PROGRAM) -> None:
    """Publish the program, and let so many people join."""
    now = clock.instant(NOW)
    with app.app_context():
        with transaction() as connection:
            made = programs.publish_text(connection, program.read_text(encoding="utf-8"), now)
            assert not isinstance(made, list), made
        for start in range(0, -(-people // PEOPLE_EACH), SLICE):
            companies = [_company(place) for place in range(start, min(start + SLICE, -(-people // PEOPLE_EACH)))]
            with transaction() as connection:
                organizations.upsert(connection, companies, now)
        for start in range(0, people, SLICE):
            with transaction() as connection:
                members.upsert(connection, [_person(place) for place in range(start, min(start + SLICE, people))], now)


def _company(place: int) -> OrganizationRecord:
    profile = OrganizationProfile(f"Partner {place}", "reseller", _TIERS[place % 3], _REGIONS[place // 3 % 3])
    return OrganizationRecord(f"o{place}", profile, JOINED)


def _person(place: int) -> MemberRecord:
    name = f"{_FIRST[place % len(_FIRST)]} {_LAST[place % len(_LAST)]}"
    organization, zone = f"o{place // PEOPLE_EACH}", _ZONES[place % len(_ZONES)]
    return MemberRecord(
        member_id(place), MemberProfile(name, None, organization, ("sales_rep",), zone), valid_from=JOINED
    )


def events(people: int, count: int) -> Iterator[dict[str, Any]]:
    """So many events as they are sent, in the order of time."""
    chance = Random(1)
    kinds = chance.choices(list(_KINDS), [weight for weight, _ in _KINDS.values()], k=count)
    span = clock.instant(NOW) - BEGAN
    for place, kind in enumerate(kinds):
        source = _KINDS[kind][1]
        yield {
            "id": f"{source}-{place:08}",
            "source": source,
            "type": kind,
            "subject": member_id(chance.randrange(people)),
            "time": arrivals.written(BEGAN + place * span // count, 60),
            "data": _data(kind, place, chance),
        }


def _data(kind: str, place: int, chance: Random) -> dict[str, Any]:
    if kind == "asset.viewed":
        return {"asset": f"asset-{chance.randrange(400)}"}
    if kind == "call.logged":
        return {"minutes": chance.randrange(1, 40)}
    if kind == "module.completed":
        return {"course": f"course-{chance.randrange(10)}", "module": f"module-{chance.randrange(60)}"}
    if kind == "campaign.sent":
        return {"campaign": f"c-{chance.randrange(50)}", "reach": chance.randrange(10, 3_000)}
    if kind == "ticket.closed":
        return {"score": chance.randrange(1, 6)}
    if kind == "deal.registered":
        return {"deal": f"d-{place}"}
    amount = chance.randrange(10_000, 1_200_000) / 100
    return {"amount": amount, "product": chance.choice(("license", "services", "renewal")), "deal": f"d-{place}"}


#: How many others come before one that is late, which is sent after them.
DELAY = 20_000


def delayed(coming: Iterable[dict[str, Any]], share: float) -> Iterator[dict[str, Any]]:
    """The same events; of every hundred so many per cent come late, after newer ones of their members."""
    chance, late = Random(2), deque[tuple[int, dict[str, Any]]]()
    for place, event in enumerate(coming):
        while late and late[0][0] <= place:
            yield late.popleft()[1]
        if chance.random() < share:
            late.append((place + DELAY, event))
        else:
            yield event
    yield from (event for _, event in late)


def bodies(people: int, count: int, late: float = 0) -> list[bytes]:
    """The same events as the bodies of requests, a slice each."""
    coming = delayed(events(people, count), late)
    return [msgspec.json.encode(part) for part in iter(lambda: list(islice(coming, SLICE)), [])]


def read(body: bytes, now: int) -> list[Arrival]:
    """A body's events, as the API reads them."""
    sent = [arrivals.read(event, now, lambda *_: True, size) for event, size in exact.decode_array(body, SLICE)]
    return [one if isinstance(one, Arrival) else _wrong(one) for one in sent]


def _wrong(found: object) -> Any:
    raise AssertionError(found)


def rows(body: bytes, numbers: dict[str, lookup.Known], now: int) -> list[Row]:
    """The rows of the log that a body's events become."""
    return [Row(*arrival[:6], arrival.text, now, now, numbers[arrival.subject].no, None) for arrival in read(body, now)]


def people_of(app: Flask, people: int) -> dict[str, lookup.Known]:
    with app.app_context(), reader() as connection:
        return known(connection, people)


def known(connection: Connection, people: int) -> dict[str, lookup.Known]:
    return lookup.members(connection, map(member_id, range(people)))


def accept_all(several: Iterable[bytes]) -> None:
    """Events into the log, body by body as requests do it, without HTTP."""
    for body in several:
        _accept(body)


def _accept(body: bytes) -> None:
    now = clock.now()
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        judged = log.judge(connection, read(body, now), version.program.events)
    with transaction() as connection:
        verdicts = log.write(connection, judged, version.program.events, now)
    assert all(verdict.status == "accepted" for verdict in verdicts)


def digest_all() -> None:
    while digest.run():
        pass


def require_digested() -> None:
    """That nothing waits and nobody was set aside: a fold that fails is fast."""
    assert not digest.pending()
    with reader() as connection:
        assert connection.execute(set_aside.select()).first() is None
