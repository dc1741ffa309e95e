"""What the streak widget shows."""

from __future__ import annotations

from dataclasses import dataclass

from hub.ledger import reading
from hub.widgets.kit import View


@dataclass(frozen=True, slots=True)
class Streak:
    """`what` extends it: the titles of its events. `done`: the running period counts already."""

    title: str
    what: tuple[str, ...]
    at_least: int
    every: str  # day, business_day, week, month
    current: int
    longest: int
    freezes: int
    at_risk: bool
    alive_until: int | None
    periods: tuple[reading.Period, ...]
    changed_at: int | None
    paused_until: int | None = None  # date

    @property
    def done(self) -> bool:
        return bool(self.periods) and self.periods[-1].state == "counted"


@dataclass(frozen=True, slots=True)
class Values:
    streaks: tuple[Streak, ...]


def query(view: View) -> Values:
    only = view.options.get("streak")
    standings = reading.streaks(view.connection, view.version, view.member.no, view.now)
    return Values(tuple(_streak(view, one) for one in standings if only in {None, one.streak}))


def _streak(view: View, standing: reading.StreakStanding) -> Streak:
    declared = view.program.streaks[standing.streak]
    return Streak(
        title=view.said(declared.title, declared.key),
        what=tuple(view.title("events", name) for name in declared.types),
        at_least=declared.at_least,
        every=declared.every,
        current=standing.current,
        longest=standing.longest,
        freezes=standing.freezes,
        at_risk=standing.at_risk,
        alive_until=standing.alive_until,
        periods=standing.periods,
        changed_at=standing.changed_at,
        paused_until=standing.paused_until,
    )
