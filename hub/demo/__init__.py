"""The demo: a believable hub with people, a program and months of events, and a page to play the systems around it.

The page is there only where the hub lets people sign in by choosing who they are (HUB_DEMO), never in production.
"""

from __future__ import annotations

from flask import Flask

from hub.demo import page
from hub.demo.people import CAST
from hub.identity import sign_in


def init(app: Flask) -> None:
    if app.config["HUB"].demo:
        app.register_blueprint(page.bp)
        app.extensions[sign_in.FIRST] = CAST
