"""The program's YAML 1.2 as plain values: mappings, lists, text, exact numbers, booleans, None.

Made from the parser's events rather than by a loader, so that `no` and `12:30` stay text, no float exists even for a
moment, and a duplicate key, an anchor, an alias or a tag is a fault with its path. Size, depth and count are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from hub.gamification.faults import Faults
from hub.gamification.numbers import PROGRAM_DECIMALS, PROGRAM_DIGITS, WRITTEN, program_number

MAX_BYTES = 1 << 20
MAX_DEPTH = 100
MAX_VALUES = 200_000


class Broken:
    """Stands where a value was already found faulty, so that nothing is said about it twice."""


BROKEN: Final = Broken()

_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BASED = re.compile(r"0o[0-7]{1,14}|0x[0-9a-fA-F]{1,10}")
#: What no text of a program holds: control characters but tab and line break, halves of surrogate pairs, and what makes
#: text read in another order than it is written in. They spoof what is shown, and databases refuse some of them.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def load(source: str | bytes, faults: Faults) -> Any:
    """The one document of the file; BROKEN where it cannot be read, None where it is empty."""
    text = _text(source, faults)
    if text is None:
        return BROKEN
    try:
        return _Builder(faults).build(YAML(typ="safe", pure=True).parse(text))
    except _Refused as refused:
        faults.add("", "too_large" if refused.limit else "unreadable", str(refused), limit=refused.limit)
    except YAMLError as error:
        faults.add("", "unreadable", _described(error, text))
    except (ValueError, OverflowError) as error:  # of an escape or a directive that names no character or number
        faults.add("", "unreadable", f"line 1, column 1: not readable as YAML ({error})")
    return BROKEN


def _text(source: str | bytes, faults: Faults) -> str | None:
    data = source.encode(errors="surrogatepass") if isinstance(source, str) else source
    if len(data) > MAX_BYTES:
        faults.add("", "too_large", f"the file is larger than {MAX_BYTES} bytes", limit=MAX_BYTES)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.add("", "unreadable", f"{_place(data[: error.start].decode(errors='replace'))}: not UTF-8")
        return None


def _place(before: str) -> str:
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"


def _described(error: YAMLError, text: str) -> str:
    if isinstance(error, MarkedYAMLError) and (mark := error.problem_mark or error.context_mark):
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem or error.context}"
    position = getattr(error, "position", 0)
    reason = getattr(error, "reason", "not readable as YAML")
    return f"{_place(text[: position if isinstance(position, int) else 0])}: {reason}"


class _Refused(Exception):
    def __init__(self, event: Event, what: str, limit: int | None = None) -> None:
        super().__init__(f"line {event.start_mark.line + 1}, column {event.start_mark.column + 1}: {what}")
        self.limit = limit


class _Builder:
    """Builds one value at a time; `_stack` holds the mappings and lists that are still open."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._stack: list[tuple[Any, str]] = []  # the open collections, each with its path
        self._keys: list[str | None] = []  # of each: the key read last, None: a key comes next
        self._root: Any = None
        self._documents = 0
        self._values = 0

    def build(self, events: Iterator[Event]) -> Any:
        for event in events:
            if isinstance(event, DocumentStartEvent):
                self._document(event)
            elif isinstance(event, CollectionEndEvent):
                self._stack.pop()
                self._keys.pop()
            elif isinstance(event, NodeEvent):
                self._node(event)
        return self._root

    def _document(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Refused(event, "a second document")

    def _node(self, event: NodeEvent) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _Refused(event, f"more than {MAX_VALUES} values", MAX_VALUES)
        if self._stack and isinstance(self._stack[-1][0], dict) and self._keys[-1] is None:
            self._key(event)
            return
        path = self._path()
        value = self._value(event, path)
        self._put(value)
        if isinstance(value, dict | list):
            if len(self._stack) >= MAX_DEPTH:
                raise _Refused(event, f"nested deeper than {MAX_DEPTH}", MAX_DEPTH)
            self._stack.append((value, path))
            self._keys.append(None)

    def _key(self, event: NodeEvent) -> None:
        container, path = self._stack[-1]
        if not isinstance(event, ScalarEvent):
            raise _Refused(event, "a key must be text")
        key = self._readable(str(event.value), path)
        if key in container:
            self._faults.add(_joined(path, key), "duplicate", "this key is here twice")
        if event.anchor is not None or event.tag is not None:
            self._faults.add(
                _joined(path, key), "anchor" if event.anchor else "tag", "a key takes no anchor and no tag"
            )
        self._keys[-1] = key

    def _readable(self, key: str, path: str) -> str:
        """The key as messages may show it: one with unseen characters is a fault, and goes on with them written out."""
        unseen = _UNSEEN.search(key)
        if unseen is None:
            return key
        key = _UNSEEN.sub(lambda found: _code(found[0]), key)
        self._unseen(_joined(path, key), unseen[0])
        return key

    def _unseen(self, path: str, character: str) -> None:
        self._faults.add(path, "characters", f"has a character that nobody sees ({_code(character)})")

    def _path(self) -> str:
        if not self._stack:
            return ""
        container, path = self._stack[-1]
        return f"{path}[{len(container)}]" if isinstance(container, list) else _joined(path, self._keys[-1] or "")

    def _put(self, value: Any) -> None:
        if not self._stack:
            self._root = value
        elif isinstance(container := self._stack[-1][0], list):
            container.append(value)
        else:
            container[self._keys[-1]] = value
            self._keys[-1] = None

    def _value(self, event: NodeEvent, path: str) -> Any:
        if isinstance(event, AliasEvent):
            self._faults.add(path, "anchor", f"write it out: an alias (*{event.anchor}) is not allowed")
            return BROKEN
        if event.anchor is not None:
            self._faults.add(path, "anchor", f"an anchor (&{event.anchor}) is not allowed")
        if getattr(event, "tag", None) is not None:
            self._faults.add(path, "tag", "a tag (!) is not allowed")
        if isinstance(event, MappingStartEvent):
            return {}
        if isinstance(event, SequenceStartEvent):
            return []
        text = str(getattr(event, "value", ""))
        if unseen := _UNSEEN.search(text):
            self._unseen(path, unseen[0])
            return BROKEN
        return self._scalar(text, path) if _plain(event) else text

    def _scalar(self, text: str, path: str) -> Any:
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _BASED.fullmatch(text):
            return int(text, 0)
        if _NOT_FINITE.fullmatch(text):
            self._faults.add(path, "type", "must be a finite number")
            return BROKEN
        return self._number(text, path) if WRITTEN.fullmatch(text) else text

    def _number(self, text: str, path: str) -> Any:
        number = program_number(text)
        if number is None:
            message = f"a number has at most {PROGRAM_DIGITS} digits before the point and {PROGRAM_DECIMALS} after it"
            self._faults.add(path, "too_large", message, limit=10**PROGRAM_DIGITS)
            return BROKEN
        return number


def _plain(event: NodeEvent) -> bool:
    return isinstance(event, ScalarEvent) and bool(event.implicit[0])


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
