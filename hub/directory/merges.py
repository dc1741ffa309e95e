"""Merges: two members who are one person. The one's names then mean the other, and its log is read as the other's.

Nothing that was written under the merged member's number is written anew: whoever asks whose an entry is asks for the
`root` of its number.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, literal, or_, select, update

from hub.directory.sets import among
from hub.directory.tables import aliases, assignments, member_profiles, members, merges, present, profiles_due, targets
from hub.signals import publish


class Merge(NamedTuple):
    """`member` was merged into `into` by this entry of the log."""

    member: int
    into: int
    entry: int


def root(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Whose number it is by now that stands in a column."""
    # It may stand within other subqueries: what surrounds them has the column.
    now = select(merges.c.root).where(merges.c.member == column).correlate_except(merges)
    return func.coalesce(now.scalar_subquery(), column)


def known_as(column: ColumnElement[Any], member: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the number in a column is the member's, or that of somebody merged into it."""
    others = select(merges.c.member).where(merges.c.root == member).correlate_except(merges)
    return or_(column == member, column.in_(others))


def root_of(connection: Connection, member: int) -> int:
    """Whose number this is by now."""
    return connection.scalar(select(merges.c.root).where(merges.c.member == member)) or member


def merged(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the member of a column was merged into another."""
    return select(merges.c.member).where(merges.c.member == column).correlate_except(merges).exists()


def into(connection: Connection, roots: Collection[int]) -> dict[int, list[Merge]]:
    """All merges whose members are these by now."""
    t = merges.c
    found: dict[int, list[Merge]] = {}
    rows = connection.execute(select(t.root, t.member, t.into, t.entry).where(among(connection, t.root, roots)))
    for owner, *told in rows:
        found.setdefault(owner, []).append(Merge(*told))
    return found


def with_merged(connection: Connection, roots: Collection[int]) -> dict[int, int]:
    """Whose number each is that these members have, and those merged into them."""
    of = {merge.member: owner for owner, several in into(connection, roots).items() for merge in several}
    return of | {owner: owner for owner in roots}


def below(several: Collection[Merge], member: int) -> set[int]:
    """The member, and who was merged into it directly or through others, as far as these merges say."""
    found, waiting = set[int](), [member]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting += [merge.member for merge in several if merge.into == one]
    return found


def merged_into(connection: Connection, name: str) -> str | None:
    """The id of the member that the one with this id was merged into."""
    gone = select(members.c.no).where(members.c.id == name).scalar_subquery()
    whose = select(members.c.id).join(merges, merges.c.root == members.c.no)
    return connection.scalar(whose.where(merges.c.member == gone))


def record(connection: Connection, member: int, into: int, entry: int, by: str, now: int) -> None:
    """Write that the member is the other one from now on: its names, and whom it looks after, are the other's. What it
    was stays on record as known until now.
    """
    connection.execute(update(merges).where(merges.c.root == member).values(root=into))
    row = {"member": member, "into": into, "root": into, "entry": entry, "at": now, "by": by}
    connection.execute(insert(merges), row)
    connection.execute(update(aliases).where(aliases.c.member == member).values(member=into))
    _hand_over(connection, member, into)
    for table in (member_profiles, targets):
        known = (table.c.member == member, table.c.superseded_at.is_(None))
        # So that what was recorded in this very instant was known for a while.
        connection.execute(update(table).where(*known).values(superseded_at=now + 1))
    connection.execute(delete(profiles_due).where(profiles_due.c.member == member))
    # Boards count by it until she has nothing left there.
    connection.execute(update(present).where(present.c.member == member).values(active=False))
    publish(connection, ["directory", f"member/{member}", f"member/{into}"], now)


def leave(connection: Connection, member: int) -> None:
    """She has nothing left that boards could show."""
    connection.execute(delete(present).where(present.c.member == member))


def _hand_over(connection: Connection, member: int, into: int) -> None:
    """Whom the member looks after, the other one does."""
    t = assignments.c
    has = select(assignments).where(t.member == into).subquery()
    missing = ~exists().where(has.c.organization == t.organization, has.c["as"] == t["as"])
    rows = select(t.organization, literal(into), t["as"]).where(t.member == member, missing)
    connection.execute(insert(assignments).from_select(["organization", "member", "as"], rows))
    connection.execute(delete(assignments).where(t.member == member))
