"""What the demo's people did: working weeks in each one's zone, ends of quarters, holidays, starters, stars and the
gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hub.clock import microseconds, moment
from hub.demo.people import VENDOR, Someone
from hub.ledger.arrivals import HUB, HUB_VISITED, Arrival, canonical, exact_data

SOURCE = "demo"

#: How many of each a usual person of a role does on a working day.
_HABITS: dict[str, dict[str, float]] = {
    "sales_rep": {
        "deal.registered": 0.3,
        "deal.won": 0.16,
        "deal.lost": 0.1,
        "asset.downloaded": 0.3,
        "module.completed": 0.08,
    },
    "partner_owner": {"asset.downloaded": 0.15, "module.completed": 0.05},
    "marketing": {
        "lead.followed_up": 0.9,
        "campaign.launched": 0.04,
        "asset.downloaded": 0.4,
        "module.completed": 0.06,
    },
    "service_support": {"ticket.resolved": 0.9, "csat.answered": 0.2, "module.completed": 0.12},
}
_VISITS = 0.75
_COURSES = ("basics", "storage", "security", "selling", "service")
_PRODUCTS = ("hardware", "hardware", "software", "services")


def arrivals(people: list[Someone], now: int, days: int, random: Random) -> Iterator[Arrival]:
    """Every event up to now, oldest day first, each person's in her own order."""
    for back in range(days, -1, -1):
        for one in people:
            if one.from_day >= back >= one.until_day:
                yield from _day(one, back, now, random)


def _day(one: Someone, back: int, now: int, random: Random) -> Iterator[Arrival]:
    zone = ZoneInfo(one.time_zone)
    day = moment(now).astimezone(zone).date() - timedelta(days=back)
    if day.weekday() > 4 or _on_holiday(day, random):
        return
    # The demo's own people are at their desks every day but today: their streak is alive, and asks for a visit.
    faithful = one.id in {"bo", "fay"} and back > 0
    if faithful or (back > 0 and random.random() < _VISITS * min(one.drive, 1.2)):
        yield _arrival(one, day, zone, HUB_VISITED, f"visit/{one.id}/{day.isoformat()}", {}, random)
    for kind, rate in _HABITS.get(one.role, {}).items() if one.organization != VENDOR else ():
        for number in range(_times(rate * one.drive * _season(day, kind), random)):
            name = f"{kind}/{one.id}/{day.isoformat()}/{number}"
            arrival = _arrival(one, day, zone, kind, name, _data(kind, name, random), random)
            if arrival.time <= now:
                yield arrival


def _on_holiday(day: date, random: Random) -> bool:
    return random.random() < (0.6 if (day.month, day.day) in {(12, d) for d in range(23, 32)} else 0.06)


def _season(day: date, kind: str) -> float:
    """Deals are won at the end of a quarter."""
    end = day.month % 3 == 0 and day.day > 15
    return 1.8 if kind == "deal.won" and end else 0.7 if day.month == 8 else 1.0


def _times(rate: float, random: Random) -> int:
    whole, rest = divmod(rate, 1)
    return int(whole) + (random.random() < rest)


def _data(kind: str, name: str, random: Random) -> dict[str, Any]:
    number = f"{random.randrange(10**6):06}"
    if kind == "deal.won":
        amount = int(random.lognormvariate(8.6, 0.8))
        return {"amount": amount, "product": random.choice(_PRODUCTS), "deal": f"D-{number}"}
    if kind in {"deal.registered", "deal.lost"}:
        return {"deal": f"D-{number}"}
    if kind == "module.completed":
        course = random.choice(_COURSES)
        return {"course": course, "module": f"{course}-{random.randint(1, 10)}"}
    if kind == "csat.answered":
        return {"score": random.choice((3, 4, 4, 5, 5))}
    attribute = {"asset.downloaded": "asset", "lead.followed_up": "lead", "campaign.launched": "campaign"}.get(
        kind, "ticket"
    )
    return {attribute: f"sheet-{random.randint(1, 60)}" if attribute == "asset" else name}


def _arrival(
    one: Someone, day: date, zone: ZoneInfo, kind: str, name: str, data: dict[str, Any], random: Random
) -> Arrival:
    at = datetime(
        day.year, day.month, day.day, random.randint(8, 17), random.randrange(60), random.randrange(60), tzinfo=zone
    )
    offset = at.utcoffset() or timedelta()
    exact = exact_data(data)
    source = HUB if kind == HUB_VISITED else SOURCE
    return Arrival(
        source, name, kind, one.id, microseconds(at), offset // timedelta(minutes=1), exact, canonical(exact)
    )
