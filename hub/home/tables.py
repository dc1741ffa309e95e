"""The homepage's tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from hub.db import db

#: How members have arranged their homepages. Cells are named by their keys; what no longer is on a homepage may stay.
arrangements = Table(
    "arrangements",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
    Column("placed", Text, nullable=False),  # a JSON list: cells in the member's order
    Column("hidden", Text, nullable=False),  # a JSON list
    Column("added", Text, nullable=False),  # a JSON list: of those that are offered
    Column("changed_at", BigInteger, nullable=False),
)

#: What each member has been told of what she earned: everything up to these numbers, and these goals of late.
looks = Table(
    "looks",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("award", BigInteger, nullable=False),
    Column("transfer", BigInteger, nullable=False),
    Column("goals", Text, nullable=False),  # a JSON list of goals, each with its window
)
