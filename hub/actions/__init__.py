"""Next best actions as people meet them: which one is suggested; putting one off, or saying that it is not for oneself.

What is open, and what closing it brings, the engine decides; nothing here changes that.
"""

from __future__ import annotations

from flask import Flask

from hub.actions import doors


def init(app: Flask) -> None:
    app.register_blueprint(doors.bp)
