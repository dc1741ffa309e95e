"""What the KPI widget shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hub.gamification.numbers import Exact
from hub.gamification.windows import Window
from hub.ledger import programs, reading
from hub.widgets.kit import View, unit_of
from hub.wording import Quantity

#: What a change is counted in: parts of the value before, or of a share of 1, points of a hundred.
PART, POINTS = "part", "points"


@dataclass(frozen=True, slots=True)
class Change:
    """`by`: a part of what was before, or how many points of a hundred."""

    by: Exact
    kind: str  # part, points
    before: Quantity
    window: Window


@dataclass(frozen=True, slots=True)
class Values:
    """`value` None: nothing to measure yet. `gone`: the program has the metric no longer."""

    whose: str
    organization: str | None
    window: Window | None
    value: Quantity | None
    change: Change | None
    changed_at: int | None
    gone: bool = False


def query(view: View) -> Values:
    key = view.options.get("metric")
    metric = view.program.metrics.get(key) if key else None
    if key is None or metric is None:
        return Values("member", None, None, None, None, None, gone=True)
    whose = _whose(view, key)
    standing = _standing(view, key, whose)
    unit = view.options.get("unit") or unit_of(view.program, metric)
    return Values(
        whose=whose,
        organization=view.member.organization_name,
        window=standing.window if standing else None,
        value=Quantity(standing.value, unit) if standing and standing.value is not None else None,
        change=_change(standing, unit) if standing else None,
        changed_at=standing.changed_at if standing else None,
    )


def _whose(view: View, key: str) -> str:
    """Whose number it is: of what only organizations have, the organization's."""
    written = view.options.get("whose")
    plan = programs.plan(view.connection)
    return written or ("organization" if plan and plan.about_organizations(key) else "member")


def _standing(view: View, key: str, whose: str) -> reading.MetricStanding | None:
    kind = view.options.get("window") or "all"
    if whose == "member":
        return reading.metric(view.connection, view.version, view.member.no, key, kind, view.now)
    organization = view.member.organization
    if organization is None:
        return None
    return reading.organization_metric(view.connection, view.version, organization, key, kind, view.now)


def _change(standing: reading.MetricStanding, unit: str | None) -> Change | None:
    """Against the whole window before; of nothing there is no part."""
    value, before, window = standing.value, standing.before, standing.window_before
    if value is None or before is None or window is None:
        return None
    difference = Fraction(value) - Fraction(before)
    if unit == "%":
        # Shares are told in whole percent, and so is what is between two.
        return Change(round(difference * 100), POINTS, Quantity(before, unit), window)
    return Change(difference / Fraction(before), PART, Quantity(before, unit), window) if before > 0 else None
