"""Profiles over time: what a member was, and when.

A row is the whole profile from its instant on; the first row also covers all time before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Profile:
    """One stretch of a member's life. `values` is what conditions see (role and tag are tuples); what the member has
    not set is the organization's.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    time_zone: str | None = None
    organization: int | None = None  # the directory's number, for organizations' values
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Timeline:
    starts: Sequence[int]  # ascending; starts[0] covers all before it too
    profiles: Sequence[Profile]

    def at(self, time: int) -> Profile:
        if len(self.profiles) == 1:
            return self.profiles[0]
        return self.profiles[max(bisect_right(self.starts, time) - 1, 0)]
