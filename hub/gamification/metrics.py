"""Metrics: named aggregates of events per member, or organization, and window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification.conditions import Condition

TAKES = ("count", "sum", "max", "min", "average", "latest", "distinct", "days")

#: Metrics that every program has; the engine feeds them.
BUILT_IN = ("points_earned", "points_received", "recognitions_given", "recognitions_received")


@dataclass(frozen=True, slots=True)
class Metric:
    """`types` maps an event type to what it adds (count) or 1. A combined metric has `share` or `plus`/`minus` and no types."""

    key: str
    title: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    take: str = "count"
    of: str | None = None
    where: Condition | None = None
    by: str | None = None
    total: str = "greatest"  # greatest, sum, count: how the plain value comes from the objects
    show: tuple[str, ...] = ()
    clock: str = "member"  # of `days`: member, event, program
    share: str | None = None
    share_of: str | None = None
    minimum: int = 0
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    built_in: bool = False
    unit: str | None = None
    numeric: bool = True  # False: `latest` of a text or date; objects only, no plain number

    @property
    def combined(self) -> bool:
        return self.share is not None or bool(self.plus or self.minus)

    @property
    def parts(self) -> tuple[str, ...]:
        if self.share is not None and self.share_of is not None:
            return (self.share, self.share_of)
        return self.plus + self.minus
