"""Identity's tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text

from hub.db import Ordered, db
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

#: Members that SCIM made, and what it knows of them. One whose `deleted_at` is set does not exist for SCIM any more; it
#: stays to say that the member may come back by the same door.
scim_users = Table(
    "scim_users",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("id", Ordered, nullable=False, unique=True),
    Column("member", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
    Column("owner", BigInteger, ForeignKey("organizations.no"), index=True),  # the organization of the key that made it
    Column("name_folded", Ordered, nullable=False),  # the userName as SCIM compares it
    Column("external_id", Ordered, index=True),
    Column("resource", Text, nullable=False),  # what was sent, as JSON
    Column("granted", Text, nullable=False, default="[]"),  # the roles that the member has by its groups; a JSON list
    Column("awaits", Ordered),  # an organization's id that the hub does not know yet
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("deleted_at", BigInteger),
    Index(
        "ix_scim_users_name_folded",
        "name_folded",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(
        "ix_scim_users_awaits",
        "awaits",
        sqlite_where=text("awaits IS NOT NULL"),
        postgresql_where=text("awaits IS NOT NULL"),
    ),
)

scim_groups = Table(
    "scim_groups",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("id", Ordered, nullable=False, unique=True),
    Column("owner", BigInteger, ForeignKey("organizations.no"), index=True),  # as of a user
    Column("name", Text, nullable=False),
    Column("name_folded", Ordered, nullable=False, index=True),
    Column("external_id", Ordered, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
)

scim_group_members = Table(
    "scim_group_members",
    db.metadata,
    Column("group", BigInteger, ForeignKey("scim_groups.no"), primary_key=True),
    Column("user", BigInteger, ForeignKey("scim_users.no"), primary_key=True, index=True),
)

#: Which member a provider's subject is. `via`: by which of the configured providers it was linked.
identities = Table(
    "identities",
    db.metadata,
    Column("issuer", Ordered, primary_key=True),
    Column("subject", Ordered, primary_key=True),
    Column("member", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
    Column("via", Text, nullable=False),
    Column("linked_at", BigInteger, nullable=False),
)

#: Assertions and logout tokens that were shown: none of them counts twice.
used_once = Table(
    "used_once",
    db.metadata,
    Column("issuer", Ordered, primary_key=True),
    Column("id", Ordered, primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)

#: Assertions that were checked, for the minute until their browsers come by; they have a token, this its SHA-256.
asserted = Table(
    "asserted",
    db.metadata,
    Column("hash", Text, primary_key=True),
    Column("said", Text, nullable=False),  # as JSON
    Column("until", BigInteger, nullable=False, index=True),
)
