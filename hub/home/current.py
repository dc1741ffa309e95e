"""What a request goes by: the newest version of the program, read once, and who looks."""

from __future__ import annotations

from flask import g
from sqlalchemy import Connection

from hub.db import reader
from hub.identity import Viewer, current_member
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


def member() -> Viewer:
    """Who looks, behind `requires`."""
    found = current_member()
    assert found is not None, "requires() lets nobody else in"
    return found
