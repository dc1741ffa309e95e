"""The program file as a JSON Schema (2020-12), for editors: what can be said of each field by itself.

Names that one section declares and another uses are the reader's to check. The tests hold this to it: the fields of
each section, their choices and bounds are those that it reads.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from hub.gamification import conditions, homepages, metrics
from hub.gamification.conditions import OPERATORS, ORDERS, PROFILE
from hub.gamification.events import STAGES, TYPES
from hub.gamification.homepages import WIDGETS, Widgets
from hub.gamification.metrics import TAKES
from hub.gamification.numbers import FRACTION, MAX_NUMBER, MAX_POINTS
from hub.gamification.program import MAX_NAME, NOT_YET, VALUE
from hub.gamification.sections import DOTTED, KEY, LOCALE, MAX_ENTRIES, MAX_KEY, MAX_LIST, MAX_TEXT
from hub.gamification.surveys import MAX_QUESTIONS
from hub.gamification.windows import DATE, DURATION, INSTANT, KINDS, WEEKDAYS

Schema = dict[str, Any]

ID = "https://json-schema.org/draft/2020-12/schema"

_DAYS = ("day", "business_day", "week", "month")
_CLOCKS = ("member", "event", "program")
_WHOSE = ("member", "organization")


def schema(widgets: Widgets = homepages.SERVED, not_yet: Collection[str] = NOT_YET) -> Schema:
    """The schema of a program that may place these widgets, without what is not served yet."""
    whole: Schema = {
        "$schema": ID,
        "title": "The program of an engagement hub",
        **_mapping(_sections(widgets), required=("program",)),
        "$defs": _definitions(),
    }
    for path in not_yet:
        _remove(whole, path)
    return whole


def _remove(node: Schema, path: str) -> None:
    """Takes away what a path of `NOT_YET` names: a field, which may only be missing then, or one value of it."""
    name, _, rest = path.partition(".")
    field, _, value = name.partition("=")
    if value:
        node["properties"][field]["enum"].remove(value)
    elif not rest:
        node["properties"][field] = {"description": "Not served yet.", **_NULL}
    else:
        _remove(node["additionalProperties"] if field == "*" else node["properties"][field], rest)


# Pieces. What is missing may be written as null.


def _mapping(fields: Schema, required: Collection[str] = (), **more: Any) -> Schema:
    """A mapping of these fields and no others."""
    properties = {name: field if name in required else _or_null(field) for name, field in fields.items()}
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False, **more}


def _or_null(field: Schema) -> Schema:
    if "enum" in field:
        return {**field, "enum": [*field["enum"], None]}
    if isinstance(field.get("type"), str):
        return field if field == _NULL else {**field, "type": [field["type"], "null"]}
    return {"anyOf": [field, {"type": "null"}]}


def _entry(fields: Schema, required: Collection[str] = (), **more: Any) -> Schema:
    """An entry of a section: its own fields, and those that every entry may carry."""
    return _mapping({**fields, **_CARRIED}, required, **more)


def _entries(entry: Schema, keys: re.Pattern[str] = KEY) -> Schema:
    """A section of entries by key. One that needs no field may be left empty."""
    return {
        "type": "object",
        "propertyNames": {"pattern": _whole(keys), "maxLength": MAX_KEY},
        "additionalProperties": entry if "required" in entry or "anyOf" in entry else _or_null(entry),
        "maxProperties": MAX_ENTRIES,
    }


def _some(one: Schema, most: int = MAX_LIST) -> Schema:
    """One, or a list of them."""
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": most}]}


def _where(holds: Schema, then: Schema) -> Schema:
    """What holds of a mapping where something else does."""
    return {"if": holds, "then": then}


def _has(*names: str) -> Schema:
    """That these fields are there, and not null."""
    return {"required": list(names), "properties": {name: {"not": _NULL} for name in names}}


def _needs(**needed: str) -> list[Schema]:
    """Fields that do not go without another."""
    return [_where(_has(name), _has(other)) for name, other in needed.items()]


def _unused(fields: Schema, all_: Iterable[str]) -> Schema:
    """Fields of other forms, which may be there as null."""
    return {name: _NULL for name in all_ if name not in fields}


def _text(longest: int = MAX_TEXT, pattern: str = r"\S") -> Schema:
    return {"type": "string", "maxLength": longest, "pattern": pattern}


def _choice(options: Iterable[str]) -> Schema:
    return {"enum": list(options)}


def _number(least: int = -MAX_NUMBER, most: int = MAX_NUMBER) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most}


def _integer(least: int = 0, most: int = MAX_POINTS) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


def _of(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_NULL: Schema = {"type": "null"}
_FLAG: Schema = {"type": "boolean"}
_KEY = _text(MAX_KEY, _whole(KEY))
_NAME = _text()  # of an entry declared elsewhere
_CARRIED: Schema = {"title": _of("texts"), "text": _of("texts"), "icon": _text(MAX_KEY), "owner": _text(255)}
_FORCE: Schema = {"from": _of("instant"), "until": _of("instant")}


def _definitions() -> Schema:
    return {
        "texts": {
            "description": "A text, or one for each language.",
            "anyOf": [
                _text(),
                {
                    "type": "object",
                    "propertyNames": {"pattern": _whole(LOCALE)},
                    "additionalProperties": _text(),
                },
            ],
        },
        "duration": {"description": "Such as 90s, 15m, 36h or 7d.", **_text(pattern=_whole(DURATION))},
        "date": {"description": "Such as 2026-10-01.", **_text(pattern=_whole(DATE))},
        "instant": {
            "description": "A date, which is its first instant in the program's zone, or an instant.",
            **_text(pattern=f"^(?:{DATE.pattern}|{INSTANT.pattern})$"),
        },
        "window": {
            "description": "On the program's calendar.",
            "anyOf": [
                _choice(KINDS),
                _mapping({"from": _of("date"), "until": _of("date")}, required=("from", "until")),
            ],
        },
        "factor": {
            "description": "A number above 0, or a fraction such as 3/2.",
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_POINTS},
                _text(pattern=rf"^(?!0+/)(?!\d+/0+$)(?:{FRACTION.pattern})$"),
            ],
        },
        "where": _condition(
            "where",
            "Names of the event's attributes, each with what it must be.",
            {},
            _test(OPERATORS, "string", "number", "boolean"),
        ),
        "for": _condition(
            "for", "What the member's profile must be.", dict.fromkeys(PROFILE, _test(_of_texts(), "string")), None
        ),
        "when": _when(),
        "cap": _capped({}),
    }


# Conditions


def _condition(name: str, what: str, names: Schema, others: Schema | None) -> Schema:
    parts = {"type": "array", "items": _of(name), "minItems": 1}
    return {
        "description": what,
        "type": "object",
        "properties": {**dict.fromkeys(("all", "any", "none"), parts), **names},
        "minProperties": 1,
        "additionalProperties": False if others is None else others,
    }


def _of_texts() -> list[str]:
    """Operators for what has no order."""
    return [operator for operator in OPERATORS if operator not in ORDERS]


def _test(operators: Iterable[str], *types: str) -> Schema:
    """A value of one of these types, a list of values, or operators."""
    value: Schema = {"type": list(types)}
    values = {"type": "array", "items": value, "minItems": 1, "maxItems": conditions.MAX_TESTS}
    order = {"anyOf": [{"type": "number"}, _of("date")]}
    special = {"in": values, "not_in": values, "present": _FLAG, "starts_with": {"type": "string"}}
    special |= dict.fromkeys(ORDERS, order)
    fields = {operator: special.get(operator, value) for operator in operators}
    tests = {"type": "object", "properties": fields, "minProperties": 1, "additionalProperties": False}
    return {"anyOf": [value, values, tests]}


def _when() -> Schema:
    """A badge's condition: one, or several together."""
    several = _some(_of("when"))
    at_least_of = _mapping({"count": _integer(1), "conditions": several}, required=("count", "conditions"))
    combined = {"all": several, "any": several, "at_least_of": at_least_of}
    single = {
        "metric": {"metric": _NAME, "at_least": _number(), "within": _of("window")},
        "streak": {"streak": _NAME, "at_least": _integer(1)},
        "badge": {"badge": _NAME, "tier": _text(MAX_KEY), "times": _integer(1)},
        "level": {"level": _NAME},
        "goal": {"goal": _NAME},
    }
    names = (*single, *combined)
    beside = (*names, "at_least", "within", "tier", "times")
    needed = {"metric": ("metric", "at_least"), "streak": ("streak", "at_least")}
    return {
        "description": "One condition, or several in all, any or at_least_of.",
        "anyOf": [
            *(_mapping({**one, **_unused(one, beside)}, needed.get(name, (name,))) for name, one in single.items()),
            *(_mapping({name: one, **_unused({name: one}, names)}, (name,)) for name, one in combined.items()),
        ],
    }


# Sections


def _sections(widgets: Widgets) -> Schema:
    return {
        "program": _program(),
        "roles": _entries(_entry({"like": _NAME})),
        "events": _entries(_event(), DOTTED),
        "metrics": _entries(_metric()),
        "points": _entries(_rule()),
        "caps": _entries(_capped({"rules": _some(_NAME), **_CARRIED}, ("rules",))),
        "boosts": _entries(
            _entry({"rules": _some(_NAME), "factor": _of("factor"), **_FORCE, "for": _of("for")}, ("rules", "factor"))
        ),
        "badges": _entries(_badge()),
        "streaks": _entries(_streak()),
        "goals": _entries(_goal()),
        "leaderboards": _entries(_leaderboard()),
        "levels": _entries(_entry({"at": _integer()}, ("at",))),
        "actions": _entries(_action()),
        "surveys": _surveys(),
        "recognition": _recognition(),
        "homepages": {
            "type": "object",
            "propertyNames": {"pattern": _whole(KEY)},
            "additionalProperties": _or_null(_some(_placement(widgets))),
        },
    }


def _program() -> Schema:
    points = _mapping({"title": _of("texts"), "value": _text(pattern=_whole(VALUE))})
    return _entry(
        {
            "name": _text(MAX_NAME),
            "time_zone": _text(),
            "week_starts": _choice(WEEKDAYS),
            "grace": _of("duration"),
            "live_from": _of("instant"),
            "points": points,
            "reversals": _some(_text(255)),
        },
        required=("time_zone",),
    )


def _event() -> Schema:
    attribute = _entry(
        {"type": _choice(TYPES), "required": _FLAG, "one_of": _some(_text()), "unit": _text(MAX_KEY)}, ("type",)
    )
    return _entry({"stage": _choice(STAGES), "about": _choice(_WHOSE), "attributes": _entries(attribute)})


def _metric() -> Schema:
    """An aggregate of events, or a metric made from others."""
    weights = {"type": "object", "minProperties": 1, "additionalProperties": _integer(-(10**6), 10**6)}
    aggregate = {
        "event": {"anyOf": [*_some(_NAME)["anyOf"], weights]},
        "take": _choice(TAKES),
        "of": _NAME,
        "where": _of("where"),
        "by": _NAME,
        "total": _choice(("greatest", "sum", "count")),
        "show": _some(_NAME),
        "clock": _choice(_CLOCKS),
    }
    taken = _where({"properties": {"take": {"enum": list(metrics.TAKES_OF)}}}, _has("of"))
    share = {"share": _NAME, "of": _NAME, "minimum": _integer(0, 10**9)}
    sums = {"plus": _some(_NAME), "minus": _some(_NAME)}
    every = (*aggregate, *share, *sums)
    return {
        "anyOf": [
            _entry({**aggregate, **_unused(aggregate, every)}, ("event", "take"), allOf=[taken]),
            _entry({**share, **_unused(share, every)}, ("share", "of")),
            _entry({**sums, **_unused(sums, every)}, (), anyOf=[_has("plus"), _has("minus")]),
        ]
    }


def _rule() -> Schema:
    points = _integer(-MAX_POINTS)
    measured = {
        "points": points,
        "of": _NAME,
        "for_every": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_NUMBER},
        "at_least": _integer(),
        "at_most": _integer(),
    }
    paying = _where(_has("of"), {"properties": {"points": _integer(1)}})
    together = _needs(of="for_every", for_every="of", at_least="of", at_most="of")
    return _entry(
        {
            "event": _some(_NAME),
            "where": _of("where"),
            "for": _of("for"),
            "award": {"anyOf": [points, _mapping(measured, ("points",), allOf=[paying, *together])]},
            "once_per": {"type": ["string", "boolean"], "maxLength": MAX_TEXT},
            "cooldown": _of("duration"),
            "cap": _some(_of("cap")),
            **_FORCE,
        },
        ("event", "award"),
    )


def _capped(fields: Schema, required: Collection[str] = ()) -> Schema:
    cap = {"points": _integer(1), "times": _integer(1), "per": _of("window")}
    return _mapping({**fields, **cap}, required, anyOf=[_has("points"), _has("times")])


def _badge() -> Schema:
    tier = {"name": _text(MAX_KEY), "at_least": _number(), "title": _of("texts")}
    tiers = _some(_mapping(tier, ("name", "at_least")))
    steps = _some(_mapping({**tier, "at_least": _integer(1)}, ("name", "at_least")))
    best = _mapping({"metric": _NAME, "minimum": _number()}, ("metric", "minimum"))
    return _entry(
        {
            "when": _of("when"),
            "metric": _NAME,
            "streak": _NAME,
            "tiers": tiers,
            "within": _of("window"),
            "personal_best": best,
            "repeat": _FLAG,
            "points": _integer(),
            "secret": _FLAG,
            "state": _choice(("draft", "active", "locked")),
            "on_reversal": _choice(("keep", "revoke")),
            **_FORCE,
            "for": _of("for"),
        },
        allOf=[
            *_needs(metric="tiers", streak="tiers", within="metric"),
            _where(_has("streak"), {"properties": {"tiers": _or_null(steps)}}),
        ],
    )


def _streak() -> Schema:
    most = 1_000
    freezes = {"start": _integer(0, most), "earn_every": _integer(1, 10_000), "max": _integer(0, most)}
    return _entry(
        {
            "event": _some(_NAME),
            "where": _of("where"),
            "at_least": _integer(1),
            "every": _choice(_DAYS),
            "clock": _choice(_CLOCKS),
            "holidays": {"anyOf": [_text(50), {"type": "array", "items": _of("date"), "minItems": 1}]},
            "freezes": _mapping(freezes),
        },
        ("event", "every"),
    )


def _goal() -> Schema:
    of_previous = _mapping({"of_previous": _of("factor")}, ("of_previous",))
    target = {"anyOf": [{"type": "number", "minimum": 0, "maximum": MAX_NUMBER}, of_previous]}
    return _entry(
        {
            "metric": _NAME,
            "window": _of("window"),
            "target": target,
            "targets": _some(_mapping({"for": _of("for"), "target": target}, ("for", "target"))),
            "whose": _choice(_WHOSE),
            "for": _of("for"),
            "direction": _choice(("at_least", "at_most")),
            "reward": _given(),
        },
        ("metric", "window"),
    )


def _given(**more: Schema) -> Schema:
    """Points, a badge, or both."""
    gift = [_has("points"), _has("badge")]
    return _mapping({**more, "points": _integer(1), "badge": _NAME}, tuple(more), anyOf=gift)


def _leaderboard() -> Schema:
    return _entry(
        {
            "metric": _NAME,
            "window": _of("window"),
            "whose": _choice(_WHOSE),
            "among": _choice(("all", "region", "tier", "type", "organization")),
            "for": _of("for"),
            "minimum": _number(),
            "show": _integer(1, 1000),
            "ties": _choice(("competition", "dense")),
            "direction": _choice(("highest", "lowest")),
            "names": _choice(("everyone", "own_organization", "nobody")),
            "prizes": _some(_given(rank=_integer(1, 10_000))),
        },
        ("metric", "window"),
    )


def _action() -> Schema:
    idle = _mapping({"idle": _of("duration")}, ("idle",))
    pace = _mapping({"goal": _NAME, "pace": _choice(("behind", "ahead"))}, ("goal", "pace"))
    return _entry(
        {
            "event": _some(_NAME),
            "link": _LINK,
            "where": _of("where"),
            "for": _of("for"),
            "when": {"anyOf": [_of("when"), idle, pace]},
            "bonus": _mapping({"points": _integer(1), "within": _of("duration")}, ("points", "within")),
            "again_after": _of("duration"),
            "priority": _integer(-1000, 1000),
        },
        ("event",),
    )


_LINK = _text(pattern=r"^(?:https?://|/(?![/\\]))")


def _surveys() -> Schema:
    question = _mapping(
        {
            "key": _KEY,
            "ask": _of("texts"),
            "kind": _choice(("scale", "choice", "text")),
            "low": _integer(0, 100),
            "high": _integer(0, 100),
            "choices": _some(_of("texts"), 20),
        },
        ("key", "ask", "kind"),
        allOf=[_where({"properties": {"kind": {"const": "choice"}}}, _has("choices"))],
    )
    survey = _entry(
        {
            "questions": _some(question, MAX_QUESTIONS),
            "after": _some(_NAME),
            "open_for": _of("duration"),
            "at_most_every": _of("duration"),
            "for": _of("for"),
            "points": _integer(),
            "anonymous": _FLAG,
            "reply": _of("texts"),
        },
        ("questions",),
    )
    return {**_entries(survey), "properties": {"quiet": _or_null(_of("duration"))}}


def _recognition() -> Schema:
    points = {"anyOf": [_choice(("none",)), _mapping({"at_most": _integer(1)}, ("at_most",))]}
    giving = _mapping(
        {
            "to": _choice(("everyone", "assigned", "own_organization")),
            "for": _of("for"),
            "points": points,
            "per_person": _mapping({"points": _integer(1), "per": _of("window")}, ("points",)),
        },
        ("to",),
    )
    budget = _mapping(
        {"points": _integer(1), "per": _of("window"), "for": _of("for"), "category": _NAME}, ("points", "per")
    )
    return _mapping(
        {
            "categories": _entries(_entry({})),
            "give": _some(giving),
            "budgets": _some(budget),
            "undo": _of("duration"),
        }
    )


# Homepages


def _placement(widgets: Widgets) -> Schema:
    return {"anyOf": [_placed(name, options) for name, options in sorted(widgets.items())]}


def _placed(name: str, options: Collection[str]) -> Schema:
    """A widget with its options; what one is of another's making only its maker knows."""
    needed = homepages.NEEDED.get(name) if name in WIDGETS else None
    return _entry(
        {
            "widget": {"enum": [name]},
            **{option: _OPTIONS.get(option, {}) if name in WIDGETS else {} for option in sorted(options)},
            "size": _choice(("small", "wide", "full")),
            "pinned": _FLAG,
            "offer": _FLAG,
            "for": _of("for"),
        },
        ("widget", *([needed] if needed else ())),
    )


_OPTIONS: Schema = {
    **dict.fromkeys(("goal", "badge", "streak", "leaderboard", "survey", "metric"), _NAME),
    "show": _integer(1, 100),
    "only": _some(_NAME),
    "of": _choice(("organization", "everyone")),
    "window": _of("window"),
    "whose": _choice(_WHOSE),
    "unit": _text(MAX_KEY),
    "links": _some(
        _mapping(
            {"title": _of("texts"), "link": _LINK, "icon": _text(MAX_KEY), "group": _of("texts")}, ("title", "link")
        )
    ),
}
