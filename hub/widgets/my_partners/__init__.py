"""My partners: of the organizations that I look after, who moves, who is one step away, who went quiet."""

from __future__ import annotations

from hub.directory import assignments
from hub.identity import access
from hub.ledger import topics
from hub.widgets.kit import Option, View, Widget

ACT = "partners:see"
#: Of so many organizations the page hears at once that something changed.
HEARD = 50


def _topics(view: View) -> tuple[str, ...]:
    mine = (f"member/{view.member.no}", "directory")
    if access.reach(view.member, ACT) is None:  # nobody's, or of whoever looks
        return mine
    looked_after = assignments.looked_after_by(view.connection, view.member.no)
    return (*mine, *(topics.organization(no) for no in list(looked_after)[:HEARD]))


widget = Widget(
    "my_partners",
    title="My partners",
    icon="building-2",
    options=(Option("show", "integer", default=5),),
    topics=_topics,
    act=ACT,
)
