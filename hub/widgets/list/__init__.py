"""List: the newest state of each object: claims, registrations, certificates."""

from __future__ import annotations

from hub.ledger import topics
from hub.widgets.kit import Option, View, Widget


def _called(view: View) -> str | None:
    key = view.options.get("metric")
    return view.title("metrics", key) if key else None


widget = Widget(
    "list",
    title="List",
    icon="list",
    options=(Option("metric", names="metrics"), Option("show", "integer", default=8)),
    topics=lambda view: (topics.badges(view.member.no),),
    called=_called,
)
