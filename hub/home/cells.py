"""The cells of a homepage, rendered."""

from __future__ import annotations

from typing import NamedTuple

from flask import url_for
from sqlalchemy import Connection

from hub import wording
from hub.home.layout import Cell
from hub.identity import Viewer
from hub.ledger import programs
from hub.ledger.standings import Version
from hub.widgets import kit


class Shown(NamedTuple):
    """A cell and what it shows."""

    cell: Cell
    rendered: kit.Rendered
    topics: tuple[str, ...]

    @property
    def address(self) -> str:
        return url_for("home.cell", key=self.cell.key)


def show(connection: Connection, version: Version, member: Viewer, cell: Cell, now: int) -> Shown:
    options = cell.kind.widget.chosen(cell.placement.options)
    view = kit.View(connection, member, version, now, options, wording.language())
    title = view.said(cell.placement.title, "") or None
    rendered = kit.render(cell.kind, view, title, url_for("home.cell", key=cell.key))
    return Shown(cell, rendered, (*cell.kind.widget.topics(view), programs.PROGRAM))
