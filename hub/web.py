"""The web's ground rules: answers, refusals, headers."""

from __future__ import annotations

from flask import Flask


def init(app: Flask) -> None:
    del app
