"""Points: balance, what this month brought, the level and the way to the next, the newest lines."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import Widget

widget = Widget("points", title="Points", icon="coins", topics=lambda view: (topics.points(view.member.no),))
