"""Every route, widget and topic, for every role and key, of one's own, of others, of nobody: as `surface.py` says."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.db import reader
from hub.directory import lookup
from hub.identity import keys
from hub.identity.access import may_follow
from hub.widgets import kit
from tests.app import token
from tests.club import Club
from tests.identity.surface import (
    ABSENT,
    ROLES,
    ROUTES,
    SELF,
    STANDS,
    TOPICS,
    VENDORS,
    WIDGETS,
    WIDGETS_OF_THE_VENDOR,
    About,
    Key,
    Own,
)
from tests.identity.world import COMPANIES, NOBODY, OF, World, home, object_of

# Nothing is forgotten


def unlisted(app: Flask) -> set[tuple[str, str]]:
    """Routes that no list here has."""
    rules = app.url_map.iter_rules()
    served = {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - _BY_FLASK}
    return served ^ ROUTES.keys()


#: What Flask answers by itself.
_BY_FLASK = {"HEAD", "OPTIONS"}


def test_every_route_is_in_the_matrix(app: Flask) -> None:
    assert unlisted(app) == set()


def test_a_route_that_is_not_makes_that_fail(app: Flask) -> None:
    before = unlisted(app)
    app.add_url_rule("/export/<member_id>", "forgotten", lambda member_id: member_id)
    assert unlisted(app) - before == {("GET", "/export/<member_id>")}


def test_every_widget_is_for_whom_it_should_be(world: World) -> None:
    assert kit.catalogue().keys() == WIDGETS | WIDGETS_OF_THE_VENDOR
    for role in ROLES:
        vendor = role in VENDORS
        expected = WIDGETS | WIDGETS_OF_THE_VENDOR if vendor else WIDGETS
        assert {name for name, kind in kit.catalogue().items() if kind.widget.is_for(world.looks(role))} == expected


# Pages


def test_pages_of_ones_own_are_for_whoever_is_signed_in(world: World) -> None:
    # Signing out comes last: it would be the end of the others.
    own = sorted(((where, page) for where, page in ROUTES.items() if isinstance(page, Own)), key=_signs_out)
    nobody = world.browser(None)
    for where, page in own:
        assert asks_to_sign_in(ask(nobody, where[0], page)), where
    for role in ROLES:
        client = world.browser(role)
        for where, page in own:
            answer = ask(client, where[0], page)
            assert answer.status_code in page.answers, (where, role, answer.status_code)
        assert asks_to_sign_in(client.get("/"))


def _signs_out(one: tuple[tuple[str, str], Own]) -> bool:
    return one[1].path == "/sign-out"


def ask(client: FlaskClient, method: str, page: Own) -> TestResponse:
    if page.body is None:
        return client.open(page.path, method=method)
    return client.open(page.path, method=method, data={"csrf_token": token(client), **page.body})


def asks_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 401 or (answer.status_code == 302 and answer.location.startswith("/sign-in"))


def test_pages_about_others_are_for_whom_the_table_says_and_else_a_404(world: World) -> None:
    pages = {where: page for where, page in ROUTES.items() if isinstance(page, About)}
    assert pages
    for (method, rule), page in pages.items():
        for role in ROLES:
            client = world.browser(role)
            absent = client.open(world.filled(page.path(NOBODY)), method=method)
            assert absent.status_code == 404, (rule, role)
            for stands in STANDS:
                path = world.filled(page.path(object_of(role, stands, page.whom)))
                answer = client.open(path, method=method)
                expected = 200 if stands in page.sees[role] else 404
                assert answer.status_code == expected, (method, rule, role, stands)
                if expected == 404:
                    assert answer.text == absent.text, "what is foreign looks like what is not there"
        assert asks_to_sign_in(world.browser(None).open(page.path("bo"), method=method))


# Topics


def test_a_page_hears_of_what_its_member_may_see_and_of_nothing_else(world: World) -> None:
    with reader() as connection:
        numbers = world.numbers | lookup.organizations(connection, COMPANIES)
    for role in ROLES:
        looking = world.looks(role)
        for kind, sees in TOPICS.items():
            if sees is None:
                assert may_follow(looking, f"{kind}/top")
                continue
            whom = "organization" if kind == "organization" else "member"
            for stands in STANDS:
                if (whom, stands) == ("organization", SELF):
                    continue
                number = numbers.get(object_of(role, stands, whom), 999_999)
                allowed = stands in sees[role] or (stands == ABSENT and role == "program_admin")
                assert may_follow(looking, f"{kind}/{number}") is allowed, (role, kind, stands)


def test_every_widget_listens_to_what_its_viewer_may_hear(world: World) -> None:
    options = {"goal": "quarter", "leaderboard": "top", "streak": "daily"}
    for role in ROLES:
        looking = world.looks(role)
        with reader() as connection:
            club = Club(world.numbers, world.made)
            with club.looks(role, **options) as view:
                for kind in kit.catalogue().values():
                    topics = kind.widget.topics(view)
                    assert all(may_follow(looking, topic) for topic in topics), (role, kind.widget.name)
            assert connection


def test_a_topic_that_no_table_has_is_a_fault(world: World) -> None:
    with pytest.raises(LookupError, match="salaries/1"):
        may_follow(world.looks("program_admin"), "salaries/1")


# Keys


def test_a_route_for_keys_opens_with_its_scope_and_no_other(world: World) -> None:
    others = {scope: world.key(scope) for scope in keys.SCOPES}
    revoked = world.key(*keys.SCOPES, revoked=True)
    for (method, rule), route in ROUTES.items():
        if not isinstance(route, Key):
            continue
        for proof in (None, revoked, "hub_" + "x" * 43):
            assert call(world, method, rule, route, proof, OF["acme"]).status_code == 401, (method, rule)
        for scope, key in others.items():
            if scope not in route.scopes:
                assert call(world, method, rule, route, key, OF["acme"]).status_code == 403, (method, rule, scope)


def test_a_key_sees_everybody_or_its_organization_and_nobody_else(world: World) -> None:
    for (method, rule), route in ROUTES.items():
        if not isinstance(route, Key) or rule.startswith("/scim"):
            continue
        free = world.key(*route.scopes)
        ours, theirs = (world.key(*route.scopes, organization=company) for company in ("acme", "globex"))
        own = "acme" if route.whom == "organization" else OF["acme"]
        if route.whom is None:
            for key in (free, ours, theirs):
                assert call(world, method, rule, route, key, own).status_code == 200, (method, rule)
            continue
        foreign = call(world, method, rule, route, theirs, own)
        assert foreign.status_code == route.foreign, (method, rule)
        if route.absent == 404:
            for key in (free, ours, theirs):
                absent = call(world, method, rule, route, key, f"nobody-{next(world.made)}")
                assert (absent.status_code, absent.json) == (404, foreign.json), "foreign looks like absent"
        else:
            assert call(world, method, rule, route, free, f"nobody-{next(world.made)}").status_code == route.absent
        for key in (ours,) if (method, rule) in _ONCE else (ours, free):
            answer = call(world, method, rule, route, key, own)
            assert answer.status_code < 300, (method, rule, answer.text)


#: Acts that can be done once: the second key finds them done.
_ONCE = {("POST", "/api/v1/awards"), ("DELETE", "/api/v1/awards/<award_id>")}


def call(world: World, method: str, rule: str, route: Key, key: str | None, id_: str) -> TestResponse:
    path = f"/api/v1{world.filled(route.path(id_))}"
    if rule.startswith("/scim"):
        path = rule.replace("<path:path>", "Users")
    proof = {} if key is None else {"Authorization": f"Bearer {key}"}
    body = None if route.body is None else route.body(id_)
    return world.app.test_client().open(path, method=method, json=body, headers=proof)


def test_lists_hold_only_whom_the_key_sees(world: World) -> None:
    client = world.app.test_client()
    for company in COMPANIES:
        key = world.key("members:read", "effects:read", organization=company)
        proof = {"Authorization": f"Bearer {key}"}
        listed = client.get("/api/v1/members", headers=proof).json
        assert listed is not None
        assert {one["organization"] for one in listed["items"]} == {company}
        told = client.get("/api/v1/effects", headers=proof).json
        assert told is not None
        of_company = {id_ for id_, no in world.numbers.items() if id_ == OF[company] or home(id_) == company}
        assert {one["member"] for one in told["items"]} <= of_company
