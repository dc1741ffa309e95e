"""The demo's people: 23 partner companies and the vendor, 180 members in their zones and languages, who helps whom.

Everybody is invented. The cast comes first and is always there: Ada owns Acme, Bo sells for Acme and is its star, Fay
looks after Acme for the vendor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice, zip_longest
from random import Random

from hub.clock import DAY
from hub.demo.names import unique
from hub.directory.assignments import AssignmentRecord
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord

SEED = "harbor"
MEMBERS = 180
VENDOR = "harbor"
#: One of every role, and Cy, who is from elsewhere.
CAST = ("bo", "ada", "mo", "ines", "fay", "sam", "pat", "cy")
#: Partners that were of a lower tier until so many days before the demo was made.
PROMOTED = {"nordwind": ("silver", 150), "maple": ("bronze", 95)}


@dataclass(frozen=True, slots=True)
class Firm:
    """A company. `places` are its people's zones, the first one is that of most; `names` says where names are from."""

    id: str
    name: str
    type: str
    tier: str | None
    region: str
    people: int
    names: str
    locale: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A member. `pace`: how much she does (1 is usual). `first` and `last`: days before the demo was made, between
    which she is there; a negative `last` has no end.

    `learns`: takes a course module nearly every week. `locale` None: what her browser asks for.
    """

    id: str
    name: str
    firm: Firm
    roles: tuple[str, ...]
    zone: str
    locale: str | None
    title: str
    pace: float
    first: int
    last: int = -1
    learns: bool = False
    cast: bool = False

    @property
    def role(self) -> str:
        return self.roles[0]


FIRMS = (
    Firm("acme", "Acme Systems", "reseller", "gold", "emea", 11, "de", "de-DE", ("Europe/Berlin",)),
    Firm("nordwind", "Nordwind IT", "service firm", "gold", "emea", 10, "de", "de-DE", ("Europe/Berlin",)),
    Firm("cascadia", "Cascadia Networks", "reseller", "gold", "americas", 11, "us", "en-US", ("America/Los_Angeles",)),
    Firm("sakura", "Sakura Systems", "distributor", "gold", "apac", 10, "jp", "ja-JP", ("Asia/Tokyo",)),
    Firm("granite", "Granite & Vale", "reseller", "gold", "emea", 10, "uk", "en-GB", ("Europe/London",)),
    Firm("rhone", "Rhône Services", "service firm", "silver", "emea", 8, "fr", "fr-FR", ("Europe/Paris",)),
    Firm("fjord", "Fjord Digital", "reseller", "silver", "emea", 7, "no", "nb-NO", ("Europe/Oslo", "Europe/Stockholm")),
    Firm("iberia", "Iberia Soluciones", "distributor", "silver", "emea", 8, "es", "es-ES", ("Europe/Madrid",)),
    Firm("maple", "Maple Ridge IT", "reseller", "silver", "americas", 7, "us", "en-CA", ("America/Toronto",)),
    Firm("aurora", "Aurora Nuvem", "reseller", "silver", "americas", 7, "br", "pt-BR", ("America/Sao_Paulo",)),
    Firm("banyan", "Banyan Cloudworks", "service firm", "silver", "apac", 9, "in", "en-IN", ("Asia/Kolkata",)),
    Firm("southern", "Southern Cross Tech", "reseller", "silver", "apac", 7, "uk", "en-AU", ("Australia/Sydney",)),
    Firm("vistula", "Vistula Net", "service firm", "bronze", "emea", 6, "pl", "pl-PL", ("Europe/Warsaw",)),
    Firm("delphi", "Delphi Consult", "service firm", "bronze", "emea", 5, "gr", "el-GR", ("Europe/Athens",)),
    Firm("lumen", "Lumen Officina", "reseller", "bronze", "emea", 5, "it", "it-IT", ("Europe/Rome",)),
    Firm("savanna", "Savanna Link", "distributor", "bronze", "emea", 6, "ke", "en-KE", ("Africa/Nairobi",)),
    Firm("zephyr", "Zephyr Mobile", "reseller", "bronze", "emea", 5, "ae", "en-AE", ("Asia/Dubai",)),
    Firm("prairie", "Prairie Data", "reseller", "bronze", "americas", 6, "us", "en-US", ("America/Chicago",)),
    Firm("agave", "Agave Tecnología", "distributor", "bronze", "americas", 5, "es", "es-MX", ("America/Mexico_City",)),
    Firm("liberty", "Liberty Lane", "service firm", "bronze", "americas", 5, "us", "en-US", ("America/New_York",)),
    Firm("kauri", "Kauri Point", "reseller", "bronze", "apac", 4, "uk", "en-NZ", ("Pacific/Auckland",)),
    Firm("merlion", "Merlion Trade", "distributor", "bronze", "apac", 6, "sg", "en-SG", ("Asia/Singapore",)),
    Firm("hanok", "Hanok Soft", "service firm", "bronze", "apac", 5, "kr", "ko-KR", ("Asia/Seoul",)),
    Firm(VENDOR, "Harbor", "vendor", None, "emea", 17, "world", "en-GB",
         ("Europe/Berlin", "America/New_York", "Asia/Singapore")),
)  # fmt: skip
_FIRMS = {firm.id: firm for firm in FIRMS}

#: Roles of a partner's people by what it does, in the order in which they are filled after the owner.
_ROLES = {
    "reseller": "sell sell market sell serve sell sell market sell sell serve",
    "distributor": "sell market sell sell market serve sell sell sell serve",
    "service firm": "serve sell serve market sell serve sell serve sell",
    "vendor": "field support field field support field support field field admin "
    "support field field field support field admin",
}
_ROLE = {
    "sell": "sales_rep",
    "market": "marketing",
    "serve": "service_support",
    "field": "field_team",
    "support": "support_team",
    "admin": "program_admin",
}
#: A partner's tier tells of what its people do.
_PACES = {"gold": 1.25, "bronze": 0.7}
_TITLES = {
    "partner_owner": "Managing director",
    "sales_rep": "Account manager",
    "marketing": "Marketing manager",
    "service_support": "Service engineer",
    "field_team": "Partner manager",
    "support_team": "Partner support",
    "program_admin": "Program manager",
}


def _cast(days: int) -> tuple[Person, ...]:
    """One of every role, each with a rich page. Without a locale they speak the visitor's language."""

    def one(id_: str, name: str, firm: str, role: str, pace: float, zone: str = "Europe/Berlin") -> Person:
        title = _TITLES[role]
        return Person(id_, name, _FIRMS[firm], (role,), zone, None, title, pace, days, learns=True, cast=True)

    return (
        one("bo", "Bo Lind", "acme", "sales_rep", 2.6),
        one("ada", "Ada Holm", "acme", "partner_owner", 1.3),
        one("mo", "Mo Haddad", "acme", "marketing", 1.6),
        one("ines", "Ines Duarte", "acme", "service_support", 1.6),
        one("fay", "Fay Osei", VENDOR, "field_team", 1.4),
        one("sam", "Sam Ito", VENDOR, "support_team", 1.3),
        one("pat", "Pat Weiss", VENDOR, "program_admin", 1.2),
        one("cy", "Cy Marsh", "liberty", "sales_rep", 1.1, "America/New_York"),
    )


def everybody(days: int, members: int = MEMBERS) -> list[Person]:
    """The cast, then the others, of all companies in turn, as many as it takes."""
    cast = _cast(days)
    named = {firm.names: unique(firm.names, Random(f"{SEED}/{firm.names}")) for firm in FIRMS}
    by_firm = [
        list(_of_firm(firm, [one for one in cast if one.firm is firm], days, named[firm.names])) for firm in FIRMS
    ]
    in_turn = (one for row in zip_longest(*by_firm) for one in row if one is not None)
    return list(islice(chain(cast, in_turn), members))


def _of_firm(firm: Firm, cast: Sequence[Person], days: int, names: Iterator[str]) -> Iterator[Person]:
    random = Random(f"{SEED}/{firm.id}")
    missing = ["partner_owner"] if firm.id != VENDOR else []
    roles = [*missing, *(_ROLE[word] for word in _ROLES[firm.type].split())]
    for one in cast:
        roles.remove(one.role)
    for place, role in zip(range(1, firm.people - len(cast) + 1), roles, strict=False):
        yield _someone(firm, f"{firm.id}-{place:02}", next(names), role, random, days)


def _someone(firm: Firm, id_: str, name: str, role: str, random: Random, days: int) -> Person:
    pace, first, last = _kind(random, role, days)
    pace *= _PACES.get(firm.tier or "", 1.0)
    zone = firm.places[0] if firm.id != VENDOR and random.random() < 0.7 else random.choice(firm.places)
    # An owner of a small firm sells too; some service people also do the firm's marketing.
    roles = (role, "sales_rep") if role == "partner_owner" and firm.tier == "bronze" else (role,)
    return Person(
        id_, name, firm, roles, zone, firm.locale, _TITLES[role], pace, first, last, learns=random.random() < 0.35
    )


def _kind(random: Random, role: str, days: int) -> tuple[float, int, int]:
    """Pace, first and last day of somebody: a star, a starter, one who went quiet or left, or one like most."""
    chance = random.random()
    if role in {"partner_owner", "program_admin", "field_team"}:
        return random.uniform(0.5, 1.2), days, -1
    if chance < 0.09:
        return random.uniform(1.7, 2.3), days, -1
    if chance < 0.19:
        return random.uniform(0.8, 1.5), random.randint(6, 38), -1
    if chance < 0.27:
        return random.uniform(0.5, 1.1), days, random.randint(30, 60)
    if chance < 0.33:
        return random.uniform(0.4, 1.0), days, random.randint(90, 180)
    if chance < 0.55:
        return random.uniform(0.2, 0.5), days, -1
    return random.uniform(0.7, 1.4), days, -1


def left(people: Sequence[Person]) -> list[str]:
    """Those of the gone who no longer work at their company: their part in the hub has ended."""
    return [one.id for one in people if one.last >= 120]


# --------------------------------------------------------------------------------------------------------- as records


def organizations(began: int, days: int) -> list[OrganizationRecord]:
    records = []
    start = began - days * DAY
    for firm in FIRMS:
        size = f"{firm.people * 7} people"
        before, back = PROMOTED.get(firm.id, (firm.tier, 0))
        records.append(
            OrganizationRecord(firm.id, OrganizationProfile(firm.name, firm.type, before, firm.region, size), start)
        )
        if back and back < days:
            now = OrganizationProfile(firm.name, firm.type, firm.tier, firm.region, size)
            records.append(OrganizationRecord(firm.id, now, began - back * DAY))
    return records


def members(people: Sequence[Person], began: int, days: int) -> list[MemberRecord]:
    return [MemberRecord(one.id, _profile(one, days), (), began - days * DAY) for one in people]


def _profile(one: Person, days: int) -> MemberProfile:
    tags = [*(["cast"] if one.cast else []), *(["newcomer"] if one.first < min(days, 60) else [])]
    return MemberProfile(
        name=one.name,
        email=f"{one.id}@{one.firm.id}.example",
        organization=one.firm.id,
        roles=one.roles,
        time_zone=one.zone,
        locale=one.locale,
        tags=tuple(tags),
        # Those whom partners call.
        phone=f"+49 40 5550 {len(one.name) * 97 + len(one.id):04}" if one.firm.id == VENDOR else None,
        title=one.title,
    )


def assignments(people: Sequence[Person]) -> list[AssignmentRecord]:
    """Each partner has one of the field team and one of the support team; Acme has Fay and Sam."""
    field = [one.id for one in people if one.role == "field_team"]
    support = [one.id for one in people if one.role == "support_team"]
    partners = [firm.id for firm in FIRMS if firm.id != VENDOR]
    return [
        AssignmentRecord(firm, team[place % len(team)], role)
        for role, team in (("field_team", field), ("support_team", support))
        for place, firm in zip(count(), partners, strict=False)
    ]
