"""Requirements: what a badge or a goal takes, as a checklist; without either, of the badge that is nearest."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import Option, View, Widget


def _topics(view: View) -> tuple[str, ...]:
    own = (topics.badges(view.member.no), topics.goals(view.member.no))
    return own if view.member.organization is None else (*own, topics.organization(view.member.organization))


widget = Widget(
    "requirements",
    title="What it takes",
    icon="badge-check",
    options=(Option("badge", names="badges"), Option("goal", names="goals")),
    topics=_topics,
)
