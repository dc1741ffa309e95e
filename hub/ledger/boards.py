"""Leaderboards, read: ranks, neighbours, names as the board shows them."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.ledger.standings import AROUND, BoardStanding, Version


def board(
    connection: Connection,
    version: Version,
    key: str,
    viewer_member_no: int | None,
    now: int,
    *,
    window: str | None = None,
    among: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    around: int = AROUND,
) -> BoardStanding | None:
    """A leaderboard as the viewer may see it; without `among` the one she stands on. None: no such board or window."""
    return None
