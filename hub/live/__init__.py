"""Live: notices become one server-sent-events stream a page, which says what changed and carries no data.

Templates have it as `live`. A page that shows live widgets includes `live/stream.html`; an element names what it
shows:

    <section hx-get="/points" hx-trigger="{{ live.trigger(['points/17']) }}" hx-target="this" hx-swap="outerMorph">

While no stream is open (a proxy in between, too many, HUB_LIVE=off, `wsgi.py`), `static/js/live.js` raises `hub:all`
on the body every 15 seconds, 60 in a hidden tab, so that the same trigger polls.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, request

from config import Config
from hub import clock
from hub.identity import current_session
from hub.identity.access import may_follow
from hub.identity.viewers import Viewer
from hub.live.streams import Streams
from hub.live.tickets import Tickets
from hub.live.topics import event_name, trigger

__all__ = ["Live", "event_name", "init", "live", "ticket", "trigger"]


class Live:
    """The live stream's part of the app. `streams` is None unless an ASGI front serves them."""

    def __init__(self, config: Config) -> None:
        self.wanted = config.live
        self.tickets = Tickets(config.secret_key, config.secret_key_fallbacks)
        self.streams: Streams | None = None

    event_name = staticmethod(event_name)
    trigger = staticmethod(trigger)

    def ticket(self, member_no: int, topics: Iterable[str]) -> str:
        """What a page shows to `/live`. The page may see these topics: nobody checks that later."""
        session = current_session()
        return self.tickets.issue(
            member_no, topics, g.get("live_cursor"), clock.now(), session.no if session is not None else None
        )

    def url(self, viewer: Viewer, topics: Iterable[str]) -> str | None:
        """The address of the stream of this member's page, which tells of what she may see; None where pages poll."""
        return None if self.streams is None else self.address(viewer.no, filter(partial(may_follow, viewer), topics))

    def address(self, member_no: int, topics: Iterable[str]) -> str | None:
        """The address of a stream of these topics, which the member may see; None where pages poll."""
        return None if self.streams is None else "/live?" + urlencode({"ticket": self.ticket(member_no, topics)})

    def mark(self) -> None:
        """Before a page reads anything: what is told from here on, it has perhaps not seen."""
        g.live_cursor = None if self.streams is None else self.streams.cursor


def init(app: Flask) -> None:
    part = Live(app.config["HUB"])
    app.extensions["live"] = part
    app.jinja_env.globals["live"] = part
    app.before_request(part.mark)
    app.add_url_rule("/live", "live.none", _no_stream)


def live() -> Live:
    """The live stream's part of the current app."""
    part: Live = current_app.extensions["live"]
    return part


def ticket(member_no: int, topics: Iterable[str]) -> str:
    return live().ticket(member_no, topics)


def _no_stream() -> Response:
    """`/live` where no ASGI front stands before the app: pages poll."""
    # A page that comes back would take a quiet answer for an open stream, and ask again at once.
    again = "Last-Event-ID" in request.headers
    return Response(status=503 if again else 204, headers={"Cache-Control": "no-store"})
