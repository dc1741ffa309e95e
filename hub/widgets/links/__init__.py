"""Links: the other portals, by the job that one goes there for."""

from __future__ import annotations

from hub.widgets.kit import Option, Widget

widget = Widget("links", title="Links", icon="link", options=(Option("links", "links"),))
