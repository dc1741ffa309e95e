"""Surveys as the program declares them: one to three questions, who is asked, when and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.gamification import conditions, events
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute, EventType
from hub.gamification.sections import KEY, MAX_KEY, Section
from hub.gamification.windows import DAY

MAX_QUESTIONS = 3
_MAX_CHOICES = 20
_MAX_SCALE = 100


@dataclass(frozen=True, slots=True)
class Question:
    key: str
    ask: Mapping[str, str]
    kind: str  # scale, choice, text
    low: int = 1
    high: int = 5
    choices: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """Durations in microseconds."""

    key: str
    questions: tuple[Question, ...]
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    open_for: int = 14 * DAY
    at_most_every: int | None = None
    for_: Condition | None = None
    points: int = 0
    anonymous: bool = False
    reply: Mapping[str, str] = field(default_factory=dict)
    icon: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Surveys:
    """`quiet`: microseconds between any two surveys shown to one person."""

    quiet: int = 0
    surveys: Mapping[str, Survey] = field(default_factory=dict)


def read(root: Section, declared: Mapping[str, EventType], people: Mapping[str, Attribute]) -> Surveys:
    return root.read("surveys", lambda section: _surveys(section, declared, people)) or Surveys()


def _surveys(section: Section, declared: Mapping[str, EventType], people: Mapping[str, Attribute]) -> Surveys:
    quiet = section.duration("quiet", 0) or 0
    return Surveys(quiet, section.every(lambda entry: _survey(entry, declared, people)))


def _survey(entry: Section, declared: Mapping[str, EventType], people: Mapping[str, Attribute]) -> Survey:
    return Survey(
        entry.key,
        _questions(entry),
        after=events.read_types(entry, declared, "after") if entry.has("after") else (),
        open_for=entry.duration("open_for", 14 * DAY) or 0,
        at_most_every=entry.duration("at_most_every"),
        for_=conditions.read_for(entry, people),
        points=entry.whole("points") or 0,
        anonymous=entry.flag("anonymous"),
        reply=entry.titles("reply"),
        **entry.entry(),
    )


def _questions(entry: Section) -> tuple[Question, ...]:
    questions = entry.each("questions", _question, required=True)
    if len(questions) > MAX_QUESTIONS:
        entry.fault("questions", "too_large", f"a survey has one to {MAX_QUESTIONS} questions", MAX_QUESTIONS)
    keys = [question.key for question in questions]
    for at, key in enumerate(keys):
        if key in keys[:at]:
            entry.fault(f"questions[{at}].key", "duplicate", f'"{key}" is here twice')
    return questions


def _question(section: Section) -> Question:
    key = section.text("key", required=True, longest=MAX_KEY) or ""
    if key and not KEY.fullmatch(key):
        section.fault("key", "key", f"keys are lower case: {KEY.pattern}")
    kind = section.choice("kind", ("scale", "choice", "text"), "text", required=True)
    section.only_with(("low", "high"), kind == "scale", "`kind: scale`")
    section.only_with(("choices",), kind == "choice", "`kind: choice`")
    if not section.has("ask"):
        section.take("ask", required=True)
    low, high = (
        section.whole("low", 0, _MAX_SCALE, default=1) or 0,
        section.whole("high", 0, _MAX_SCALE, default=5) or 0,
    )
    if low >= high:
        section.fault("high", "order", "must be above `low`")
    return Question(key, section.titles("ask"), kind, low, high, _choices(section, kind))


def _choices(section: Section, kind: str) -> tuple[Mapping[str, str], ...]:
    """Each a text, or its translations."""
    found = section.one_or_list("choices", required=kind == "choice")
    if len(found) > _MAX_CHOICES:
        section.fault("choices", "too_large", f"more than {_MAX_CHOICES} choices", _MAX_CHOICES)
    places = Section(section.document, section.path, dict(found))
    return tuple(places.titles(place) for place, _ in found)
