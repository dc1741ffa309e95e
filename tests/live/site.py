"""A hub with a page of two live elements, as a program that tests start and kill: `python -m tests.live.site PORT`.

An element shows how many notices named its topic. `/seen` says how a request arrived through the ASGI front.
"""

import socket
import sys
from collections.abc import Iterable

from flask import Flask, Response, g, jsonify, render_template_string, request
from sqlalchemy import func, select

from config import Config
from hub import clock, create_app
from hub.db import reader
from hub.identity.access import public
from hub.live import live
from hub.live.front import Front
from hub.live.server import serve
from hub.signals import notices
from hub.web import csrf

PAGE = """<!doctype html><html lang="en"><head><title>Live</title>
<meta name="htmx-config" content='{"extensions":"sse,ptag","noSwap":[204,304,"5xx"],"includeIndicatorCSS":false}'>
{% for name in ("vendor/htmx.min.js", "vendor/hx-sse.min.js", "js/live.js") -%}
<script src="{{ url_for('static', filename=name) }}" defer></script>
{% endfor %}</head><body>{% include "live/stream.html" %}
{% for name, topics in parts.items() %}{% include "part" %}{% endfor %}</body></html>"""
PART = """<p id="{{ name }}" hx-get="/parts/{{ name }}" hx-trigger="{{ live.trigger(topics) }}" hx-target="this"
 hx-swap="outerMorph">{{ count(topics) }}</p>"""
PARTS = {"points": ("points/17", "badges/17"), "board": ("leaderboard/top_sellers",)}


def site(config: Config, member: int = 1) -> Flask:
    app = create_app(config)

    @app.get("/page")
    @public
    def page() -> str:
        url = live().address(member, [topic for topics in PARTS.values() for topic in topics])
        milliseconds = request.args.get("poll", 300, int)
        return render(PAGE, parts=PARTS, live_url=url, live_poll_ms=milliseconds, live_poll_hidden_ms=10 * milliseconds)

    @app.get("/parts/<name>")
    @public
    def part(name: str) -> str:
        return render(PART, name=name, topics=PARTS[name])

    @app.get("/ticket")
    @public
    def ticket() -> str:
        who, session = request.args.get("member", member, int), request.args.get("session", None, int)
        return live().tickets.issue(who, request.args.getlist("topic"), g.live_cursor, clock.now(), session)

    @app.route("/seen", methods=["GET", "POST"])
    @csrf.exempt
    @public
    def seen() -> Response:
        names = ("REMOTE_ADDR", "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "wsgi.url_scheme", "HTTP_X_ONE")
        told = {name: request.environ.get(name) for name in names}
        return jsonify(told, request.headers.get("X-Forwarded-For"), len(request.get_data()))

    @app.get("/long")
    @public
    def long() -> Response:
        return Response(b"x" * 1_000_000 for _ in range(int(request.args["mb"])))

    return app


def render(template: str, **values: object) -> str:
    part = PART if template is PAGE else ""
    return render_template_string(template.replace('{% include "part" %}', part), count=count, **values)


def count(topics: Iterable[str]) -> int:
    """How many notices name one of these topics."""
    with reader() as connection:
        named = [notices.c.topics.contains(f'"{topic}"') for topic in topics]
        return sum(connection.scalar(select(func.count()).where(one)) or 0 for one in named)


def main(port: int) -> None:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    serve(Front(site(Config.load())), listening)


if __name__ == "__main__":
    main(int(sys.argv[1]))
