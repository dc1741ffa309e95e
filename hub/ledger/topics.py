"""The topics that the ledger publishes and widgets listen to: whose what changed."""

from __future__ import annotations


def points(member_no: int) -> str:
    """Balance, earnings, level, ledger lines."""
    return f"points/{member_no}"


def badges(member_no: int) -> str:
    """Awards, and the way to the next ones."""
    return f"badges/{member_no}"


def streaks(member_no: int) -> str:
    return f"streaks/{member_no}"


def goals(member_no: int) -> str:
    return f"goals/{member_no}"


def actions(member_no: int) -> str:
    """Which next best actions the member hides; what opens and closes them is told with her badges."""
    return f"actions/{member_no}"


def organization(organization_no: int) -> str:
    """An organization's values: its goals."""
    return f"organization/{organization_no}"


def leaderboard(key: str) -> str:
    return f"leaderboard/{key}"
