"""A condition finds the same people in the database as it does in the engine."""

from itertools import count
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members, organizations, profiles
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.tables import present
from hub.gamification.conditions import All, Any_, Condition, None_, compiled
from hub.gamification.conditions import Test as One
from hub.ledger import fitting

#: Texts that a careless comparison takes for one another.
ODD = ("emea", "EMEA", "em", "e%a", "e_ea", "über", "U", "e'a", "|", "")
ROLES = ("sales_rep", "salesXrep", "sales", "partner_owner")
NAMES = ("role", "tag", "organization", "region", "tier", "type", "size", "locale")


@pytest.fixture
def people(app: Flask) -> list[int]:
    """Sixty people with odd profiles."""
    assert app
    random, number = Random(7), count(1)

    def maybe(values: tuple[str, ...]) -> str | None:
        return random.choice([None, *values[:-2]])

    def tags() -> tuple[str, ...]:
        return tuple(random.sample(["vip", "VIP", "v_p", "vi"], random.randrange(3)))

    companies = [
        OrganizationRecord(id_, OrganizationProfile(id_, maybe(ODD), maybe(ODD), maybe(ODD), maybe(ODD), tags()))
        for id_ in ("acme", "Acme", "ac")
    ]
    everybody = [
        MemberRecord(
            f"m{next(number)}",
            MemberProfile(
                "Somebody",
                None,
                random.choice([None, "acme", "Acme", "ac"]),
                tuple(random.sample(ROLES[:1] + ROLES[2:], random.randrange(3))),
                region=maybe(ODD),
                locale=random.choice([None, "de", "pt-BR"]),
                tags=tags(),
            ),
        )
        for _ in range(60)
    ]
    with transaction() as connection:
        organizations.upsert(connection, companies, clock.now())
        outcomes = members.upsert(connection, everybody, clock.now()).outcomes
        assert {outcome.status for outcome in outcomes} == {"accepted"}
        return list(connection.scalars(select(present.c.member)))


def some_test(random: Random) -> One:
    name = random.choice(NAMES)
    values = {"role": ROLES, "tag": ("vip", "VIP", "v_p", "v%p", "a|b"), "organization": ("acme", "Acme", "a", "gone")}
    found = values.get(name, ODD[:-1])
    operator = random.choice(("is", "not", "in", "not_in", "starts_with", "present"))
    if operator == "present":
        return One(name, operator, random.random() < 0.5)
    several = tuple(random.sample(found, random.randint(1, 3)))
    return One(name, operator, several if operator in ("in", "not_in") else several[0])


def some_condition(random: Random, depth: int = 0) -> Condition:
    if depth > 2 or random.random() < 0.5:
        return some_test(random)
    parts = tuple(some_condition(random, depth + 1) for _ in range(random.randint(1, 3)))
    kind: Any = random.choice((All, Any_, None_))
    return kind(parts)


def test_the_database_and_the_engine_find_the_same_people(people: list[int]):
    random = Random(11)
    with reader() as connection:
        values = {
            no: timeline.at(clock.now()).values for no, timeline in profiles.timelines(connection, people).items()
        }
        for _ in range(400):
            condition = some_condition(random)
            found = connection.scalars(select(present.c.member).where(fitting.clause(condition)))
            fits = compiled(condition)
            assert sorted(found) == [no for no in sorted(people) if fits(values[no])], condition
