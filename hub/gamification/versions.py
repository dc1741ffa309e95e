"""Versions: which is in force when, where each lies in the log, what they do not agree about.

Points, caps and boosts go by the version in force at the event's time, everything else by the newest. A key means the
same thing in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.gamification.events import Attribute, Event, LogPlace, fits_type
from hub.gamification.program import Program

BEGINNING, END = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: in force for points from `in_force_from` until one that was published later is; all
    instants in microseconds.
    """

    number: int
    program: Program
    in_force_from: int = BEGINNING
    published_at: int = BEGINNING
    live_from: int = BEGINNING
    after: int = 0  # the number of the newest entry that came before it, of those known at the same instant

    @property
    def read(self) -> LogPlace:
        """Its place in the log: what has no later place came before it."""
        return (self.published_at, self.after)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a version is in force: `start` counts, `end` does not."""

    start: int
    end: int
    version: Version


def in_force(versions: Sequence[Version]) -> list[Stretch]:
    """Which version is in force when, in the order of time. A later one is from its beginning on, whatever was planned
    before; of one that never is there is no stretch.
    """
    begun: list[tuple[int, Version]] = []
    for version in versions:
        begun = [(start, other) for start, other in begun if start < version.in_force_from]
        begun.append((version.in_force_from if begun else BEGINNING, version))
    ends = [*(start for start, _ in begun[1:]), END]
    return [Stretch(start, end, version) for (start, version), end in zip(begun, ends, strict=True)]


class Unsure:
    """Attributes that some version declares and another does not: what was accepted without the declaration may have
    any type, and is then missing to all versions.
    """

    def __init__(self, versions: Sequence[Version]) -> None:
        self._fits: dict[str, dict[str, Callable[[Any], bool]]] = {}
        for name in {name for version in versions for name in version.program.events}:
            for attribute in _in_some_only(versions, name):
                self._fits.setdefault(name, {})[attribute.name] = fits_type(attribute)

    def fitting(self, event: Event) -> Event:
        """The event without the values that are not of the declared type."""
        unsure = self._fits.get(event.type)
        if unsure is None:
            return event
        wrong = {name for name, fits in unsure.items() if not _fits(fits, event.data.get(name))}
        if not wrong:
            return event
        return event._replace(data={name: value for name, value in event.data.items() if name not in wrong})


def _in_some_only(versions: Sequence[Version], name: str) -> Iterator[Attribute]:
    declared: list[Mapping[str, Attribute]] = [
        version.program.events[name].attributes for version in versions if name in version.program.events
    ]
    for attribute in {key: attribute for some in declared for key, attribute in some.items()}.values():
        if not all(attribute.name in some for some in declared):
            yield attribute


def _fits(fits: Callable[[Any], bool], value: Any) -> bool:
    return value is None or fits(value)
