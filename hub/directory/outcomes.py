"""What becomes of records that are sent to the directory: one bad record never hinders the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hub.gamification.faults import Fault


class Outcome(NamedTuple):
    """Of one record: accepted, unchanged (it stands already) or rejected (for these faults)."""

    status: str
    faults: tuple[Fault, ...] = ()


ACCEPTED = Outcome("accepted")
UNCHANGED = Outcome("unchanged")


def rejected(*faults: Fault) -> Outcome:
    return Outcome("rejected", faults)


@dataclass(frozen=True, slots=True)
class Upserted:
    """An outcome a record, in their order, and the names that are new to the hub: events may be waiting for them."""

    outcomes: list[Outcome]
    appeared: list[str]
