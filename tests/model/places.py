"""What the model is told: the places of the log, in the log's order. No type of the engine, none of the database.

Times are whole microseconds since 1970 in UTC. Of the program file the model takes the values that `program.read` made
of it, and nothing of what they come to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Where an event stands in a life: instant, source, id. "The instant of `time`, then source, then id."
Canonical = tuple[int, str, str]


class AwardKey(NamedTuple):
    """What makes two awards the same one.

    `object` as a token of `conditions.py`; `event` is the (source, id) of a personal best, each of which is another.
    """

    kind: str  # badge, level
    name: str
    tier: str | None = None
    window: str | None = None
    object: tuple[str, Any] | None = None
    event: tuple[str, str] | None = None


@dataclass(frozen=True)
class Entry:
    """An event that was accepted, or released; of a member, or about an organization."""

    source: str
    id: str
    type: str
    time: int
    offset: int = 0  # minutes east of UTC, as it was written
    data: Mapping[str, Any] = field(default_factory=dict)
    member: str | None = None
    organization: str | None = None
    known_at: int = 0

    @property
    def place(self) -> Canonical:
        return (self.time, self.source, self.id)


@dataclass(frozen=True)
class Reversal:
    """An accepted `event.reversed`: of the entry with this source and id, which may come later."""

    source: str
    id: str
    known_at: int = 0


@dataclass(frozen=True)
class MemberRow:
    """The whole profile from `valid_from` on, `time_zone` and `listed` too; `role` and `tag` are tuples."""

    member: str
    valid_from: int
    profile: Mapping[str, Any]
    known_at: int = 0


@dataclass(frozen=True)
class OrganizationRow:
    organization: str
    valid_from: int
    profile: Mapping[str, Any]
    known_at: int = 0


@dataclass(frozen=True)
class Target:
    """An imported target, of a member or an organization."""

    goal: str
    who: str
    window: str
    target: Any
    known_at: int = 0


@dataclass(frozen=True)
class Published:
    """The next version. `program` is a `hub.gamification.program.Program`; `from_` None: from its publication."""

    program: Any
    from_: int | None = None
    known_at: int = 0


@dataclass(frozen=True)
class Activity:
    """A member was deactivated, or is active again."""

    member: str
    active: bool
    known_at: int = 0


@dataclass(frozen=True)
class Revoked:
    """An award was taken back by hand."""

    member: str
    award: AwardKey
    known_at: int = 0


PlaceInLog = Entry | Reversal | MemberRow | OrganizationRow | Target | Published | Activity | Revoked
