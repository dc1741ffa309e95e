"""Homepages: a role's list of placements.

Which widgets there are is not known here: it is passed in, as the options that each takes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hub.gamification import conditions
from hub.gamification.actions import read_link
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute
from hub.gamification.metrics import Metric
from hub.gamification.sections import MAX_KEY, Section

Widgets = Mapping[str, Collection[str]]

#: Every widget of the program language, with its options.
WIDGETS: Widgets = MappingProxyType(
    {
        "progress_to_goal": ("goal",),
        "points": (),
        "badges": ("only", "show"),
        "requirements": ("badge", "goal"),
        "streak": ("streak",),
        "leaderboard": ("leaderboard", "show"),
        "next_action": (),
        "survey": ("survey",),
        "recognition": ("of",),
        "kpi": ("metric", "window", "whose", "unit"),
        "list": ("metric", "show"),
        "my_partners": ("show",),
        "contacts": (),
        "links": ("links",),
    }
)

#: What the hub does not serve yet.
NOT_SERVED = ("survey", "recognition")
SERVED: Widgets = MappingProxyType({name: taken for name, taken in WIDGETS.items() if name not in NOT_SERVED})

#: What a widget cannot be placed without.
NEEDED = {"streak": "streak", "leaderboard": "leaderboard", "kpi": "metric", "list": "metric", "links": "links"}
_MAX_PLACEMENTS = 50
_MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Placement:
    """A widget put on a homepage. `options` are the widget's own, as written."""

    widget: str
    options: Mapping[str, Any] = field(default_factory=dict)
    title: Mapping[str, str] = field(default_factory=dict)
    size: str = "small"  # small, wide, full
    pinned: bool = False
    offer: bool = False
    for_: Condition | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


def read(
    root: Section,
    roles: Collection[str],
    metrics: Mapping[str, Metric],
    people: Mapping[str, Attribute],
    widgets: Widgets | None,
) -> dict[str, tuple[Placement, ...]]:
    """The placements by role. `widgets`: those there are, with their options; None: whatever the file names."""
    pages = root.section("homepages")
    if pages is None:
        return {}
    for role in pages.values:
        if role not in roles:
            pages.unknown(role, "role", role, roles)
    return {role: _page(pages, role, metrics, people, widgets) for role in pages.values}


def _page(
    pages: Section, role: str, metrics: Mapping[str, Metric], people: Mapping[str, Attribute], widgets: Widgets | None
) -> tuple[Placement, ...]:
    placements = pages.each(role, lambda section: _placement(section, metrics, people, widgets))
    if len(placements) > _MAX_PLACEMENTS:
        pages.fault(role, "too_large", f"has more than {_MAX_PLACEMENTS} widgets", _MAX_PLACEMENTS)
    return placements


def _placement(
    section: Section, metrics: Mapping[str, Metric], people: Mapping[str, Attribute], widgets: Widgets | None
) -> Placement:
    widget = section.text("widget", required=True, longest=MAX_KEY) or ""
    if widgets is not None and widget in WIDGETS and widget not in widgets:
        section.fault("widget", "not_supported_yet", f'the widget "{widget}" is not supported yet')
    elif widgets is not None and widget and widget not in widgets:
        section.unknown("widget", "widget", widget, widgets)
    section.together("pinned", "offer")
    return Placement(
        widget,
        _options(section, widget, widgets or {}, metrics),
        size=section.choice("size", ("small", "wide", "full"), "small"),
        pinned=section.flag("pinned"),
        offer=section.flag("offer"),
        for_=conditions.read_for(section, people),
        **section.entry(),
    )


def _options(section: Section, widget: str, widgets: Widgets, metrics: Mapping[str, Metric]) -> dict[str, Any]:
    options = widgets.get(widget, WIDGETS.get(widget))
    if options is None:  # of an unknown widget nothing can be said
        return {name: section.take(name) for name in section.values if name not in _PLACEMENT}
    if (needed := NEEDED.get(widget)) and needed in options and not section.has(needed):
        section.take(needed, required=True)
    found = {name: _option(section, widget, name, metrics) for name in options if section.has(name)}
    return {name: value for name, value in found.items() if value is not None}


_PLACEMENT = ("widget", "size", "pinned", "offer", "for", "title", "text", "icon", "owner")


def _option(section: Section, widget: str, name: str, metrics: Mapping[str, Metric]) -> Any:
    if name == "metric":
        return _metric(section, widget, metrics)
    if name == "links":
        section.each("links", _link)
        return section.values["links"]
    reader = _OPTIONS.get(name) if widget in WIDGETS else None
    return reader(section, name) if reader else section.take(name)


def _metric(section: Section, widget: str, metrics: Mapping[str, Metric]) -> str | None:
    key = section.reference("metric", "metric", metrics)
    metric = metrics[key] if key else None
    if metric and widget == "list" and not (metric.take == "latest" and metric.by):
        section.fault("metric", "type", f'needs a `latest` metric with `by`, which "{key}" is not')
    elif metric and widget != "list" and not metric.numeric:
        section.fault("metric", "type", f'"{key}" is no number')
    return key


def _link(section: Section) -> None:
    section.titles("title")
    section.take("title", required=True)
    read_link(section, required=True)
    section.text("icon", longest=MAX_KEY)
    section.titles("group")


def _named(what: str, section_name: str) -> Callable[[Section, str], Any]:
    return lambda section, field: section.reference(field, what, section.document.keys(section_name))


def _shown(section: Section, field: str) -> int | None:
    return section.whole(field, 1, _MAX_SHOWN)


def _badges(section: Section, field: str) -> list[str]:
    return list(section.references(field, "badge", section.document.keys("badges")))


_OPTIONS: dict[str, Callable[[Section, str], Any]] = {
    "goal": _named("goal", "goals"),
    "badge": _named("badge", "badges"),
    "streak": _named("streak", "streaks"),
    "leaderboard": _named("leaderboard", "leaderboards"),
    "survey": _named("survey", "surveys"),
    "show": _shown,
    "only": _badges,
    "of": lambda section, field: section.choice(field, ("organization", "everyone")) or None,
    "window": lambda section, field: section.window(field),
    "whose": lambda section, field: section.choice(field, ("member", "organization")) or None,
    "unit": lambda section, field: section.text(field, longest=MAX_KEY),
}
