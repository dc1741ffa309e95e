"""A hub to which anything may happen, and beside it the model of `tests/model`, which is told the same.

Rules are what people and other systems do, in the ways in which they do it: events through the door, acts by the
functions that pages and the API call. The clock goes on by a second with each, so that the log has one order. A worker
may die in the middle of a digest: its connection breaks at a statement or a commit, and a new app begins on the same
database. What is asked whenever all is digested, is in `answers`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta, timezone
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any, NamedTuple

import msgspec
import psycopg
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import SQLAlchemyError

from hub import clock
from hub.db import db, reader, transaction
from hub.directory import lookup, members, organizations, targets
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.targets import TargetRecord
from hub.gamification.faults import Fault
from hub.gamification.windows import local_date
from hub.identity import keys
from hub.jobs import refresh_profiles
from hub.ledger import acts, digest, entry, log, pauses, programs, replay, verify
from hub.ledger.arrivals import decode_data
from hub.ledger.tables import awards
from tests.app import started
from tests.databases import Databases
from tests.gamification.telling import written
from tests.ledger import answers
from tests.model import (
    Activity,
    AwardKey,
    Entry,
    MemberRow,
    OrganizationRow,
    PlaceInLog,
    Published,
    Reversal,
    Revoked,
    Target,
    World,
)
from tests.model.drawing import AMOUNTS, NAMES, OFFSETS, START, Draft, Drawer
from tests.model.known import calendar_of
from tests.model.times import HOUR, MINUTE

DAY = 24 * HOUR
SINCE = START - 35 * DAY
PEOPLE, NEWCOMER, FIRMS = ("ada", "bo"), "cy", ("acme", "bora")
ANYBODY = (*PEOPLE, NEWCOMER)
ZONES = (None, "UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Pacific/Honolulu")
SOURCES = {"hub.visited": "hub", "module.completed": "lms", "mdf.spent": "erp"}


class LiveDrawer(Drawer):
    """Programs of which windows become final before the story ends, with what closing brings."""

    def head(self) -> str:
        return super().head().replace("336h", self.one(("0h", "12h", "72h", "336h")))

    def goal(self, more: str = "") -> str:
        goal = super().goal(more)
        return goal if "of_previous" in goal else goal[:-1] + self.maybe(", direction: at_most", 4) + "}"

    def board(self) -> str:
        board = super().board()[:-1]
        if "whose: organization" not in board:
            board += self.maybe(", prizes: [{rank: 1, points: 7}, {rank: 2, points: 3, badge: d0}]", 2)
        return board + "}"


def declaring(text: str) -> str:
    """A program that declares one type of events more: until then those are held."""
    text = text.replace("  mdf.spent:", "  lead.won: {attributes: {amount: {type: number}}}\n  mdf.spent:")
    return text.replace("\nmetrics:\n", "\nmetrics:\n  leads: {event: lead.won, take: count}\n")


class Happening(NamedTuple):
    """What an event is drawn from."""

    kind: str
    who: str
    late: int  # hours
    minutes: int
    offset: int
    amount: Any
    name: str | None
    other: str | None


KINDS = ("deal.won", "deal.won", "deal.won", "deal.lost", "hub.visited", "module.completed", "mdf.spent", "lead.won")
LATE = (0, 0, 0, 1, 5, 24, 30, 5 * 24, 12 * 24, 30 * 24)
happenings = st.builds(
    Happening,
    st.sampled_from(KINDS),
    st.sampled_from(ANYBODY),
    st.sampled_from(LATE),
    st.sampled_from((0, 0, 15, 30)),
    st.sampled_from(OFFSETS),
    st.sampled_from(AMOUNTS),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
)


@dataclass(frozen=True)
class Sent:
    """An event as it is sent, and as the model knows it."""

    body: dict[str, Any]
    entry: Entry


def sent(one: Happening, id_: str, now: int) -> Sent:
    time = now - one.late * HOUR - one.minutes * MINUTE
    # Late ones meet in one instant.
    time -= time % (HOUR if one.late else 1)
    firm = FIRMS[ANYBODY.index(one.who) % len(FIRMS)] if one.kind == "mdf.spent" else None
    source = SOURCES.get(one.kind, "crm")
    data = _data(one)
    local = clock.moment(time).astimezone(timezone(timedelta(minutes=one.offset)))
    body = {"id": id_, "source": source, "type": one.kind, "subject": firm or one.who, "data": data}
    body["time"] = local.isoformat()
    return Sent(body, Entry(source, id_, one.kind, time, one.offset, data, None if firm else one.who, firm))


def _data(one: Happening) -> dict[str, Any]:
    if one.kind == "deal.won":
        return {"amount": one.amount, "deal": one.name, "big": True if one.other == "a" else None}
    if one.kind == "deal.lost":
        return {"amount": one.amount, "deal": one.name}
    if one.kind == "module.completed":
        return {"course": one.name, "module": one.other, "score": one.amount}
    return {} if one.kind == "hub.visited" else {"amount": one.amount}


# ------------------------------------------------------------------------------------------------------------ mishaps


class Died(BaseException):
    """A process was killed here: nobody catches it."""


@contextmanager
def dying(statements: int) -> Iterator[None]:
    """After so many statements, or commits, of the block its connection breaks and nothing more is done."""
    left = statements

    def count(connection: Connection, *_: Any) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            connection.connection.driver_connection.close()  # type: ignore[union-attr]
            raise Died

    engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    try:
        yield
    except (Died, SQLAlchemyError, sqlite3.Error, psycopg.Error):
        if left >= 0:
            raise
    finally:
        event.remove(engine, "before_cursor_execute", count)
        event.remove(engine, "commit", count)


# ------------------------------------------------------------------------------------------------------------ the hub


class Hub(RuleBasedStateMachine):
    databases: Databases
    dialect: str

    def __init__(self) -> None:
        super().__init__()
        self.now = START + 6 * HOUR
        self.world = World(self.now)
        self.learned: list[PlaceInLog] = []
        self.sent: list[Sent] = []
        self.coming: list[Sent] = []  # reversed before they come
        self.held: list[Entry] = []
        self.names = 0
        self.waits = True  # whether there may be something to digest
        self.url = self.databases.migrated(self.dialect)
        self.folder = Path(mkdtemp(dir=self.databases.folder))
        self._start()

    def _start(self) -> None:
        self.process = started(self.url, self.folder)
        self.app = next(self.process)
        self._set_clock()

    def _stop(self) -> None:
        for _ in self.process:
            raise AssertionError("it has ended")

    def teardown(self) -> None:
        self._stop()
        self.databases.drop_all()

    def _set_clock(self) -> None:
        clock.set_source(clock.moment(self.now).isoformat())

    def _tick(self) -> None:
        self.now += clock.SECOND
        self._set_clock()
        self.waits = True

    def _learn(self, place: PlaceInLog) -> None:
        self.learned.append(place)
        self.world.close(place.known_at)
        self.world.take(place)

    @initialize(seed=st.integers(0, 2**32))
    def begins(self, seed: int) -> None:
        self.drawer = LiveDrawer(Random(seed))
        with transaction() as connection:
            scopes = ("events:write", "events:reverse")
            made = keys.create(connection, "all", scopes, clock.now(), ("crm", "lms", "erp", "hub"))
        assert isinstance(made, tuple)
        self.headers = {"Authorization": f"Bearer {made[1]}", "Content-Type": "application/json"}
        for firm in FIRMS:
            self._enter_organization(firm, "gold", "emea", SINCE)
        self._publish(self.drawer.draft(), None, declares=False)
        for who in PEOPLE:
            self._enter_member(who, MemberProfile(who.title(), None, "acme", ("sales_rep",)), SINCE)

    # Events.

    def _name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def _post(self, bodies: Sequence[dict[str, Any]]) -> list[str]:
        body = msgspec.json.Encoder(decimal_format="number").encode(bodies)
        answer = self.app.test_client().post("/api/v1/events", data=body, headers=self.headers)
        assert answer.status_code in (202, 409), answer.data
        return [result["status"] for result in msgspec.json.decode(answer.data)["results"]]

    @rule(some=st.lists(happenings, min_size=1, max_size=4))
    def post(self, some: list[Happening]) -> None:
        self._tick()
        self._send([sent(one, self._name("e"), self.now) for one in some])

    @precondition(lambda self: self.coming)
    @rule()
    def post_what_was_reversed_ahead(self) -> None:
        self._tick()
        self._send([self.coming.pop()])

    def _send(self, some: Sequence[Sent]) -> None:
        statuses = self._post([one.body for one in some])
        assert statuses == ["held" if self._awaits(one.entry) else "accepted" for one in some]
        for one in some:
            self.sent.append(one)
            self.held.append(one.entry)
        self._release()

    def _awaits(self, one: Entry) -> bool:
        """Whether its type, or whoever it is about, is not there yet."""
        known = self.world.known
        if one.type not in known.program.events and not one.type.startswith("hub."):
            return True
        return one.member is not None and not self._takes_part(one.member)

    def _takes_part(self, who: str) -> bool:
        return bool(self.world.known.rows(who)) and self.world.known.is_active(who)

    def _release(self) -> None:
        """What awaits nothing is known from now on, in the order in which it came."""
        for one in list(self.held):
            if not self._awaits(one):
                self.held.remove(one)
                self._learn(replace(one, known_at=self.now))

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 99), otherwise=st.booleans())
    def post_again(self, which: int, otherwise: bool) -> None:
        self._tick()
        one = self.sent[which % len(self.sent)]
        body = {**one.body, "data": {**one.body["data"], "more": 1}} if otherwise else one.body
        assert self._post([body]) == ["conflict" if otherwise else "duplicate"]

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 99))
    def reverse(self, which: int) -> None:
        one = self.sent[which % len(self.sent)]
        if one.entry.source != "hub":
            self._reverse(one)

    @rule(one=happenings.filter(lambda one: one.kind != "hub.visited"))
    def reverse_ahead(self, one: Happening) -> None:
        self.coming.append(sent(one, self._name("e"), self.now))
        self._reverse(self.coming[-1])

    def _reverse(self, one: Sent) -> None:
        self._tick()
        named = {"source": one.entry.source, "id": one.entry.id}
        body = {"id": self._name("r"), "source": one.entry.source, "type": "event.reversed", "data": named}
        assert self._post([body | {"time": one.body["time"]}]) == ["accepted"]
        self._learn(Reversal(one.entry.source, one.entry.id, self.now))

    # The program, and what the hub knows of people.

    @rule(days_ago=st.sampled_from((None, None, 0, 1, 5)), declares=st.booleans())
    def publish(self, days_ago: int | None, declares: bool) -> None:
        from_ = None if days_ago is None else self.now - days_ago * DAY
        self._publish(self.drawer.changed(self.draft), from_, declares=declares)

    def _publish(self, draft: Draft, from_: int | None, *, declares: bool) -> None:
        self._tick()
        self.draft = draft
        text = declaring(draft.text) if declares else draft.text
        with transaction() as connection:
            made = programs.publish_text(connection, text, clock.now(), in_force_from=from_)
        assert not isinstance(made, list), made
        self._learn(Published(made.program, from_, self.now))
        self._release()

    @rule(
        who=st.sampled_from(ANYBODY),
        firm=st.sampled_from((*FIRMS, *FIRMS, None)),
        roles=st.sampled_from((("sales_rep",), ("marketing", "sales_rep"), ("field_team",))),
        zone=st.sampled_from(ZONES),
        region=st.sampled_from((None, "emea", "apac")),
        tags=st.sampled_from(((), ("x",), ("y", "z"))),
        listed=st.sampled_from((True, True, False)),
        hours_ago=st.sampled_from((0, 0, -2, 5, 30, 5 * 24)),
    )
    def change_a_profile(
        self,
        who: str,
        firm: str | None,
        roles: tuple[str, ...],
        zone: str | None,
        region: str | None,
        tags: tuple[str, ...],
        listed: bool,
        hours_ago: int,
    ) -> None:
        profile = MemberProfile(who.title(), None, firm, roles, zone, None, region, tags, listed=listed)
        self._enter_member(who, profile, self.now - hours_ago * HOUR)

    def _enter_member(self, who: str, profile: MemberProfile, since: int) -> None:
        self._tick()
        with transaction() as connection:
            done = members.upsert(connection, [MemberRecord(who, profile, (), since)], clock.now())
            log.release(connection, clock.now(), names=done.appeared)
        told = {
            "role": profile.roles,
            "organization": profile.organization,
            "region": profile.region,
            "tag": profile.tags,
            "time_zone": profile.time_zone,
            "listed": profile.listed,
        }
        self._learn(MemberRow(who, since, told, self.now))
        self._release()

    @rule(
        firm=st.sampled_from(FIRMS),
        tier=st.sampled_from((None, "gold", "silver")),
        region=st.sampled_from((None, "emea")),
        hours_ago=st.sampled_from((0, 5, 30, 5 * 24)),
    )
    def change_an_organization(self, firm: str, tier: str | None, region: str | None, hours_ago: int) -> None:
        self._enter_organization(firm, tier, region, self.now - hours_ago * HOUR)

    def _enter_organization(self, firm: str, tier: str | None, region: str | None, since: int) -> None:
        self._tick()
        with transaction() as connection:
            profile = OrganizationProfile(firm.title(), "reseller", tier, region, "large")
            organizations.upsert(connection, [OrganizationRecord(firm, profile, since)], clock.now())
        told = {"type": "reseller", "tier": tier, "region": region, "size": "large", "tag": ()}
        self._learn(OrganizationRow(firm, since, told, self.now))

    @rule(
        who=st.sampled_from(PEOPLE),
        goal=st.sampled_from(("g1", "g2")),
        days_ago=st.sampled_from((-5, 0, 0, 5, 10)),
        aim=st.integers(1, 5),
    )
    def import_a_target(self, who: str, goal: str, days_ago: int, aim: int) -> None:
        self._tick()
        calendar, kind = calendar_of(self.world.known.program), self.world.known.program.goals[goal].window
        window = calendar.window(kind, self.now - days_ago * DAY).name
        with transaction() as connection:
            targets.upsert(connection, [TargetRecord(goal, who, window, str(aim))], clock.now())
        self._learn(Target(goal, who, window, aim, self.now))

    @rule(who=st.sampled_from(PEOPLE))
    def deactivate_or_reactivate(self, who: str) -> None:
        self._tick()
        active = self.world.known.is_active(who)
        with transaction() as connection:
            if active:
                members.deactivate(connection, self._number(connection, who), "test", None, clock.now())
            else:
                names = members.reactivate(connection, self._number(connection, who), clock.now())
                log.release(connection, clock.now(), names=names)
        self._learn(Activity(who, not active, self.now))
        self._release()

    def _number(self, connection: Connection, who: str) -> int:
        return lookup.members(connection, [who])[who].no

    # Acts.

    def _act(self, who: str, enter: Callable[[Connection, tuple[int, str]], int | Fault], *refusals: str) -> None:
        """An act on a member, if it is not refused: an entry of the hub's own."""
        self._tick()
        if not self._takes_part(who):
            return
        with transaction() as connection:
            number = enter(connection, (self._number(connection, who), who))
            if isinstance(number, Fault):
                assert number.code in refusals, number
                return
            done = entry.of_number(connection, number)
        known = Entry(done.source, done.id, done.type, done.time, 0, decode_data(done.data), who, None, self.now)
        if known not in [replace(one, known_at=self.now) for one in self.learned if isinstance(one, Entry)]:
            self._learn(known)

    @rule(
        who=st.sampled_from(ANYBODY),
        ahead=st.integers(0, 3),
        days=st.sampled_from((0, 1, 6)),
        streak=st.sampled_from((None, "s1")),
    )
    def pause(self, who: str, ahead: int, days: int, streak: str | None) -> None:
        def enter(connection: Connection, whom: tuple[int, str]) -> int | Fault:
            zone = self.world.known.zone(who, self.now)
            first = local_date(zone, self.now) + ahead
            wanted = pauses.Pause(streak, first, first + days)
            entered = pauses.enter(connection, pauses.Whom(*whom, zone), wanted, "test", clock.now())
            return entered if isinstance(entered, Fault) else entered[0]

        self._act(who, enter)

    @rule(who=st.sampled_from(ANYBODY), points=st.sampled_from((-4, 3, 6)))
    def adjust(self, who: str, points: int) -> None:
        self._act(
            who, lambda connection, whom: acts.adjust(connection, whom, points, "so", "test", self.now), "balance"
        )

    @rule(who=st.sampled_from(ANYBODY), which=st.integers(0, 99))
    def grant(self, who: str, which: int) -> None:
        badges = self.world.known.program.badges.values()
        some = [(badge.key, tier) for badge in badges for tier in [each.name for each in badge.tiers] or [None]]
        badge, tier = some[which % len(some)]
        self._act(
            who, lambda connection, whom: acts.grant(connection, whom, badge, tier, "so", "test", self.now), "already"
        )

    @rule(which=st.integers(0, 99))
    def revoke(self, which: int) -> None:
        self._tick()
        with reader() as connection:
            badges = select(awards).where(awards.c.kind == "badge").order_by(awards.c.member, awards.c.key)
            rows = connection.execute(badges).all()
            row = rows[which % len(rows)] if rows else None
            person = lookup.profile_now(connection, row.member, clock.now()) if row else None
        if row is None or person is None or not person.active:
            return
        with transaction() as connection:
            entered = acts.revoke(connection, row.no, "so", "test", clock.now())
        if isinstance(entered, int):
            of = tuple(row.key.split("/", 3)[3].split("\x1f")) if "\x1f" in row.key else None
            key = AwardKey("badge", row.badge, row.tier, row.window, row.object, of)
            stand = [each for each in self.world.facts(person.id) if each._replace(object=written(each.object)) == key]
            self._learn(Revoked(person.id, stand[0] if stand else key, self.now))

    # Time, and the digest.

    @rule(hours=st.sampled_from((1, 7, 24, 24, 3 * 24, 7 * 24, 20 * 24)))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR
        self._tick()

    @precondition(lambda self: self.waits)
    @rule()
    def digest_a_batch(self) -> None:
        digest.run()

    @precondition(lambda self: self.waits)
    @rule(statements=st.integers(0, 60))
    def a_worker_dies(self, statements: int) -> None:
        with dying(statements):
            while digest.run():
                pass
        self._stop()
        self._start()

    @rule(back=st.sampled_from((0, 0, 1, 2, 3)))
    def digest_all(self, back: int) -> None:
        refresh_profiles(self.now)
        while digest.run():
            pass
        self.waits = False
        self.world.close(self.now)
        self.world.now = self.now
        people = [who for who in ANYBODY if self.world.known.rows(who)]
        said, told = answers.said(self.world, people, back), answers.expected(self.world, people, back)
        differing = [
            f"{question}\n  hub   {said.get(question)}\n  model {told.get(question)}"
            for question in sorted(said.keys() | told.keys())
            if said.get(question) != told.get(question)
        ]
        if differing:
            self._note()
        assert differing == [], "\n".join(differing)
        assert list(replay.differences()) == []

    def _note(self) -> None:
        """The story so far, for who has to read it."""
        drafts = [place for place in self.learned if isinstance(place, Published)]
        for place in self.learned:
            note(f"version {drafts.index(place) + 1}" if isinstance(place, Published) else str(place))
        note(
            f"{self.draft.head}"
            + "\n".join(f"{name}: {line}" for name, some in self.draft.sections.items() for line in some)
        )
        note(f"now {self.now}")

    @invariant()
    def the_ledger_balances(self) -> None:
        assert list(verify.breaches(folds=False)) == []
