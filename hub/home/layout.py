"""Which widgets a member's homepage has: the placements of her roles, one after another, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.directory import profiles
from hub.gamification.conditions import holds
from hub.gamification.program import Placement, Program
from hub.home import built_in
from hub.identity import Viewer
from hub.widgets import kit

KEY_LETTERS = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """A placement on somebody's homepage. `key` is its address: the same as long as widget and options are."""

    key: str
    kind: kit.Kind
    placement: Placement

    @property
    def pinned(self) -> bool:
        """It can be neither hidden nor moved."""
        return self.placement.pinned

    @property
    def offer(self) -> bool:
        """It is shown only to whom adds it."""
        return self.placement.offer


def roles_with_pages(program: Program, member: Viewer) -> tuple[str, ...]:
    """Those of the member's roles whose homepages differ, in the order she has them."""
    seen: list[tuple[Placement, ...]] = []
    found = []
    for role in member.roles:
        if (page := _page(program, role)) not in seen:
            seen.append(page)
            found.append(role)
    return tuple(found)


def cells(
    connection: Connection, program: Program, member: Viewer, now: int, only: str | None = None
) -> tuple[Cell, ...]:
    """All that the member's homepage may have, what is offered too, in the program's order; or that of one of her roles
    alone. The same widget with the same options stands once.
    """
    roles = [role for role in member.roles if only in {None, role}]
    pages = [_page(program, role) for role in roles] or [built_in.page(program)]
    fitting = _fitting(connection, member, now, (placement for page in pages for placement in page))
    found: dict[str, Cell] = {}
    for one in (cell(placement) for placement in fitting):
        if one is not None and one.kind.widget.is_for(member):
            _add(found, one)
    return tuple(found.values())


def _add(found: dict[str, Cell], one: Cell) -> None:
    """Where several roles have the same, the first placement holds, an offer only where all are. What one of them pins
    is pinned.
    """
    before = found.get(one.key)
    if before is None or (before.offer and not one.offer):
        found.pop(one.key, None)
        found[one.key] = one
    elif one.pinned:
        found[one.key] = replace(before, placement=replace(before.placement, pinned=True))


def _page(program: Program, role: str) -> tuple[Placement, ...]:
    """A role's homepage: its own, that of the role it is like, or the built-in one."""
    declared = program.roles.get(role)
    for name in (role, declared.like if declared else None):
        if name is not None and name in program.homepages:
            return program.homepages[name]
    return built_in.page(program, declared.like if declared and declared.like else role)


def _fitting(connection: Connection, member: Viewer, now: int, placements: Iterable[Placement]) -> Iterator[Placement]:
    for placement in placements:
        if placement.for_ is None or holds(placement.for_, _profile(connection, member, now)):
            yield placement


def _profile(connection: Connection, member: Viewer, now: int) -> Mapping[str, Any]:
    """What conditions see of the member as she is now."""
    return profiles.of_member(connection, member.no).at(now).values


def cell(placement: Placement) -> Cell | None:
    """The cell of a placement; None where its widget is not installed."""
    kind = kit.catalogue().get(placement.widget)
    # A plug-in that is no longer installed leaves a gap, not an error.
    return Cell(_key(placement), kind, placement) if kind else None


def _key(placement: Placement) -> str:
    if not placement.options:
        return placement.widget
    # Sorted, so that the order in which options were written does not matter.
    written = msgspec.json.encode(placement.options, order="deterministic")
    return f"{placement.widget}-{hashlib.sha256(written).hexdigest()[:KEY_LETTERS]}"
