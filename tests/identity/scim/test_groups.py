"""SCIM's groups give their members roles."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from hub.clock import instant
from hub.db import db, transaction
from hub.directory import members
from tests.app import NOW
from tests.identity.scim.conftest import GROUP, Provider, member, told


def test_a_group_gives_the_role_that_the_settings_name(idp: Provider) -> None:
    dee = idp.user("dee")
    idp.group("Partner Sales", dee)
    assert member("dee").roles == ("sales_rep",)


def test_a_group_named_as_a_role_gives_it(idp: Provider) -> None:
    idp.group("marketing", idp.user("dee"))
    idp.group("Sales club", idp.user("eve"))
    assert (member("dee").roles, member("eve").roles) == (("marketing",), ())


def test_leaving_a_group_takes_its_role_and_no_other(idp: Provider) -> None:
    dee = idp.user("dee")
    with transaction() as connection:
        given = members.MemberProfile("dee", roles=("partner_owner",))
        members.upsert(connection, [members.MemberRecord("dee", given)], instant(NOW))
    sales, care = idp.group("Partner Sales", dee), idp.group("Care", dee)
    assert member("dee").roles == ("partner_owner", "sales_rep", "support_team")
    out = {"op": "remove", "path": f'members[value eq "{dee["id"]}"]'}
    assert idp.patch(f"/Groups/{sales['id']}", out).status_code == 204
    assert member("dee").roles == ("partner_owner", "support_team")
    assert idp.ask("DELETE", f"/Groups/{care['id']}").status_code == 204
    assert member("dee").roles == ("partner_owner",)


def test_the_role_of_two_groups_stays_while_one_is_left(idp: Provider) -> None:
    dee = idp.user("dee")
    idp.group("Partner Sales", dee)
    second = idp.group("sales_rep", dee)
    idp.ask("DELETE", f"/Groups/{second['id']}")
    assert member("dee").roles == ("sales_rep",)


def test_a_group_with_a_new_name_gives_the_role_of_that(idp: Provider) -> None:
    group = idp.group("Partner Sales", idp.user("dee"))
    idp.patch(f"/Groups/{group['id']}", {"op": "replace", "value": {"displayName": "Care"}})
    assert member("dee").roles == ("support_team",)


def test_a_user_says_its_groups_and_a_group_its_users(idp: Provider) -> None:
    dee, eve = idp.user("dee"), idp.user("eve")
    group = idp.group("Partner Sales", dee)
    inside = {"op": "Add", "path": "members", "value": [{"value": eve["id"], "display": "Eve"}]}
    assert idp.patch(f"/Groups/{group['id']}", inside).status_code == 204
    now = told(idp.ask("GET", f"/Groups/{group['id']}"))
    assert [one["value"] for one in now["members"]] == [dee["id"], eve["id"]]
    assert now["members"][0]["$ref"] == f"http://127.0.0.1:8000/scim/v2/Users/{dee['id']}"
    then = told(idp.ask("GET", f"/Users/{eve['id']}"))
    assert [(one["value"], one["display"]) for one in then["groups"]] == [(group["id"], "Partner Sales")]
    assert then["meta"]["version"] != eve["meta"]["version"]


def test_a_group_can_be_asked_for_without_its_users(idp: Provider) -> None:
    group = idp.group("Partner Sales", idp.user("dee"))
    short = idp.ask("GET", f"/Groups/{group['id']}?excludedAttributes=members")
    assert "members" not in told(short)
    assert short.headers["ETag"] == group["meta"]["version"]


def test_a_deleted_user_leaves_its_groups(idp: Provider) -> None:
    dee = idp.user("dee")
    group = idp.group("Partner Sales", dee)
    idp.ask("DELETE", f"/Users/{dee['id']}")
    assert "members" not in told(idp.ask("GET", f"/Groups/{group['id']}"))
    assert member("dee").roles == ()
    idp.user("dee")
    assert member("dee").roles == (), "who comes back has no role by a group of old"


def test_a_group_of_nobody_known_is_refused_and_changes_nothing(idp: Provider) -> None:
    dee = idp.user("dee")
    wrong = {"schemas": [GROUP], "displayName": "Care", "members": [{"value": dee["id"]}, {"value": "bo"}]}
    refused = idp.ask("POST", "/Groups", wrong)
    assert (refused.status_code, told(refused)["scimType"]) == (400, "invalidValue")
    assert "'bo'" in told(refused)["detail"]
    assert idp.found('displayName eq "Care"', "Groups") == []
    assert member("dee").roles == ()


def test_too_many_at_once_are_refused(idp: Provider, monkeypatch) -> None:
    monkeypatch.setattr("hub.identity.scim.groups.MAX_CHANGES", 1)
    dee, eve = idp.user("dee"), idp.user("eve")
    body = {"schemas": [GROUP], "displayName": "Care", "members": [{"value": dee["id"]}, {"value": eve["id"]}]}
    assert idp.ask("POST", "/Groups", body).status_code == 413


def test_a_partners_groups_give_no_role_of_the_vendors(idp_of: Callable[[str], Provider]) -> None:
    idp = idp_of("acme")
    dee = idp.user("dee")
    for name in ("Hub Admins", "Care", "program_admin", "field_team", "PROGRAM_ADMIN"):
        idp.group(name, dee)
    assert member("dee").roles == ()
    idp.group("Partner Sales", dee)
    assert member("dee").roles == ("sales_rep",)


def test_a_group_of_many_is_taken_at_once(idp: Provider) -> None:
    users = [idp.user(f"user {number}") for number in range(30)]
    with counted_statements() as statements:
        idp.group("Partner Sales", *users)
    assert {member(user["userName"]).roles for user in users} == {("sales_rep",)}
    assert len(statements) < 60, "the number of statements does not grow with the people"


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection, _cursor, statement: str, *_rest) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
