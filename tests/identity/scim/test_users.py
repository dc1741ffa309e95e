"""SCIM's users are members that SCIM made."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from hub.clock import instant
from hub.db import reader, transaction
from hub.directory import lookup, members, organizations
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.tables import deactivations
from hub.identity.scim import joining
from tests.app import NOW
from tests.identity.scim.conftest import ENTERPRISE, USER, Provider, active, member, told


def test_a_new_user_is_a_member(idp: Provider) -> None:
    made = idp.user(
        "dee@acme.example",
        externalId="00u1",
        name={"givenName": "Dee", "familyName": "Lund"},
        emails=[{"value": "d@home.example"}, {"value": "dee@acme.example", "primary": True}],
        phoneNumbers=[{"value": "+49 30 1"}],
        title="Account manager",
        locale="de_DE",
        timezone="Europe/Berlin",
        **{ENTERPRISE: {"organization": "acme"}},
    )
    assert made["active"] is True
    assert made["meta"]["location"] == f"http://127.0.0.1:8000/scim/v2/Users/{made['id']}"
    known = member("dee@acme.example")
    assert (known.name, known.email, known.organization) == ("Dee Lund", "dee@acme.example", "acme")
    assert (known.phone, known.title) == ("+49 30 1", "Account manager")
    assert (known.locale, known.time_zone, known.roles) == ("de-DE", "Europe/Berlin", ())


def test_the_answer_says_where_it_is_and_in_which_version(idp: Provider) -> None:
    made = idp.ask("POST", "/Users", {"schemas": [USER], "userName": "dee"})
    body = told(made)
    assert (made.status_code, made.content_type) == (201, "application/scim+json")
    assert made.headers["Location"] == body["meta"]["location"]
    assert made.headers["ETag"] == body["meta"]["version"] == 'W/"1"'
    assert made.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"displayName": "Dee L", "name": {"formatted": "D. Lund"}}, "Dee L"),
        ({"name": {"formatted": "D. Lund", "givenName": "Dee"}}, "D. Lund"),
        ({"name": {"familyName": "Lund"}}, "Lund"),
        ({}, "dee"),
    ],
)
def test_whoever_has_no_display_name_is_called_by_what_there_is(idp: Provider, more: dict, name: str) -> None:
    idp.user("dee", **more)
    assert member("dee").name == name


def test_a_time_zone_or_language_that_the_hub_does_not_know_says_nothing(idp: Provider) -> None:
    made = idp.user("dee", timezone="W. Europe Standard Time", locale="tlh!", preferredLanguage="en-GB")
    assert (member("dee").time_zone, member("dee").locale) == (None, "en-GB")
    assert told(idp.ask("GET", f"/Users/{made['id']}"))["timezone"] == "W. Europe Standard Time"


def test_a_change_goes_into_the_profile_and_leaves_alone_what_others_set(idp: Provider) -> None:
    made = idp.user("dee", title="Rep")
    with transaction() as connection:
        chosen = members.MemberProfile("dee", time_zone="Asia/Tokyo", roles=("marketing",), title="Rep")
        members.upsert(connection, [members.MemberRecord("dee", chosen)], instant(NOW))
    assert idp.patch(f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Lead"}).status_code == 204
    known = member("dee")
    assert (known.title, known.time_zone, known.roles) == ("Lead", "Asia/Tokyo", ("marketing",))


def test_deactivating_and_activating_again(idp: Provider) -> None:
    made = idp.user("dee")
    off = {"op": "Replace", "path": "active", "value": "False"}  # as Microsoft Entra writes it
    assert idp.patch(f"/Users/{made['id']}", off).status_code == 204
    assert not active("dee")
    with reader() as connection:
        by = connection.scalars(select(deactivations.c.by)).one()
    assert by == "scim:HUB_SCIM_TOKEN"
    now = told(idp.ask("GET", f"/Users/{made['id']}"))
    assert (now["active"], now["meta"]["version"]) == (False, 'W/"2-inactive"')
    # What says nothing of it leaves it.
    assert told(idp.ask("PUT", f"/Users/{made['id']}", {"schemas": [USER], "userName": "dee"}))["active"] is False
    back = {"schemas": [USER], "userName": "dee", "active": True}
    assert told(idp.ask("PUT", f"/Users/{made['id']}", back))["active"] is True
    assert active("dee")


def test_somebody_made_inactive_has_no_part_from_the_beginning(idp: Provider) -> None:
    idp.user("dee", active=False)
    assert not active("dee")


def test_whom_the_hub_deactivates_is_inactive_for_scim_too(idp: Provider) -> None:
    made = idp.user("dee")
    version = made["meta"]["version"]
    with transaction() as connection:
        known = lookup.member(connection, "dee")
        assert known
        members.deactivate(connection, known.no, "pat", None, instant(NOW))
    now = told(idp.ask("GET", f"/Users/{made['id']}"))
    assert now["active"] is False
    assert now["meta"]["version"] != version


def test_a_new_name_is_one_more_name_of_the_same_member(idp: Provider) -> None:
    made = idp.user("dee.lund", displayName="Dee")
    rename = {"op": "replace", "value": {"userName": "dee.berg"}}
    assert idp.patch(f"/Users/{made['id']}", rename).status_code == 204
    with reader() as connection:
        old, new = (lookup.member(connection, name) for name in ("dee.lund", "dee.berg"))
    assert old == new is not None
    assert idp.found('userName eq "dee.berg"') == ["dee.berg"]
    assert idp.found('userName eq "dee.lund"') == []


def test_a_deleted_user_is_gone_and_its_member_stays_deactivated(idp: Provider) -> None:
    made = idp.user("dee", externalId="00u1")
    assert idp.ask("DELETE", f"/Users/{made['id']}").status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        body = {"schemas": [USER], "userName": "dee"} if method == "PUT" else None
        assert idp.ask(method, f"/Users/{made['id']}", body).status_code == 404
    assert idp.found('externalId eq "00u1"') == []
    assert not active("dee")


def test_a_deleted_user_comes_back_as_the_member_that_it_was(idp: Provider) -> None:
    made = idp.user("dee", displayName="Dee Lund")
    with reader() as connection:
        before = lookup.member(connection, "dee")
    idp.ask("DELETE", f"/Users/{made['id']}")
    again = idp.user("dee", displayName="Dee Berg")
    assert again["id"] != made["id"]
    with reader() as connection:
        assert lookup.member(connection, "dee") == before
    assert member("dee").name == "Dee Berg"


def test_a_user_whose_member_was_merged_is_the_one_that_it_is_now(
    idp: Provider, hub: Callable[..., tuple[int, str, str]]
) -> None:
    made = idp.user("dee")
    assert hub("members", "merge", "dee", "bo")[0] == 0
    assert told(idp.ask("GET", f"/Users/{made['id']}"))["active"] is True
    change = {"op": "replace", "value": {"title": "Lead", "active": False}}
    assert idp.patch(f"/Users/{made['id']}", change).status_code == 204
    assert (member("bo").title, member("bo").name, active("bo")) == ("Lead", "Bo Lind", False)


def test_whoever_was_erased_is_brought_back_by_nobody(idp: Provider, hub: Callable[..., tuple[int, str, str]]) -> None:
    made = idp.user("dee@acme.example", externalId="00u1")
    assert hub("members", "erase", "dee@acme.example", "--yes")[0] == 0
    assert idp.ask("GET", f"/Users/{made['id']}").status_code == 404
    again = idp.ask("POST", "/Users", {"schemas": [USER], "userName": "dee@acme.example"})
    assert (again.status_code, "erased" in told(again)["detail"]) == (400, True)
    assert told(idp.ask("GET", "/Users"))["totalResults"] == 0
    other = idp.user("eve")
    rename = idp.patch(f"/Users/{other['id']}", {"op": "replace", "path": "userName", "value": "dee@acme.example"})
    assert rename.status_code == 400


def test_an_export_tells_what_the_provider_said(idp: Provider, hub: Callable[..., tuple[int, str, str]]) -> None:
    idp.group("Care", idp.user("dee", externalId="00u1", nickName="D", name={"givenName": "Dee"}))
    [provisioned] = json.loads(hub("members", "export", "dee")[1])["provisioned"]
    assert (provisioned["said"]["externalId"], provisioned["said"]["name"]) == ("00u1", {"givenName": "Dee"})
    assert provisioned["groups"] == ["Care"]


def test_an_organization_may_be_made_known_later(idp: Provider) -> None:
    made = idp.user("dee", **{ENTERPRISE: {"organization": "initech"}})
    assert member("dee").organization is None
    joining.join(instant(NOW))
    assert member("dee").organization is None
    with transaction() as connection:
        organizations.upsert(connection, [OrganizationRecord("initech", OrganizationProfile("Initech"))], instant(NOW))
    joining.join(instant(NOW))
    assert member("dee").organization == "initech"
    # And a change of something else does not take it out again.
    idp.patch(f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Lead"})
    assert member("dee").organization == "initech"


# Versions


def test_a_change_of_what_has_changed_meanwhile_is_refused(idp: Provider) -> None:
    made = idp.user("dee")
    first, path = made["meta"]["version"], f"/Users/{made['id']}"
    lead = {"op": "replace", "path": "title", "value": "Lead"}
    assert idp.patch(path, lead, If_Match=first).status_code == 204
    late = idp.patch(path, {"op": "replace", "path": "title", "value": "Boss"}, If_Match=first)
    assert (late.status_code, told(late)["status"]) == (412, "412")
    assert idp.ask("DELETE", path, If_Match=first).status_code == 412
    assert member("dee").title == "Lead"


def test_what_has_not_changed_is_304(idp: Provider) -> None:
    made = idp.user("dee")
    again = idp.ask("GET", f"/Users/{made['id']}", If_None_Match=made["meta"]["version"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_change_that_changes_nothing_keeps_the_version(idp: Provider) -> None:
    made = idp.user("dee", title="Rep")
    idp.patch(f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Rep"})
    assert told(idp.ask("GET", f"/Users/{made['id']}"))["meta"]["version"] == made["meta"]["version"]
