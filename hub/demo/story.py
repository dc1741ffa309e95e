"""What the demo's people did, day by day, each on her own calendar.

A day of a person is told from a seed of its own, so the story of a date is the same whenever it is told, and goes on
as days pass. What happened depends on nothing but the instant at which the demo was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hub.clock import MINUTE, microseconds, moment
from hub.demo import rhythm
from hub.demo.people import FIRMS, SEED, VENDOR, Person
from hub.ledger import arrivals
from hub.ledger.arrivals import HUB, HUB_VISITED, Arrival

WON, LOST, REGISTERED = "deal.won", "deal.lost", "deal.registered"
LEAD, CAMPAIGN, DOWNLOAD = "lead.followed_up", "campaign.launched", "asset.downloaded"
MODULE, COURSE, CERTIFICATE = "module.completed", "course.completed", "certification.earned"
TICKET, RATING, PARTNER = "ticket.resolved", "csat.answered", "partner.visited"
ALLOCATED, SPENT = "mdf.allocated", "mdf.spent"
CLAIM = "claim.changed"

#: The system that sends each type.
SOURCES = {
    **dict.fromkeys((WON, LOST, REGISTERED), "crm"),
    **dict.fromkeys((LEAD, CAMPAIGN), "marketing"),
    DOWNLOAD: "prm",
    **dict.fromkeys((MODULE, COURSE, CERTIFICATE), "lms"),
    **dict.fromkeys((TICKET, RATING), "support"),
    PARTNER: "field",
    **dict.fromkeys((ALLOCATED, SPENT), "mdf"),
    CLAIM: "incentives",
    HUB_VISITED: HUB,
}

PRODUCTS = ("cloud", "cloud", "edge", "shield", "services")
COURSES = (
    *("Cloud Basics", "Selling Harbor", "Edge Networking", "Shield Essentials"),
    *("Customer Success", "Solution Design", "Negotiation", "Harbor Voyage"),
    *("Storage Foundations", "Public Sector", "Partner Marketing", "Service Excellence"),
)
MODULES_A_COURSE = 6
ASSETS = tuple(
    f"{kind}: {product}"
    for kind in ("Battlecard", "Price list", "Pitch deck", "Case study", "Data sheet", "Demo script", "ROI sheet")
    for product in ("Cloud", "Edge", "Shield", "Voyage", "Services")
)
CAMPAIGNS = ("Webinar", "Newsletter", "Trade fair", "Customer breakfast", "Social ads", "Roadshow")

#: How many of each a usual person of a role does on a usual working day.
_HABITS: Mapping[str, Mapping[str, float]] = {
    "sales_rep": {REGISTERED: 0.26, LEAD: 0.16, DOWNLOAD: 0.15, MODULE: 0.04},
    "partner_owner": {REGISTERED: 0.06, LEAD: 0.1, DOWNLOAD: 0.12, MODULE: 0.04},
    "marketing": {LEAD: 0.45, CAMPAIGN: 0.05, DOWNLOAD: 0.35, MODULE: 0.05},
    "service_support": {TICKET: 0.75, DOWNLOAD: 0.1, MODULE: 0.06},
    "field_team": {PARTNER: 0.5, DOWNLOAD: 0.2, MODULE: 0.03},
    "support_team": {TICKET: 1.0, DOWNLOAD: 0.1, MODULE: 0.06},
    "program_admin": {DOWNLOAD: 0.1, MODULE: 0.02},
}
_VISITS = 0.42
_OFTEN, _FAITHFUL = 0.95, 0.96
_WON, _LOST = 0.5, 0.8  # of ten registered deals five are won, three are lost, two stay open
_RATED, _CERTIFIED = 0.3, 0.6
#: For these there is a SPIF to be claimed; so many days later the claim is in its next state.
_CLAIMED, _PAID = "edge", 0.9
_CLAIM_DAYS = {"submitted": 0, "in_review": 3, "approved": 8, "paid": 14}
_MUST_LEARN = 0.92
#: So long before the demo was made the cast begins to learn every week.
_EAGER = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that somebody did. `who` is a member's id, of what is about a company that company's."""

    time: int  # microseconds
    offset: int  # minutes
    who: str
    kind: str
    id: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def arrival(self) -> Arrival:
        """As it is sent in."""
        exact = arrivals.exact_data(self.data)
        source = SOURCES[self.kind]
        return Arrival(source, self.id, self.kind, self.who, self.time, self.offset, exact, arrivals.canonical(exact))

    def with_amount(self, amount: int) -> Happening:
        return replace(self, data={**self.data, "amount": amount})


def tell(people: Iterable[Person], began: int, days: int, until: int) -> list[Happening]:
    """All that happened from `days` before `began` until `until`, in the order of time."""
    told = [one for person in people for one in _Life(person, began, days).until(until)]
    told += [one for one in _funds(began, days, until) if one.time <= until]
    return in_order(told)


def in_order(told: Iterable[Happening]) -> list[Happening]:
    return sorted(told, key=lambda one: (one.time, one.who, one.id))


def today(person: Person, now: int) -> date:
    return moment(now).astimezone(ZoneInfo(person.zone)).date()


def at(person: Person, day: date, hour: float, kind: str, key: str, data: Mapping[str, Any] | None = None) -> Happening:
    """What she does on that date, at that hour of her clock."""
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(person.zone)) + timedelta(seconds=int(hour * 3600))
    return Happening(microseconds(local), _minutes(local), person.id, kind, key, data or {})


def visit(person: Person, day: date, hour: float) -> Happening:
    # The id is the one that the hub itself gives, so that nobody visits twice on a day.
    return at(person, day, hour, HUB_VISITED, f"visit/{person.id}/{day.isoformat()}")


def _minutes(local: datetime) -> int:
    offset = local.utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


class _Life:
    """One person's days, told one after another."""

    def __init__(self, person: Person, began: int, days: int) -> None:
        self._person = person
        self._made = today(person, began)
        self._first = self._made - timedelta(days=min(person.first, days))
        self._last = None if person.last < 0 else self._made - timedelta(days=person.last)
        self._modules = 0
        self._courses = list(COURSES)
        Random(f"{SEED}/{person.id}/courses").shuffle(self._courses)

    def until(self, now: int) -> Iterator[Happening]:
        last = today(self._person, now)
        day = self._first
        while day <= last:
            yield from (one for one in self._day(day) if one.time <= now and self._there(one))
            day += timedelta(days=1)

    def _there(self, one: Happening) -> bool:
        # A deal may be closed long after it was registered: not by somebody who is gone by then.
        return self._last is None or moment(one.time + one.offset * MINUTE).date() <= self._last

    def _day(self, day: date) -> Iterator[Happening]:
        one, random = self._person, Random(f"{SEED}/{self._person.id}/{day.isoformat()}")
        energy = rhythm.energy(day, one.firm.region)
        # Who went quiet is seen less and less before she is seen no more.
        if not energy or rhythm.away(one, day) or (self._last is not None and day > self._last):
            return
        seen = min(_VISITS * one.pace**0.7, _OFTEN) * min(energy * 1.4, 1.0) * self._fading(day)
        # The cast is never seen to lose what it is about to lose: from the day the demo was made it comes every day.
        if one.cast:
            seen = _FAITHFUL if day < self._made else 1.0
        if random.random() < seen:
            yield visit(one, day, random.uniform(7.4, 9.9))
        for role in one.roles:
            for kind, rate in _HABITS[role].items():
                for number in range(_times(rate * one.pace * energy * self._fading(day), random)):
                    yield from self._does(kind, day, f"{role[0]}{number}", random)
        if one.learns and day.weekday() == len(one.id) % 5 and random.random() < self._eagerness(day):
            yield from self._learns(day, "w", random)

    def _eagerness(self, day: date) -> float:
        return 1.0 if self._person.cast and day > self._made - _EAGER else _MUST_LEARN

    def _fading(self, day: date) -> float:
        return 1.0 if self._last is None else max(min((self._last - day).days / 60, 1.0), 0.25)

    def _does(self, kind: str, day: date, number: str, random: Random) -> Iterator[Happening]:
        if kind == REGISTERED:
            yield from self._sells(day, number, random)
        elif kind == MODULE:
            yield from self._learns(day, number, random)
        elif kind == TICKET:
            yield from self._helps(day, number, random)
        else:
            key = self._key(kind, day, number)
            yield at(self._person, day, random.uniform(9.2, 17.8), kind, key, _about(kind, key, random))

    def _sells(self, day: date, number: str, random: Random) -> Iterator[Happening]:
        one = self._person
        deal = f"{one.firm.id[:3].upper()}-{one.id[-2:]}{day:%y%m%d}{number}"
        yield at(one, day, random.uniform(9.2, 17.8), REGISTERED, self._key(REGISTERED, day, number), {"deal": deal})
        chance, lag, amount = random.random(), random.randint(4, 48), _amount(random)
        closed = rhythm.closing(day + timedelta(days=lag), random)
        if chance > _LOST or closed <= day:
            return
        hour, product = random.uniform(9.2, 17.8), random.choice(PRODUCTS)
        if chance < _WON:
            data = {"deal": deal, "amount": amount, "product": product}
            yield at(one, closed, hour, WON, self._key(WON, day, number), data)
            yield from self._claims(closed, hour, data)
        else:
            yield at(one, closed, hour, LOST, self._key(LOST, day, number), {"deal": deal})

    def _claims(self, won: date, hour: float, of: Mapping[str, Any]) -> Iterator[Happening]:
        """What is paid extra for a deal. Drawn by itself, so that the story goes on as it would without."""
        if of["product"] != _CLAIMED:
            return
        random = Random(f"{SEED}/{of['deal']}/claim")
        data = {"claim": f"SPIF-{of['deal']}", "deal": of["deal"], "amount": random.choice((50, 80, 120))}
        states = _CLAIM_DAYS if random.random() < _PAID else {"submitted": 0, "in_review": 3, "rejected": 8}
        for state, days in states.items():
            day = rhythm.workday(won + timedelta(days=days))
            yield at(self._person, day, hour + 0.4, CLAIM, f"{CLAIM}/{of['deal']}/{state}", {**data, "state": state})

    def _learns(self, day: date, number: str, random: Random) -> Iterator[Happening]:
        one, hour = self._person, random.uniform(9.2, 16.8)
        if self._modules >= len(COURSES) * MODULES_A_COURSE:
            return
        place, module = divmod(self._modules, MODULES_A_COURSE)
        self._modules += 1
        course = self._courses[place]
        data = {"course": course, "module": f"{course} {module + 1}"}
        yield at(one, day, hour, MODULE, self._key(MODULE, day, number), data)
        if module + 1 == MODULES_A_COURSE:
            yield at(one, day, hour + 0.1, COURSE, self._key(COURSE, day, number), {"course": course})
            if random.random() < _CERTIFIED:
                data = {"certificate": f"{course} certified"}
                yield at(one, day, hour + 0.7, CERTIFICATE, self._key(CERTIFICATE, day, number), data)

    def _helps(self, day: date, number: str, random: Random) -> Iterator[Happening]:
        one, hour, ticket = self._person, random.uniform(8.6, 16.4), self._key("T", day, number)
        hours = round(random.lognormvariate(1.2, 0.8), 1)
        yield at(one, day, hour, TICKET, self._key(TICKET, day, number), {"ticket": ticket, "hours": int(hours) + 1})
        if random.random() < _RATED:
            score = random.choice((3, 4, 4, 5, 5, 5))
            yield at(one, day, hour + 1.2, RATING, self._key(RATING, day, number), {"ticket": ticket, "score": score})

    def _key(self, kind: str, day: date, number: str) -> str:
        return f"{kind}/{self._person.id}/{day.isoformat()}/{number}"


def _times(rate: float, random: Random) -> int:
    whole, rest = divmod(rate, 1)
    return int(whole) + (random.random() < rest)


def _amount(random: Random) -> int:
    """What a deal is worth: most some thousands, few some ten thousands."""
    return max(int(random.lognormvariate(8.55, 0.75)) // 50 * 50, 900)


def _about(kind: str, key: str, random: Random) -> dict[str, Any]:
    if kind == DOWNLOAD:
        return {"asset": random.choice(ASSETS)}
    if kind == CAMPAIGN:
        return {"campaign": key, "kind": random.choice(CAMPAIGNS)}
    if kind == PARTNER:
        return {"partner": random.choice([firm.id for firm in FIRMS if firm.id != VENDOR])}
    return {"lead": key}


def _funds(began: int, days: int, until: int) -> Iterator[Happening]:
    """Marketing money: given to gold and silver partners each month, and spent now and then."""
    start = moment(began).date() - timedelta(days=days)
    for firm in (one for one in FIRMS if one.tier in {"gold", "silver"}):
        day = start
        while day <= moment(until).date():
            random = Random(f"{SEED}/{firm.id}/funds/{day.isoformat()}")
            noon = microseconds(datetime(day.year, day.month, day.day, 12, tzinfo=moment(began).tzinfo))
            if day.day == 1:
                amount = 6_000 if firm.tier == "gold" else 3_000
                yield Happening(noon, 0, firm.id, ALLOCATED, f"{firm.id}/{day.isoformat()}", {"amount": amount})
            elif rhythm.energy(day, firm.region) and random.random() < 0.06:
                amount = random.randrange(400, 2_400, 50)
                yield Happening(noon, 0, firm.id, SPENT, f"{firm.id}/{day.isoformat()}/spent", {"amount": amount})
            day += timedelta(days=1)


def of(told: Sequence[Happening], who: str, *kinds: str) -> list[Happening]:
    return [one for one in told if one.who == who and one.kind in kinds]
