"""The cells of a homepage, rendered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import url_for
from sqlalchemy import Connection

from hub import wording
from hub.home.layout import Cell
from hub.identity import Viewer
from hub.ledger import programs
from hub.ledger.standings import Version
from hub.widgets import kit

_NONE: Mapping[str, Any] = MappingProxyType({})


class Shown(NamedTuple):
    """A cell and what it shows."""

    cell: Cell
    rendered: kit.Rendered
    topics: tuple[str, ...]

    @property
    def address(self) -> str:
        return url_for("home.cell", key=self.cell.key)


def show(connection: Connection, version: Version, member: Viewer, cell: Cell, now: int) -> Shown:
    seen = view(connection, version, member, now, cell.kind.widget.chosen(cell.placement.options))
    title = seen.said(cell.placement.title, "") or None
    rendered = kit.render(cell.kind, seen, title, url_for("home.cell", key=cell.key))
    return Shown(cell, rendered, (*cell.kind.widget.topics(seen), programs.PROGRAM))


def view(
    connection: Connection, version: Version, member: Viewer, now: int, options: Mapping[str, Any] = _NONE
) -> kit.View:
    """What a member who looks may see, in her language."""
    return kit.View(connection, member, version, now, options, wording.language())
