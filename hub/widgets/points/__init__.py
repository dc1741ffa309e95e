"""Points: balance, what this month brought, the level and the way to the next, what is coming, the newest lines."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import View, Widget


def _topics(view: View) -> tuple[str, ...]:
    # What is coming moves with the way to badges and goals.
    who = view.member.no
    return topics.points(who), topics.badges(who), topics.goals(who)


widget = Widget("points", title="Points", icon="coins", topics=_topics)
