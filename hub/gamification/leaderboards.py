"""Leaderboards: members or organizations ranked by a metric in a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification import conditions
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute
from hub.gamification.metrics import Metric, read_metric
from hub.gamification.numbers import Number
from hub.gamification.sections import Section
from hub.gamification.windows import WindowKind


@dataclass(frozen=True, slots=True)
class Prize:
    rank: int
    points: int = 0
    badge: str | None = None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    key: str
    metric: str
    window: WindowKind
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    whose: str = "member"
    among: str = "all"
    for_: Condition | None = None
    minimum: Number | None = None
    show: int = 10
    ties: str = "competition"  # or dense
    direction: str = "highest"  # or lowest
    names: str = "own_organization"  # everyone, own_organization, nobody
    prizes: tuple[Prize, ...] = ()
    icon: str | None = None
    owner: str | None = None


MAX_SHOWN = 1000
_MAX_RANK = 10_000
_AMONG = ("all", "region", "tier", "type", "organization")


def read(root: Section, metrics: Mapping[str, Metric], people: Mapping[str, Attribute]) -> dict[str, Leaderboard]:
    return root.entries("leaderboards", lambda entry: _leaderboard(entry, metrics, people))


def _leaderboard(entry: Section, metrics: Mapping[str, Metric], people: Mapping[str, Attribute]) -> Leaderboard:
    metric = read_metric(entry, metrics)
    whose = entry.choice("whose", ("member", "organization"), "member")
    among = entry.choice("among", _AMONG, "all")
    if whose == "organization" and among == "organization":
        entry.fault("among", "conflict", "an organization is alone among itself")
    if whose == "organization" and entry.has("prizes"):
        entry.fault("prizes", "conflict", "only members' boards have prizes")
    return Leaderboard(
        entry.key,
        metric.key if metric else "",
        entry.window("window", required=True),
        whose=whose,
        among=among,
        for_=conditions.read_for(entry, people),
        minimum=entry.number("minimum"),
        show=entry.whole("show", 1, MAX_SHOWN, default=10) or 10,
        ties=entry.choice("ties", ("competition", "dense"), "competition"),
        direction=entry.choice("direction", ("highest", "lowest"), "highest"),
        names=entry.choice("names", ("everyone", "own_organization", "nobody"), "own_organization"),
        prizes=_prizes(entry),
        **entry.entry(),
    )


def _prizes(entry: Section) -> tuple[Prize, ...]:
    prizes = entry.each("prizes", _prize)
    ranks: set[int] = set()
    for at, prize in enumerate(prizes):
        if prize.rank in ranks:
            entry.fault(f"prizes[{at}].rank", "duplicate", f"rank {prize.rank} has two prizes")
        ranks.add(prize.rank)
    return prizes


def _prize(section: Section) -> Prize:
    if not section.has("points") and not section.has("badge"):
        section.fault("", "missing", "needs `points` or `badge`")
    rank = section.whole("rank", 1, _MAX_RANK, required=True) or 0
    badge = section.reference("badge", "badge", section.document.keys("badges"))
    return Prize(rank, section.whole("points", 1) or 0, badge)
