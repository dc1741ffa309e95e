"""Who may see and do what: the table of SURFACE.md, row by row, and every route has its row."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hub import clock
from hub.db import reader
from hub.directory import lookup
from hub.directory.tables import present
from hub.gamification.program import BUILT_IN_ROLES
from hub.identity import access, keys, may, member_seen, requires, visible
from hub.identity.viewers import Viewer, viewer
from hub.web import Problem

EVERYBODY = {"ada", "bo", "bea", "fay", "pat", "cy"}


def as_viewer(cast: dict[str, int], id_: str) -> Viewer:
    with reader() as connection:
        found = viewer(connection, cast[id_], clock.now())
    assert found
    return found


def seen(cast: dict[str, int], by: str, act: str) -> set[str]:
    """Whom one of the cast may do that to, asked one by one and as a list: both must agree."""
    looking = as_viewer(cast, by)
    with reader() as connection:
        one_by_one = {id_ for id_, no in cast.items() if may(connection, looking, act, member=no)}
        numbers = set(connection.scalars(select(present.c.member).where(visible(looking, act))))
    assert one_by_one == {id_ for id_, no in cast.items() if no in numbers}
    return one_by_one


@pytest.mark.parametrize(
    ("by", "progress", "names"),
    [
        ("bo", {"bo"}, {"bo", "bea", "ada"}),
        ("ada", {"ada", "bo", "bea"}, {"ada", "bo", "bea"}),
        ("fay", {"fay", "pat", "ada", "bo", "bea"}, {"fay", "pat", "ada", "bo", "bea"}),
        ("pat", EVERYBODY, EVERYBODY),
        ("cy", {"cy"}, {"cy"}),
    ],
)
def test_a_role_sees_as_far_as_the_table_says(
    cast: dict[str, int], by: str, progress: set[str], names: set[str]
) -> None:
    assert seen(cast, by, "member:see") == progress
    assert seen(cast, by, "member:name") == names


def test_what_is_ones_own_is_nobody_elses(cast: dict[str, int]) -> None:
    for by in sorted(EVERYBODY):
        assert seen(cast, by, "home:see") == {by}


@pytest.mark.parametrize(
    ("by", "organizations"), [("bo", set()), ("ada", {"acme"}), ("fay", {"acme", "vendor"}), ("cy", set())]
)
def test_an_organization_is_for_whom_it_is_assigned_or_owns_it(
    cast: dict[str, int], by: str, organizations: set[str]
) -> None:
    looking = as_viewer(cast, by)
    with reader() as connection:
        numbers = lookup.organizations(connection, ["acme", "globex", "vendor"])
        allowed = {id_ for id_, no in numbers.items() if may(connection, looking, "organization:see", organization=no)}
    assert allowed == organizations


def test_boards_are_for_every_member(cast: dict[str, int]) -> None:
    with reader() as connection:
        assert all(may(connection, as_viewer(cast, id_), "leaderboard:see") for id_ in EVERYBODY)


def test_the_studio_is_for_admins(cast: dict[str, int]) -> None:
    with reader() as connection:
        allowed = {id_ for id_ in EVERYBODY if may(connection, as_viewer(cast, id_), "studio:use")}
    assert allowed == {"pat"}


def test_several_roles_see_as_far_as_the_widest(cast: dict[str, int]) -> None:
    both = replace(as_viewer(cast, "bo"), rights=frozenset({"sales_rep", "partner_owner"}))
    with reader() as connection:
        assert may(connection, both, "member:see", member=cast["bea"])
        assert not may(connection, both, "member:see", member=cast["cy"])


def test_a_role_that_the_hub_does_not_know_sees_what_every_member_sees(cast: dict[str, int]) -> None:
    odd = replace(as_viewer(cast, "bo"), rights=frozenset({"alliance_lead"}))
    with reader() as connection:
        assert may(connection, odd, "member:see", member=cast["bo"])
        assert not may(connection, odd, "member:see", member=cast["bea"])


def test_somebody_without_an_organization_is_in_none_with_the_others(cast: dict[str, int]) -> None:
    alone = replace(as_viewer(cast, "ada"), no=0, organization=None)
    with reader() as connection:
        assert not any(may(connection, alone, "member:see", member=no) for no in cast.values())


def test_a_foreign_member_and_no_member_are_the_same_404(cast: dict[str, int]) -> None:
    told = set()
    with reader() as connection:
        assert member_seen(connection, as_viewer(cast, "ada"), "member:see", "lms:4711").id == "bo"
        for name in ("ada", "bo", "nobody", "a\0b"):
            with pytest.raises(Problem) as refused:
                member_seen(connection, as_viewer(cast, "cy"), "member:see", name)
            told.add((refused.value.status, refused.value.code, refused.value.detail))
    assert len(told) == 1
    assert told.pop()[0] == 404


def test_the_table_names_only_roles_that_exist() -> None:
    roles = {role for row in access.TABLE.values() for role in row}
    assert roles <= {access.MEMBER, *BUILT_IN_ROLES}


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    known = {access.PUBLIC, *access.TABLE, *keys.SCOPES}
    silent = {rule.rule for rule in app.url_map.iter_rules() if access.declared(app, rule.endpoint) not in known}
    assert silent == set()


def test_an_act_without_a_row_stops_the_start() -> None:
    with pytest.raises(LookupError, match="member:eat"):
        requires("member:eat")


def test_a_route_that_says_nothing_is_closed(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "personal data")
    app.testing = False
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 500
    assert "personal data" not in answer.text


@pytest.fixture
def studio(app: Flask) -> Flask:
    app.add_url_rule(
        "/only-admins", "only_admins", requires("studio:use")(lambda: "everything"), methods=["GET", "POST"]
    )
    return app


def test_a_page_beyond_ones_roles_does_not_exist(studio: Flask, signed_in: Callable[[str], FlaskClient]) -> None:
    assert studio
    assert signed_in("pat").get("/only-admins").text == "everything"
    for other in ("bo", "fay", "cy"):
        assert signed_in(other).get("/only-admins").status_code == 404


def test_a_person_who_is_signed_out_is_led_to_sign_in_and_back(studio: Flask) -> None:
    answer = studio.test_client().get("/only-admins?tab=2")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=%2Fonly-admins%3Ftab%3D2")


def test_a_part_of_a_page_is_told_to_sign_in(studio: Flask) -> None:
    answer = studio.test_client().get("/only-admins", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in?next=%2F")
