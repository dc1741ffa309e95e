"""A slow and obvious model of the program's semantics, for tests only. README.md says how it reads PROGRAM.md."""

from tests.model.places import (
    Activity,
    AwardKey,
    Entry,
    MemberRow,
    OrganizationRow,
    PlaceInLog,
    Published,
    Reversal,
    Revoked,
    Target,
)
from tests.model.world import World, tell

__all__ = [
    "Activity",
    "AwardKey",
    "Entry",
    "MemberRow",
    "OrganizationRow",
    "PlaceInLog",
    "Published",
    "Reversal",
    "Revoked",
    "Target",
    "World",
    "tell",
]
