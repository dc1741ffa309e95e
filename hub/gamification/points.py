"""Earning rules: what an event is worth, to whom, how often, up to what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from hub.gamification import conditions, events
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute, EventType
from hub.gamification.metrics import read_attribute
from hub.gamification.numbers import MAX_POINTS, Number, factor
from hub.gamification.sections import Section, kind_of
from hub.gamification.source import BROKEN
from hub.gamification.windows import FIRST, LAST, WindowKind


@dataclass(frozen=True, slots=True)
class Award:
    """Fixed `points`, or floor(`of` / `for_every`) x `points`, raised to `at_least` and cut to `at_most`."""

    points: int
    of: str | None = None
    for_every: Number | None = None
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    points: int | None = None
    times: int | None = None
    per: WindowKind = "all"


@dataclass(frozen=True, slots=True)
class Rule:
    key: str
    types: tuple[str, ...]
    award: Award
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    where: Condition | None = None
    for_: Condition | None = None
    once_per: str | bool | None = None  # an attribute, or True: once ever
    cooldown: int | None = None  # microseconds
    caps: tuple[Cap, ...] = ()
    from_: int | None = None  # instant, counts
    until: int | None = None  # instant, does not
    icon: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class SharedCap:
    key: str
    rules: tuple[str, ...]
    cap: Cap
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Boost:
    key: str
    rules: tuple[str, ...]
    factor: Fraction
    from_: int | None = None
    until: int | None = None
    for_: Condition | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


Attributes = Mapping[str, Attribute]


def read_rules(root: Section, declared: Mapping[str, EventType], people: Attributes) -> dict[str, Rule]:
    rules = root.entries("points", lambda entry: _rule(entry, declared, people))
    _warn_of_twins(root, rules)
    return rules


def _rule(entry: Section, declared: Mapping[str, EventType], people: Attributes) -> Rule:
    types = events.read_types(entry, declared)
    attributes = events.attributes(types, declared) if types else None
    if types and all(declared[kind].about == "organization" for kind in types):
        entry.warn("event", "never", "is about organizations and earns nobody anything")
    start, end = entry.in_force()
    return Rule(
        entry.key,
        types,
        _award(entry, types, attributes),
        where=conditions.read(entry, "where", attributes, ", ".join(types)),
        for_=conditions.read_for(entry, people),
        once_per=_once_per(entry, types, declared),
        cooldown=entry.duration("cooldown"),
        caps=entry.each("cap", _cap),
        from_=start,
        until=end,
        **entry.entry(),
    )


def _award(entry: Section, types: Collection[str], attributes: Attributes | None) -> Award:
    value = entry.values.get("award")
    if isinstance(value, dict):
        return entry.read("award", lambda award: _measured(award, types, attributes)) or Award(0)
    if value is not None and isinstance(value, str | bool):
        entry.take("award")
        entry.fault("award", "type", f"must be a whole number or {{points, for_every, of}}, not {kind_of(value)}")
        return Award(0)
    points = entry.whole("award", -MAX_POINTS, MAX_POINTS, required=True)
    if points == 0:
        entry.warn("award", "never", "awards nothing")
    return Award(points or 0)


def _measured(award: Section, types: Collection[str], attributes: Attributes | None) -> Award:
    of = read_attribute(award, "of", types, attributes, required=award.has("for_every"))
    if of and not of.numeric:
        award.fault("of", "type", f'"{of.name}" is no number in all of these events')
    for_every = award.number("for_every", required=award.has("of"))
    if for_every is not None and for_every <= 0:
        award.fault("for_every", "too_small", "must be above 0")
    award.only_with(("at_least", "at_most"), award.has("of"), "`of` and `for_every`")
    least, most = award.whole("at_least"), award.whole("at_most")
    if least is not None and most is not None and least > most:
        award.fault("at_most", "order", "must not be below `at_least`")
    points = award.whole("points", 1 if award.has("of") else -MAX_POINTS, required=True)
    return Award(points or 0, of.name if of else None, for_every, least, most)


def _once_per(entry: Section, types: Collection[str], declared: Mapping[str, EventType]) -> str | bool | None:
    value = entry.values.get("once_per")
    if isinstance(value, bool):
        entry.take("once_per")
        return value or None
    attribute = read_attribute(entry, "once_per", types, events.attributes(types, declared) if types else None)
    if attribute is None:
        return None
    having = [declared[kind].attributes.get(attribute.name) for kind in types]
    if not all(one is not None and one.required for one in having):
        message = f'"{attribute.name}" may be missing, and all that miss it are one and the same'
        entry.warn("once_per", "optional", message)
    return attribute.name


def _cap(cap: Section) -> Cap:
    if not cap.has("points") and not cap.has("times"):
        cap.fault("", "missing", "needs `points` or `times`")
    return Cap(cap.whole("points", 1), cap.whole("times", 1), cap.window("per"))


def read_caps(root: Section) -> dict[str, SharedCap]:
    rules = root.document.keys("points")
    return root.entries(
        "caps",
        lambda entry: SharedCap(
            entry.key,
            entry.references("rules", "rule", rules, required=True),
            _cap(entry),
            **entry.entry(),
        ),
    )


def read_boosts(root: Section, people: Attributes) -> dict[str, Boost]:
    return root.entries("boosts", lambda entry: _boost(entry, people))


def _boost(entry: Section, people: Attributes) -> Boost:
    start, end = entry.in_force()
    return Boost(
        entry.key,
        entry.references("rules", "rule", entry.document.keys("points"), required=True),
        read_factor(entry, "factor") or Fraction(1),
        start,
        end,
        for_=conditions.read_for(entry, people),
        **entry.entry(),
    )


def read_factor(section: Section, field: str) -> Fraction | None:
    """A required positive whole number, decimal or fraction."""
    value = section.take(field, required=True)
    if value is None or value is BROKEN:
        return None
    found = factor(value)
    if found is None or found > MAX_POINTS:
        section.fault(field, "factor", f"must be a number above 0 or a fraction such as 3/2, not {kind_of(value)}")
    return found


def _warn_of_twins(root: Section, rules: Mapping[str, Rule]) -> None:
    """Two rules that pay for the same events, the same people and the same measure, at some same time."""
    paying = [rule for rule in rules.values() if rule.award.points > 0]
    terms: dict[object, int] = {}
    alike: dict[tuple[str, int], list[Rule]] = {}
    for rule in paying:
        same = terms.setdefault((rule.where, rule.for_, rule.award.of), len(terms))
        for kind in rule.types:
            alike.setdefault((kind, same), []).append(rule)
    twins = {rule.key: (kind, other) for (kind, _), some in alike.items() for rule, other in _overlapping(some)}
    for rule in paying:
        if rule.key in twins:
            kind, other = twins[rule.key]
            root.warn(f"points.{rule.key}", "twice", f'pays for the same {kind} as "{other.key}"')


def _overlapping(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Each rule of these that is in force together with one that began before it, and that one."""
    terms = sorted(((*_term(rule), rule) for rule in rules), key=lambda term: term[0])
    _, latest, longest = terms[0]
    for start, end, rule in terms[1:]:
        if start < latest:
            yield rule, longest
        if end > latest:
            latest, longest = end, rule


def _term(rule: Rule) -> tuple[int, int]:
    return FIRST if rule.from_ is None else rule.from_, LAST if rule.until is None else rule.until
