"""The kit: what a widget is, how widgets are found, and how one is rendered.

A widget is a package with three files: `__init__.py` declares it (`widget = Widget(...)`), `query.py` reads what it
shows (`query(view)`: plain values, no request, no clock), `widget.html` shows it, on a homepage, re-rendered live and
in a frame alike. Folders beside this file and modules that packages name in the entry-point group `hub.widgets` come
through the same door. A widget that fails shows a quiet fallback; the page around it stands.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, resources
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, cast

from flask import Flask, render_template
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader
from markupsafe import Markup
from sqlalchemy import Connection
from typing_extensions import override

from hub import widgets
from hub.db import on_sqlite, once
from hub.gamification.explain import unit_of as unit_of
from hub.gamification.program import Program
from hub.identity import Viewer, access
from hub.ledger.reading import Version
from hub.wording import said

log = logging.getLogger(__name__)

GROUP = "hub.widgets"
VERSION_LETTERS = 16
SIZES = ("small", "wide", "full")


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, at what, and when: all that a widget's query may know."""

    connection: Connection
    member: Viewer
    version: Version
    now: int
    options: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"

    @property
    def program(self) -> Program:
        return self.version.program

    def title(self, section: str, key: str) -> str:
        """The title of an entry of the program (`badges`, `deal_maker`); made from the key where it is gone."""
        entry = getattr(self.program, section).get(key)
        return self.said(entry.title if entry else {}, key)

    def said(self, texts: Mapping[str, str], key: str) -> str:
        """A text of the program in the viewer's language; made from the key where there is none."""
        return said(texts, key, self.language)


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a widget. `names`: the section of the program that its value is a key of."""

    name: str
    type: str = "text"  # text, integer, keys (one or a list)
    default: str | int | None = None
    names: str | None = None  # badges, streaks, goals, leaderboards, metrics


@dataclass(frozen=True, slots=True)
class Widget:
    """What a widget's `__init__.py` declares. It is fetched again when one of its `topics` changes. `act`: what its
    viewer must be allowed, of the table of who may see and do what; by itself a widget shows the viewer's own.
    """

    name: str
    title: str
    icon: str
    options: tuple[Option, ...] = ()
    topics: Callable[[View], tuple[str, ...]] = lambda _: ()
    sizes: tuple[str, ...] = SIZES
    called: Callable[[View], str | None] = lambda _: None  # what a placement without a title is called
    act: str = "home:see"

    def is_for(self, member: Viewer) -> bool:
        """Whether the member's roles let her have it at all."""
        return access.reach(member, self.act) is not None

    @property
    def listens(self) -> tuple[str, ...]:
        """The topics of a placement that names its options, whoever looks: `points/{member}`."""
        return self.topics(_anybody({option.name: f"{{{option.name}}}" for option in self.options if option.names}))

    def chosen(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a placement, defaults filled in."""
        return {option.name: written.get(option.name, option.default) for option in self.options}


class _Some(int):
    """A number that stands for each one of a kind, and is written as its name: `{member}`."""

    kind: str

    @classmethod
    def of(cls, kind: str) -> _Some:
        some = cls()
        some.kind = kind
        return some

    @override
    def __format__(self, spec: str) -> str:
        return f"{{{self.kind}}}"


def _anybody(options: Mapping[str, Any]) -> View:
    """A view that says whose topics a widget listens to; it has no connection, and may nothing: nothing is read."""
    nobody, nothing = _Some.of("member"), cast(Any, None)
    viewer = Viewer(nobody, "", "", _Some.of("organization"), "", (), frozenset(), None, None)
    return View(nothing, viewer, nothing, 0, options)


@dataclass(frozen=True, slots=True)
class Kind:
    """A widget that was found: its declaration, its query, and where its files are."""

    widget: Widget
    query: Callable[[View], object]
    folder: Path

    @property
    def template(self) -> str:
        return f"widgets/{self.widget.name}/widget.html"


@dataclass(frozen=True, slots=True)
class Rendered:
    html: Markup
    failed: bool = False

    @property
    def version(self) -> str:
        """The same as long as the content is: a page need not swap what it already shows."""
        return hashlib.sha256(self.html.encode()).hexdigest()[:VERSION_LETTERS]


@cache
def catalogue() -> Mapping[str, Kind]:
    """All widgets by name, in the order of their names."""
    kinds = [_kind(module) for module in (*_folders(), *_entry_points())]
    return {kind.widget.name: kind for kind in sorted(kinds, key=lambda kind: kind.widget.name)}


def options() -> dict[str, frozenset[str]]:
    """The names of each widget's options: what a placement in the program may say."""
    return {name: frozenset(option.name for option in kind.widget.options) for name, kind in catalogue().items()}


def _folders() -> list[str]:
    return [f"{widgets.__name__}.{found.name}" for found in iter_modules(widgets.__path__) if found.ispkg]


def _entry_points() -> list[str]:
    return [point.value for point in entry_points(group=GROUP)]


def _kind(name: str) -> Kind:
    module = import_module(name)
    query = import_module(f"{name}.query").query
    return Kind(_declared(module), query, Path(str(resources.files(module))))


def _declared(module: ModuleType) -> Widget:
    widget = getattr(module, "widget", None)
    if not isinstance(widget, Widget):
        raise TypeError(f"{module.__name__} declares no `widget = Widget(...)`")
    if widget.act not in access.TABLE:
        raise LookupError(f"{widget.act!r} has no row in the table of who may do what")
    return widget


def init(app: Flask) -> None:
    """Lets templates be found in the widgets' own folders, as `widgets/NAME/...`."""
    folders: dict[str, BaseLoader] = {
        name: FileSystemLoader(kind.folder, encoding="utf-8") for name, kind in catalogue().items()
    }
    own: BaseLoader = app.jinja_loader or FileSystemLoader([])
    app.jinja_loader = ChoiceLoader([own, PrefixLoader({"widgets": PrefixLoader(folders)})])


def render(kind: Kind, view: View, title: str | None = None, address: str = "") -> Rendered:
    """A widget as HTML. One that raises is logged and becomes a fallback that offers `address` again."""
    try:
        named = title or kind.widget.called(view) or kind.widget.title
        return show(kind, _values(kind, view), named, view, address)
    except Exception:  # the edge of a widget: whatever it does, the others must show
        log.exception("widget %s failed", kind.widget.name, extra={"member": view.member.no})
        return fallback(kind.widget, title or kind.widget.title, address)


def _values(kind: Kind, view: View) -> object:
    if on_sqlite(view.connection):
        return kind.query(view)
    # PostgreSQL refuses everything in a transaction that failed once: a failure goes back to before the first widget.
    # They only read, so one savepoint serves all.
    once(view.connection, "savepoint", lambda: view.connection.exec_driver_sql("SAVEPOINT before_widgets"))
    try:
        return kind.query(view)
    except Exception:
        view.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT before_widgets")
        raise


def show(kind: Kind, values: object, title: str, view: View | None = None, address: str = "") -> Rendered:
    """A widget's template with these values: what `render` does once they were read. `address`: where it is fetched."""
    return Rendered(_html(kind.template, it=values, widget=kind.widget, title=title, view=view, address=address))


def fallback(widget: Widget, title: str, address: str) -> Rendered:
    return Rendered(_html("ui/failed.html", widget=widget, title=title, address=address), failed=True)


def _html(template: str, **context: Any) -> Markup:
    # The template has escaped what it was given.
    return Markup(render_template(template, **context))  # noqa: S704
