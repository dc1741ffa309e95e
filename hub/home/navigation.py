"""The places of the top bar: only those that exist, and only to whom they are open."""

from __future__ import annotations

from typing import NamedTuple

from flask import current_app, request, url_for
from flask_babel import gettext

from hub.identity import current_member
from hub.identity.access import ORGANIZATION, reach


class Place(NamedTuple):
    """`short`: its title where there is little room; `here`: what `aria-current` says of it, None: one is elsewhere."""

    title: str
    short: str
    icon: str
    address: str
    here: str | None


def places() -> list[Place]:
    """Where a signed-in member can go from the top bar."""
    if current_member() is None:
        return []
    known = (
        ("home.index", gettext("Home"), gettext("Home"), "house"),
        ("lines.page", gettext("Points"), gettext("Points"), "coins"),
        ("badges.page", gettext("Badges"), gettext("Badges"), "award"),
        ("boards.index", gettext("Leaderboards"), gettext("Boards"), "trophy"),
        ("earn.page", gettext("How to earn"), gettext("Earn"), "sparkles"),
        ("demo.page", gettext("Play the CRM"), gettext("CRM"), "play"),
    )
    return [
        Place(str(title), str(short), icon, url_for(endpoint), _here(endpoint))
        for endpoint, title, short, icon in known
        if endpoint in current_app.view_functions
    ]


def own_places() -> list[Place]:
    """What is about the signed-in member herself: the places of her own menu."""
    member = current_member()
    if member is None:
        return []
    mine = gettext("My scorecard")
    found = [Place(str(mine), str(mine), "chart-column", url_for("scorecards.member", id_=member.id), None)]
    if member.organization_id is not None and (reach(member, "organization:see") or 0) >= ORGANIZATION:
        firm = gettext("My organization")
        address = url_for("scorecards.organization", id_=member.organization_id)
        found.append(Place(str(firm), str(firm), "building-2", address, None))
    settings = gettext("My settings")
    return [*found, Place(str(settings), str(settings), "settings", url_for("me.page"), _here("me.page"))]


def _here(endpoint: str) -> str | None:
    """Whether this is the place, or one below it: the page of one badge is below that of all."""
    if request.endpoint == endpoint:
        return "page"
    return "true" if request.blueprint == endpoint.partition(".")[0] else None
