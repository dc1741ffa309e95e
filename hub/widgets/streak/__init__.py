"""Streaks: the run, the longest one, and until when it must be extended."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import Option, Widget

widget = Widget(
    "streak",
    title="Streak",
    icon="flame",
    options=(Option("streak", names="streaks"),),
    topics=lambda view: (topics.streaks(view.member.no),),
)
