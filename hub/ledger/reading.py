"""What a member stands at, read from projections: one packed state, a few rows by index, never the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from hub.clock import DAY, MINUTE
from hub.db import once
from hub.directory import profiles
from hub.directory.sets import among
from hub.gamification import calendars, opening, runs, tallies
from hub.gamification.actions import Idle, Pace
from hub.gamification.aiming import target_of
from hub.gamification.badges import AtLeastOf, GoalReached, HasBadge, Leaf, MetricAtLeast, StreakAtLeast, When
from hub.gamification.counting import value_at, value_before
from hub.gamification.goals import Goal
from hub.gamification.numbers import Exact, whole
from hub.gamification.outcome import Reached
from hub.gamification.plan import BadgePlan, GoalPlan, Plan, StreakPlan, kind_name
from hub.gamification.progress import Given, State
from hub.gamification.ranking import number
from hub.gamification.windows import Window, WindowKind, local_date, written_date
from hub.ledger import closing, folding, freezing, programs
from hub.ledger.boards import board
from hub.ledger.refold import Folded
from hub.ledger.standings import (
    AROUND,
    LINES,
    MONTHS,
    PERIODS,
    ActionStanding,
    Award,
    BadgeStanding,
    BoardRow,
    BoardStanding,
    Earned,
    GoalStanding,
    LevelStanding,
    Line,
    MetricStanding,
    ObjectStanding,
    Period,
    PeriodState,
    Points,
    Requirement,
    Step,
    StreakStanding,
    Version,
    cause_of,
)
from hub.ledger.tables import (
    accounts,
    awards,
    entries,
    final_goals,
    goal_peaks,
    goals_reached,
    member_values,
    organization_values,
    transfers,
)
from hub.ledger.writing import ISSUED

__all__ = [
    "AROUND",
    "LINES",
    "MONTHS",
    "PERIODS",
    "ActionStanding",
    "Award",
    "BadgeStanding",
    "BoardRow",
    "BoardStanding",
    "Earned",
    "GoalStanding",
    "LevelStanding",
    "Line",
    "MetricStanding",
    "ObjectStanding",
    "Period",
    "Points",
    "Requirement",
    "Step",
    "StreakStanding",
    "Version",
    "board",
]

_EPOCH_DAY = 719_163  # ordinal of 1970-01-01


def points(connection: Connection, version: Version, member_no: int, now: int) -> Points:  # noqa: ARG001
    """Balance, earnings, level and the newest lines of a member."""
    one = _member(connection, member_no, now)
    lines = newest_lines(connection, member_no, LINES)
    balance = connection.scalar(_BALANCE, {"member": member_no})
    earned = one.value("points_earned", "all")
    return Points(
        balance=balance or 0,
        earned=int(earned or 0),
        level=_level(one),
        months=_months(connection, one),
        lines=lines,
        changed_at=lines[0].posted_at if lines else None,
    )


_BALANCE = select(accounts.c.balance).where(accounts.c.member == bindparam("member"))


class _Member:
    """A member's state under the newest plan, read at one moment; `anew`: the fold it comes from, where what the
    database has is of an older version.
    """

    def __init__(self, plan: Plan, state: State, given: Given, anew: Folded | None = None) -> None:
        self.plan, self.state, self.given, self.anew = plan, state, given, anew

    def value(self, metric: str, kind: WindowKind) -> Exact | None:
        """A metric's value in the window that holds now, as far as the state keeps that kind; objects and texts have
        none.
        """
        return value_at(self.plan, self.state, metric, kind, self.given.now)

    def counts(self, metric: str) -> bool:
        """Whether the metric has a plain value, and not only objects or texts."""
        return self.plan.program.metrics[metric].numeric

    def short_days(self, streak: StreakPlan) -> calendars.Bridged:
        """Which periods the member had too little of for them to break her runs."""
        return calendars.short_days(streak.streak, streak.calendar, self.given.timeline, self.plan.time_zone)

    def bridged(self, streak: StreakPlan) -> calendars.Bridged:
        """Which periods cannot break the member's runs."""
        return runs.bridges(streak.calendar, self.state.streaks[streak.index], self.short_days(streak))

    def before(self, metric: str, kind: WindowKind, window: Window) -> Exact | None:
        """The value in the window before `window`, which holds now."""
        return value_before(self.plan, self.state, metric, kind, window.start)


def _member(connection: Connection, member: int, now: int) -> _Member:
    # Most widgets of a page ask for the same.
    return once(connection, ("member", member, now), lambda: _read_member(connection, member, now))


def _read_member(connection: Connection, member: int, now: int) -> _Member:
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    found = folding.stands(connection, plan, member, now)
    return _Member(plan, found.state, folding.given_of(connection, member, now), found.anew)


def newest_lines(
    connection: Connection,
    member: int,
    limit: int,
    before: int | None = None,
    kinds: Collection[str] = (),
    within: Window | None = None,
) -> tuple[Line, ...]:
    """A member's ledger lines, newest first; `before`: only those with a smaller number; `kinds`: only of these;
    `within`: only those whose event is in this window.
    """
    query = _NEWEST if before is None else _NEWEST.where(transfers.c.no < before)
    if kinds:
        query = query.where(transfers.c.kind.in_(kinds))
    if within is not None:
        query = query.where(transfers.c.at >= within.start, transfers.c.at < within.end)
    return tuple(_line(row) for row in connection.execute(query, {"member": member, "limit": limit}))


def lines_of(connection: Connection, entry: int) -> tuple[Line, ...]:
    """The ledger lines that this entry caused, corrections of them too, oldest first."""
    rows = connection.execute(_LINES.where(transfers.c.entry == entry).order_by(transfers.c.no))
    return tuple(_line(row) for row in rows)


_LINES = select(transfers, entries.c.source, entries.c.id, entries.c.type).join(
    entries, entries.c.no == transfers.c.entry
)
_NEWEST = (
    _LINES.where(transfers.c.member == bindparam("member")).order_by(transfers.c.no.desc()).limit(bindparam("limit"))
)


def _line(row: Row[Any]) -> Line:
    cause, key = cause_of(row.cause)
    return Line(
        no=row.no,
        at=row.at,
        posted_at=row.posted_at,
        amount=row.amount if row.from_account == ISSUED else -row.amount,
        balance=row.balance,
        kind=row.kind,
        cause=cause,
        key=key,
        version=row.version,
        event_source=row.source,
        event_id=row.id,
        event_type=row.type,
        corrects=row.corrects,
        entry=row.entry,
    )


def _level(one: _Member) -> LevelStanding | None:
    levels = one.plan.levels
    if not levels:
        return None
    kept = [
        one.plan.level_index.get(key.removeprefix("level/"), 0) for key in one.state.kept if key.startswith("level/")
    ]
    at = max([one.state.level - 1, 0, *kept])
    above = levels[at + 1] if at + 1 < len(levels) else None
    return LevelStanding(levels[at].key, levels[at].at, above.key if above else None, above.at if above else None)


def _months(connection: Connection, one: _Member) -> tuple[Earned, ...]:
    window: Window | None = one.plan.calendar.window("month", one.given.now)
    windows: list[Window] = []
    while window is not None and len(windows) < MONTHS:
        windows.insert(0, window)
        window = one.plan.calendar.previous("month", window)
    found = _values(connection, one, "points_earned", [window.name for window in windows])
    return tuple(Earned(window, int(found.get(window.name, 0))) for window in windows)


def _values(connection: Connection, one: _Member, metric: str, windows: Sequence[str]) -> dict[str, Exact]:
    if one.anew is not None:
        found = {window: one.anew.outcome.values.get((metric, window)) for window in windows}
        return {window: valued.value for window, valued in found.items() if valued is not None}
    t = member_values.c
    rows = connection.execute(
        select(t.window, t.value).where(t.member == one.given.who, t.metric == metric, t.window.in_(list(windows)))
    )
    return {window: number(value) for window, value in rows}


# ----------------------------------------------------------------------------------------------------------- values


def values(connection: Connection, member: int, windows: Sequence[str], now: int) -> dict[tuple[str, str], Exact]:
    """A member's metrics by metric and window, as far as the program keeps them in windows of that kind: those of
    goals and boards, the points of months, and everything in all time.
    """
    one = _member(connection, member, now)
    if one.anew is not None:
        outcome = one.anew.outcome.values.items()
        found = {key: valued.value for key, valued in outcome if valued is not None and key[1] in windows}
    else:
        rows = connection.execute(_VALUES.where(member_values.c.window.in_(windows)), {"member": member})
        found = {(metric, window): number(value) for metric, window, value in rows}
    if "all" in windows:
        ever = {metric: one.value(metric, "all") for metric in one.plan.program.metrics if one.counts(metric)}
        found |= {(metric, "all"): value for metric, value in ever.items() if value is not None}
    return found


def organization_values_in(
    connection: Connection, organization: int, windows: Sequence[str]
) -> dict[tuple[str, str], Exact]:
    """An organization's metrics by metric and window, as far as goals and boards of organizations look at them."""
    rows = connection.execute(
        _ORGANIZATION_VALUES.where(organization_values.c.window.in_(windows)), {"organization": organization}
    )
    return {(metric, window): number(value) for metric, window, value in rows}


_VALUES = select(member_values.c.metric, member_values.c.window, member_values.c.value).where(
    member_values.c.member == bindparam("member")
)
_ORGANIZATION_VALUES = select(
    organization_values.c.metric, organization_values.c.window, organization_values.c.value
).where(organization_values.c.organization == bindparam("organization"))


# ----------------------------------------------------------------------------------------------------------- badges


def badges(connection: Connection, version: Version, member_no: int, now: int) -> tuple[BadgeStanding, ...]:  # noqa: ARG001
    """All badges that the member may see, in the program's order; those earned and no longer in the program last."""
    # Several widgets of a page look at them.
    return once(connection, ("badges", member_no, now), lambda: _badges(connection, member_no, now))


def _badges(connection: Connection, member_no: int, now: int) -> tuple[BadgeStanding, ...]:
    one = _member(connection, member_no, now)
    earned = _earned(connection, member_no)
    profile = one.given.timeline.at(now).values
    visible = [plan for plan in one.plan.badges if plan.badge.key in earned or _is_open(plan, profile)]
    standing = [_badge(connection, one, plan, earned.pop(plan.badge.key, [])) for plan in visible]
    gone = [BadgeStanding(key, tuple(_tiers(rows, [])), None, _newest(rows)) for key, rows in earned.items()]
    return tuple(standing + gone)


def badges_of(connection: Connection, member_nos: Sequence[int], now: int) -> dict[int, tuple[BadgeStanding, ...]]:
    """As `badges`, of several members at once; without badges about objects, and without members that a change-over has
    still to reach.
    """
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    states = folding.current(connection, plan, member_nos)
    timelines = profiles.timelines(connection, list(states)) if states else {}
    earned: dict[int, dict[str, list[Row[Any]]]] = {}
    for row in connection.execute(_AWARDED.where(among(connection, awards.c.member, states))) if states else ():
        earned.setdefault(row.member, {}).setdefault(row.badge, []).append(row)
    found = {}
    for who, state in states.items():
        one = _Member(plan, state, Given(timelines[who], now, who=who))
        found[who] = _without_objects(connection, one, earned.get(who, {}))
    return found


def _without_objects(
    connection: Connection, one: _Member, earned: Mapping[str, list[Row[Any]]]
) -> tuple[BadgeStanding, ...]:
    profile = one.given.timeline.at(one.given.now).values
    plain = [plan for plan in one.plan.badges if plan.badge.by is None and _is_open(plan, profile)]
    return tuple(_badge(connection, one, plan, earned.get(plan.badge.key, [])) for plan in plain)


def _is_open(plan: BadgePlan, profile: Mapping[str, Any]) -> bool:
    """Whether somebody of this profile who has not earned the badge may know of it."""
    badge = plan.badge
    return badge.state == "active" and not badge.secret and (plan.for_ is None or plan.for_(profile))


def _earned(connection: Connection, member: int) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(_BADGES, {"member": member}):
        found.setdefault(row.badge, []).append(row)
    return found


_AWARDED = select(awards).where(awards.c.kind == "badge").order_by(awards.c.time, awards.c.no)
_BADGES = _AWARDED.where(awards.c.member == bindparam("member"))


def _badge(connection: Connection, one: _Member, plan: BadgePlan, rows: Sequence[Row[Any]]) -> BadgeStanding:
    order = [tier for tier, _ in plan.tiers]
    return BadgeStanding(plan.badge.key, tuple(_tiers(rows, order)), _next(connection, one, plan, rows), _newest(rows))


def _newest(rows: Sequence[Row[Any]]) -> int | None:
    return max((row.posted_at for row in rows), default=None)


def _tiers(rows: Sequence[Row[Any]], order: Sequence[str | None]) -> list[Award]:
    """One award a tier, in the program's order of tiers."""
    by_tier: dict[str | None, list[Row[Any]]] = {}
    for row in rows:
        by_tier.setdefault(row.tier, []).append(row)
    tiers = [*(tier for tier in order if tier in by_tier), *(tier for tier in by_tier if tier not in order)]
    return [_award(tier, by_tier[tier]) for tier in tiers]


def _award(tier: str | None, rows: Sequence[Row[Any]]) -> Award:
    """Several awards of one tier, told as one; `rows` in the order of their times."""
    kept = next((row.kept for row in rows if row.kept), None)
    return Award(tier, rows[0].time, rows[-1].time, len(rows), kept, rows[-1].entry)


def _next(connection: Connection, one: _Member, plan: BadgePlan, rows: Sequence[Row[Any]]) -> Step | None:
    if plan.badge.state != "active":
        return None
    had = {row.tier for row in rows}
    for tier, when in plan.tiers:
        if when is not None and (plan.badge.repeat or tier not in had):
            return _step(connection, one, plan, tier, when)
    return None


def _step(connection: Connection, one: _Member, plan: BadgePlan, tier: str | None, when: When) -> Step:
    conditions = when.conditions if isinstance(when, AtLeastOf) else (when,)
    count = when.count if isinstance(when, AtLeastOf) else 1
    leaves = [leaf for condition in conditions for leaf in _leaves(condition)]
    requirements = tuple(_requirement(connection, one, plan.badge.by, leaf) for leaf in leaves)
    shares = sorted((_share(requirement) for requirement in requirements), reverse=True)
    count = min(count, len(shares)) or 1
    return Step(tier, requirements, count, sum(shares[:count], Fraction(0)) / count)


def _leaves(when: When) -> list[Leaf]:
    if isinstance(when, AtLeastOf):
        return [leaf for inner in when.conditions for leaf in _leaves(inner)]
    return [when]


def _share(requirement: Requirement) -> Fraction:
    if requirement.needed <= 0 or requirement.met:
        return Fraction(1)
    return max(Fraction(0), Fraction(requirement.actual) / Fraction(requirement.needed))


def _requirement(connection: Connection, one: _Member, by: str | None, leaf: Leaf) -> Requirement:
    if isinstance(leaf, MetricAtLeast):
        return _metric_requirement(connection, one, by, leaf)
    if isinstance(leaf, StreakAtLeast):
        of = one.plan.streaks[one.plan.streak_index[leaf.streak]]
        longest = _standing_of(one, of)[1].longest
        return Requirement("streak", leaf.streak, longest, leaf.at_least)
    if isinstance(leaf, HasBadge):
        times = one.state.times.get(leaf.badge, {})
        count = sum(times.values()) if leaf.tier is None else times.get(leaf.tier, 0)
        return Requirement("badge", leaf.badge, count, leaf.times, tier=leaf.tier)
    if isinstance(leaf, GoalReached):
        return Requirement("goal", leaf.goal, int(leaf.goal in one.state.goals), 1)
    level = next(level for level in one.plan.levels if level.key == leaf.level)
    return Requirement("level", leaf.level, one.value("points_earned", "all") or 0, level.at)


def _metric_requirement(connection: Connection, one: _Member, by: str | None, leaf: MetricAtLeast) -> Requirement:
    window = one.plan.calendar.window(leaf.within, one.given.now)
    shown = window if leaf.within != "all" else None
    if by is not None and one.plan.program.metrics[leaf.metric].by == by:
        value, thing = _best_object(connection, one, leaf.metric, window.name)
        return Requirement("metric", leaf.metric, value, leaf.at_least, shown, thing)
    return Requirement("metric", leaf.metric, one.value(leaf.metric, leaf.within) or 0, leaf.at_least, shown)


def _best_object(connection: Connection, one: _Member, metric: str, window: str) -> tuple[Exact, str | None]:
    """The object with the greatest value, and that value."""
    best: tuple[Exact, str | None] = (0, None)
    for thing, tally in _objects(connection, one, metric, window):
        value = tallies.value(one.plan.program.metrics[metric].take, tally)
        if value is not None and not isinstance(value, str) and value > best[0]:
            best = (value, str(thing))
    return best


def _objects(connection: Connection, one: _Member, metric: str, window: str) -> list[tuple[Any, Any]]:
    if one.anew is not None:
        return folding.objects_of(one.anew.parts, metric, window)
    return folding.objects(connection, one.plan, one.given.who, metric, window)


# ---------------------------------------------------------------------------------------------------------- streaks


def streaks(connection: Connection, version: Version, member_no: int, now: int) -> tuple[StreakStanding, ...]:  # noqa: ARG001
    """Every streak of the program, in its order."""
    one = _member(connection, member_no, now)
    return tuple(_streak(one, plan) for plan in one.plan.streaks)


def _streak(one: _Member, plan: StreakPlan) -> StreakStanding:
    today, standing = _standing_of(one, plan)
    until = None if standing.ends is None else _first_moment(one, plan, standing.ends)
    return StreakStanding(
        streak=plan.streak.key,
        current=standing.current,
        longest=standing.longest,
        freezes=standing.freezes,
        at_risk=standing.at_risk,
        alive_until=until,
        periods=_periods(one, plan, today, standing),
        paused_until=_paused_until(plan, one.state.streaks[plan.index], today),
    )


def _standing_of(one: _Member, plan: StreakPlan) -> tuple[int, runs.Standing]:
    """The date of today on the streak's calendar, and how it stands."""
    today = _today(one, plan)
    return today, runs.standing(plan.streak, one.state.streaks[plan.index], plan.calendar, today, one.bridged(plan))


def _today(one: _Member, plan: StreakPlan) -> int:
    if plan.streak.clock == "event":
        return written_date(one.given.now, one.state.streaks[plan.index][runs.OFFSET])
    zone = calendars.hers(plan.streak, one.given.timeline).at(one.given.now).time_zone
    return local_date(zone or one.plan.time_zone, one.given.now)


def _first_moment(one: _Member, plan: StreakPlan, day: int) -> int:
    """When the streak's calendar comes to a date that lies ahead."""
    if plan.streak.clock == "event":
        midnight = (day - _EPOCH_DAY) * DAY
        return midnight - int(one.state.streaks[plan.index][runs.OFFSET]) * MINUTE
    mine = calendars.hers(plan.streak, one.given.timeline)
    return calendars.first_moment(mine, one.plan.time_zone, day, one.given.now)


def _paused_until(plan: StreakPlan, state: runs.State, today: int) -> int | None:
    """The last date of the pause that the running period, or a day off, lies in."""
    period = plan.calendar.period(today)
    if period is None:
        return runs.pause_over(state, today, today)
    return runs.pause_over(state, plan.calendar.start(period), plan.calendar.end(period) - 1)


def _periods(one: _Member, plan: StreakPlan, today: int, standing: runs.Standing) -> tuple[Period, ...]:
    """The last periods up to the running one; days off between business days are shown too."""
    state, calendar = one.state.streaks[plan.index], plan.calendar
    counting, short = runs.counting(plan.streak, state), one.short_days(plan)
    first = min(counting, default=None)

    def state_of(period: int | None, *, running: bool) -> PeriodState:
        if period is None:
            return "off"
        if period in counting:
            return "counted"
        if runs.paused(calendar, state, period):
            return "paused"
        if period in standing.frozen:
            return "frozen"
        if running:
            return "open"
        return "off" if first is None or period < first or short(period) else "missed"

    found: list[Period] = []
    day = today
    while len(found) < PERIODS:
        period = calendar.period(day)
        start = day if period is None else calendar.start(period)
        found.insert(0, Period(start, state_of(period, running=day == today)))
        day = start - 1
    return tuple(found)


# ------------------------------------------------------------------------------------------------------------ goals


def goals(
    connection: Connection,
    version: Version,  # noqa: ARG001
    member_no: int,
    now: int,
    window: str | None = None,
    only: str | None = None,
) -> tuple[GoalStanding, ...]:
    """The goals that the member, or her organization, has in the windows that hold now, or in `window`; `only` that of
    this key.
    """
    one = _member(connection, member_no, now)
    organization = one.given.timeline.at(now).organization
    found: list[GoalStanding | None] = []
    for goal in one.plan.program.goals.values():
        held = _window_of(one.plan, goal, now, window) if only in {None, goal.key} else None
        if held is None:
            continue
        # Several widgets of a page look at the same.
        if goal.whose == "member":
            read = partial(_goal, connection, one, goal, held)
            found.append(once(connection, ("goal", member_no, goal.key, held.name, now), read))
        elif organization is not None:
            read = partial(_organization_goal, connection, one.plan, goal, held, organization, now)
            found.append(once(connection, ("goal", -organization, goal.key, held.name, now), read))
    return tuple(standing for standing in found if standing is not None)


def organization_goals(
    connection: Connection,
    version: Version,  # noqa: ARG001
    organization_no: int,
    now: int,
    window: str | None = None,
) -> tuple[GoalStanding, ...]:
    """The goals that an organization has in the windows that hold now, or in `window`."""
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    found = []
    for goal in plan.program.goals.values():
        held = _window_of(plan, goal, now, window)
        if goal.whose == "organization" and held is not None:
            found.append(_organization_goal(connection, plan, goal, held, organization_no, now))
    return tuple(standing for standing in found if standing is not None)


def _window_of(plan: Plan, goal: Goal, now: int, name: str | None) -> Window | None:
    if name is None:
        return plan.calendar.window(goal.window, now)
    held = plan.calendar.named(name)
    kind = plan.calendar.kind_of(name)
    return held if held is not None and kind is not None and kind_name(kind) == kind_name(goal.window) else None


def _goal(connection: Connection, one: _Member, goal: Goal, window: Window) -> GoalStanding | None:
    if closing.is_closed(connection, closing.GOAL, goal.key, window, one.given.now):
        return _final_goal(connection, goal, window, one.given.who)
    plan = next(plan for plan in one.plan.goals if plan.goal.key == goal.key)
    actual, before = _around(connection, one, goal, window)
    target = target_of(plan, window.name, window.end, before, one.given)
    if target is None:
        return None
    reached = _is_met(one.plan, goal, window, actual, target, one.given.now)
    if not reached and goal.direction == "at_least":
        reached = _was_met(connection, one, goal, window, target)
    at = _reached(connection, one.given.who, one.anew).get((goal.key, window.name))
    standing = _standing(goal, window, actual, target, reached, at, one.given.now)
    return replace(standing, changed_at=_changed(connection, one, window).get(goal.metric))


def _changed(connection: Connection, one: _Member, window: Window) -> dict[str, int]:
    """When the metrics of the member's goals last changed in this window."""
    if one.anew is not None:
        values = one.anew.outcome.values.items()
        return {metric: valued.place[0] for (metric, name), valued in values if name == window.name and valued}
    t, who = member_values.c, one.given.who
    metrics = {plan.goal.metric for plan in one.plan.goals}
    query = select(t.metric, t.changed_at).where(t.member == who, t.metric.in_(metrics), t.window == window.name)
    return once(
        connection,
        ("changed", who, window.name),
        lambda: {row.metric: row.changed_at for row in connection.execute(query)},
    )


def _final_goal(connection: Connection, goal: Goal, window: Window, who: int) -> GoalStanding | None:
    """What the goal said of the member, or of an organization (its number negated), when its window became final."""
    t = final_goals.c
    query = select(t.value, t.target, t.status).where(t.member == who, t.goal == goal.key, t.window == window.name)
    row = connection.execute(query).first()
    if row is None:
        return None
    actual = None if row.value is None else number(row.value)
    at = _reached(connection, who).get((goal.key, window.name)) if who > 0 else None
    target = whole(Decimal(row.target))
    pace = _pace(window, actual, target, window.end) if goal.direction == "at_least" else None
    return GoalStanding(goal.key, window, goal.whose, actual, target, pace, row.status, True, at)


def _is_met(plan: Plan, goal: Goal, window: Window, actual: Exact | None, target: Exact, now: int) -> bool:
    """Whether the value as it is reaches the goal; one to stay below is open until its window has ended."""
    if goal.direction == "at_least":
        return actual is not None and actual >= target
    counted = freezing.counted(plan, goal, actual)
    return now >= window.end and counted is not None and counted <= target


def _was_met(connection: Connection, one: _Member, goal: Goal, window: Window, target: Exact) -> bool:
    """Whether the value was once at the target, and has fallen since."""
    peaks = _peaks(connection, one.given.who) if one.anew is None else one.anew.outcome.peaks
    peak = peaks.get((goal.key, window.name))
    return peak is not None and number(peak) >= target


def _peaks(connection: Connection, member: int) -> dict[tuple[str, str], str]:
    return once(connection, ("peaks", member), lambda: _by_goal_and_window(connection, _PEAKS, member))


def _reached(connection: Connection, member: int, anew: Folded | None = None) -> dict[tuple[str, str], int]:
    """When the member reached what, by goal and window: one row a goal and window at most."""
    if anew is not None:
        effects = anew.outcome.effects
        return {(each.goal, each.window): each.event.time for each in effects if isinstance(each, Reached)}
    return reached(connection, member)


def reached(connection: Connection, member: int) -> dict[tuple[str, str], int]:
    """When the member reached what, as was posted, by goal and window."""
    return once(connection, ("reached", member), lambda: _by_goal_and_window(connection, _REACHED, member))


def _by_goal_and_window(connection: Connection, query: Select[Any], member: int) -> dict[tuple[str, str], Any]:
    return {(goal, window): told for goal, window, told in connection.execute(query, {"member": member})}


_PEAKS = select(goal_peaks.c.goal, goal_peaks.c.window, goal_peaks.c.peak).where(
    goal_peaks.c.member == bindparam("member")
)
_REACHED = select(goals_reached.c.goal, goals_reached.c.window, goals_reached.c.at).where(
    goals_reached.c.member == bindparam("member")
)


def _around(connection: Connection, one: _Member, goal: Goal, window: Window) -> tuple[Exact | None, Exact | None]:
    """The goal's metric in the window and in the one before."""
    if window.start <= one.given.now < window.end:
        return one.value(goal.metric, goal.window), one.before(goal.metric, goal.window, window)
    before = one.plan.calendar.previous(goal.window, window)
    found = _values(connection, one, goal.metric, [window.name, *([before.name] if before else [])])
    return found.get(window.name), found.get(before.name) if before else None


def _organization_goal(
    connection: Connection, plan: Plan, goal: Goal, window: Window, organization: int, now: int
) -> GoalStanding | None:
    if closing.is_closed(connection, closing.GOAL, goal.key, window, now):
        return _final_goal(connection, goal, window, -organization)
    before = plan.calendar.previous(goal.window, window)
    t = organization_values.c
    names = [window.name, *([before.name] if before else [])]
    rows = connection.execute(
        select(t.window, t.value, t.changed_at).where(
            t.organization == organization, t.metric == goal.metric, t.window.in_(names)
        )
    ).all()
    found = {row.window: number(row.value) for row in rows}
    changed = {row.window: row.changed_at for row in rows}
    given = Given(profiles.of_organization(connection, organization), now, who=-organization)
    previous = found.get(before.name) if before else None
    target = target_of(GoalPlan.of(goal), window.name, window.end, previous, given)
    if target is None:
        return None
    actual = found.get(window.name)
    reached = _is_met(plan, goal, window, actual, target, now)
    standing = _standing(goal, window, actual, target, reached, None, now)
    return replace(standing, changed_at=changed.get(window.name))


def _standing(
    goal: Goal,
    window: Window,
    actual: Exact | None,
    target: Exact,
    reached: bool,
    reached_at: int | None,
    now: int,
) -> GoalStanding:
    status = "reached" if reached else "open" if now < window.end else "missed"
    pace = _pace(window, actual, target, now) if goal.direction == "at_least" else None
    return GoalStanding(goal.key, window, goal.whose, actual, target, pace, status, False, reached_at)


def _pace(window: Window, actual: Exact | None, target: Exact, now: int) -> str | None:
    """Actual / (target x elapsed share of the window): ahead from 1 on; none before 1 %, and none for `all`."""
    length, elapsed = window.end - window.start, min(now, window.end) - window.start
    if window.name == "all" or elapsed * 100 < length:
        return None
    return "ahead" if Fraction(actual or 0) * length >= Fraction(target) * elapsed else "behind"


# ---------------------------------------------------------------------------------------------------------- actions


def actions(connection: Connection, version: Version, member_no: int, now: int) -> tuple[ActionStanding, ...]:  # noqa: ARG001
    """The next best actions that are open for the member, in the program's order."""
    one = _member(connection, member_no, now)
    # What time alone opens is written into the state, which others of this page read.
    state = replace(one.state, actions={key: list(row) for key, row in one.state.actions.items()})
    opened = opening.standing(one.plan, state, one.given, now)
    return tuple(
        ActionStanding(key, since, state.actions[key][opening.LAST], _opened_by(connection, one, key))
        for key, since in opened.items()
    )


def _opened_by(connection: Connection, one: _Member, key: str) -> tuple[Requirement, ...]:
    when = one.plan.program.actions[key].when
    if when is None or isinstance(when, Idle | Pace):
        return ()
    return tuple(_requirement(connection, one, None, leaf) for leaf in _leaves(when))


# ---------------------------------------------------------------------------------------------------------- metrics


def metric(
    connection: Connection,
    version: Version,  # noqa: ARG001
    member_no: int,
    key: str,
    kind: WindowKind,
    now: int,
) -> MetricStanding:
    """A metric of a member in the window that holds now; of a kind that the plan keeps."""
    return _measured(_member(connection, member_no, now), key, kind)


def organization_metric(
    connection: Connection,
    version: Version,  # noqa: ARG001
    organization_no: int,
    key: str,
    kind: WindowKind,
    now: int,
) -> MetricStanding:
    """As `metric`, of an organization: by what its members did while they belonged to it, and events about it."""
    plan = programs.plan(connection)
    assert plan is not None, "no program is published"
    if plan.about_organizations(key):
        return _measured(_member(connection, -organization_no, now), key, kind)
    window = plan.calendar.window(kind, now)
    before = plan.calendar.previous(kind, window)
    asked = {
        "organization": organization_no,
        "metric": key,
        "window": window.name,
        "before": before.name if before else None,
    }
    found = {row.window: row for row in connection.execute(_ORGANIZATION_METRIC, asked)}
    value, earlier = found.get(window.name), found.get(before.name) if before else None
    return MetricStanding(
        key,
        window,
        number(value.value) if value else None,
        number(earlier.value) if earlier else None,
        before,
        value.changed_at if value else None,
    )


_ORGANIZATION_METRIC = select(
    organization_values.c.window, organization_values.c.value, organization_values.c.changed_at
).where(
    organization_values.c.organization == bindparam("organization"),
    organization_values.c.metric == bindparam("metric"),
    or_(organization_values.c.window == bindparam("window"), organization_values.c.window == bindparam("before")),
)


def _measured(one: _Member, key: str, kind: WindowKind) -> MetricStanding:
    window = one.plan.calendar.window(kind, one.given.now)
    before = one.plan.calendar.previous(kind, window)
    return MetricStanding(
        key,
        window,
        one.value(key, kind),
        one.before(key, kind, window) if before else None,
        before,
        one.state.place[0] if one.state.place else None,
    )


def objects(
    connection: Connection,
    version: Version,  # noqa: ARG001
    member_no: int,
    key: str,
    now: int,
) -> tuple[ObjectStanding, ...]:
    """What was last said of each object of a `latest` metric, newest first."""
    one = _member(connection, member_no, now)
    found = [
        ObjectStanding(
            str(thing), _latest(tally[0]), {name: _latest(each) for name, each in tally[1].items()}, tally[2]
        )
        for thing, tally in _objects(connection, one, key, "all")
    ]
    return tuple(sorted(found, key=lambda each: (-each.at, each.name)))


def _latest(found: Any) -> Any:
    """A value of an event as a tally keeps it: a decimal is a list of its text."""
    return Decimal(found[0]) if isinstance(found, list) else found
