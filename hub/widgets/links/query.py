"""What the links widget shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.widgets.kit import View

#: Of a link without an icon of its own: whether it stays in the hub.
WITHIN, AWAY = "arrow-right", "external-link"


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    address: str
    icon: str
    away: bool  # it leads out of the hub


@dataclass(frozen=True, slots=True)
class Group:
    """Links for one job; those without have no title."""

    title: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Values:
    groups: tuple[Group, ...]


def query(view: View) -> Values:
    groups: dict[str, list[Link]] = {}
    for written in view.options.get("links") or ():
        groups.setdefault(_said(view, written.get("group")), []).append(_link(view, written))
    return Values(tuple(Group(title, tuple(links)) for title, links in groups.items()))


def _link(view: View, written: Mapping[str, Any]) -> Link:
    address = str(written["link"])
    away = not address.startswith("/")
    return Link(_said(view, written["title"]), address, written.get("icon") or (AWAY if away else WITHIN), away)


def _said(view: View, texts: str | Mapping[str, str] | None) -> str:
    """A text as the program writes it: in one language, or in several."""
    return view.said(texts, "") if isinstance(texts, Mapping) else texts or ""
