"""Static files under addresses that change with their content, so that a browser may keep them for a year."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request

YEAR_SECONDS = 365 * 24 * 3600
LETTERS = 10


def init(app: Flask) -> None:
    root = Path(app.static_folder or "")
    # In development a changed file is seen at the next look.
    version = _version if app.debug or app.testing else cache(_version)

    def asset(name: str) -> str:
        """The address of a file in static/."""
        return f"{app.static_url_path}/{name}?v={version(root / name)}"

    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep)


def _version(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:LETTERS]


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code in {200, 304}:
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    return response
