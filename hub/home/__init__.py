"""The homepage: each role's widgets, and what every page has in common (name, navigation, who looks)."""

from __future__ import annotations

from flask import Flask, request

from hub import clock, wording
from hub.home import arranging, badges, boards, current, earn, lines, me, pages, scorecards, search, style, why
from hub.home.navigation import own_places, places
from hub.identity import current_member
from hub.widgets import kit

#: What the product is called before a program gives it a name.
NAMELESS = "Hub"


def init(app: Flask) -> None:
    kit.init(app)
    wording.listen(app, _listener)
    for bp in (
        pages.bp,
        arranging.bp,
        lines.bp,
        badges.bp,
        boards.bp,
        earn.bp,
        scorecards.bp,
        search.bp,
        why.bp,
        me.bp,
    ):
        app.register_blueprint(bp)
    if not app.config["HUB"].production:
        app.register_blueprint(style.bp)
    app.jinja_env.globals.update(navigation=places, own_places=own_places, product=_product, now_ms=_now_ms)
    app.jinja_env.filters["role_title"] = role_title


def role_title(role: str) -> str:
    """A role by the name the program gives it."""
    version = current.version()
    declared = version.program.roles.get(role) if version else None
    return wording.said(declared.title if declared else {}, role, wording.language())


def _product() -> str:
    version = current.version()
    return version.program.settings.name if version else NAMELESS


def _now_ms() -> int:
    """The server's time for the page's relative times, which must not go by a wrong clock of the device."""
    return clock.now() // 1000


def _listener() -> tuple[str | None, str | None]:
    """Locale and zone of who looks: the member's own, else the browser's language and the program's zone."""
    member = current_member()
    version = current.version()
    zone = version.program.settings.time_zone if version else None
    if member is None:
        return request.accept_languages.best, zone
    return member.locale or request.accept_languages.best, member.time_zone or zone
