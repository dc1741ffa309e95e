"""Sections: reading the fields of the program file, one mapping at a time, with every fault noted at its path.

A `Section` is a mapping of the file. Each of its methods reads one field, notes what is wrong with it, and gives a
value of the right type in any case, so that reading goes on. `done` faults the fields that nobody read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar

from hub.gamification.faults import Faults
from hub.gamification.numbers import MAX_NUMBER, MAX_POINTS, Number
from hub.gamification.source import BROKEN
from hub.gamification.windows import KINDS, Calendar, Span, WindowKind, duration

MAX_TEXT = 2000
MAX_KEY = 100
MAX_LIST = 1000
MAX_ENTRIES = 10_000

KEY = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", re.ASCII)
LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)

T = TypeVar("T")


class Entry(TypedDict):
    """What every entry of the program may carry."""

    title: Mapping[str, str]  # locale -> text; "" is the untranslated one
    text: Mapping[str, str]
    icon: str | None
    owner: str | None


@dataclass(slots=True)
class Document:
    """The file as a whole: what every section needs to know of the others while it is read."""

    values: Mapping[str, Any]
    faults: Faults
    calendar: Calendar = field(default_factory=lambda: Calendar("UTC"))
    holidays: Mapping[str, Collection[int]] = field(default_factory=dict)  # the dates that are kept of a code

    def keys(self, section: str) -> Collection[str]:
        """The keys that a section declares, faulty entries included: a reference to one of those is no second fault."""
        found = self.values.get(section)
        return found.keys() if isinstance(found, dict) else ()

    @property
    def root(self) -> Section:
        return Section(self, "", self.values)


@dataclass(slots=True)
class Section:
    document: Document
    path: str
    values: Mapping[str, Any]
    key: str = ""
    _read: set[str] = field(default_factory=set)

    # faults

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def fault(self, name: str, code: str, message: str, limit: int | None = None) -> None:
        self.document.faults.add(self.at(name) if name else self.path, code, message, limit=limit)

    def unknown(self, name: str, what: str, word: str, names: Collection[str]) -> None:
        self.document.faults.unknown(self.at(name), "unknown", f'no {what} "{word}"', word, names)

    def warn(self, name: str, code: str, message: str) -> None:
        self.document.faults.warn(self.at(name) if name else self.path, code, message)

    def done(self) -> None:
        """Faults every field that was not read."""
        for name in self.values:
            if name not in self._read:
                self.document.faults.unknown(self.at(name), "unknown_field", "unknown field", name, self._read)

    def together(self, name: str, other: str) -> None:
        """Faults two fields that exclude each other."""
        if self.has(name) and self.has(other):
            self.fault(other, "conflict", f"does not go with `{name}`")

    def only_with(self, names: tuple[str, ...], allowed: bool, where: str) -> None:
        """Faults fields that mean something elsewhere only."""
        for name in names:
            self._read.add(name)
            if self.has(name) and not allowed:
                self.fault(name, "conflict", f"only goes with {where}")

    # fields

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def take(self, name: str, *, required: bool = False) -> Any:
        """The value as it is in the file; None where it is missing (`null` is missing)."""
        self._read.add(name)
        value = self.values.get(name)
        if value is None and required:
            self.fault(name, "missing", "is missing")
        return value

    def text(self, name: str, *, required: bool = False, longest: int = MAX_TEXT) -> str | None:
        value = self.take(name, required=required)
        if value is None or value is BROKEN:
            return None
        if not isinstance(value, str):
            self.fault(name, "type", f"must be text, not {kind_of(value)}")
            return None
        if len(value) > longest:
            self.fault(name, "too_long", f"has more than {longest} characters", longest)
        elif not value.strip():
            self.fault(name, "empty", "must not be empty")
        return value[:longest]

    def choice(self, name: str, options: Collection[str], default: str = "", *, required: bool = False) -> str:
        value = self.text(name, required=required)
        if value is None:
            return default
        if value not in options:
            message = f'"{value[:MAX_KEY]}" is none of {", ".join(options)}'
            self.document.faults.unknown(self.at(name), "value", message, value, options)
            return default
        return value

    def reference(self, name: str, what: str, names: Collection[str], *, required: bool = False) -> str | None:
        """A name declared elsewhere; None where it is missing or unknown."""
        value = self.text(name, required=required)
        if value is not None and value not in names:
            self.unknown(name, what, value, names)
            return None
        return value

    def references(self, name: str, what: str, names: Collection[str], *, required: bool = False) -> tuple[str, ...]:
        """Names declared elsewhere: one, or a list without repetition."""
        found: list[str] = []
        for place, value in self.one_or_list(name, required=required):
            if not isinstance(value, str):
                self.fault(place, "type", f"must be the name of a {what}")
            elif value not in names:
                self.unknown(place, what, value, names)
            elif value in found:
                self.fault(place, "duplicate", f'names "{value}" twice')
            else:
                found.append(value)
        return tuple(found)

    def whole(
        self, name: str, least: int = 0, most: int = MAX_POINTS, *, default: int | None = None, required: bool = False
    ) -> int | None:
        value = self.number(name, least, most, required=required)
        if value is None:
            return default
        if not isinstance(value, int):
            self.fault(name, "type", "must be a whole number")
            return default
        return value

    def number(
        self, name: str, least: int = -MAX_NUMBER, most: int = MAX_NUMBER, *, required: bool = False
    ) -> Number | None:
        value = self.take(name, required=required)
        if value is None or value is BROKEN:
            return None
        if isinstance(value, bool) or not isinstance(value, Number):
            self.fault(name, "type", f"must be a number, not {kind_of(value)}")
            return None
        return self._bounded(name, value, least, most)

    def _bounded(self, name: str, value: Number, least: int, most: int) -> Number | None:
        if value < least:
            self.fault(name, "too_small", f"must be at least {least}", least)
            return None
        if value > most:
            self.fault(name, "too_large", f"must be at most {most}", most)
            return None
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        if value is not BROKEN:
            self.fault(name, "type", "must be true or false")
        return default

    def duration(
        self, name: str, default: int | None = None, *, longest: int | None = None, required: bool = False
    ) -> int | None:
        """Microseconds."""
        value = self.text(name, required=required)
        if value is None:
            return default
        length = duration(value)
        if length is None:
            self.fault(name, "duration", f'"{value[:MAX_KEY]}" is no duration, such as 90s, 15m, 36h or 7d')
        elif longest is not None and length > longest:
            self.fault(name, "too_large", "is too long", longest)
        return default if length is None else length

    def instant(self, name: str) -> int | None:
        """Microseconds; a bare date is its first instant in the program's zone."""
        value = self.text(name)
        if value is None:
            return None
        instant = self.document.calendar.instant(value)
        if instant is None:
            self.fault(name, "date", f'"{value[:MAX_KEY]}" is no date, such as 2026-10-01')
        return instant

    def in_force(self) -> tuple[int | None, int | None]:
        """The fields `from` and `until`."""
        start, end = self.instant("from"), self.instant("until")
        if start is not None and end is not None and start >= end:
            self.fault("until", "order", "must be after `from`")
        return start, end

    def window(self, name: str, default: WindowKind = "all", *, required: bool = False) -> WindowKind:
        value = self.values.get(name)
        if isinstance(value, dict):
            self._read.add(name)
            return self._span(Section(self.document, self.at(name), value)) or default
        return self.choice(name, KINDS, required=required) or default

    def _span(self, section: Section) -> Span | None:
        first, until = section.text("from", required=True), section.text("until", required=True)
        section.done()
        if first is None or until is None:
            return None
        span = self.document.calendar.span(first, until)
        if span is None:
            section.fault("", "window", "must have two dates in order, such as {from: 2026-10-01, until: 2027-01-01}")
        return span

    def titles(self, name: str) -> dict[str, str]:
        """A text, or its translations: locale -> text, where "" is the untranslated one."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            text = self.text(name)
            return {} if text is None else {"": text}
        self._read.add(name)
        texts = Section(self.document, self.at(name), value)
        for locale in value:
            if not LOCALE.fullmatch(locale):
                texts.fault(locale, "key", "is no locale, such as en or pt-BR")
        return {locale: texts.text(locale, required=True) or "" for locale in value}

    def entry(self) -> Entry:
        """The fields that every entry may carry."""
        return {
            "title": self.titles("title"),
            "text": self.titles("text"),
            "icon": self.text("icon", longest=MAX_KEY),
            "owner": self.text("owner", longest=255),
        }

    # collections

    def one_or_list(self, name: str, *, required: bool = False) -> list[tuple[str, Any]]:
        """The values of a field that is one value or a list of them, each with its place (`rules[2]`)."""
        value = self.take(name, required=required)
        if value is None or value is BROKEN:
            return []
        if not isinstance(value, list):
            return [(name, value)]
        if not value:
            self.fault(name, "empty", "must not be empty")
        if len(value) > MAX_LIST:
            self.fault(name, "too_large", f"has more than {MAX_LIST} values", MAX_LIST)
        found = [(f"{name}[{at}]", each) for at, each in enumerate(value[:MAX_LIST])]
        for place, each in found:
            if each is None:
                self.fault(place, "missing", "is missing")
        return [(place, each) for place, each in found if each is not None and each is not BROKEN]

    def section(self, name: str, *, required: bool = False) -> Section | None:
        """A field that is a mapping."""
        value = self.take(name, required=required)
        return None if value is None else self._section(name, value)

    def _section(self, name: str, value: Any, key: str = "") -> Section | None:
        if isinstance(value, dict):
            return Section(self.document, self.at(name), value, key)
        if value is not BROKEN:
            self.fault(name, "type", f"must be a mapping, not {kind_of(value)}")
        return None

    def read(self, name: str, reader: Callable[[Section], T], *, required: bool = False) -> T | None:
        """What `reader` makes of a field that is a mapping; fields it does not read are faults."""
        section = self.section(name, required=required)
        return None if section is None else _finished(section, reader)

    def each(self, name: str, reader: Callable[[Section], T], *, required: bool = False) -> tuple[T, ...]:
        """What `reader` makes of each mapping of a list; one mapping will do for a list of one."""
        sections = (self._section(place, value) for place, value in self.one_or_list(name, required=required))
        return tuple([_finished(section, reader) for section in sections if section is not None])

    def entries(self, name: str, reader: Callable[[Section], T], syntax: re.Pattern[str] = KEY) -> dict[str, T]:
        """What `reader` makes of each entry of a section of the program, by key, in the order of the file."""
        section = self.section(name)
        return {} if section is None else section.every(reader, syntax)

    def every(self, reader: Callable[[Section], T], syntax: re.Pattern[str] = KEY) -> dict[str, T]:
        """What `reader` makes of each entry of this section, but for fields that were read already."""
        if len(self.values) > MAX_ENTRIES:
            self.fault("", "too_large", f"has more than {MAX_ENTRIES} entries", MAX_ENTRIES)
            return {}
        return {entry.key: _finished(entry, reader) for entry in self._unread(syntax)}

    def _unread(self, syntax: re.Pattern[str]) -> Iterator[Section]:
        for key, value in [(key, value) for key, value in self.values.items() if key not in self._read]:
            self._read.add(key)
            if not syntax.fullmatch(key) or len(key) > MAX_KEY:
                self.fault(
                    key[:MAX_KEY], "key", f"keys are lower case: {KEY.pattern}, up to {MAX_KEY} characters", MAX_KEY
                )
            entry = self._section(key, {} if value is None else value, key)
            if entry is not None:
                yield entry


def _finished(section: Section, reader: Callable[[Section], T]) -> T:
    value = reader(section)
    section.done()
    return value


def kind_of(value: object) -> str:
    """What a value of the file is, in words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return f'"{_visible(value[:MAX_KEY])}"'
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return str(value)


def _visible(text: str) -> str:
    """What nobody sees is written out: a message may come to a terminal, which does as it is told."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
