"""Samples of what one stands at: goals, points, badges, streaks, leaderboards."""

from __future__ import annotations

from fractions import Fraction

from hub import clock
from hub.gamification.windows import Calendar
from hub.home.samples.sample import Sample
from hub.ledger.reading import Earned, Period
from hub.ledger.standings import PeriodState
from hub.widgets.badges import query as badges
from hub.widgets.leaderboard import query as leaderboard
from hub.widgets.points import query as points
from hub.widgets.progress_to_goal import query as goals
from hub.widgets.streak import query as streak
from hub.widgets.told import Condition
from hub.wording import Quantity

CALENDAR = Calendar("Europe/Berlin")
EARNED = (310, 120, 480, 260, 540, 420)


def samples(now: int) -> tuple[Sample, ...]:
    return (
        Sample("progress_to_goal", "one goal, behind", "wide", goals.Values((_goal(now, 31_000, 50_000, "behind"),))),
        Sample("points", "full", "small", _points(now)),
        Sample("badges", "full", "small", _badges(now)),
        Sample("streak", "at risk", "small", streak.Values((_streak(now, at_risk=True),))),
        Sample("leaderboard", "running", "small", leaderboard.Values(_board(now))),
        Sample("progress_to_goal", "reached", "small", goals.Values((_goal(now, 61_000, 50_000, "ahead"),))),
        Sample("progress_to_goal", "several", "small", _several(now)),
        Sample("streak", "done today", "small", streak.Values((_streak(now, at_risk=False),))),
        Sample("points", "wide", "wide", _points(now)),
        Sample("badges", "wide", "wide", _badges(now)),
        Sample("leaderboard", "final", "small", leaderboard.Values(_board(now, final=True))),
        Sample("points", "empty", "small", points.Values("points", 0, (), None, (), None)),
        Sample("badges", "empty", "small", badges.Values((), 0, 0, (), None)),
        Sample("badges", "nothing earned", "small", badges.Values((), 0, 6, _badges(now).next, None)),
        Sample("streak", "no run", "small", streak.Values((_no_run(now),))),
        Sample("streak", "empty", "small", streak.Values(())),
        Sample("progress_to_goal", "empty", "small", goals.Values(())),
        Sample("leaderboard", "empty", "small", leaderboard.Values(None)),
    )


def _points(now: int) -> points.Values:
    lines = (
        points.Line("Won deal", "points", 120, now - 2 * clock.HOUR, "e_00000000"),
        points.Line("Explorer", "bonus", 100, now - 26 * clock.HOUR, "e_00000000"),
        points.Line("Won deal", "correction", -80, now - 3 * clock.DAY, "e_00000000"),
        points.Line("Asset viewed", "points", 5, now - 9 * clock.DAY, "e_00000000"),
    )
    level = points.Level("Pro", "Star", 2_660, Fraction(1_340, 4_000))
    coming = (
        points.Coming("Revenue this quarter", None, 500, Fraction(62, 100)),
        points.Coming("Explorer", None, 100, Fraction(10, 25)),
    )
    return points.Values("points", 2_340, _months(now), level, lines, now - 2 * clock.HOUR, coming)


def _months(now: int) -> tuple[Earned, ...]:
    windows = [CALENDAR.window("month", now)]
    while len(windows) < len(EARNED):
        windows.append(CALENDAR.window("month", windows[-1].start - 1))
    return tuple(Earned(window, earned) for window, earned in zip(reversed(windows), EARNED, strict=True))


def _badges(now: int) -> badges.Values:
    def medal(title: str, tier: str | None, metal: str, icon: str, days: int, times: int = 1) -> badges.Medal:
        return badges.Medal(title, tier, metal, icon, times, now - days * clock.DAY, "e_00000000")

    earned = (
        medal("Deal maker", "Gold", "gold", "handshake", 1),
        medal("Explorer", None, "plain", "eye", 5),
        medal("Sprinter", None, "plain", "zap", 20, times=3),
        medal("Regular", "Silver", "silver", "flame", 33),
        medal("Graduate", "Bronze", "bronze", "graduation-cap", 61),
        medal("Pathfinder", "Platinum", "platinum", "rocket", 90),
    )
    deals = Condition("metric", "Deals won", Quantity(7), Quantity(10))
    assets = Condition("metric", "Assets seen", Quantity(4), Quantity(10))
    course = Condition("badge", "Graduate", Quantity(0), Quantity(1))
    steps = (
        badges.Next("Deal maker", "Silver", "silver", "handshake", Fraction(7, 10), (deals,), 1),
        badges.Next("All rounder", None, "plain", "layers", Fraction(1, 3), (assets, course), 1),
        badges.Next("Champion", "Gold", "gold", "trophy", Fraction(0), (course,), 1),
    )
    return badges.Values(earned, len(earned), 12, steps, now - clock.DAY)


def _streak(now: int, *, at_risk: bool) -> streak.Streak:
    last: PeriodState = "open" if at_risk else "counted"
    states: list[PeriodState] = ["missed", "counted", "counted", "off", "off", "counted", "frozen", "paused", "counted"]
    return streak.Streak(
        title="Daily visit",
        what=("Visit to the hub",),
        at_least=1,
        every="business_day",
        current=9,
        longest=21,
        freezes=1,
        at_risk=at_risk,
        alive_until=now + (7 if at_risk else 31) * clock.HOUR,
        periods=_periods(now, [*states, "counted", "off", "off", "counted", last]),
        changed_at=now - 22 * clock.HOUR,
    )


def _no_run(now: int) -> streak.Streak:
    off: list[PeriodState] = ["off"]
    missed: list[PeriodState] = ["missed"]
    periods = _periods(now, [*off * 6, *missed * 7, "open"])
    return streak.Streak("Learning week", ("Module completed",), 2, "week", 0, 4, 0, False, None, periods, None)


def _periods(now: int, states: list[PeriodState]) -> tuple[Period, ...]:
    today = CALENDAR.day(now)
    return tuple(Period(today - len(states) + 1 + place, state) for place, state in enumerate(states))


def _goal(now: int, actual: int, target: int, pace: str) -> goals.Goal:
    reached = actual >= target
    return goals.Goal(
        title="Quarter revenue",
        metric="Revenue",
        whose="member",
        at_most=False,
        window=CALENDAR.window("quarter", now),
        actual=Quantity(actual, "EUR"),
        target=Quantity(target, "EUR"),
        missing=Quantity(max(target - actual, 0), "EUR"),
        share=Fraction(actual, target),
        due=None if reached else Fraction(72, 100),
        pace=pace,
        status="reached" if reached else "open",
        final=False,
        days_left=38,
        a_day=None if reached else Quantity((target - actual) // 39 + 1, "EUR"),
        reward=500,
        reward_badge=None,
        reached_at=now - 2 * clock.DAY if reached else None,
        changed_at=now - 2 * clock.HOUR,
    )


def _several(now: int) -> goals.Values:
    month = CALENDAR.window("month", now)
    deals = goals.Goal(
        title="Deals of the month",
        metric="Deals won",
        whose="organization",
        at_most=False,
        window=month,
        actual=Quantity(9),
        target=Quantity(10),
        missing=Quantity(1),
        share=Fraction(9, 10),
        due=Fraction(76, 100),
        pace="ahead",
        status="open",
        final=False,
        days_left=7,
        a_day=None,
        reward=0,
        reward_badge=None,
        reached_at=None,
        changed_at=now - clock.DAY,
    )
    return goals.Values((_goal(now, 31_000, 50_000, "behind"), deals, _goal(now, 52_500, 50_000, "ahead")))


def _board(now: int, *, final: bool = False) -> leaderboard.Board:
    top = ("Mara Vogel", "Elif Kaya", "Jon Berg", "Nordic Systems", "Sofia Conti", "Kwame Mensah")
    scores = (48_200, 44_900, 44_900, 39_150, 36_000, 31_700)
    ranks = (1, 2, 2, 4, 5, 6)
    rows = [
        leaderboard.Row(rank, name, Quantity(score, "EUR"), mine=False, apart=False)
        for rank, name, score in zip(ranks, top, scores, strict=True)
    ]
    around = [
        leaderboard.Row(11, "Harbor Partners GmbH", Quantity(21_300, "EUR"), mine=False, apart=True),
        leaderboard.Row(12, "Bo Lind", Quantity(20_950, "EUR"), mine=True, apart=False),
        leaderboard.Row(13, None, Quantity(20_100, "EUR"), mine=False, apart=False),
    ]
    month = CALENDAR.window("month", now)
    rows += [] if final else around
    return leaderboard.Board(
        "Top sellers", "Revenue", "member", month, "EMEA", final, 214, tuple(rows), 12, True, now, key="sellers"
    )
