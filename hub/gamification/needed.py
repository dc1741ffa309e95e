"""What of an event's data a program's engine goes by: the rest may be forgotten, and every fold stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.gamification.conditions import Condition, names_in
from hub.gamification.events import OWN, Attribute
from hub.gamification.program import Program

#: Attributes of the hub's own events that say who did it, to whom and why, and that no condition needs.
_TOLD = frozenset({"by", "reason", "member"})


def needed(programs: Iterable[Program], kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of an event of this type that any of these programs goes by.

    A number, a date, a yes or no, and one of several given texts are, if they are declared; any other text only where a
    rule, a metric, a streak or an action decides by it.
    """
    if kind in OWN:
        declared = {name: one for name, one in OWN[kind].attributes.items() if name not in _TOLD}
        return {name: value for name, value in data.items() if name in declared}
    kept: dict[str, Any] = {}
    for program in programs:
        if kind not in program.events:
            continue
        read = set(_read(program, kind))
        for name, attribute in program.events[kind].attributes.items():
            if name in data and (name in read or _is_plain(attribute)):
                kept[name] = data[name]
    return kept


def free_texts(programs: Iterable[Program], kind: str) -> frozenset[str]:
    """The attributes of an event of this type that hold whatever somebody wrote, as any of these programs declares it:
    what the hub's own events name are the program's words.
    """
    declared = (program.events[kind].attributes for program in programs if kind in program.events and kind not in OWN)
    return frozenset(name for attributes in declared for name, one in attributes.items() if not _is_plain(one))


def _is_plain(attribute: Attribute) -> bool:
    return attribute.type != "text" or bool(attribute.one_of)


def _read(program: Program, kind: str) -> Iterator[str]:
    wheres: list[Condition | None] = []
    for rule in program.rules.values():
        if kind in rule.types:
            wheres.append(rule.where)
            if isinstance(rule.once_per, str):
                yield rule.once_per
    for metric in program.metrics.values():
        if kind in metric.types:
            wheres.append(metric.where)
            # The latest text of an object is for display only.
            yield from (name for name in (metric.by, metric.of if metric.take == "distinct" else None) if name)
    wheres += [streak.where for streak in program.streaks.values() if kind in streak.types]
    wheres += [action.where for action in program.actions.values() if kind in action.types]
    for where in wheres:
        if where is not None:
            yield from names_in(where)
