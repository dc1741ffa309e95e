"""The version of the program that a request goes by: the newest, read once."""

from __future__ import annotations

from flask import g
from sqlalchemy import Connection

from hub.db import reader
from hub.ledger import programs
from hub.ledger.standings import Version


def version(connection: Connection | None = None) -> Version | None:
    """None before the first publishing. `connection`: where one is open already."""
    if "program_version" not in g:
        if connection is None:
            with reader() as own:
                g.program_version = programs.newest(own)
        else:
            g.program_version = programs.newest(connection)
    found: Version | None = g.program_version
    return found
