"""The program as it is published, and the widgets that it may place."""

from __future__ import annotations

import msgspec
from flask import Response
from sqlalchemy import select

from hub.api import bp
from hub.api.answers import Moment, answer, moment
from hub.api.openapi import describe
from hub.db import reader
from hub.gamification.versions import BEGINNING
from hub.identity.access import requires_scope
from hub.ledger import changeover
from hub.ledger.tables import versions
from hub.web import not_found
from hub.widgets import kit

READ = "program:read"


class ProgramAnswer(msgspec.Struct):
    """The newest version. `in_force_from` null: from the beginning of time. `text` is the file as it was published.
    `recalculating`: while the version takes over, how many percent are done; null: it has.
    """

    version: int
    published_at: Moment
    in_force_from: Moment | None
    live_from: Moment
    text: str
    recalculating: int | None


@bp.get("/program")
@requires_scope(READ)
@describe("The program", scope=READ, answers={200: ProgramAnswer})
def get_program() -> Response:
    with reader() as connection:
        row = connection.execute(select(versions).order_by(versions.c.version.desc()).limit(1)).first()
        share = changeover.share(connection, row.version) if row else None
    if row is None:
        raise not_found()
    since = moment(row.in_force_from) if row.in_force_from > BEGINNING else None
    told = (row.version, moment(row.published_at), since, moment(row.live_from), row.text)
    return answer(ProgramAnswer(*told, None if share is None else share.percent))


class OptionItem(msgspec.Struct):
    """`names`: the section of the program that the value is a key of."""

    option: str
    type: str
    default: str | int | None
    names: str | None


class WidgetItem(msgspec.Struct):
    """`topics`: what it listens to, where its options are named: `points/{member}`."""

    widget: str
    title: str
    sizes: tuple[str, ...]
    options: list[OptionItem]
    topics: tuple[str, ...]


class WidgetsAnswer(msgspec.Struct):
    items: list[WidgetItem]
    next: str | None


@bp.get("/widgets")
@requires_scope(READ)
@describe("The catalogue of widgets", scope=READ, answers={200: WidgetsAnswer})
def list_widgets() -> Response:
    return answer(WidgetsAnswer([_widget(kind.widget) for kind in kit.catalogue().values()], None))


def _widget(widget: kit.Widget) -> WidgetItem:
    options = [OptionItem(option.name, option.type, option.default, option.names) for option in widget.options]
    return WidgetItem(widget.name, widget.title, widget.sizes, options, widget.listens)
