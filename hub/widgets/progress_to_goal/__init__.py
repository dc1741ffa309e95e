"""Progress to goal: target, actual, pace and time left; of one goal, or of all that the member has."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import Option, View, Widget


def _topics(view: View) -> tuple[str, ...]:
    own = (topics.goals(view.member.no),)
    return own if view.member.organization is None else (*own, topics.organization(view.member.organization))


widget = Widget(
    "progress_to_goal",
    title="Progress to goal",
    icon="target",
    options=(Option("goal", names="goals"),),
    topics=_topics,
)
