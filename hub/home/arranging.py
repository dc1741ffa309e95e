"""Arranging one's homepage: the page with a bar on each cell, and the acts behind its buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hub import clock, wording
from hub.db import reader, transaction
from hub.home import arrangement, cells, current, layout
from hub.home.arrangement import Arrangement
from hub.home.layout import Cell
from hub.identity import requires
from hub.ledger import programs
from hub.ledger.standings import Version
from hub.web import Problem, not_found, wants_fragment

bp = Blueprint("arranging", __name__)

Act = Callable[[Arrangement, Sequence[Cell], Cell], Arrangement]

#: What a button does to a cell.
ACTS: Mapping[str, Act] = {
    "earlier": lambda own, have, cell: own.move(have, cell.key, -1),
    "later": lambda own, have, cell: own.move(have, cell.key, 1),
    "hide": lambda own, _, cell: own.hide(cell),
    "show": lambda own, _, cell: own.show(cell),
}


class Named(NamedTuple):
    """A cell by its title, and by what it is about where the title does not say."""

    cell: Cell
    title: str
    about: str

    @property
    def label(self) -> str:
        return f"{self.title}: {self.about}" if self.about else self.title


class Arranged(NamedTuple):
    """A cell of her homepage, and its name."""

    shown: cells.Shown
    named: Named


@bp.get("/arrange")
@requires("home:arrange")
def page() -> ResponseReturnValue:
    with reader() as connection:
        version = current.version(connection)
        if version is None:
            raise not_found()
        member, now = current.member(), clock.now()
        have = layout.cells(connection, version.program, member, now)
        own = arrangement.of(connection, member.no)
        shown = [
            Arranged(cells.show(connection, version, member, cell, now), _named(version, cell))
            for cell in own.shown(have)
        ]
        spare = [_named(version, cell) for cell in own.left_out(have)]
    template = "home/arrange_cells.html" if wants_fragment() else "home/arrange.html"
    return render_template(template, shown=shown, spare=spare, changed=own != Arrangement(), said=_said(shown))


def _named(version: Version, cell: Cell) -> Named:
    language, widget, placement = wording.language(), cell.kind.widget, cell.placement
    title = wording.said(placement.title, "", language) or gettext(widget.title)
    about = []
    for option in widget.options:
        if option.names is None:  # no keys: a number, or links as they are written
            continue
        entries, written = getattr(version.program, option.names), placement.options.get(option.name)
        keys: Sequence[str] = [written] if isinstance(written, str) else written or ()
        about += [wording.said(entries[key].title, key, language) for key in keys if key in entries]
    return Named(cell, title, ", ".join(about))


def _said(shown: Sequence[Arranged]) -> str:
    """Where the cell that was moved stands now, for who does not see it."""
    moved = request.args.get("moved")
    place = next((place for place, one in enumerate(shown, 1) if one.named.cell.key == moved), None)
    return "" if place is None else gettext("Now at place %(place)s of %(all)s", place=place, all=len(shown))


@bp.post("/arrange")
@requires("home:arrange")
def arrange() -> ResponseReturnValue:
    act, key = request.form.get("act", ""), request.form.get("key", "")
    member, now = current.member(), clock.now()
    with transaction() as connection:
        version = programs.newest(connection)
        if version is None:
            raise not_found()
        have = layout.cells(connection, version.program, member, now)
        own = arrangement.of_writer(connection, member.no)
        arrangement.write(connection, member.no, _arranged(own, have, act, key), now)
    return redirect(url_for("arranging.page", moved=key or None), 303)


def _arranged(own: Arrangement, have: Sequence[Cell], act: str, key: str) -> Arrangement:
    if act == "reset":
        return Arrangement()
    if act == "order":
        return own.place(have, request.form.getlist("order"))
    if act not in ACTS:
        raise Problem(422, "act", f"act: one of {', '.join((*ACTS, 'order', 'reset'))}")
    cell = next((cell for cell in have if cell.key == key), None)
    if cell is None:
        raise not_found()
    if cell.pinned:
        raise Problem(409, "pinned", gettext("The program keeps this one in its place."))
    return ACTS[act](own, have, cell)
