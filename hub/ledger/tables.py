"""The ledger's tables.

The truth is `entries` and `transfers`, which are only ever added to (triggers see to it; a held entry gets its
subject and
`known_at` once). All else here is a projection: rebuilt from them by a fold.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from hub.db import Ordered, db
from hub.signals import Number

#: The log. `time` and `known_at` in microseconds; `offset` in minutes, as the event's time was written; `data`
#: canonical JSON.
#: A held entry has neither member nor organization nor `known_at` yet.
entries = Table(
    "entries",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("source", Ordered, nullable=False),
    Column("id", Ordered, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("offset", SmallInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("known_at", BigInteger),
    Column("member", BigInteger),
    Column("organization", BigInteger),
    UniqueConstraint("source", "id"),
    Index("ix_entries_member_time", "member", "time"),
    Index("ix_entries_organization_time", "organization", "time"),
    sqlite_autoincrement=True,
)

#: Entries that wait: `code` says for what kind of thing, `awaits` for which one.
held = Table(
    "held",
    db.metadata,
    Column("entry", Number, ForeignKey("entries.no"), primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("awaits", Ordered, nullable=False),
    Index("ix_held_awaits", "awaits", "code"),
)

#: Held entries that turned out wrong once they could be judged (an attribute missing of a type declared later).
refused = Table(
    "refused",
    db.metadata,
    Column("entry", Number, ForeignKey("entries.no"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("message", Text, nullable=False),
)

#: Reversals: each takes back the event of this source and id. `reversed` is that event's entry, once it is known; the
#: reversal's own entry then belongs to the same member or organization. A projection of the log, written as it grows.
reversals = Table(
    "reversals",
    db.metadata,
    Column("entry", Number, ForeignKey("entries.no"), primary_key=True, autoincrement=False),
    Column("source", Ordered, nullable=False),
    Column("id", Ordered, nullable=False),
    Column("reversed", BigInteger),
    Index("ix_reversals_source_id", "source", "id"),
    Index("ix_reversals_reversed", "reversed"),
)

#: Accounts. A member's stores its balance; those that many share (issued, expired, forfeited) store none.
accounts = Table(
    "accounts",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("kind", Text, nullable=False),  # member, issued, expired, forfeited, budget
    Column("member", BigInteger, unique=True),
    Column("balance", BigInteger),
)

#: The lines of the ledger: `amount` points went from one account to another because of `cause`.
transfers = Table(
    "transfers",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("member", BigInteger, nullable=False),
    Column("from_account", BigInteger, nullable=False),
    Column("to_account", BigInteger, nullable=False),
    Column("amount", BigInteger, CheckConstraint("amount > 0", name="positive"), nullable=False),
    Column("balance", BigInteger, nullable=False),  # the member's, after this line
    Column("kind", Text, nullable=False),  # points, bonus, prize, recognition, deduction, correction, adjustment
    Column("cause", Text, nullable=False),  # the cause key: what its lines add up to is what the fold says
    Column("entry", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),  # the event's time
    Column("posted_at", BigInteger, nullable=False),
    Column("corrects", BigInteger),
    Index("ix_transfers_member_no", "member", "no"),
    Index("ix_transfers_entry", "entry"),
    sqlite_autoincrement=True,
)

#: Published versions of the program. Version 1 is in force from the beginning of time. `after` is the number of the
#: newest entry that came before it, of those that became known at the same instant.
versions = Table(
    "versions",
    db.metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("in_force_from", BigInteger, nullable=False),
    Column("live_from", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False, server_default="0"),
    Column("holidays", Text),  # JSON: the dates of each code of public holidays, as they were known at publishing
)

#: A member's bounded state, packed, with the mark (`changeover.mark`) of the layout and version it was folded with; 0:
#: nothing was. An organization's, of events about it, has its number negated.
progress = Table(
    "progress",
    db.metadata,
    Column("member", Number, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False, index=True),
    Column("state", LargeBinary, nullable=False),
)

#: What grows without bound in a member's state: values seen once, objects. Loaded only as events need them.
progress_parts = Table(
    "progress_parts",
    db.metadata,
    Column("member", BigInteger, primary_key=True),
    Column("part", Ordered, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

#: A member's value of a metric in a window, as a key that orders like the number; since when (canonical place) it is
#: so.
member_values = Table(
    "member_values",
    db.metadata,
    Column("member", BigInteger, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("value", Ordered, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_source", Ordered, nullable=False),
    Column("changed_id", Ordered, nullable=False),
)

#: As boards list them: the greatest value first, of the same value the one that changed earlier.
Index(
    "ix_member_values_ranked",
    *(member_values.c.metric, member_values.c.window, member_values.c.value.desc(), member_values.c.changed_at),
)

#: What a member, or events about it (member 0), bring to an organization's metric in a window: packed parts that add
#: up.
organization_parts = Table(
    "organization_parts",
    db.metadata,
    Column("organization", BigInteger, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("parts", LargeBinary, nullable=False),
    Index("ix_organization_parts_member", "member"),
)

#: An organization's value of a metric in a window, computed from its parts.
organization_values = Table(
    "organization_values",
    db.metadata,
    Column("organization", BigInteger, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("value", Ordered, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_source", Ordered, nullable=False),
    Column("changed_id", Ordered, nullable=False),
    Index("ix_organization_values_ranked", "metric", "window", "value", "changed_at"),
)

#: Values that somebody pages through, and until when what they were is kept (`former.py`).
watched_values = Table(
    "watched_values",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("metric", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    UniqueConstraint("metric", "window"),
    sqlite_autoincrement=True,
)

#: What watched values were before they changed; without a value: there was none. Organizations have their number
#: negated. `writer`: on PostgreSQL the transaction that changed it.
former_values = Table(
    "former_values",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("metric", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("who", BigInteger, nullable=False),
    Column("value", Ordered),
    Column("changed_at", BigInteger),
    Column("changed_source", Ordered),
    Column("changed_id", Ordered),
    Column("writer", BigInteger, nullable=False),
    Column("kept_at", BigInteger, nullable=False, index=True),
    Index("ix_former_values_who", "metric", "window", "who", "no"),
    sqlite_autoincrement=True,
)

#: As boards list them.
Index(
    "ix_former_values_ranked",
    *(former_values.c.metric, former_values.c.window, former_values.c.value.desc(), former_values.c.changed_at),
)

#: Organizations whose values are older than their parts.
organizations_due = Table(
    "organizations_due",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("organization", BigInteger, nullable=False),
    Column("metric", Text, nullable=False),
    Column("window", Text, nullable=False),
)


def _award() -> list[Column[Any]]:
    """What an award says, while it stands and after."""
    return [
        Column("member", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),  # badge, level
        Column("badge", Text, nullable=False),
        Column("tier", Text),
        Column("key", Ordered, nullable=False),
        Column("object", Text),
        Column("window", Text),
        Column("points", BigInteger, nullable=False, default=0),
        Column("entry", BigInteger, nullable=False),
        Column("time", BigInteger, nullable=False),
        Column("source", Ordered, nullable=False),
        Column("id", Ordered, nullable=False),
        Column("version", Integer, nullable=False),
        Column("posted_at", BigInteger, nullable=False),
    ]


#: Awards of badges and levels: facts. `key` says which award it is (badge, tier, object, window, or event of a
#: personal best).
awards = Table(
    "awards",
    db.metadata,
    Column("no", Number, primary_key=True),
    *_award(),
    Column("kept", Text),  # why the fold no longer derives it, where it does not
    UniqueConstraint("member", "key"),
    Index("ix_awards_entry", "entry"),
    sqlite_autoincrement=True,
)

#: What digests did, a row a member and batch: `effects` packed (`feed.py`). A ticket is a batch's, and what one writes
#: is numbered through: `first` is the number of the row's first effect.
feed = Table(
    "feed",
    db.metadata,
    Column("ticket", BigInteger, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("member", BigInteger, nullable=False),
    Column("posted_at", BigInteger, nullable=False),
    Column("effects", LargeBinary, nullable=False),
)

#: Awards that ended: each was a row of `awards`, with this number, and stands no more. `at` and `by`: when, and by
#: which entry; `reason`: reversed, or the words of who revoked it by hand.
revocations = Table(
    "revocations",
    db.metadata,
    Column("award", Number, primary_key=True, autoincrement=False),
    *_award(),
    Column("at", BigInteger, nullable=False),
    Column("by", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_revocations_member", "member", "time"),
)

#: Goals reached in a window, and by which event.
goals_reached = Table(
    "goals_reached",
    db.metadata,
    Column("member", BigInteger, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("entry", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Ordered, nullable=False),
    Column("id", Ordered, nullable=False),
    Column("points", BigInteger, nullable=False),  # of the reward
    Column("badge", Text),  # that came with it
)

#: The greatest value of a goal's metric in a window, as an order key, where the value has fallen from it.
goal_peaks = Table(
    "goal_peaks",
    db.metadata,
    Column("member", BigInteger, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("peak", Ordered, nullable=False),
)

#: Goals and leaderboards whose window is final: what they say of it does not change any more.
finals = Table(
    "finals",
    db.metadata,
    Column("kind", Text, primary_key=True),  # goal, leaderboard
    Column("key", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("ends", BigInteger, nullable=False),  # the window's end; the next one begins there
    Column("final_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
)

#: A final board, row by row. Who is not listed has a rank and no position.
final_boards = Table(
    "final_boards",
    db.metadata,
    Column("leaderboard", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("among", Ordered, primary_key=True),  # "" on a board for all
    Column("who", BigInteger, primary_key=True),  # member, or organization
    Column("position", Integer),  # 1 is the first; no two have the same
    Column("rank", Integer, nullable=False),
    Column("value", Ordered, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_source", Ordered, nullable=False),
    Column("changed_id", Ordered, nullable=False),
    Index("ix_final_boards_position", "leaderboard", "window", "among", "position"),
    Index("ix_final_boards_value", "leaderboard", "window", "among", "value", "position"),
)

#: A final goal of a member (of an organization: its number negated) that had it. `target` is an exact number as text.
final_goals = Table(
    "final_goals",
    db.metadata,
    Column("member", BigInteger, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("value", Ordered),  # an order key; null: no value
    Column("target", Text, nullable=False),
    Column("status", Text, nullable=False),  # reached, missed
    Index("ix_final_goals_goal", "goal", "window"),
)

#: Members whose fold failed: shown to the operator, tried again by `hub digest --retry`.
set_aside = Table(
    "set_aside",
    db.metadata,
    Column("member", Number, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
)

#: Worker processes, and when each was last seen.
workers = Table(
    "workers",
    db.metadata,
    Column("id", Text, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
