"""A member's own arrangement of her homepage: what she moved, hid and added.

It names cells by their keys and outlives changes of the program: a key that no longer is on her homepage waits, and a
cell that is new there comes where the program has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import on_sqlite
from hub.gamification.program import Program
from hub.home import layout
from hub.home.layout import Cell
from hub.home.tables import arrangements
from hub.identity import Viewer, export


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Keys of cells. `placed`: in her order; `hidden`; `added`: of those that are offered."""

    placed: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()

    def shown(self, cells: Iterable[Cell]) -> tuple[Cell, ...]:
        """Those of these cells, given as the program has them, that she sees, in her order. Pinned ones stay where the
        program has them.
        """
        seen = [cell for cell in cells if self.shows(cell)]
        free = {cell.key: cell for cell in seen if not cell.pinned}
        arranged = [free[key] for key in _in_order(self.placed, list(free))]
        for place, cell in enumerate(seen):
            if cell.pinned:
                arranged.insert(place, cell)
        return tuple(arranged)

    def shows(self, cell: Cell) -> bool:
        return cell.pinned or (cell.key not in self.hidden and (not cell.offer or cell.key in self.added))

    def left_out(self, cells: Iterable[Cell]) -> tuple[Cell, ...]:
        """Those that she could show."""
        return tuple(cell for cell in cells if not self.shows(cell))

    def show(self, cell: Cell) -> Arrangement:
        """With this cell where she had it, or where the program has it."""
        added = self.added | {cell.key} if cell.offer else self.added
        return replace(self, hidden=self.hidden - {cell.key}, added=added)

    def hide(self, cell: Cell) -> Arrangement:
        if cell.pinned:
            return self
        if cell.offer:
            return replace(self, added=self.added - {cell.key})
        return replace(self, hidden=self.hidden | {cell.key})

    def move(self, cells: Sequence[Cell], key: str, by: int) -> Arrangement:
        """With the cell so many places later (earlier: negative) among those that can be moved; at most to an end."""
        order = [cell.key for cell in self.shown(cells) if not cell.pinned]
        if key not in order:
            return self
        place = order.index(key)
        order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
        return self.place(cells, order)

    def place(self, cells: Sequence[Cell], keys: Iterable[str]) -> Arrangement:
        """With the cells in this order. Those it does not name follow the one that they follow now."""
        movable = [cell.key for cell in cells if not cell.pinned]
        wanted = [key for key in dict.fromkeys(keys) if key in movable]
        everything = _in_order(self.placed, movable)
        return replace(self, placed=tuple(_in_order(wanted, everything)))


def _in_order(wanted: Iterable[str], keys: Sequence[str]) -> list[str]:
    """These keys as they are wanted; one that is not follows the key that it follows in `keys`."""
    found = [key for key in wanted if key in keys]
    before: str | None = None
    for key in keys:
        if key not in found:
            found.insert(found.index(before) + 1 if before is not None else 0, key)
        before = key
    return found


# ------------------------------------------------------------------------------------------------------------- storing


def hers(
    connection: Connection, program: Program, member: Viewer, now: int, only: str | None = None
) -> tuple[Cell, ...]:
    """The cells of a member's homepage as she has arranged them; `only` those that this one of her roles has."""
    shown = of(connection, member.no).shown(layout.cells(connection, program, member, now))
    if only is None:
        return shown
    keys = {cell.key for cell in layout.cells(connection, program, member, now, only)}
    return tuple(cell for cell in shown if cell.key in keys)


def of(connection: Connection, member: int) -> Arrangement:
    return _read(connection, _HERS, member)


def of_writer(connection: Connection, member: int) -> Arrangement:
    """As `of`; nobody else changes it until the transaction ends."""
    return _read(connection, _HERS.with_for_update(), member)


def _read(connection: Connection, query: Select[tuple[str, str, str]], member: int) -> Arrangement:
    row = connection.execute(query, {"member": member}).first()
    if row is None:
        return Arrangement()
    placed, hidden, added = (msgspec.json.decode(keys, type=list[str]) for keys in row)
    return Arrangement(tuple(placed), frozenset(hidden), frozenset(added))


_HERS: Select[tuple[str, str, str]] = select(arrangements.c.placed, arrangements.c.hidden, arrangements.c.added).where(
    arrangements.c.member == bindparam("member")
)


def write(connection: Connection, member: int, arrangement: Arrangement, now: int) -> None:
    """Keep it. One like the program's own is none."""
    if arrangement == Arrangement():
        connection.execute(delete(arrangements).where(arrangements.c.member == member))
        return
    keys = {"placed": arrangement.placed, "hidden": sorted(arrangement.hidden), "added": sorted(arrangement.added)}
    values = {name: msgspec.json.encode(several).decode() for name, several in keys.items()} | {"changed_at": now}
    dialect = sqlite if on_sqlite(connection) else postgresql
    row = dialect.insert(arrangements).values(member=member, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["member"], set_=values))


@export.section("homepage")
def _told(connection: Connection, whom: export.Whom) -> Iterator[export.Record]:
    """How she arranged her homepage."""
    for row in export.hers(connection, whom, select(arrangements), arrangements.c.member):
        lists = {name: export.decoded(getattr(row, name)) for name in ("placed", "hidden", "added")}
        yield {**lists, "changed_at": export.moment(row.changed_at)}
