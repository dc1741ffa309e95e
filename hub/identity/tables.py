"""Identity's tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from hub.db import db

#: Keys of other systems. Of the key itself only the SHA-256 is kept: 256 random bits need no slower hash.
api_keys = Table(
    "api_keys",
    db.metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),  # a JSON list
    Column("sources", Text, nullable=False),  # a JSON list; empty: any source
    Column("organization", BigInteger, ForeignKey("organizations.no")),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),  # to the minute
    Column("revoked_at", BigInteger),
)
