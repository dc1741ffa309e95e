"""The schema of the program file: it says of each field what the reader makes of it."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hub.gamification import homepages, program
from hub.gamification.conditions import OPERATORS, ORDERS, PROFILE
from hub.gamification.schema import ID, schema
from hub.gamification.sections import MAX_TEXT, Section
from hub.gamification.windows import DURATION, INSTANT, KINDS
from tests.docs import test_program_page as page
from tests.gamification import schemas, test_program

ROOT = Path(__file__).parents[2]
WHOLE = schema(homepages.WIDGETS, ())

#: Beside the programs of the other tests, one with each form that those lack.
MORE = """
program: {time_zone: UTC, reversals: [crm]}
events: {deal.won: {attributes: {amount: {type: number}, state: {type: text, one_of: [a]}}}}
metrics: {deals: {event: deal.won, take: max, of: amount}}
points: {p: {event: deal.won, award: {points: 1, for_every: 1, of: amount, at_least: 1, at_most: 2}}}
badges:
  a: {metric: deals, within: month, tiers: [{name: A, at_least: 1, title: {en: A}}]}
  b: {when: {at_least_of: {count: 1, conditions: [{badge: a, tier: A, times: 1}, {level: l}, {goal: g}]}}}
  c: {personal_best: {metric: deals, minimum: 1}}
streaks: {s: {event: deal.won, every: business_day, holidays: DE, freezes: {start: 1, earn_every: 1, max: 1}}}
goals: {g: {metric: deals, window: month, target: {of_previous: 1}, reward: {points: 1, badge: a},
            targets: [{for: {tier: x}, target: 1}]}}
leaderboards: {b: {metric: deals, window: month, prizes: [{rank: 1, points: 1, badge: a}]}}
levels: {l: {at: 0}}
actions:
  a: {event: deal.won, when: {idle: 1d}, bonus: {points: 1, within: 1d}}
  b: {event: deal.won, when: {goal: g, pace: behind}}
surveys: {quiet: 1d, s: {questions: [{key: a, ask: A, kind: choice, choices: [{en: A}, B]}]}}
recognition:
  categories: {a: {title: A}}
  give: [{to: everyone, points: {at_most: 1}, per_person: {points: 1, per: month}}]
  budgets: [{points: 1, per: month, category: a}]
homepages:
  sales_rep:
    - {widget: progress_to_goal, goal: g}
    - {widget: requirements, badge: a, goal: g}
    - {widget: survey, survey: s}
    - {widget: recognition, of: everyone}
    - {widget: kpi, metric: deals, window: month, whose: member, unit: EUR}
    - {widget: my_partners, show: 5}
    - {widget: badges, only: [a]}
    - {widget: links, links: [{title: A, link: /a, icon: a, group: B}]}
"""


def programs() -> Iterator[str]:
    yield MORE
    yield test_program.HARBOR
    yield (ROOT / "hub" / "demo" / "program.yaml").read_text()
    yield (ROOT / "tests" / "club.yaml").read_text()
    yield "".join(f"{name}:\n{body}" for name, body in page.whole().items())
    yield from (test_program.extended(more) for more, *_ in (*test_program.FAULTS, *test_program.LATER))


def test_it_is_a_schema_of_2020_12() -> None:
    assert WHOLE["$schema"] == ID
    jsonschema_rs.meta.validate(WHOLE)


@pytest.mark.parametrize("text", [MORE, test_program.HARBOR])
def test_a_program_that_reads_fits(text: str) -> None:
    assert program.read(text, now=0, widgets=homepages.WIDGETS, not_yet=()).faults == ()
    assert schemas.faults(schemas.loaded(text), homepages.WIDGETS, ()) == []


def test_what_is_not_served_yet_may_be_left_empty() -> None:
    values = schemas.loaded("program: {time_zone: UTC}\nsurveys:\nrecognition: null\n")
    assert schemas.faults(values, homepages.SERVED, program.NOT_YET) == []


def test_what_is_not_served_yet_does_not_fit() -> None:
    values = schemas.loaded(test_program.HARBOR)
    assert schemas.faults(values, homepages.WIDGETS, ()) == []
    for path in program.NOT_YET:
        assert bool(schemas.faults(values, homepages.WIDGETS, [path])) is bool(list(program._used(path, values))), path
    fewer = {name: taken for name, taken in homepages.SERVED.items() if name != "kpi"}
    assert schemas.faults(values, fewer, ())


# What the reader reads, and what the schema says of it

Steps = tuple[str, ...]

_ENTRIES = re.compile(r"^((?!program|surveys|recognition)\w+|surveys(?!\.quiet)|recognition\.categories)\.\w+")
_LISTED = re.compile(r"\[\d+\]")


def steps(path: str) -> Steps:
    """A path of the file as the schema has it: keys of entries are `*`, places in lists `[]`."""
    path = re.sub(r"^events\.((?!\.attributes\.|\.title$|\.text$).)+", "events.x", path)
    path = re.sub(r"^events\.x\.attributes\.\w+", "events.x.attributes.*", path)
    path = _ENTRIES.sub(r"\1.*", _LISTED.sub(".[]", path))
    return tuple(path.split(".")) if path else ()


class Reads:
    """What the methods of `Section` were asked for, by where."""

    def __init__(self) -> None:
        self.fields: dict[Steps, set[str]] = defaultdict(set)
        self.asked: set[tuple[Steps, str, tuple[Any, ...]]] = set()

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        for name in ("text", "choice", "whole", "number", "flag", "duration", "instant", "window", "titles"):
            patch.setattr(Section, name, self._watched(name, getattr(Section, name)))
        done = Section.done

        def watched(section: Section) -> None:
            self.fields[steps(section.path)] |= section._read
            done(section)

        patch.setattr(Section, "done", watched)

    def _watched(self, method: str, original: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(original)

        def watched(section: Section, name: str, *args: Any, **more: Any) -> Any:
            bound = signature.bind(section, name, *args, **more)
            bound.apply_defaults()
            limits = tuple(tuple(value) for word, value in bound.arguments.items() if word == "options")
            limits += tuple(bound.arguments[word] for word in ("least", "most", "longest") if word in bound.arguments)
            field = (*steps(section.path), *(step for step in _LISTED.sub("\0[]", name).split("\0")))
            self.asked.add((field, method, limits))
            return original(section, name, *args, **more)

        return watched


@pytest.fixture(scope="module")
def reads() -> Reads:
    found = Reads()
    with pytest.MonkeyPatch.context() as patch:
        found.watch(patch)
        for text in programs():
            program.read(text, now=0, widgets=homepages.WIDGETS, not_yet=())
    return found


def described(path: Steps) -> set[str]:
    return {name for one in schemas.at(WHOLE, path) for name in one.get("properties", ())}


def test_the_fields_of_the_schema_are_those_that_the_reader_reads(reads: Reads) -> None:
    whens = {path for path in reads.fields if "when" in path and path[0] == "badges"}
    for path, fields in reads.fields.items():
        # Of the keys of surveys, one is no survey.
        known = fields & {"quiet"} if path == ("surveys",) else fields
        assert known == described(path), path
    assert len(reads.fields) > 40
    assert whens


SAYS: dict[str, Callable[[Mapping[str, Any], tuple[Any, ...]], bool]] = {
    "choice": lambda one, limits: set(one.get("enum", ())) - {None} == set(limits[0]),
    "whole": lambda one, limits: "integer" in types(one) and bounds(one) == limits,
    "number": lambda one, limits: bool({"number", "integer"} & types(one)) and within(bounds(one), limits),
    "flag": lambda one, _: "boolean" in types(one),
    "duration": lambda one, _: one.get("pattern") == f"^(?:{DURATION.pattern})$",
    "instant": lambda one, _: INSTANT.pattern in one.get("pattern", ""),
    "window": lambda one, _: set(KINDS) <= set(one.get("enum", ())),
    "titles": lambda one, _: "propertyNames" in one or one.get("maxLength") == MAX_TEXT,
    "text": lambda one, limits: one.get("maxLength") == limits[0] or "enum" in one,
}


def types(one: Mapping[str, Any]) -> set[str]:
    found = one.get("type", ())
    return {found} if isinstance(found, str) else set(found)


def bounds(one: Mapping[str, Any]) -> tuple[Any, Any]:
    return one.get("minimum", one.get("exclusiveMinimum")), one["maximum"]


def within(mine: tuple[Any, Any], theirs: tuple[Any, Any]) -> bool:
    """The schema may be narrower: the reader faults what it does not allow by other means, such as an amount of 0."""
    return bool(theirs[0] <= mine[0] and mine[1] == theirs[1])


def test_choices_and_bounds_are_those_of_the_reader(reads: Reads) -> None:
    silent = [
        (path, method, limits)
        for path, method, limits in reads.asked
        if not any(SAYS[method](one, limits) for one in schemas.at(WHOLE, path))
    ]
    assert [str(one) for one in sorted(silent, key=str)] == []
    assert {method for _, method, _ in reads.asked} == set(SAYS)


def test_a_condition_has_the_operators_and_names_that_the_reader_knows() -> None:
    of_events = described(("points", "*", "where", "amount"))
    of_people = described(("points", "*", "for", "tier"))
    assert of_events == set(OPERATORS)
    assert of_people == set(OPERATORS) - set(ORDERS)
    assert described(("points", "*", "for")) == {*PROFILE, "all", "any", "none"}


# What does not fit

#: Faults that take more than the field itself: what is declared elsewhere, what stands beside it, the calendar.
BEYOND = {
    "program.grace": "too_large",
    "metrics.m": "type",
    "metrics.m.of": "type",
    "metrics.m.where.amount": "type",
    "metrics.m.where.amount.starts_with": "type",
    "metrics.m.where.day": "type",
    "points.p.award.of": "type",
    "badges.b.when.metric": "type",
    "badges.b.when.at_least_of.count": "too_large",
    "badges.b.personal_best.metric": "type",
    "streaks.s.freezes.start": "too_large",
    "goals.g.target": "too_small",
    "goals.g.window": "window",
    "leaderboards.l.metric": "type",
    "homepages.sales_rep[0].metric": "type",
}
#: Codes of faults that a field has by itself.
ALONE = {
    "unknown_field",
    "missing",
    "type",
    "value",
    "date",
    "duration",
    "window",
    "factor",
    "key",
    "empty",
    "too_small",
    "too_large",
    "too_long",
    "link",
    "not_supported_yet",
}


@pytest.mark.parametrize(("more", "path", "code"), [*test_program.FAULTS, *test_program.LATER])
def test_what_a_field_cannot_be_does_not_fit(more: str, path: str, code: str) -> None:
    not_yet = program.NOT_YET if code == "not_supported_yet" else ()
    widgets = homepages.SERVED if code == "not_supported_yet" else homepages.WIDGETS
    found = schemas.faults(schemas.loaded(test_program.extended(more)), widgets, not_yet)
    assert bool(found) or code not in ALONE or BEYOND.get(path) == code
