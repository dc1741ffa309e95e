"""People: who they are, and what they stand at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Response
from sqlalchemy import Connection

from hub import clock
from hub.api import bp, seen
from hub.api.answers import Date, Moment, PageQuery, answer, cursor, day, moment, moment_or_none, place, query
from hub.api.measures import Goal, goal
from hub.api.openapi import describe
from hub.api.seen import READ
from hub.db import reader
from hub.directory import lookup
from hub.directory.lookup import Person
from hub.identity.access import current_key, requires_scope
from hub.ledger import programs, reading
from hub.ledger.standings import LevelStanding, PeriodState, StreakStanding, Version


class Balance(msgspec.Struct):
    balance: int
    earned: int


class NextLevel(msgspec.Struct):
    key: str
    at: int


class Level(msgspec.Struct):
    key: str
    at: int
    next: NextLevel | None


class HeldBadge(msgspec.Struct):
    """A badge, or a tier of it. `earned_at` is its first award."""

    badge: str
    tier: str | None
    times: int
    earned_at: Moment


class Period(msgspec.Struct, rename={"first": "from"}):
    """A period, by its first date; the last one is the running one, open as long as it does not count."""

    first: Date
    state: PeriodState


class Streak(msgspec.Struct):
    """`paused_until`: the last date of the pause that holds now. `periods`: the last ones, oldest first."""

    streak: str
    current: int
    longest: int
    alive_until: Moment | None
    at_risk: bool
    freezes: int
    paused_until: Date | None
    periods: list[Period]


class MemberItem(msgspec.Struct, kw_only=True):
    """A member's profile now."""

    id: str
    name: str
    organization: str | None
    roles: tuple[str, ...]
    time_zone: str | None
    locale: str | None
    region: str | None
    listed: bool
    active: bool


class Member(MemberItem, kw_only=True):
    """A member, and what it stands at."""

    points: Balance
    level: Level | None
    badges: list[HeldBadge]
    streaks: list[Streak]
    goals: list[Goal]
    as_of: Moment


class MembersAnswer(msgspec.Struct):
    items: list[MemberItem]
    next: str | None


class MembersQuery(PageQuery):
    organization: str | None = None
    inactive: bool = False


@bp.get("/members")
@requires_scope(READ)
@describe("Members, by id", scope=READ, query=MembersQuery, answers={200: MembersAnswer})
def list_members() -> Response:
    asked, key, now = query(MembersQuery), current_key(), clock.now()
    after = place(asked.cursor, str) or ""
    with reader() as connection:
        within = key.organization
        if asked.organization is not None:
            within = seen.organization(connection, key, asked.organization, now).no
        people = lookup.page(
            connection, now, after=after, limit=asked.limit + 1, organization=within, everyone=asked.inactive
        )
    page = people[: asked.limit]
    following = cursor(page[-1].id) if len(people) > asked.limit else None
    return answer(MembersAnswer([_item(person) for person in page], following))


@bp.get("/members/<path:member_id>")
@requires_scope(READ)
@describe("A member, and what it stands at", scope=READ, answers={200: Member})
def get_member(member_id: str) -> Response:
    now = clock.now()
    with reader() as connection:
        return answer(member(connection, seen.member(connection, current_key(), member_id, now), now))


def _item(person: Person) -> MemberItem:
    return MemberItem(**_profile(person))


def _profile(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "organization": person.organization.id if person.organization else None,
        "roles": person.roles,
        "time_zone": person.time_zone,
        "locale": person.locale,
        "region": person.region,
        "listed": person.listed,
        "active": person.active,
    }


def member(connection: Connection, person: Person, now: int) -> Member:
    version = programs.newest(connection)
    stands = _standing(connection, version, person.no, now) if version else _NOTHING
    return Member(**_profile(person), **stands, as_of=moment(now))


#: What everybody stands at before a program is published.
_NOTHING: Mapping[str, Any] = {"points": Balance(0, 0), "level": None, "badges": [], "streaks": [], "goals": []}


def _standing(connection: Connection, version: Version, member: int, now: int) -> Mapping[str, Any]:
    points = reading.points(connection, version, member, now)
    return {
        "points": Balance(points.balance, points.earned),
        "level": _level(points.level),
        "badges": [
            HeldBadge(badge.badge, award.tier, award.times, moment(award.earned_at))
            for badge in reading.badges(connection, version, member, now)
            for award in badge.awards
        ],
        "streaks": [_streak(streak) for streak in reading.streaks(connection, version, member, now)],
        "goals": [goal(one) for one in reading.goals(connection, version, member, now)],
    }


def _level(level: LevelStanding | None) -> Level | None:
    if level is None:
        return None
    above = None if level.next_key is None else NextLevel(level.next_key, level.next_at or 0)
    return Level(level.key, level.at, above)


def _streak(one: StreakStanding) -> Streak:
    return Streak(
        one.streak,
        one.current,
        one.longest,
        moment_or_none(one.alive_until),
        one.at_risk,
        one.freezes,
        None if one.paused_until is None else day(one.paused_until),
        [Period(day(period.start), period.state) for period in one.periods],
    )
