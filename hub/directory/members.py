"""Members: people of partners and of the vendor, their aliases, and what each was over time.

Ids and aliases are names: unique together, so that a name never means two people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, select, update

from hub.directory import checks, erasures, preferences
from hub.directory.history import in_force, place
from hub.directory.knowledge import known_now
from hub.directory.lookup import members as known_members
from hub.directory.lookup import organizations as organization_numbers
from hub.directory.names import is_name, short
from hub.directory.outcomes import ACCEPTED, UNCHANGED, Outcome, Upserted, rejected
from hub.directory.preferences import Preferences
from hub.directory.present import note_due, refresh_present
from hub.directory.rows import listing
from hub.directory.sets import among
from hub.directory.tables import aliases, deactivations, member_profiles, members, merges, organizations, present
from hub.directory.writing import supersede, take_turns
from hub.gamification.faults import Fault
from hub.signals import fold_again

MAX_FOUND = 50


@dataclass(frozen=True, slots=True)
class MemberProfile:
    """`organization` is its id. What is not set is the organization's, or the program's."""

    name: str
    email: str | None = None
    organization: str | None = None
    roles: tuple[str, ...] = ()
    time_zone: str | None = None
    locale: str | None = None
    region: str | None = None
    tags: tuple[str, ...] = ()
    phone: str | None = None
    title: str | None = None
    listed: bool = True


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A member's whole profile from `valid_from` (an instant; None: now) on, and further names, which are added."""

    id: str
    profile: MemberProfile
    aliases: tuple[str, ...] = ()
    valid_from: int | None = None


class Found(NamedTuple):
    no: int
    id: str
    name: str


def check(record: MemberRecord) -> list[Fault]:
    """What is wrong with the record itself, whatever the hub knows."""
    return list(_faults(record))


def _faults(record: MemberRecord) -> Iterator[Fault]:
    profile = record.profile
    yield from checks.name("id", record.id)
    yield from checks.name("name", profile.name)
    for path in ("region", "phone", "title"):
        yield from checks.line(path, getattr(profile, path))
    yield from checks.email("email", profile.email)
    yield from checks.keys("roles", profile.roles)
    yield from checks.time_zone("time_zone", profile.time_zone)
    yield from checks.locale("locale", profile.locale)
    yield from checks.tags("tags", profile.tags)
    yield from checks.names("aliases", record.aliases)
    yield from checks.valid_from("valid_from", record.valid_from)


def upsert(connection: Connection, records: Sequence[MemberRecord], now: int) -> Upserted:
    """Take these records in, in their order, as far as they are right; who has a past that changed is folded again."""
    take_turns(connection)
    register = Register()
    register.load(connection, records)
    outcomes = [register.enter(record, now) for record in records]
    register.write(connection, now)
    return Upserted(outcomes, register.appeared)


@dataclass(slots=True)
class Register:
    """What the hub knows about the people at hand, and what has been entered and not been written."""

    numbers: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str | None] = field(default_factory=dict)  # whose id or alias a name is; None: nobody's
    histories: dict[str, dict[int, MemberProfile]] = field(default_factory=dict)
    organizations: dict[str, int | None] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    entered: set[tuple[str, int]] = field(default_factory=set)
    former: set[tuple[str, int]] = field(default_factory=set)  # of those entered: where a profile stood so far
    erased: set[str] = field(default_factory=set)  # names that meant somebody who was erased
    chosen: dict[str, Preferences] = field(default_factory=dict)

    @property
    def appeared(self) -> list[str]:
        return self.created + self.named

    def load(self, connection: Connection, records: Sequence[MemberRecord]) -> None:
        ids = {record.id for record in records}
        names = ids.union(*(record.aliases for record in records)) - self.owners.keys()
        known = known_members(connection, names)
        self.owners |= {name: known[name].id if name in known else None for name in names}
        self.erased |= erasures.erased(connection, [name for name in names if name not in known and is_name(name)])
        self.numbers |= {member.id: member.no for member in known.values()}
        self._load_histories(connection, ids - self.histories.keys())
        chosen = preferences.of(connection, {member.no for member in known.values()})
        self.chosen |= {member.id: chosen[member.no] for member in known.values() if member.no in chosen}
        wanted = {id_ for record in records if (id_ := record.profile.organization) is not None}
        numbers = organization_numbers(connection, wanted - self.organizations.keys())
        self.organizations |= {id_: numbers.get(id_) for id_ in wanted - self.organizations.keys()}

    def _load_histories(self, connection: Connection, ids: Collection[str]) -> None:
        self.histories |= {id_: {} for id_ in ids}
        numbers = {self.numbers[id_] for id_ in ids if self.owners[id_] == id_}
        for id_, valid_from, profile in _stored_profiles(connection, numbers):
            self.histories[id_][valid_from] = profile

    def enter(self, record: MemberRecord, now: int) -> Outcome:
        if faults := check(record) or list(self._conflicts(record)):
            return rejected(*faults)
        record = replace(record, profile=_as_chosen(record.profile, self.chosen.get(record.id, preferences.NONE)))
        named = self._enter_names(record)
        instant = place(self.histories[record.id], record.profile, record.valid_from, now)
        if instant is None:
            return ACCEPTED if named else UNCHANGED
        if instant in self.histories[record.id]:
            self.former.add((record.id, instant))
        self.histories[record.id][instant] = record.profile
        self.entered.add((record.id, instant))
        return ACCEPTED

    def _conflicts(self, record: MemberRecord) -> Iterator[Fault]:
        for path, name in (("id", record.id), *(("aliases", alias) for alias in record.aliases)):
            if name in self.erased:
                yield Fault(path, "erased", f"{short(name)} meant somebody who was erased")
        if self.owners[record.id] not in {None, record.id}:
            yield Fault("id", "conflict", f"{short(record.id)} is an alias of another member")
        for alias in record.aliases:
            if self.owners[alias] not in {None, record.id}:
                yield Fault("aliases", "conflict", f"{short(alias)} names another member")
        organization = record.profile.organization
        if organization is not None and self.organizations[organization] is None:
            yield Fault("organization", "unknown_organization", f"there is no organization {short(organization)}")

    def _enter_names(self, record: MemberRecord) -> bool:
        new = [name for name in dict.fromkeys((record.id, *record.aliases)) if self.owners[name] is None]
        self.owners |= dict.fromkeys(new, record.id)
        self.created += [name for name in new if name == record.id]
        self.named += [name for name in new if name != record.id]
        return bool(new)

    def write(self, connection: Connection, now: int) -> None:
        if self.created:
            connection.execute(members.insert(), [{"id": id_, "created_at": now} for id_ in self.created])
            self.numbers |= {id_: known.no for id_, known in known_members(connection, self.created).items()}
        if self.named:
            connection.execute(aliases.insert(), [self._alias(name) for name in self.named])
        self._write_profiles(connection, now)

    def _alias(self, name: str) -> dict[str, Any]:
        owner = self.owners[name]
        assert owner is not None
        return {"alias": name, "member": self.numbers[owner]}

    def _write_profiles(self, connection: Connection, now: int) -> None:
        rows = [self._row(id_, instant) for id_, instant in sorted(self.entered)]
        supersede(connection, member_profiles, rows, [self._key(*one) for one in sorted(self.former)], now)
        due = [{"due_at": at, "member": self.numbers[id_], "organization": None} for id_, at in self.entered]
        note_due(connection, due, now)
        touched = {id_ for id_, _ in self.entered}
        refresh_present(connection, {self.numbers[id_] for id_ in touched}, now)
        # A new member's events are still to come.
        fold_again(connection, {self.numbers[id_] for id_ in touched.difference(self.created)}, now)

    def _key(self, id_: str, instant: int) -> dict[str, Any]:
        return {"member": self.numbers[id_], "valid_from": instant}

    def _row(self, id_: str, instant: int) -> dict[str, Any]:
        profile = self.histories[id_][instant]
        return {
            **self._key(id_, instant),
            "name": profile.name,
            "email": profile.email,
            "organization": self.organizations[profile.organization] if profile.organization else None,
            "roles": msgspec.json.encode(profile.roles).decode(),
            "time_zone": profile.time_zone,
            "locale": profile.locale,
            "region": profile.region,
            "tags": msgspec.json.encode(profile.tags).decode(),
            "phone": profile.phone,
            "title": profile.title,
            "listed": profile.listed,
        }


def _as_chosen(profile: MemberProfile, chosen: Preferences) -> MemberProfile:
    return replace(
        profile,
        time_zone=chosen.time_zone or profile.time_zone,
        locale=chosen.locale or profile.locale,
        listed=profile.listed and not chosen.unlisted,
    )


def prefer(connection: Connection, member: int, chosen: Preferences, now: int) -> list[Fault]:
    """What a member chose for herself holds from now on; -> what is wrong with it."""
    take_turns(connection)
    faults = [*checks.time_zone("time_zone", chosen.time_zone), *checks.locale("locale", chosen.locale)]
    if faults:
        return faults
    preferences.write(connection, member, chosen, now)
    stood = profile_at(connection, member, now)
    assert stood, "who signs in has a profile"
    id_ = names(connection, member)[0]
    wanted = replace(stood, time_zone=chosen.time_zone, locale=chosen.locale, listed=not chosen.unlisted)
    # What is dated ahead is entered once more: it was before she chose.
    ahead = [(at, profile) for _, at, profile in _stored_profiles(connection, [member]) if at > now]
    records = [MemberRecord(id_, profile, (), at) for at, profile in [(now, wanted), *sorted(ahead, key=itemgetter(0))]]
    outcomes = upsert(connection, records, now).outcomes
    return [fault for outcome in outcomes for fault in outcome.faults]


def deactivate(connection: Connection, member: int, by: str, reason: str | None, now: int) -> bool:
    """End a member's part in the hub. `by` says who did it. False where it has ended already."""
    take_turns(connection)
    if connection.execute(select(deactivations.c.at).where(*_deactivated(member))).first():
        return False
    row = {"member": member, "at": now, "by": by, "reason": reason}
    connection.execute(deactivations.insert(), row)
    refresh_present(connection, [member], now)
    return True


def reactivate(connection: Connection, member: int, now: int) -> list[str]:
    """Undo a deactivation. All names of the member, for whose events it may now be time; none where it was active."""
    take_turns(connection)
    ended = connection.execute(update(deactivations).where(*_deactivated(member)).values(ended_at=now))
    if not ended.rowcount:
        return []
    refresh_present(connection, [member], now)
    return names(connection, member)


def _deactivated(member: int) -> tuple[ColumnElement[bool], ...]:
    return deactivations.c.member == member, deactivations.c.ended_at.is_(None)


def names(connection: Connection, member: int) -> list[str]:
    """The id of a member, the ids of those merged into it, and the aliases."""
    id_ = connection.execute(select(members.c.id).where(members.c.no == member)).scalar_one()
    merged = select(members.c.id).join(merges, merges.c.member == members.c.no).where(merges.c.root == member)
    others = select(aliases.c.alias).where(aliases.c.member == member)
    return [id_, *sorted({*connection.scalars(merged), *connection.scalars(others)})]


def profile_at(connection: Connection, member: int, time: int) -> MemberProfile | None:
    """What the member is at that time: what a change of single fields from then on starts from."""
    return next(iter(profiles_at(connection, [member], time).values()), None)


def profiles_at(connection: Connection, numbers: Collection[int], time: int) -> dict[str, MemberProfile]:
    """What these members are at that time, by id."""
    histories: dict[str, dict[int, MemberProfile]] = {}
    for id_, valid_from, profile in _stored_profiles(connection, numbers):
        histories.setdefault(id_, {})[valid_from] = profile
    found = ((id_, in_force(history, time)) for id_, history in histories.items())
    return {id_: profile for id_, profile in found if profile is not None}


def search(
    connection: Connection, prefix: str, limit: int = MAX_FOUND, within: Collection[int] | None = None
) -> list[Found]:
    """Active members whose name begins like this, whatever the case, by name. `within`: only of these organizations."""
    start = prefix.strip().casefold()
    if not is_name(start):
        return []
    t = present.c
    query = (
        select(t.member, members.c.id, t.name)
        .join(members, members.c.no == t.member)
        .where(t.name_folded >= start, t.name_folded < start + "\U0010ffff", t.active)
        .order_by(t.name_folded, members.c.id)
        .limit(min(limit, MAX_FOUND))
    )
    if within is not None:
        query = query.where(among(connection, t.organization, within))
    return [Found(*row) for row in connection.execute(query)]


def _stored_profiles(connection: Connection, numbers: Collection[int]) -> list[tuple[str, int, MemberProfile]]:
    """Id, `valid_from` and profile of each row of these members that the hub knows now."""
    t = member_profiles.c
    whole = member_profiles.join(members, members.c.no == t.member)
    whole = whole.outerjoin(organizations, organizations.c.no == t.organization)
    columns = (t.name, t.email, organizations.c.id, t.roles, t.time_zone, t.locale, t.region, t.tags)
    query = select(members.c.id, t.valid_from, *columns, t.phone, t.title, t.listed).select_from(whole)
    rows = connection.execute(query.where(among(connection, t.member, numbers), known_now(member_profiles))).all()
    return [(id_, valid_from, _stored_profile(*told)) for id_, valid_from, *told in rows]


def _stored_profile(
    name: str, email: str | None, organization: str | None, roles: str, zone: str | None, locale: str | None,
    region: str | None, tags: str, phone: str | None, title: str | None, listed: bool,
) -> MemberProfile:  # fmt: skip
    return MemberProfile(
        name, email, organization, listing(roles), zone, locale, region, listing(tags), phone, title, listed
    )
