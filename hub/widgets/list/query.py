"""What the list widget shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.gamification.events import Attribute, attributes
from hub.gamification.metrics import Metric
from hub.ledger import reading
from hub.widgets.kit import View
from hub.wording import humane
from hub.wording.phrases import told


@dataclass(frozen=True, slots=True)
class Row:
    """An object, what was said of it last, and what is shown beside that."""

    name: str
    state: str
    about: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Values:
    rows: tuple[Row, ...]  # newest first, as many as the placement shows
    total: int
    what: str  # the objects, as the program calls them
    gone: bool = False  # the program has no such list any more

    @property
    def changed_at(self) -> int | None:
        return self.rows[0].at if self.rows else None


def query(view: View) -> Values:
    key = view.options.get("metric")
    metric = view.program.metrics.get(key) if key else None
    if key is None or metric is None or metric.by is None or metric.take != "latest":
        return Values((), 0, "", gone=True)
    found = reading.objects(view.connection, view.version, view.member.no, key, view.now)
    known = attributes([name for name in metric.types if name in view.program.events], view.program.events)
    shown = found[: view.options.get("show") or len(found)]
    what = known.get(metric.by)
    return Values(
        tuple(_row(view, metric, known, one) for one in shown),
        len(found),
        view.said(what.title if what else {}, metric.by),
    )


def _row(view: View, metric: Metric, known: Mapping[str, Attribute], one: reading.ObjectStanding) -> Row:
    about = tuple(
        _about(view, name, known.get(name), one.shown[name]) for name in metric.show if one.shown.get(name) is not None
    )
    return Row(one.name, _said(known.get(metric.of or ""), one.value), about, one.at)


def _about(view: View, name: str, attribute: Attribute | None, value: Any) -> str:
    """A value with its unit; one without says what it is."""
    if attribute is not None and attribute.unit is not None:
        return _said(attribute, value)
    return f"{view.said(attribute.title if attribute else {}, name)}: {_said(attribute, value)}"


def _said(attribute: Attribute | None, value: Any) -> str:
    """One of a few values that an attribute has is a word, and is written as one."""
    if attribute is not None and attribute.one_of and isinstance(value, str):
        return humane(value)
    return told(value, attribute.unit if attribute else None)
