"""Contacts: the field and support people who look after my organization."""

from __future__ import annotations

from hub.widgets.kit import View, Widget


def _topics(view: View) -> tuple[str, ...]:
    return "directory", f"member/{view.member.no}"


widget = Widget("contacts", title="Contacts", icon="users", topics=_topics)
