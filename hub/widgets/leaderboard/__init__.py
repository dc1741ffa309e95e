"""Leaderboard: the top, my neighbours, my row; ties share a rank."""

from __future__ import annotations

from hub.ledger import topics
from hub.ledger.changeover import CHANGE_OVER
from hub.widgets.kit import Option, View, Widget


def chosen(view: View) -> str | None:
    """The board that a placement shows: the one it names, else the program's first; None where there is none."""
    named = view.options.get("leaderboard")
    return named if named is not None else next(iter(view.program.leaderboards), None)


def _topics(view: View) -> tuple[str, ...]:
    key = chosen(view)
    return (topics.leaderboard(key), CHANGE_OVER) if key else ()


widget = Widget(
    "leaderboard",
    title="Leaderboard",
    icon="trophy",
    options=(Option("leaderboard", names="leaderboards"), Option("show", "integer")),
    topics=_topics,
    act="leaderboard:see",
)
