"""The demo's people: 24 partner organizations, 180 members in their zones and languages, and who looks after whom."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hub.directory.assignments import AssignmentRecord
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord

MEMBERS = 180
VENDOR = "harbor"

_FIRMS = (
    ("acme", "Acme Systems"),
    ("borealis", "Borealis IT"),
    ("cascadia", "Cascadia Networks"),
    ("delphi", "Delphi Consult"),
    ("elbe", "Elbe Datentechnik"),
    ("fjord", "Fjord Digital"),
    ("granite", "Granite Partners"),
    ("helios", "Helios Cloud"),
    ("iberia", "Iberia Soluciones"),
    ("juniper", "Juniper Lane"),
    ("kestrel", "Kestrel Group"),
    ("lumen", "Lumen Works"),
    ("meridian", "Meridian Trade"),
    ("nordwind", "Nordwind GmbH"),
    ("orchard", "Orchard Labs"),
    ("pacifica", "Pacifica Tech"),
    ("quarry", "Quarry & Sons"),
    ("rhone", "Rhône Services"),
    ("sakura", "Sakura Systems"),
    ("tundra", "Tundra Supply"),
    ("umbra", "Umbra Security"),
    ("vistula", "Vistula Net"),
    ("willow", "Willow Retail IT"),
    ("zephyr", "Zephyr Mobile"),
)
_TYPES = ("reseller", "distributor", "service_firm")
_TIERS = ("gold", "silver", "bronze")
_PLACES = {
    "emea": (("Europe/Berlin", "de"), ("Europe/London", "en"), ("Europe/Madrid", "en"), ("Africa/Johannesburg", "en")),
    "americas": (("America/New_York", "en"), ("America/Chicago", "en"), ("America/Sao_Paulo", "en")),
    "apac": (("Asia/Tokyo", "en"), ("Asia/Kolkata", "en"), ("Australia/Sydney", "en")),
}
_FIRST = (
    "Amara",
    "Ben",
    "Carla",
    "Dmitri",
    "Elena",
    "Farid",
    "Greta",
    "Hiro",
    "Ines",
    "Jonas",
    "Keiko",
    "Lars",
    "Mei",
    "Nadia",
    "Omar",
    "Petra",
    "Quentin",
    "Rosa",
    "Sven",
    "Tara",
    "Ulrich",
    "Vera",
    "Wen",
    "Ximena",
    "Yusuf",
    "Zoe",
)
_LAST = (
    "Abara",
    "Brandt",
    "Costa",
    "Dahl",
    "Ekström",
    "Fischer",
    "Garcia",
    "Hansen",
    "Ito",
    "Jansen",
    "Kaya",
    "Laurent",
    "Moreau",
    "Novak",
    "Okafor",
    "Patel",
    "Reyes",
    "Sato",
    "Tran",
    "Ueda",
    "Vogel",
    "Weber",
    "Yilmaz",
    "Zhang",
)
_ROLES = ("sales_rep",) * 6 + ("marketing", "service_support", "service_support")


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the demo: `drive` is how much she does (1 is usual), `from_day` and `until_day` count back from
    today.
    """

    id: str
    name: str
    organization: str
    role: str
    time_zone: str
    locale: str
    drive: float
    from_day: int
    until_day: int


def everybody(random: Random, days: int, members: int = MEMBERS) -> list[Someone]:
    """The cast first, then the vendor's people, then as many others as it takes."""
    cast = [
        Someone("ada", "Ada Holm", "acme", "partner_owner", "Europe/Berlin", "de", 1.0, days, 0),
        Someone("bo", "Bo Lind", "acme", "sales_rep", "Europe/Berlin", "en", 2.4, days, 0),
        Someone("cy", "Cy Marsh", "kestrel", "sales_rep", "America/New_York", "en", 1.2, days, 0),
        Someone("fay", "Fay Osei", VENDOR, "field_team", "Europe/Berlin", "en", 1.0, days, 0),
        Someone("gus", "Gus Romero", VENDOR, "field_team", "America/Chicago", "en", 0.8, days, 0),
        Someone("sam", "Sam Ito", VENDOR, "support_team", "Asia/Tokyo", "en", 1.0, days, 0),
        Someone("pat", "Pat Weiss", VENDOR, "program_admin", "Europe/Berlin", "de", 0.7, days, 0),
    ]
    return cast + [_other(random, number, days) for number in range(members - len(cast))]


def _other(random: Random, number: int, days: int) -> Someone:
    firm = _FIRMS[number % len(_FIRMS)][0]
    role = "partner_owner" if 0 < number < len(_FIRMS) else random.choice(_ROLES)
    name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number * 7 % len(_LAST)]}"
    zone, locale = random.choice(_PLACES[region_of(firm)])
    kind = random.random()
    first = random.randint(5, min(30, days)) if kind < 0.12 else days
    last = random.randint(days // 4, days * 3 // 4) if 0.12 <= kind < 0.24 else 0
    drive = random.uniform(1.8, 2.6) if kind > 0.93 else random.uniform(0.15, 1.3)
    return Someone(f"m{number:03}", name, firm, role, zone, locale, drive, first, last)


def region_of(firm: str) -> str:
    keys = [key for key, _ in _FIRMS]
    return "emea" if firm in {"acme", VENDOR} else tuple(_PLACES)[keys.index(firm) % 3]


def organizations() -> list[OrganizationRecord]:
    records = [OrganizationRecord(VENDOR, OrganizationProfile("Harbor", "vendor", None, "emea", "1200"))]
    for at, (key, name) in enumerate(_FIRMS):
        tier = "gold" if key == "acme" else _TIERS[at % 5 % 3]
        profile = OrganizationProfile(name, _TYPES[at % 3], tier, region_of(key), str(8 + at * 11 % 240))
        records.append(OrganizationRecord(key, profile))
    return records


def members(people: list[Someone]) -> list[MemberRecord]:
    return [
        MemberRecord(
            one.id,
            MemberProfile(
                name=one.name,
                email=f"{one.id}@{one.organization}.example",
                organization=one.organization,
                roles=(one.role,),
                time_zone=one.time_zone,
                locale=one.locale,
            ),
        )
        for one in people
    ]


def assignments() -> list[AssignmentRecord]:
    """Fay has the partners of EMEA, Gus the others; Sam supports all."""
    found = []
    for key, _ in _FIRMS:
        found.append(AssignmentRecord(key, "fay" if region_of(key) == "emea" else "gus", "field_team"))
        found.append(AssignmentRecord(key, "sam", "support_team"))
    return found
