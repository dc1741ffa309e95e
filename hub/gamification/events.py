"""An event as the engine sees it, and what a program declares of event types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: The canonical place of an event in its member's history: instant (microseconds), source, id.
Place = tuple[int, str, str]


class Event(NamedTuple):
    """One fact. `time` in microseconds since the epoch, `offset` in minutes east of UTC as it was written."""

    time: int
    source: str
    id: str
    type: str
    offset: int
    data: Mapping[str, Any]
    entry: int = 0  # the log's number for it; 0 where it is not in the log
    known_at: int = 0

    @property
    def place(self) -> Place:
        return (self.time, self.source, self.id)


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    type: str  # number, integer, text, boolean, date
    required: bool = False
    one_of: tuple[str, ...] = ()
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class EventType:
    name: str
    title: Mapping[str, str] = field(default_factory=dict)  # locale -> text; "" is the untranslated one
    text: Mapping[str, str] = field(default_factory=dict)
    stage: str | None = None
    about: str = "member"  # or organization
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
