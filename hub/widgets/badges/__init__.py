"""Badges: what was earned, by tier, and the next ones with what is still missing."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import Option, Widget

widget = Widget(
    "badges",
    title="Badges",
    icon="award",
    options=(Option("only", "keys", names="badges"), Option("show", "integer", default=8)),
    topics=lambda view: (topics.badges(view.member.no),),
)
