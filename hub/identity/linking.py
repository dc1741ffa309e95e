"""Who of us is it that a provider names? An identity is (issuer, subject); once linked to a member it stays that one's.

An unknown one is linked to the member whose id or alias is what the provider's rules (`Linking`) match by, or becomes a
new member where they say so. Groups set roles at each sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select

from config import Linking
from hub.directory import checks, lookup
from hub.directory import members as directory
from hub.directory.lookup import Known
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.merges import root
from hub.directory.names import is_name
from hub.directory.tables import members
from hub.directory.writing import take_turns
from hub.identity.tables import identities
from hub.ledger import log

_CHECKS = {"email": checks.email, "time_zone": checks.time_zone, "locale": checks.locale}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider says of somebody. `email`: only where the provider has verified it. `groups`: None where it
    could not list them all.
    """

    via: str
    issuer: str
    subject: str
    values: Mapping[str, Any]
    email: str | None
    groups: tuple[str, ...] | None


class Refusal(NamedTuple):
    """Why somebody whom a provider vouches for does not get in: `unknown`, `organization`, `taken`, `inactive`,
    `profile`.
    """

    code: str


class Link(NamedTuple):
    """An identity that is a member's."""

    issuer: str
    subject: str
    via: str
    linked_at: int


def admit(connection: Connection, claims: Claims, rules: Linking, now: int) -> int | Refusal:
    """The number of the member, with the roles of its groups; linked or made where that is due."""
    found: Known | Refusal | None = _linked(connection, claims)
    if found is None:
        # Two first sign-ins at once would make two members: from here on one at a time.
        take_turns(connection)
        found = _linked(connection, claims) or _link(connection, claims, rules, now)
    if isinstance(found, Refusal):
        return found
    if not found.active:
        return Refusal("inactive")
    _set_roles(connection, found, claims, rules, now)
    return found.no


def links(connection: Connection, member: int) -> list[Link]:
    """The identities of a member, the first linked first."""
    t = identities.c
    own = select(t.issuer, t.subject, t.via, t.linked_at).where(root(t.member) == member)
    return [Link(*row) for row in connection.execute(own.order_by(t.linked_at, t.issuer, t.subject))]


def unlink(connection: Connection, member: int) -> int:
    """Forget the identities of a member, so that others can be linked: how many."""
    return connection.execute(delete(identities).where(root(identities.c.member) == member)).rowcount


def _linked(connection: Connection, claims: Claims) -> Known | None:
    t = identities.c
    whose = select(root(t.member)).where(t.issuer == claims.issuer, t.subject == claims.subject)
    id_ = connection.scalar(select(members.c.id).where(members.c.no == whose.scalar_subquery()))
    return lookup.member(connection, id_) if id_ is not None else None


def _link(connection: Connection, claims: Claims, rules: Linking, now: int) -> Known | Refusal:
    found = _matched(connection, claims, rules) or _make(connection, claims, rules, now)
    if isinstance(found, Refusal):
        return found
    if any(link.issuer == claims.issuer for link in links(connection, found.no)):
        # An address or a name that was given to somebody else at the provider: not the person whose points these are.
        return Refusal("taken")
    identity = {"issuer": claims.issuer, "subject": claims.subject, "member": found.no, "via": claims.via}
    connection.execute(identities.insert(), {**identity, "linked_at": now})
    return found


def _matched(connection: Connection, claims: Claims, rules: Linking) -> Known | None:
    names = [_name(claims, rules), claims.email if rules.trust_email else None]
    known = lookup.members(connection, [name for name in names if name])
    return next((known[name] for name in names if name in known), None)


def _name(claims: Claims, rules: Linking) -> str | None:
    """What this person is matched by: never an address that the provider has not verified."""
    if rules.match == "email":
        return claims.email
    return _text(claims, rules.match)


def _make(connection: Connection, claims: Claims, rules: Linking, now: int) -> Known | Refusal:
    id_ = _name(claims, rules)
    if not rules.create or not id_:
        return Refusal("unknown")
    organization = _text(claims, rules.organization_claim)
    if organization is None or not lookup.organizations(connection, [organization]):
        return Refusal("organization")
    profile = _profile(claims, rules, id_, organization)
    taken_in = directory.upsert(connection, [MemberRecord(id_, profile)], now)
    if taken_in.outcomes[0].faults:
        return Refusal("profile")
    log.release(connection, now, names=taken_in.appeared)
    return lookup.member(connection, id_) or Refusal("profile")


def _profile(claims: Claims, rules: Linking, id_: str, organization: str) -> MemberProfile:
    told = {field: _text(claims, claim) for field, claim in rules.fields.items()}
    bare = MemberProfile(name=id_, organization=organization, roles=_roles((), claims, rules))
    # What does not look as it should is left out: a zone that nobody knows keeps nobody out.
    fit = {field: text for field, text in told.items() if text and not _faults(field, text)}
    return replace(bare, **fit)  # type: ignore[arg-type]  # texts only


def _faults(field: str, text: str) -> Iterable[object]:
    return list(_CHECKS.get(field, checks.line)(field, text))


def _set_roles(connection: Connection, member: Known, claims: Claims, rules: Linking, now: int) -> None:
    profile = directory.profile_at(connection, member.no, now)
    assert profile
    roles = _roles(profile.roles, claims, rules)
    if roles != profile.roles:
        done = directory.upsert(connection, [MemberRecord(member.id, replace(profile, roles=roles))], now)
        assert not done.outcomes[0].faults, done.outcomes


def _roles(current: tuple[str, ...], claims: Claims, rules: Linking) -> tuple[str, ...]:
    """Of the roles that the provider decides about, those of the groups and no other; the rest is left alone."""
    if claims.groups is None or not rules.roles:
        return current
    given = [role for group, role in rules.roles.items() if group in claims.groups]
    decided = set(rules.roles.values())
    wanted = dict.fromkeys([*given, *(role for role in current if role not in decided)])
    return current if set(wanted) == set(current) else tuple(wanted)


def _text(claims: Claims, claim: str) -> str | None:
    """A claim that is one text, or a list of one."""
    value = claims.values.get(claim)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and is_name(value) else None
