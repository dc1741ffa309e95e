"""What a member stands at, read from projections: one packed state, a few rows by index, never the log."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.ledger.boards import board
from hub.ledger.standings import (
    AROUND,
    LINES,
    MONTHS,
    PERIODS,
    Award,
    BadgeStanding,
    BoardRow,
    BoardStanding,
    Earned,
    GoalStanding,
    LevelStanding,
    Line,
    Period,
    Points,
    Requirement,
    Step,
    StreakStanding,
    Version,
)

__all__ = [
    "AROUND",
    "LINES",
    "MONTHS",
    "PERIODS",
    "Award",
    "BadgeStanding",
    "BoardRow",
    "BoardStanding",
    "Earned",
    "GoalStanding",
    "LevelStanding",
    "Line",
    "Period",
    "Points",
    "Requirement",
    "Step",
    "StreakStanding",
    "Version",
    "board",
]


def points(connection: Connection, version: Version, member_no: int, now: int) -> Points:
    """Balance, earnings, level and the newest lines of a member."""
    return Points(0, 0, None, (), ())


def badges(connection: Connection, version: Version, member_no: int, now: int) -> tuple[BadgeStanding, ...]:
    """All badges that the member may see, in the program's order; those earned and no longer in the program last."""
    return ()


def streaks(connection: Connection, version: Version, member_no: int, now: int) -> tuple[StreakStanding, ...]:
    """Every streak of the program, in its order."""
    return ()


def goals(
    connection: Connection, version: Version, member_no: int, now: int, window: str | None = None
) -> tuple[GoalStanding, ...]:
    """The goals that the member, or her organization, has in the windows that hold now, or in `window`."""
    return ()
