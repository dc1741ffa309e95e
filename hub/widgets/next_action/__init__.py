"""Next best action: one step, why, and what it brings; to be put off, or not for me."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import View, Widget


def _topics(view: View) -> tuple[str, ...]:
    return topics.badges(view.member.no), topics.actions(view.member.no)


widget = Widget("next_action", title="Next step", icon="rocket", topics=_topics)
