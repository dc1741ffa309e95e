"""The places of the top bar: only those that exist, and only to whom they are open."""

from __future__ import annotations

from typing import NamedTuple

from flask import current_app, request, url_for
from flask_babel import gettext

from hub.identity import current_member


class Place(NamedTuple):
    title: str
    icon: str
    address: str
    here: bool


def places() -> list[Place]:
    """Where a signed-in member can go from the top bar."""
    if current_member() is None:
        return []
    known = (
        ("home.index", gettext("Home"), "house"),
        ("lines.page", gettext("Points"), "coins"),
        ("demo.page", gettext("Play the CRM"), "play"),
    )
    return [
        Place(str(title), icon, url_for(endpoint), request.endpoint == endpoint)
        for endpoint, title, icon in known
        if endpoint in current_app.view_functions
    ]
