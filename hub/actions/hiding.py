"""What members did with actions that were suggested to them: put off, refused, or looked at for days without either.

It hides an action from its member and changes nothing else: no opening, no bonus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.actions.tables import hidden_actions, shown_actions
from hub.db import on_sqlite
from hub.identity import export
from hub.ledger import topics
from hub.signals import publish

#: Shown on so many days without a reaction, an action rests for so many.
SHOWN_DAYS, REST_DAYS = 5, 14


@dataclass(frozen=True, slots=True)
class Hidden:
    """`until` None: it is not for this member."""

    until: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """On how many days since it opened, and on which one last."""

    opened: int
    days: int
    day: int

    def rests(self, opened: int, today: int) -> bool:
        return self.opened == opened and self.days >= SHOWN_DAYS and self.day < today <= self.day + REST_DAYS

    def again(self, opened: int, today: int) -> Shown:
        """What it is once it was shown today too."""
        if self.opened != opened or (self.days >= SHOWN_DAYS and today > self.day + REST_DAYS):
            return Shown(opened, 1, today)
        return self if self.day == today else Shown(opened, self.days + 1, today)


@dataclass(frozen=True, slots=True)
class Notes:
    """All of one member's, by action."""

    hidden: Mapping[str, Hidden] = field(default_factory=dict)
    shown: Mapping[str, Shown] = field(default_factory=dict)

    def hides(self, action: str, now: int) -> Hidden | None:
        """What hides the action now."""
        found = self.hidden.get(action)
        return found if found is not None and (found.until is None or now < found.until) else None


def of(connection: Connection, member: int) -> Notes:
    hidden, shown = (connection.execute(query, {"member": member}) for query in (_HIDDEN, _SHOWN))
    return Notes(
        {row.action: Hidden(row.until, row.reason) for row in hidden},
        {row.action: Shown(row.opened, row.days, row.day) for row in shown},
    )


_HIDDEN = select(hidden_actions).where(hidden_actions.c.member == bindparam("member"))
_SHOWN = select(shown_actions).where(shown_actions.c.member == bindparam("member"))


def hide(connection: Connection, member: int, action: str, hidden: Hidden, now: int) -> None:
    """The member puts it off, or does not want it. That is a reaction: days of showing count anew."""
    _put(connection, hidden_actions, member, action, {"at": now, "until": hidden.until, "reason": hidden.reason})
    t = shown_actions.c
    connection.execute(delete(shown_actions).where(t.member == member, t.action == action))
    publish(connection, [topics.actions(member)], now)


def reveal(connection: Connection, member: int, action: str, now: int) -> None:
    """It may be suggested again."""
    t = hidden_actions.c
    connection.execute(delete(hidden_actions).where(t.member == member, t.action == action))
    publish(connection, [topics.actions(member)], now)


def note_shown(connection: Connection, member: int, action: str, opened: int, today: int) -> None:
    """It was shown to the member on this day of hers. Nobody is told: what she sees is what she sees."""
    before = of(connection, member).shown.get(action)
    after = Shown(opened, 1, today) if before is None else before.again(opened, today)
    if after != before:
        values = {"opened": after.opened, "days": after.days, "day": after.day}
        _put(connection, shown_actions, member, action, values)


def _put(connection: Connection, table: Any, member: int, action: str, values: Mapping[str, Any]) -> None:
    dialect = sqlite if on_sqlite(connection) else postgresql
    row = dialect.insert(table).values(member=member, action=action, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["member", "action"], set_=dict(values)))


@export.section("actions")
def _told(connection: Connection, whom: export.Whom) -> Iterator[export.Record]:
    """Which actions she put off or does not want, and how often which was shown."""
    for row in export.hers(connection, whom, select(hidden_actions), hidden_actions.c.member):
        until = export.moment(row.until)
        yield {"action": row.action, "hidden_at": export.moment(row.at), "until": until, "reason": row.reason}
    for row in export.hers(connection, whom, select(shown_actions), shown_actions.c.member):
        day = date.fromordinal(row.day).isoformat()
        yield {"action": row.action, "shown_on_days": row.days, "last_shown_on": day}
