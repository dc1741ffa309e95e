"""What a sample is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A widget in one state."""

    widget: str
    state: str
    size: str
    values: object
