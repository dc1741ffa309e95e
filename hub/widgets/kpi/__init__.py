"""KPI: one number, how it changed, and as of when."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import Option, View, Widget


def _topics(view: View) -> tuple[str, ...]:
    own = (topics.badges(view.member.no),)
    return own if view.member.organization is None else (*own, topics.organization(view.member.organization))


def _called(view: View) -> str | None:
    key = view.options.get("metric")
    return view.title("metrics", key) if key else None


widget = Widget(
    "kpi",
    title="Key figure",
    icon="chart-line",
    options=(
        Option("metric", names="metrics"),
        Option("window", default="all"),
        Option("whose"),
        Option("unit"),
    ),
    topics=_topics,
    called=_called,
)
