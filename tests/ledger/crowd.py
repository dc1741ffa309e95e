"""A crowd: many members in several organizations and zones, what happens to them at random, and all that the hub says.

Everything comes from a seed, so that two hubs can be told the same in different orders and held against each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members, organizations, targets
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.tables import members as people
from hub.directory.targets import TargetRecord
from hub.identity import keys
from hub.ledger import arrivals, digest, log, programs
from hub.ledger.arrivals import Arrival
from hub.ledger.tables import awards
from tests.app import started
from tests.club import publish

PROGRAM = Path(__file__).with_name("crowd.yaml")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Auckland", None)
TIERS, REGIONS = ("gold", "silver", "bronze"), ("emea", "apac", "amer")
ROLES = ("sales_rep", "partner_owner", "marketing", "service_support")
SINCE, UNTIL = clock.instant("2026-08-20T00:00:00Z"), clock.instant("2026-11-23T09:00:00Z")
JANUARY = clock.instant("2026-01-01T00:00:00Z")
#: Windows that are asked for, in turn; some of them the program does not keep.
WINDOWS = ("2026-Q4", "2026-10", "2026-W43", "2026-11-03", "2026-Q3")
#: How many members, and events, are asked about one by one; on boards are all.
ASKED, EVENTS_ASKED = 60, 60
#: People whom the hub gets to know after what they did, and how often it is about one of them, or somebody never known.
NEWCOMERS, NEW, NEVER = 4, 0.04, 0.01
#: How much of what others sent is taken back.
REVERSED = 0.05
#: What of an event tells when it came.
CAME = ("ref", "received_at", "known_at", "late", "corrections")

#: How often each type happens, and what it carries.
KINDS = {
    "deal.won": 24, "deal.lost": 8, "asset.viewed": 26, "module.completed": 16, "claim.changed": 10,
    "csat.answered": 8, "rule.broken": 2, "mdf.spent": 3, "hub.visited": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Crowd:
    """Who there is, how they change, and what happens to them, in no particular order."""

    organizations: list[OrganizationRecord]
    people: list[MemberRecord]
    newcomers: list[MemberRecord]  # events about them wait until they are there
    changes: list[MemberRecord]  # rows of a later day, or of an earlier one
    targets: list[TargetRecord]
    arrivals: list[Arrival]
    reversals: list[Arrival]  # of some of them


def crowd(events: int, seed: int = 1, people: int = 60, firms: int = 7) -> Crowd:
    random = Random(seed)
    companies = [_firm(random, number) for number in range(firms)]
    persons = [_person(random, number, firms, JANUARY) for number in range(people)]
    changed = [
        _person(random, number, firms, random.randrange(SINCE, UNTIL))
        for number in random.sample(range(people), people // 3)
    ]
    newcomers = [_person(random, people + number, firms, JANUARY) for number in range(NEWCOMERS)]
    aims = [
        TargetRecord("month_revenue", f"m{number}", f"2026-{random.choice((10, 11))}", f"{random.randrange(5, 90)}000")
        for number in range(0, people, 5)
    ]
    happened = [_event(random, n, people, firms) for n in range(events)]
    sent = [one for one in happened if one.source != "hub"]
    undone = [_reversal(random, n, one) for n, one in enumerate(random.sample(sent, int(len(sent) * REVERSED)))]
    return Crowd(companies, persons, newcomers, changed, aims, happened, undone)


def _firm(random: Random, number: int) -> OrganizationRecord:
    profile = OrganizationProfile(f"Firm {number}", "reseller", random.choice(TIERS), random.choice(REGIONS))
    return OrganizationRecord(f"o{number}", profile, JANUARY)


def _person(random: Random, number: int, firms: int, since: int) -> MemberRecord:
    roles = tuple(sorted(random.sample(ROLES, random.choice([1, 1, 2]))))
    firm = f"o{random.randrange(firms)}"
    profile = MemberProfile(f"Member {number}", None, firm, roles, random.choice(ZONES), "en")
    return MemberRecord(f"m{number}", profile, (), since)


def _event(random: Random, number: int, people: int, firms: int) -> Arrival:
    kind = random.choices(list(KINDS), list(KINDS.values()))[0]
    about = f"o{random.randrange(firms)}" if kind == "mdf.spent" else _somebody(random, people)
    # Several at one instant: source and id decide then.
    time = random.randrange(SINCE, UNTIL)
    time -= time % random.choice([1, clock.HOUR])
    offset = random.choice([0, 60, -300, 540, 330, 780])
    source = "hub" if kind == "hub.visited" else random.choice(["crm", "lms", "Zebra", "äther"])
    data = _data(random, kind)
    return Arrival(source, f"e{number:05}", kind, about, time, offset, data, arrivals.canonical(data))


def _reversal(random: Random, number: int, gone: Arrival) -> Arrival:
    data = {"source": gone.source, "id": gone.id}
    time = random.randrange(SINCE, UNTIL)
    return Arrival(gone.source, f"r{number:05}", "event.reversed", "", time, 0, data, arrivals.canonical(data))


def _somebody(random: Random, people: int) -> str:
    chance = random.random()
    if chance < NEVER:
        return "nobody"
    if chance < NEVER + NEW:
        return f"m{people + random.randrange(NEWCOMERS)}"
    # A few do much, many little.
    return f"m{int(people * random.random() ** 2)}"


def _data(random: Random, kind: str) -> dict[str, Any]:
    some: dict[str, Any] = {}
    if kind == "deal.won":
        amount = random.choice([Decimal(random.randrange(50_000, 900_000)) / 100, random.randrange(500, 9_000)])
        some = {"amount": amount, "deal": f"d{random.randrange(4000)}", "product": random.choice(["box", "services"])}
    elif kind == "deal.lost":
        some = {"deal": f"d{random.randrange(4000)}"}
    elif kind == "asset.viewed":
        some = {"asset": f"a{random.randrange(40)}"}
    elif kind == "module.completed":
        some = {"course": random.choice(["basics", "sales", None]), "module": random.randrange(7)}
    elif kind == "claim.changed":
        some = {
            "claim": f"c{random.randrange(9)}",
            "state": random.choice(["submitted", "paid"]),
            "amount": Decimal("1.50"),
        }
    elif kind == "csat.answered":
        some = {"score": random.randrange(1, 6)}
    elif kind == "mdf.spent":
        some = {"amount": random.randrange(100, 20_000)}
    left_out = random.random() < 0.03 and kind in ("deal.lost", "csat.answered")
    return {name: value for name, value in some.items() if not left_out and value is not None}


# ----------------------------------------------------------------------------------------------------------- telling it


@contextmanager
def hub_of(url: str, folder: Path, told: Crowd) -> Iterator[Flask]:
    """A hub that knows the crowd's people and its program."""
    for app in started(url, folder):
        with transaction() as connection:
            organizations.upsert(connection, told.organizations, JANUARY)
            members.upsert(connection, told.people, JANUARY)
        publish(PROGRAM.read_text())
        with transaction() as connection:
            targets.upsert(connection, told.targets, clock.now())
        yield app


def append(some: Sequence[Arrival]) -> Counter[str]:
    """Into the log; how many had which verdict."""
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        verdicts = log.append(connection, some, version.program.events, clock.now())
    return Counter(verdict.status for verdict in verdicts)


def change(some: Sequence[MemberRecord]) -> None:
    with transaction() as connection:
        appeared = members.upsert(connection, some, clock.now()).appeared
        log.release(connection, clock.now(), names=appeared)


def digest_all() -> None:
    while digest.run():
        pass


def in_order(told: Crowd) -> None:
    """All in canonical order, under the profiles that hold in the end, after what is taken back: nothing is folded
    twice, and nothing was shown that is gone.
    """
    change([*told.newcomers, *told.changes])
    append(told.reversals)
    append(sorted(told.arrivals, key=lambda one: (one.time, one.source, one.id)))
    digest_all()


def at_random(told: Crowd, seed: int, batches: int = 12, duplicates: int = 10) -> Counter[str]:
    """In a random order, split into random batches; one in `duplicates` twice; profiles change on the way. How many
    had which verdict.
    """
    random = Random(seed)
    sent = [*told.arrivals, *told.reversals]
    some = [*sent, *random.sample(sent, len(sent) // duplicates)]
    random.shuffle(some)
    cuts = sorted({0, len(some), *random.sample(range(1, len(some)), batches - 1)})
    waiting = random.sample([*told.newcomers, *told.changes], len(told.newcomers) + len(told.changes))
    verdicts: Counter[str] = Counter()
    for begin, end in pairwise(cuts):
        verdicts += append(some[begin:end])
        change([waiting.pop() for _ in range(min(len(waiting), random.randrange(4)))])
        for _ in range(random.randrange(3)):
            digest.run()
    change(waiting)
    digest_all()
    assert verdicts["accepted"] + verdicts["held"] == len(sent)
    assert verdicts["duplicate"] == len(some) - len(sent)
    return verdicts


# --------------------------------------------------------------------------------------------------------- what it says


@dataclass
class Says:
    """All that the API says. Of who has kept awards, `by_member` and `events` may hang on the order of arrival."""

    members: dict[str, dict[str, Any]]
    by_member: dict[str, dict[str, Any]]
    events: dict[str, list[Any]]  # by what they are about
    others: dict[str, Any]
    kept: set[str]


class Door:
    """The API, as another system sees it."""

    def __init__(self, app: Flask) -> None:
        with transaction() as connection:
            made = keys.create(connection, "test", ("members:read", "events:read", "program:read"), clock.now())
        assert isinstance(made, tuple)
        self._client: FlaskClient = app.test_client()
        self._headers = {"Authorization": f"Bearer {made[1]}"}

    def get(self, path: str, **query: Any) -> Any:
        answer = self._client.get(f"/api/v1{path}", query_string=query, headers=self._headers)
        assert answer.status_code == 200, (path, query, answer.data)
        return msgspec.json.decode(answer.data)

    def all(self, path: str, **query: Any) -> list[Any]:
        found, following = [], None
        while True:
            page = self.get(path, limit=500, **query, **({"cursor": following} if following else {}))
            found += page["items"]
            following = page["next"]
            if following is None:
                return found


def says(app: Flask, told: Crowd) -> Says:
    door = Door(app)
    ids = [record.id for record in [*told.newcomers, *told.people][:ASKED]]
    kept = _with_kept_awards()
    members_, by_member = {}, {}
    for place, id_ in enumerate(ids):
        window = WINDOWS[place % len(WINDOWS)]
        stands = door.get(f"/members/{id_}")
        given = _awards(one for one in door.all(f"/members/{id_}/badges") if not one["kept"] and not one["revoked"])
        by_member[id_] = {"level": stands.pop("level"), "badges": stands.pop("badges"), "awards": given}
        members_[id_] = {
            "stands": stands,
            "awards": [one for one in given if one["badge"] != "high"],  # it sees levels that were kept
            "transfers": _sums(door.all(f"/members/{id_}/transfers")),
            "metrics": [door.get(f"/members/{id_}/metrics", window=one) for one in ("all", window)],
            "goals": door.get(f"/members/{id_}/goals", window=window),
        }
    others = {f"{path} {query}": door.get(path, **query) for path, query in _of_organizations(told)}
    others |= {f"{key} {query}": door.all(f"/leaderboards/{key}", **query) for key, query in _boards()}
    others |= {path: door.get(path) for path in ("/program", "/widgets")}
    others["/members"] = sorted(door.all("/members"), key=lambda one: one["id"])
    others["/held"] = sorted((_without(one, *CAME) for one in door.all("/held")), key=lambda one: one["id"])
    return Says(members_, by_member, _events(door, told), others, kept)


def _with_kept_awards() -> set[str]:
    with reader() as connection:
        rows = select(people.c.id).join(awards, awards.c.member == people.c.no).where(awards.c.kept.is_not(None))
        return set(connection.scalars(rows))


def _without(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}


def _events(door: Door, told: Crowd) -> dict[str, list[Any]]:
    """Some events with what they did and did not do."""
    found: dict[str, list[Any]] = {}
    for one in told.arrivals[:EVENTS_ASKED]:
        event = _without(door.get("/events", source=one.source, id=one.id), *CAME)
        event.get("reversed_by", {}).pop("ref", None)
        found.setdefault(one.subject, []).append(event)
    return found


def _awards(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what tells in which order they were posted."""
    told = [_without(item, "id") for item in items]
    return sorted(told, key=lambda one: [str(value) for value in one.values()])


def _sums(lines: list[dict[str, Any]]) -> dict[str, int]:
    """What each cause gave in the end. Corrections tell of the order of arrival, and so does which line came first."""
    sums: Counter[str] = Counter()
    for line in lines:
        cause, event = line["cause"], line["event"]
        which = f"{event['source']}/{event['id']}" if cause["kind"] == "rule" else ""
        sums[f"{cause['kind']}/{cause['key']}/{which}"] += line["amount"]
    assert lines == [] or lines[0]["balance"] == sum(sums.values())
    return {cause: amount for cause, amount in sums.items() if amount}


def _of_organizations(told: Crowd) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, record in enumerate(told.organizations):
        yield f"/organizations/{record.id}", {}
        yield f"/organizations/{record.id}/metrics", {"window": WINDOWS[place % len(WINDOWS)]}
        for window in ("2026-Q3", "2026-Q4"):
            yield f"/organizations/{record.id}/goals", {"window": window}


def _boards() -> Iterator[tuple[str, dict[str, Any]]]:
    quarters, months, weeks = ("2026-Q3", "2026-Q4"), ("2026-08", "2026-10", "2026-11"), ("2026-W43", "2026-W47")
    for window in months:
        for region in REGIONS:
            yield "top_sellers", {"window": window, "among": region}
    windows = {
        "learners": ("all",), "weeks": weeks, "closers": quarters, "partners": quarters, "net_partners": months,
        "busy_partners": months, "wide_partners": ("all",), "glad_partners": ("all",),
    }  # fmt: skip
    for key, some in windows.items():
        for window in some:
            yield key, {"window": window}
