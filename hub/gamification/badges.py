"""Badges: conditions on metrics, streaks, badges, levels and goals; tiers; repeats; personal bests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hub.gamification import conditions
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute
from hub.gamification.graphs import circles
from hub.gamification.metrics import Metric, read_metric
from hub.gamification.numbers import Number
from hub.gamification.sections import MAX_KEY, Section
from hub.gamification.windows import WindowKind


@dataclass(frozen=True, slots=True)
class MetricAtLeast:
    metric: str
    at_least: Number
    within: WindowKind = "all"
    windowed: bool = False  # `within` was written


@dataclass(frozen=True, slots=True)
class StreakAtLeast:
    streak: str
    at_least: int


@dataclass(frozen=True, slots=True)
class HasBadge:
    badge: str
    tier: str | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class HasLevel:
    level: str


@dataclass(frozen=True, slots=True)
class GoalReached:
    goal: str


Leaf = MetricAtLeast | StreakAtLeast | HasBadge | HasLevel | GoalReached


@dataclass(frozen=True, slots=True)
class AtLeastOf:
    """`count` of the conditions hold. `all` is count = how many there are, `any` is 1."""

    count: int
    conditions: tuple[When, ...]


When = Leaf | AtLeastOf


@dataclass(frozen=True, slots=True)
class Tier:
    name: str
    when: Leaf
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonalBest:
    metric: str
    minimum: Number


@dataclass(frozen=True, slots=True)
class Badge:
    """Has `when`, or `tiers`, or `best`; or none of them, where it only comes as a reward or prize or by hand."""

    key: str
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    when: When | None = None
    tiers: tuple[Tier, ...] = ()
    best: PersonalBest | None = None
    repeat: bool = False
    window: WindowKind | None = None  # of a repeated badge: once per window of this kind
    by: str | None = None  # of a badge about objects: the attribute; its conditions are about the same object
    points: int = 0
    secret: bool = False
    state: str = "active"  # draft, active, locked
    on_reversal: str = "keep"  # or revoke
    from_: int | None = None
    until: int | None = None
    for_: Condition | None = None
    owner: str | None = None

    @property
    def each(self) -> bool:
        """Whether each award of it is about something of its own: a best, or an object. One by hand is about itself."""
        return self.best is not None or (self.repeat and self.by is not None)

    @property
    def conditions(self) -> tuple[When, ...]:
        """Its condition, or those of its tiers."""
        return tuple(tier.when for tier in self.tiers) or ((self.when,) if self.when else ())


_MAX_DEPTH = 8
_MAX_CONDITIONS = 100
_LEAVES = ("metric", "streak", "badge", "level", "goal")
_COMBINED = ("all", "any", "at_least_of")
_FORMS = ("when", "metric", "streak", "personal_best")


def read(root: Section, metrics: Mapping[str, Metric], people: Mapping[str, Attribute]) -> dict[str, Badge]:
    badges = root.entries("badges", lambda entry: _badge(entry, metrics, people))
    _check_names_of_tiers(root, badges)
    for circle in circles({key: tuple(needed(badge)) for key, badge in badges.items()}):
        root.fault(f"badges.{circle[0]}", "circle", f"needs itself: {' -> '.join((*circle, circle[0]))}")
    return badges


def _badge(entry: Section, metrics: Mapping[str, Metric], people: Mapping[str, Attribute]) -> Badge:
    form = _form(entry)
    start, end = entry.in_force()
    when = entry.read("when", lambda when: read_when(when, metrics)) if form == "when" else None
    tiers = _tiers(entry, form, metrics) if form in ("metric", "streak") else ()
    best = entry.read("personal_best", lambda best: _personal_best(best, metrics)) if form == "personal_best" else None
    leaves = tuple(leaf for top in (when, *(tier.when for tier in tiers)) if top for leaf in leaves_of(top))
    by = _object(entry, leaves, metrics)
    return Badge(
        entry.key,
        when=when,
        tiers=tiers,
        best=best,
        repeat=(repeat := entry.flag("repeat")),
        window=_window(entry, leaves, by) if repeat else None,
        by=by,
        points=entry.whole("points") or 0,
        secret=entry.flag("secret"),
        state=entry.choice("state", ("draft", "active", "locked"), "active"),
        on_reversal=entry.choice("on_reversal", ("keep", "revoke"), "keep"),
        from_=start,
        until=end,
        for_=conditions.read_for(entry, people),
        **entry.entry(),
    )


def _form(entry: Section) -> str | None:
    """Which of the ways to say what earns it this badge uses; None: it only comes as a reward, a prize or by hand."""
    forms = [name for name in _FORMS if entry.take(name) is not None]
    for other in forms[1:]:
        entry.fault(other, "conflict", f"does not go with `{forms[0]}`")
    form = forms[0] if forms else None
    entry.only_with(("tiers",), form in ("metric", "streak"), "`metric` or `streak`")
    entry.only_with(("within",), form == "metric", "`metric` and `tiers`; in `when`, write it inside")
    return form


# Conditions.


def read_when(section: Section, metrics: Mapping[str, Metric], depth: int = 0) -> When | None:
    """A condition of a badge: one, or `all`, `any`, `at_least_of` of several."""
    names = [name for name in (*_LEAVES, *_COMBINED) if section.take(name) is not None]
    if not names:
        section.fault("", "missing", f"needs one of {', '.join((*_LEAVES, *_COMBINED))}")
        return None
    for other in names[1:]:
        section.fault(other, "conflict", f"does not go with `{names[0]}`; put both into `all`")
    if names[0] in _COMBINED:
        return _combined(section, names[0], metrics, depth)
    return _leaf(section, names[0], metrics)


def _combined(section: Section, name: str, metrics: Mapping[str, Metric], depth: int) -> When | None:
    if depth >= _MAX_DEPTH:
        section.fault(name, "too_large", f"nested deeper than {_MAX_DEPTH}", _MAX_DEPTH)
        return None
    if name == "at_least_of":
        return section.read(name, lambda some: _at_least_of(some, metrics, depth + 1))
    parts = _parts(section, name, metrics, depth + 1)
    return AtLeastOf(len(parts) if name == "all" else 1, parts)


def _at_least_of(section: Section, metrics: Mapping[str, Metric], depth: int) -> AtLeastOf:
    count = section.whole("count", 1, required=True)
    parts = _parts(section, "conditions", metrics, depth)
    written = section.values.get("conditions")
    if count is not None and isinstance(written, list) and count > len(written):
        section.fault("count", "too_large", f"is more than the {len(written)} conditions", len(written))
    return AtLeastOf(count or 1, parts)


def _parts(section: Section, name: str, metrics: Mapping[str, Metric], depth: int) -> tuple[When, ...]:
    parts = section.each(name, lambda part: read_when(part, metrics, depth), required=True)
    if len(parts) > _MAX_CONDITIONS:
        section.fault(name, "too_large", f"has more than {_MAX_CONDITIONS} conditions", _MAX_CONDITIONS)
    return tuple(part for part in parts if part is not None)


def _leaf(section: Section, name: str, metrics: Mapping[str, Metric]) -> Leaf | None:
    section.only_with(("at_least",), name in ("metric", "streak"), "`metric` or `streak`")
    section.only_with(("within",), name == "metric", "`metric`")
    section.only_with(("tier", "times"), name == "badge", "`badge`")
    if name == "metric":
        metric, at_least = read_metric(section, metrics), section.number("at_least", required=True)
        return _of_metric(section, metric, at_least)
    if name == "streak":
        streak = section.reference("streak", "streak", section.document.keys("streaks"))
        return StreakAtLeast(streak or "", section.whole("at_least", 1, required=True) or 1)
    if name == "badge":
        badge = section.reference("badge", "badge", section.document.keys("badges"))
        return HasBadge(badge or "", section.text("tier", longest=MAX_KEY), section.whole("times", 1, default=1) or 1)
    if name == "level":
        return HasLevel(section.reference("level", "level", section.document.keys("levels")) or "")
    return GoalReached(section.reference("goal", "goal", section.document.keys("goals")) or "")


def _of_metric(section: Section, metric: Metric | None, at_least: Number | None) -> MetricAtLeast:
    key = metric.key if metric else ""
    return MetricAtLeast(key, at_least or 0, section.window("within"), windowed=section.has("within"))


def leaves_of(when: When) -> Iterator[Leaf]:
    """The single conditions in a condition, in the order of the file."""
    if isinstance(when, AtLeastOf):
        for part in when.conditions:
            yield from leaves_of(part)
    else:
        yield when


# Tiers and personal bests.


def _tiers(entry: Section, form: str, metrics: Mapping[str, Metric]) -> tuple[Tier, ...]:
    metric = read_metric(entry, metrics) if form == "metric" else None
    streak = entry.reference("streak", "streak", entry.document.keys("streaks")) if form == "streak" else None
    within, windowed = entry.window("within"), entry.has("within")

    def tier(section: Section) -> Tier:
        name = section.text("name", required=True, longest=MAX_KEY) or ""
        title = section.titles("title")
        if form == "streak":
            steps = section.whole("at_least", 1, required=True)
            return Tier(name, StreakAtLeast(streak or "", steps or 1), title)
        at_least = section.number("at_least", required=True)
        return Tier(name, MetricAtLeast(metric.key if metric else "", at_least or 0, within, windowed), title)

    tiers = entry.each("tiers", tier, required=True)
    _check_order(entry, tiers)
    return tiers


def _check_order(entry: Section, tiers: tuple[Tier, ...]) -> None:
    names: set[str] = set()
    for at, tier in enumerate(tiers):
        if tier.name in names:
            entry.fault(f"tiers[{at}].name", "duplicate", f'"{tier.name}" is here twice')
        names.add(tier.name)
        if at and _step(tier) <= _step(tiers[at - 1]):
            entry.fault(f"tiers[{at}].at_least", "order", "tiers must ascend")


def _step(tier: Tier) -> Number:
    return tier.when.at_least if isinstance(tier.when, MetricAtLeast | StreakAtLeast) else 0


def _personal_best(section: Section, metrics: Mapping[str, Metric]) -> PersonalBest:
    metric = read_metric(section, metrics)
    if metric and (metric.take != "max" or metric.combined):
        section.fault("metric", "type", f'a personal best is of a `max` metric; "{metric.key}" takes {metric.take}')
    return PersonalBest(metric.key if metric else "", section.number("minimum", required=True) or 0)


# Objects and repeats.


def _object(entry: Section, leaves: tuple[Leaf, ...], metrics: Mapping[str, Metric]) -> str | None:
    """The attribute that the badge's conditions have in common, where they are about one and the same object."""
    found: dict[str, str] = {}
    for leaf in leaves:
        metric = metrics.get(leaf.metric) if isinstance(leaf, MetricAtLeast) else None
        if metric and metric.by and metric.about_objects:
            found.setdefault(metric.by, metric.key)
    if len(found) > 1:
        told = ", ".join(f"{metric} is by {by}" for by, metric in found.items())
        entry.fault("", "different_by", f"its conditions are about different objects: {told}")
    return next(iter(found), None)


def _window(entry: Section, leaves: tuple[Leaf, ...], by: str | None) -> WindowKind | None:
    """Once per window of which kind a repeated badge is earned."""
    kinds = {leaf.within for leaf in leaves if isinstance(leaf, MetricAtLeast) and leaf.windowed}
    if len(kinds) > 1:
        entry.fault("repeat", "conflict", "its conditions are within different windows: once per which?")
    if not kinds and by is None:
        entry.fault("repeat", "conflict", "needs a condition with `within`, or on a metric with `by`")
    return next(iter(kinds), None)


# Badges that need badges.


def needed(badge: Badge) -> Iterator[str]:
    """The badges that its conditions look at."""
    return (leaf.badge for when in badge.conditions for leaf in leaves_of(when) if isinstance(leaf, HasBadge))


def _check_names_of_tiers(root: Section, badges: Mapping[str, Badge]) -> None:
    for badge in badges.values():
        for leaf in (leaf for when in badge.conditions for leaf in leaves_of(when)):
            if isinstance(leaf, HasBadge) and leaf.tier is not None and leaf.badge in badges:
                _check_tier(root, badge.key, leaf.tier, badges[leaf.badge])


def _check_tier(root: Section, key: str, tier: str, needed: Badge) -> None:
    names = [each.name for each in needed.tiers]
    if tier not in names:
        message = f'"{needed.key}" has no tier "{tier}"'
        root.document.faults.unknown(f"badges.{key}.when", "unknown", message, tier, names)
