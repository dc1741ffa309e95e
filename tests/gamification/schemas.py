"""The schema of the program file, held to what the reader reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator, validator_for

from hub.gamification import source
from hub.gamification.faults import Faults
from hub.gamification.homepages import Widgets
from hub.gamification.schema import schema

Options = tuple[tuple[str, tuple[str, ...]], ...]


def faults(values: Mapping[str, Any], widgets: Widgets, not_yet: Collection[str]) -> list[str]:
    """What the schema finds wrong with a program as it was loaded."""
    options = tuple((name, tuple(some)) for name, some in widgets.items())
    return [str(error) for error in _validator(options, tuple(not_yet)).iter_errors(_plain(values))]


def faults_of(validator: Draft202012Validator, text: str) -> list[str]:
    """What this schema finds wrong with a program file."""
    return [str(error) for error in validator.iter_errors(_plain(loaded(text)))]


def loaded(text: str) -> Any:
    return source.load(text, Faults())


@cache
def _validator(widgets: Options, not_yet: tuple[str, ...]) -> Draft202012Validator:
    return validator_for(schema(dict(widgets), not_yet))


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else None if value is source.BROKEN else value


# Where the schema speaks of a field


def at(whole: Mapping[str, Any], path: Collection[str]) -> list[Mapping[str, Any]]:
    """What the schema says of a place in the file, each alternative: `*` is any key, `[]` any value of a list."""
    found = list(_alternatives(whole, whole))
    for step in path:
        found = [other for one in found for below in _below(one, step) for other in _alternatives(whole, below)]
    return found


def _alternatives(whole: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in node:
        yield from _alternatives(whole, whole["$defs"][node["$ref"].rpartition("/")[2]])
    elif "anyOf" in node and "properties" not in node:
        for one in node["anyOf"]:
            yield from _alternatives(whole, one)
    else:
        yield node


def _below(node: Mapping[str, Any], step: str) -> Iterator[Mapping[str, Any]]:
    if step == "[]":
        yield from ([node["items"]] if "items" in node else [])
    elif step in node.get("properties", {}):
        yield node["properties"][step]
        for one in node.get("allOf", ()):
            yield from _below(one.get("then", {}), step)
    elif isinstance(node.get("additionalProperties"), dict):
        yield node["additionalProperties"]
