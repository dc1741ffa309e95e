"""The actions' tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from hub.db import db

#: Actions that members do not want to see: until an instant, or (null) not at all, with their reason.
hidden_actions = Table(
    "hidden_actions",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
    Column("action", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("reason", Text),
)

#: On how many days an action was shown since it opened, and the last of them (a date's ordinal, on the member's clock).
shown_actions = Table(
    "shown_actions",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
    Column("action", Text, primary_key=True),
    Column("opened", BigInteger, nullable=False),
    Column("days", Integer, nullable=False),
    Column("day", Integer, nullable=False),
)
