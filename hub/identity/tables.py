"""Identity's tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from hub.db import db
from hub.signals import Number

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

#: Who is signed in. The cookie holds a token, of which only the SHA-256 is kept. A session that ends is deleted.
sessions = Table(
    "sessions",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("member", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),  # to about five minutes
    Column("last_deactivation", BigInteger, nullable=False),  # of the member, before; a later one ends the session
    Column("device", Text, nullable=False),
    Column("via", Text, nullable=False),  # "demo", "oidc:NAME", "saml:NAME"
    Column("issuer", Text),
    Column("subject", Text),
    Column("provider_session", Text),
    Column("id_token", Text),
    # The number of one that has ended is no other's.
    sqlite_autoincrement=True,
)
