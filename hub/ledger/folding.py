"""From undigested entries to what is to be written: profiles, progress, the fold, for each member of a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

import msgspec
import structlog
from sqlalchemy import Connection, or_, select, text

from hub.db import on_sqlite
from hub.directory import merges, profiles, targets
from hub.directory.sets import among
from hub.gamification import counting, engine
from hub.gamification.events import MERGED, REVERSED, REVOKED, Event, Place
from hub.gamification.outcome import Outcome
from hub.gamification.plan import Plan
from hub.gamification.profiles import Profile, Timeline
from hub.gamification.progress import (
    Decided,
    Given,
    Kept,
    Parts,
    State,
    Unloaded,
    beginning,
    packable,
    thawed,
    unpacked,
)
from hub.gamification.versions import END
from hub.ledger import changeover, closing, log, refold, reversals
from hub.ledger.tables import awards, entries, goals_reached, progress, progress_parts, revocations
from hub.signals import queue, refolds

_log = structlog.get_logger()

pack = msgspec.msgpack.Encoder(enc_hook=str).encode
unpack = msgspec.msgpack.Decoder().decode


#: Awards that stand: the keys of the kept ones, and all of them by key.
Facts: TypeAlias = tuple[set[str], dict[str, Kept]]


class Gone(NamedTuple):
    """A member who became part of another one, and how she stood then."""

    member: int
    into: int
    folded: refold.Folded


@dataclass(slots=True)
class Result:
    """What one member's fold came to. `folded`: from the beginning, so that it replaces all that stood. `joined`: who
    became part of this member, those first that became part of others of them; nothing stands of them any more.
    """

    who: int
    state: bytes
    parts: list[tuple[str, bytes]]
    outcome: Outcome
    folded: refold.Folded | None = None
    published: bool = False  # folded with a newer version than it stood with
    digested: list[int] = field(default_factory=list)
    joined: tuple[Gone, ...] = ()

    @property
    def rows(self) -> int:
        """About how many rows it comes to."""
        told = self.outcome
        return 1 + len(self.parts) + len(told.effects) + len(told.values) + len(told.organizations) + len(self.digested)


def nothing(plan: Plan, who: int) -> Result:
    """Of a member of whom nothing stands any more."""
    state, parts, outcome = beginning(plan), Parts(whole=True), Outcome()
    return Result(who, pack(packable(state)), [], outcome, refold.Folded(state, parts, outcome, {}), published=True)


@dataclass(slots=True)
class Folding:
    """A batch's results, and whose fold failed with what error."""

    results: list[Result] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)


def fold_all(
    connection: Connection,
    plan: Plan,
    new: dict[int, list[Event]],
    again: Iterable[int],
    now: int,
    before: int | None = None,
    seconds: float | None = None,
) -> Folding:
    """Fold the new entries of each member (in the log's order); those in `again` from the beginning. Who has waited the
    longest comes first, and after `seconds` no further member is begun: the rest have neither result nor fault.

    `before`: by what was known before that instant.
    """
    began = monotonic()
    batch = _Batch(connection, plan, new, set(again), now, before)
    folding = Folding()
    for who in sorted(new.keys() | batch.again, key=lambda who: (new[who][0].entry if who in new else END, who)):
        if seconds is not None and monotonic() - began > seconds and (folding.results or folding.failed):
            break
        try:
            result = batch.fold(who)
        except Exception as error:  # noqa: BLE001 - a member whose fold fails is set aside; the others go on
            _log.exception("fold failed", member=who)
            folding.failed[who] = f"{type(error).__name__}: {error}"
        else:
            result.digested = [event.entry for event in batch.new.get(who, ())]
            folding.results.append(result)
    return folding


class _Batch:
    """What the members of one batch need, loaded together."""

    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        new: dict[int, list[Event]],
        again: set[int],
        now: int,
        before: int | None = None,
        *,
        pending: bool = True,
    ) -> None:
        self.connection, self.plan, self.new, self.now = connection, plan, new, now
        self.versions: dict[int, int] = {}  # of the progress of those that another version, or hub, has folded
        self.states = self._states(new.keys() | again)
        self.taken_back = reversals.taken_back(connection, [event.entry for mine in new.values() for event in mine])
        self.again = again | {who for who in new if self._is_behind(who)}
        # A fold from the beginning costs the same for one new entry as for all that wait.
        self.new = new | waiting(connection, self.again, before) if pending else new
        everybody = sorted(new.keys() | self.again)
        self.timelines = profiles.timelines(connection, [who for who in everybody if who > 0], before)
        self.targets = targets.own(connection, [who for who in everybody if who > 0], before)
        self.closed = closing.closed(connection)
        self.decided = _decided(connection, self.again, self.closed)
        self.learnt = self._learnt(END if before is None else before)
        self.parts = self._parts([who for who in everybody if who not in self.again])
        self.kept = facts(connection, self._with_kept(everybody))
        self.barred = barred(connection, everybody)

    def _states(self, who: Iterable[int]) -> dict[int, State]:
        rows = connection_rows(self.connection, progress, list(who))
        newest = self.plan.newest.number
        mine = changeover.mark(newest)
        behind = [row for row in rows if row.version not in (0, mine)]
        self.versions |= {row.member: min(changeover.version_of(row.version), newest) for row in behind}
        return {row.member: unpacked(self.plan, unpack(row.state)) for row in rows if row.version == mine}

    def _learnt(self, before: int) -> dict[int, list[int]]:
        """When the hub learned something of those that are folded again while entries of theirs waited, or versions."""
        since = {who: at for who in self.again if who > 0 and (at := self._unread_since(who)) is not None}
        if not since:
            return {}
        found = profiles.changes(self.connection, list(since), min(since.values()), before)
        return {who: [at for at in learnt if at > since[who]] for who, learnt in found.items()}

    def _unread_since(self, who: int) -> int | None:
        """When the first came of what this fold reads for the first time: an entry, a version."""
        first = [event.known_at for event in self.new.get(who, ())[:1]]
        if who in self.versions:
            first += [one.published_at for one in self.plan.published_since(self.versions[who])[:1]]
        return min(first, default=None)

    def _is_behind(self, who: int) -> bool:
        """Whether its new entries cannot simply be added: an older version's progress, or one belongs earlier, or takes
        another back.

        Earlier in the log too: a writer may have committed late, after what was known later was digested, or a version
        was published since.
        """
        state = self.states.get(who)
        if who in self.versions or self.new[who][0].read <= (state.read if state else self.plan.newest.read):
            return True
        place = state.last if state else None
        for event in self.new[who]:
            if (place is not None and event.place < place) or self._is_reversal(event):
                return True
            place = event.place
        return False

    def _is_reversal(self, event: Event) -> bool:
        """Whether it takes an event or an award back, or is one that is taken back; or brings another's log."""
        return event.type in (REVERSED, REVOKED, MERGED) or event.entry in self.taken_back

    def _with_kept(self, everybody: Iterable[int]) -> list[int]:
        return [who for who in everybody if who in self.again or (who in self.states and self.states[who].kept)]

    def _parts(self, who: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The parts that the new events of these members may read."""
        wanted = [
            (one, name)
            for one in who
            if one in self.states
            for name in {name for event in self.new[one] for name in engine.needs(self.plan, event)}
        ]
        found: dict[int, dict[str, Any]] = {}
        for member, part, content in _stored_parts(self.connection, wanted):
            found.setdefault(member, {})[part] = self.thaw(part, content)
        return found

    def thaw(self, part: str, content: bytes) -> Any:
        return thawed_part(self.plan, part, content)

    # One member

    def fold(self, who: int) -> Result:
        if who in self.again:
            return self._fold_again(who)
        state = self.states.pop(who, None) or beginning(self.plan)
        parts = Parts(dict(self.parts.get(who, {})))
        try:
            outcome = engine.fold(self.plan, state, parts, self.new[who], self.given(who))
        except Unloaded:
            # The fold may have gone half way: it begins anew with all that the member has.
            state = self._states([who]).get(who) or beginning(self.plan)
            parts = self._all_parts(who)
            outcome = engine.fold(self.plan, state, parts, self.new[who], self.given(who))
        if outcome.due_again:
            self._go_back(who)
            return self._fold_again(who)
        changed = [(name, pack(parts.found[name])) for name in sorted(parts.changed)]
        return Result(who, pack(packable(state)), changed, outcome)

    def _go_back(self, who: int) -> None:
        """Load what a fold from the beginning needs of somebody who was to be folded on."""
        self.again.add(who)
        self.kept |= facts(self.connection, [who])
        self.decided |= _decided(self.connection, [who], self.closed)

    def _all_parts(self, who: int) -> Parts:
        rows = connection_rows(self.connection, progress_parts, [who])
        return Parts({row.part: self.thaw(row.part, row.content) for row in rows}, whole=True)

    def given(self, who: int) -> Given:
        if who < 0:
            return Given(Timeline([0], [Profile(organization=-who)]), self.now, who=who)
        kept, standing = self.kept.get(who, (set(), {}))
        return Given(
            self.timelines.get(who) or Timeline([0], [Profile()]),
            self.now,
            self.targets.get(who, {}),
            tuple(standing[key] for key in sorted(kept)),
            {key: fact.points for key, fact in standing.items()},
            self.closed,
            self.decided.get(who, ()),
            self.barred.get(who, frozenset()),
            who,
        )

    def _fold_again(self, who: int) -> Result:
        new = self.new.get(who, ())
        read = self._read(who, new)
        kept, standing = self.kept.get(who, (set(), {}))
        version = self.versions.get(who, self.plan.newest.number)
        folded = refold.again(
            self.plan, read.entries, read.numbers, standing, kept, read.given, version, read.learnt, joined=read.joined
        )
        parts = [(name, pack(content)) for name, content in sorted(folded.parts.found.items())]
        published = who in self.versions
        gone = tuple(read.gone)
        return Result(who, pack(packable(folded.state)), parts, folded.outcome, folded, published, joined=gone)

    def _read(self, who: int, new: Sequence[Event]) -> _Read:
        """All entries of a member, and what is known of her, to be read from the beginning."""
        given = replace(self.given(who), kept=(), posted={})
        given, learnt = given_in_turn(self.connection, given, self.learnt.get(who, ()))
        joining = joins(self.connection, self.plan, who, new, given.decided) if who > 0 else Joining()
        own = [event for event in new if event.entry not in joining.brought]
        entries = [*known(self.connection, who, new), *own]
        return _Read(entries, {event.entry for event in own}, given, learnt, joining.joined, joining.gone)

    def draft(self, who: int, drafts: Sequence[Plan], coming: list[Event], since: int, *, again: bool) -> Drafted:
        try:
            return self._draft(who, drafts, coming, since, again)
        except Exception:  # noqa: BLE001 - as in a digest: the others go on
            _log.exception("fold of a draft failed", member=who)
            return Drafted(who, {}, None, ())

    def _draft(self, who: int, drafts: Sequence[Plan], coming: list[Event], since: int, again: bool) -> Drafted:
        new = self.new.get(who, ())
        kept, facts = self.kept.get(who, (set(), {}))
        read = self._read(who, new)
        given, entries = read.given, read.entries
        number, before = self.plan.newest.number, None
        version = self.versions.get(who, number)
        if new or again or version != number:
            before = refold.again(
                self.plan, entries, read.numbers, facts, kept, given, version, read.learnt, joined=read.joined
            )
            kept, facts = set(before.kept), before.facts()
            given = read.learnt[-1].given if read.learnt else given
        if read.joined:
            entries = [*entries, *(event for one in read.joined for event in one.entries)]
            given = replace(given, decided=read.joined[-1].decided)
        entries, numbers = [*entries, *coming], {event.entry for event in coming}
        traces = {drafts[-1]: frozenset(event.entry for event in entries if event.time >= since)}
        after = tuple(
            refold.again(one, entries, numbers, facts, kept, given, number, trace=traces.get(one, frozenset()))
            for one in drafts
        )
        return Drafted(who, given.timeline.at(self.now).values, before, after)


class _Read(NamedTuple):
    """What a fold from the beginning reads; `numbers`: of the entries that it reads for the first time."""

    entries: list[Event]
    numbers: set[int]
    given: Given
    learnt: list[refold.Learnt]
    joined: list[refold.Joined]
    gone: list[Gone]


@dataclass(slots=True)
class Joining:
    """Who becomes part of a member, in the log's order; `gone`: those who become part of others of them, too."""

    joined: list[refold.Joined] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)

    @property
    def brought(self) -> set[int]:
        """The entries that come with them."""
        return {event.entry for one in self.joined for event in one.entries}


def joins(
    connection: Connection,
    plan: Plan,
    who: int,
    new: Sequence[Event],
    decided: Sequence[Decided] = (),
    whole: Sequence[Decided] | None = None,
) -> Joining:
    """Who becomes part of this member by the entries in `new`. `decided`: the goals of hers that are.

    `whole`: read the others from their first entry on, as if nothing of them stood; these are all goals that are
    decided of any of them.
    """
    by = {event.entry: event for event in new if event.type == MERGED}
    if not by:
        return Joining()
    root = merges.root_of(connection, who)
    several = merges.into(connection, [root]).get(root, [])
    fresh = sorted((one for one in several if one.into == who and one.entry in by), key=lambda one: by[one.entry].read)
    others = [_other(connection, merge.member, by[merge.entry], merges.below(several, merge.member)) for merge in fresh]
    joining = Joining()
    if whole is not None:
        brought = set().union(*(other.numbers for other in others))
        decided = [one for one in whole if one.entry not in brought]
    for other in others:
        folded, gone = _as_she_stood(connection, plan, other, new, whole)
        decided = (*decided, *_decided_too(connection, other, decided, whole))
        joining.joined.append(refold.Joined(other.by, other.entries, folded, decided))
        joining.gone += [*gone, Gone(other.member, who, folded)]
    return joining


class _Other(NamedTuple):
    """Somebody who becomes part of another by an entry; `known_as`: the numbers that she and all who were part of her
    have; and their entries that were known before.
    """

    member: int
    by: Event
    known_as: set[int]
    entries: list[Event]

    @property
    def numbers(self) -> set[int]:
        return {event.entry for event in self.entries}


def _other(connection: Connection, member: int, by: Event, known_as: set[int]) -> _Other:
    told = log.of_members(connection, known_as)
    return _Other(
        member, by, known_as, sorted(event for mine in told.values() for event in mine if event.read < by.read)
    )


def _decided_too(
    connection: Connection, other: _Other, decided: Iterable[Decided], whole: Sequence[Decided] | None
) -> Iterator[Decided]:
    """The goals that were decided of the other, and not of whom she becomes part of."""
    mine = {(one.goal, one.window) for one in decided}
    if whole is None:
        theirs = _decided(connection, [other.member], closing.closed(connection)).get(other.member, ())
    else:
        numbers = other.numbers
        theirs = tuple(one for one in whole if one.entry in numbers)
    return (one for one in theirs if (one.goal, one.window) not in mine)


def _as_she_stood(
    connection: Connection,
    plan: Plan,
    other: _Other,
    new: Sequence[Event],
    whole: Sequence[Decided] | None,
) -> tuple[refold.Folded, list[Gone]]:
    """How somebody stood when she became part of another, and who had become part of her. Of her entries those in `new`
    were not read before.
    """
    member, by, events = other.member, other.by, other.entries
    plan = plan.as_of(plan.number_at(by.read))
    fresh = {event.entry for event in new}
    unread = [event for event in events if event.entry in fresh]
    until = by.known_at + 1
    given = replace(standing_given(connection, member, by.known_at, until), kept=(), posted={})
    kept, standing, version = set[str](), dict[str, Kept](), plan.versions[0].number
    if whole is None:
        kept, standing = facts(connection, [member]).get(member, (kept, standing))
        version = _folded_with(connection, member, plan.newest.number)
        ended = barred(connection, list(other.known_as)).values()
        given = replace(given, barred=frozenset[tuple[str, Place]]().union(*ended))
    joining = joins(connection, plan, member, unread, given.decided, whole)
    own = [event for event in events if event.entry not in joining.brought]
    if whole is not None:
        mine = {event.entry for event in own}
        given = replace(given, barred=(), decided=tuple(one for one in whole if one.entry in mine))
    first = min((event.known_at for event in unread), default=by.known_at)
    learnt = profiles.changes(connection, [member], first + 1, until).get(member, [])
    given, places = given_in_turn(connection, given, learnt)
    read_first = {event.entry for event in own if event.entry in fresh}
    folded = refold.again(plan, own, read_first, standing, kept, given, version, places, joined=joining.joined)
    return folded, joining.gone


def _folded_with(connection: Connection, member: int, newest: int) -> int:
    """The version that a member's progress was folded with."""
    rows = connection_rows(connection, progress, [member])
    return min(changeover.version_of(rows[0].version), newest) if rows and rows[0].version else newest


def given_in_turn(connection: Connection, given: Given, changes: Sequence[int]) -> tuple[Given, list[refold.Learnt]]:
    """What was known of the member before these instants, and what was known from each of them on."""
    if not changes:
        return given, []

    def known_before(instant: int) -> Given:
        timeline = profiles.timelines(connection, [given.who], instant).get(given.who)
        own = targets.own(connection, [given.who], instant).get(given.who, {})
        return replace(given, timeline=timeline or Timeline([0], [Profile()]), targets=own)

    return known_before(changes[0]), [refold.Learnt(at, known_before(at + 1)) for at in changes]


def barred(connection: Connection, members: Sequence[int]) -> dict[int, frozenset[tuple[str, Place]]]:
    """The awards that were ended by hand, by member, each with the place of the event that earned it."""
    t, of = revocations.c, merges.with_merged(connection, members)
    rows = select(t.member, t.key, t.time, t.source, t.id).join(entries, entries.c.no == t.by)
    found: dict[int, set[tuple[str, Place]]] = {}
    for member, key, *place in connection.execute(
        rows.where(among(connection, t.member, of), entries.c.type == REVOKED)
    ):
        found.setdefault(of[member], set()).add((key, (place[0], place[1], place[2])))
    return {member: frozenset(ended) for member, ended in found.items()}


# --------------------------------------------------------------------------------------------------------------- drafts


@dataclass(frozen=True, slots=True)
class Drafted:
    """One member, folded as drafts of the next version would have her. `before`: with all that waits for her, where
    anything does; None: as she stands. `profile`: what she is now. Without `after` the fold failed.
    """

    who: int
    profile: Mapping[str, Any]
    before: refold.Folded | None
    after: tuple[refold.Folded, ...]


def drafted(
    connection: Connection,
    plan: Plan,
    drafts: Sequence[Plan],
    released: Mapping[int, list[Event]],
    now: int,
    since: int,
) -> Iterator[Drafted]:
    """Fold each of these members (the keys of `released`) as publishing each draft would. `released`: the entries that
    its publication applies. Of the last draft, skips are told of what happened from `since` on. Writes nothing.
    """
    batch = _Batch(connection, plan, {}, set(released), now)
    asked = set(connection.scalars(select(refolds.c.member).where(among(connection, refolds.c.member, released))))
    for who, coming in sorted(released.items()):
        yield batch.draft(who, drafts, coming, since, again=who in asked)


def waiting(connection: Connection, members: Iterable[int], before: int | None = None) -> dict[int, list[Event]]:
    """All undigested entries of these members, in the log's order; only those known before that instant."""
    organizations = {-who for who in members if who < 0}
    people = merges.with_merged(connection, {who for who in members if who > 0})
    rows = connection.execute(
        select(queue.c.entry, queue.c.member, queue.c.organization).where(
            or_(among(connection, queue.c.member, people), among(connection, queue.c.organization, organizations))
        )
    )
    found = in_log_order(
        connection, {entry: people[member] if member else -organization for entry, member, organization in rows}
    )
    if before is None:
        return found
    known = {who: [event for event in events if event.known_at < before] for who, events in found.items()}
    return {who: events for who, events in known.items() if events}


def in_log_order(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Event]]:
    """These entries by whom they are of, each list in the log's order."""
    events = log.of_entries(connection, owners)
    found: dict[int, list[Event]] = {}
    for event in sorted(events.values(), key=lambda event: event.read):
        found.setdefault(owners[event.entry], []).append(event)
    return found


def digested(connection: Connection, who: int) -> list[Event]:
    """The events that make up what stands of the member, in canonical order."""
    return refold.standing(known(connection, who))


def known(connection: Connection, who: int, taken: Sequence[Event] = ()) -> list[Event]:
    """All entries of the member that were digested before, reversals and what they took back too; and those of who
    became part of it by one of them.
    """
    if who < 0:
        events = log.of_organizations(connection, [-who])[-who]
    else:
        told = log.of_members(connection, _numbers(connection, who, {event.entry for event in taken}))
        events = sorted(event for mine in told.values() for event in mine)
    undigested = log.pending(connection, [event.entry for event in events]) | {event.entry for event in taken}
    return [event for event in events if event.entry not in undigested]


def known_of(connection: Connection, everybody: Sequence[int]) -> dict[int, list[Event]]:
    """As `known`, of several, whose entries are read together."""
    several = merges.into(connection, [who for who in everybody if who > 0])
    alone = [who for who in everybody if who not in several]
    told = log.of_members(connection, [who for who in alone if who > 0])
    firms = log.of_organizations(connection, [-who for who in alone if who < 0])
    told |= {-organization: events for organization, events in firms.items()}
    undigested = log.pending(connection, [event.entry for events in told.values() for event in events])
    if undigested:
        told = {who: [event for event in events if event.entry not in undigested] for who, events in told.items()}
    return told | {who: known(connection, who) for who in several}


def _numbers(connection: Connection, who: int, taken: Collection[int]) -> set[int]:
    """The numbers that the member's digested entries have."""
    several = merges.into(connection, [who]).get(who, [])
    undigested = log.pending(connection, [merge.entry for merge in several]).union(taken) if several else set()
    return merges.below([merge for merge in several if merge.entry not in undigested], who)


@dataclass(frozen=True, slots=True)
class Stands:
    """A member's state under the newest version. `anew`: where her progress is of an older one, the fold that it comes
    from; values, goals and objects in the database are of that older version then.
    """

    state: State
    anew: refold.Folded | None = None


def stands(connection: Connection, plan: Plan, member: int, now: int) -> Stands:
    """What a member has come to by all that was digested: as it stands, or where that is of an older version, folded
    for the purpose.
    """
    rows = connection_rows(connection, progress, [member])
    if not rows or not rows[0].version:
        return Stands(beginning(plan))
    if rows[0].version == changeover.mark(plan.newest.number):
        return Stands(unpacked(plan, unpack(rows[0].state)))
    folded = _Batch(connection, plan, {}, {member}, now, pending=False).fold(member).folded
    assert folded is not None, "who is in `again` is folded from the beginning"
    return Stands(folded.state, folded)


def current(connection: Connection, plan: Plan, members: Sequence[int]) -> dict[int, State]:
    """What these members have come to, of those whose progress is of the newest version."""
    rows = connection_rows(connection, progress, members) if members else []
    newest = changeover.mark(plan.newest.number)
    return {row.member: unpacked(plan, unpack(row.state)) for row in rows if row.version == newest}


def given_of(connection: Connection, member: int, now: int, before: int | None = None) -> Given:
    """Profile and targets of a member, to read its standing by; as they were known before that instant."""
    if member < 0:
        return Given(Timeline([0], [Profile(organization=-member)]), now, who=member)
    own = targets.own(connection, [member], before).get(member, {})
    if before is not None:
        timeline = profiles.timelines(connection, [member], before).get(member) or Timeline([0], [Profile()])
        return Given(timeline, now, own, who=member)
    return Given(profiles.of_member(connection, member), now, own, who=member)


def standing_given(connection: Connection, member: int, now: int, before: int | None = None) -> Given:
    """As `given_of`, with the member's facts: what a fold from the beginning needs to come out as the member stands."""
    given = given_of(connection, member, now, before)
    return _with_facts(connection, {member: given}, facts(connection, [member]))[member]


def standing_given_of(
    connection: Connection, everybody: Sequence[int], found: Mapping[int, Facts], now: int
) -> dict[int, Given]:
    """As `standing_given`, of several, whose facts were found before."""
    people = [who for who in everybody if who > 0]
    timelines, own = profiles.timelines(connection, people), targets.own(connection, people)
    given = {who: given_of(connection, who, now) for who in everybody if who < 0}
    for who in people:
        given[who] = Given(timelines.get(who) or Timeline([0], [Profile()]), now, own.get(who, {}), who=who)
    return _with_facts(connection, given, found)


def _with_facts(connection: Connection, given: Mapping[int, Given], found: Mapping[int, Facts]) -> dict[int, Given]:
    closed, ended = closing.closed(connection), barred(connection, list(given))
    decided, complete = _decided(connection, given, closed), {}
    for who, one in given.items():
        kept, standing = found.get(who, (set(), {}))
        stand = tuple(standing[key] for key in sorted(kept))
        posted = {key: fact.points for key, fact in standing.items()}
        mine, hers = decided.get(who, ()), ended.get(who, frozenset())
        complete[who] = replace(one, kept=stand, posted=posted, closed=closed, decided=mine, barred=hers)
    return complete


def objects(connection: Connection, plan: Plan, member: int, metric: str, window: str) -> list[tuple[Any, Any]]:
    """The objects of a metric in a window, each with its tally."""
    t = progress_parts.c
    prefix = counting.objects(metric, window)
    rows = connection.execute(
        select(t.part, t.content).where(t.member == member, t.part >= prefix, t.part < prefix[:-1] + "0")
    )
    return [_object(thawed_part(plan, part, content)) for part, content in rows]


def objects_of(parts: Parts, metric: str, window: str) -> list[tuple[Any, Any]]:
    """As `objects`, of a fold at hand."""
    return [_object(part) for _, part in parts.under(counting.objects(metric, window))]


def _object(part: Any) -> tuple[Any, Any]:
    thing, tally = part
    return Decimal(thing[0]) if isinstance(thing, list) else thing, tally


def connection_rows(
    connection: Connection, table: Any, members: Sequence[int], column: str = "member"
) -> Sequence[Any]:
    return connection.execute(select(table).where(among(connection, table.c[column], members))).all()


def _stored_parts(connection: Connection, wanted: Sequence[tuple[int, str]]) -> Iterable[tuple[int, str, bytes]]:
    """What is stored of these parts of these members."""
    if not wanted:
        return ()
    values: dict[str, Any]
    if on_sqlite(connection):
        query, values = _PARTS_SQLITE, {"wanted": msgspec.json.encode(wanted).decode()}
    else:
        members, parts = zip(*wanted, strict=True)
        query, values = _PARTS_POSTGRES, {"members": list(members), "parts": list(parts)}
    return [tuple(row) for row in connection.execute(text(query), values)]


# Joins of pairs: a set of members and a set of names would look for each name with each member.
_PARTS_SQLITE = """
SELECT p.member, p.part, p.content FROM json_each(:wanted) AS k
CROSS JOIN progress_parts AS p ON p.member = k.value ->> 0 AND p.part = k.value ->> 1
"""
_PARTS_POSTGRES = """
SELECT p.member, p.part, p.content
FROM unnest(CAST(:members AS bigint[]), CAST(:parts AS text[])) AS k (member, part)
JOIN progress_parts AS p ON p.member = k.member AND p.part = k.part COLLATE "C"
"""


def thawed_part(plan: Plan, part: str, content: bytes) -> Any:
    """A part as the engine wrote it; decimals in an object's tally come back as they were."""
    found = unpack(content)
    kind, metric, *_ = part.split("/", 2)
    if kind == "object":
        found[1] = thawed(plan.program.metrics[metric].take, found[1])
    return found


def _decided(
    connection: Connection, members: Iterable[int], closed: Collection[tuple[str, str]]
) -> dict[int, tuple[Decided, ...]]:
    """Goals reached in windows that are final, by member."""
    found: dict[int, tuple[Decided, ...]] = {}
    for row in connection_rows(connection, goals_reached, list(members)) if closed else ():
        if (row.goal, row.window) in closed:
            one = Decided(row.goal, row.window, row.points, row.badge, (row.at, row.source, row.id), row.entry)
            found[row.member] = (*found.get(row.member, ()), one)
    return found


def facts(connection: Connection, members: Sequence[int]) -> dict[int, Facts]:
    """The awards that stand, by member."""
    found: dict[int, Facts] = {}
    if not members:
        return found
    for row in connection_rows(connection, awards, members):
        kept, standing = found.setdefault(row.member, (set(), {}))
        place = (row.time, row.source, row.id)
        standing[row.key] = Kept(
            row.key, row.kind, row.badge, row.tier, row.object, row.window, row.points, place, row.entry, row.version
        )
        if row.kept is not None:
            kept.add(row.key)
    return found
