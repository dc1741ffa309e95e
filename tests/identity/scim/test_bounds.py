"""What SCIM refuses: who may not, whom it did not make, and what would be more than it says."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scim2_models import ResourceType, SearchRequest
from scim2_server.memory import InMemoryStorage

from hub.clock import instant
from hub.db import reader, transaction
from hub.directory import lookup
from hub.identity import keys
from hub.identity.scim.models import PROVIDER, Person
from tests.app import NOW, started
from tests.identity.scim.conftest import ENTERPRISE, GROUP, TOKEN, USER, Provider, active, member, told

# Who may


@pytest.mark.parametrize("path", ["/Users", "/ServiceProviderConfig", "/nowhere", "/"])
def test_nothing_is_told_without_a_token(idp: Provider, path: str) -> None:
    for token in (None, "", "x", TOKEN + "x", TOKEN[:-1], TOKEN.lower()):
        refused = Provider(idp.client, token).ask("GET", path)
        assert (refused.status_code, refused.content_type) == (401, "application/scim+json")
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="hub"'
        assert told(refused)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_without_the_setting_no_token_opens(database_url: str, tmp_path: Path) -> None:
    for app in started(database_url, tmp_path):
        for token in ("", "None", TOKEN):
            assert Provider(app.test_client(), token).ask("GET", "/Users").status_code == 401


def key(*scopes: str, revoked: bool = False) -> str:
    with transaction() as connection:
        made = keys.create(connection, "another", scopes, instant(NOW))
        assert isinstance(made, tuple)
        if revoked:
            keys.revoke(connection, made[0].id, instant(NOW))
    return made[1]


def test_a_key_needs_the_scope_of_its_own(idp: Provider) -> None:
    others = key(*(scope for scope in keys.SCOPES if scope != "scim:write"))
    refused = Provider(idp.client, others).ask("POST", "/Users", {"schemas": [USER], "userName": "dee"})
    assert (refused.status_code, told(refused)["status"]) == (403, "403")
    assert Provider(idp.client, key("scim:write", revoked=True)).ask("GET", "/Users").status_code == 401
    assert Provider(idp.client, key("scim:write")).ask("GET", "/Users").status_code == 200


def test_the_token_of_the_settings_opens_nothing_else(idp: Provider) -> None:
    answer = idp.client.get("/api/v1/members", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 401


# Another's


def test_a_partners_key_sees_and_changes_only_what_it_made(idp: Provider, idp_of: Callable[[str], Provider]) -> None:
    acme, globex = idp_of("acme"), idp_of("globex")
    dee, all_of_us = acme.user("dee", externalId="x1"), acme.group("marketing")
    assert member("dee").organization == "acme"
    for path, body in (
        (f"/Users/{dee['id']}", {"schemas": [USER], "userName": "dee"}),
        (f"/Groups/{all_of_us['id']}", {"schemas": [GROUP], "displayName": "marketing"}),
    ):
        assert globex.ask("GET", path).status_code == 404
        assert globex.ask("PUT", path, body).status_code == 404
        assert globex.patch(path, {"op": "replace", "path": "externalId", "value": "mine"}).status_code == 404
        assert globex.ask("DELETE", path).status_code == 404
        assert idp.ask("GET", path).status_code == 200
    assert globex.found('externalId eq "x1"') == []
    assert told(globex.ask("GET", "/"))["totalResults"] == 0
    intruding = {"schemas": [GROUP], "displayName": "ours", "members": [{"value": dee["id"]}]}
    assert globex.ask("POST", "/Groups", intruding).status_code == 400
    assert active("dee")


def test_a_partners_key_makes_people_of_its_organization_only(idp_of: Callable[[str], Provider]) -> None:
    acme = idp_of("acme")
    wrong = {"schemas": [USER], "userName": "dee", ENTERPRISE: {"organization": "globex"}}
    refused = acme.ask("POST", "/Users", wrong)
    assert (refused.status_code, told(refused)["scimType"]) == (400, "invalidValue")
    made = acme.user("dee")
    moved = {"op": "replace", "path": f"{ENTERPRISE}:organization", "value": "globex"}
    assert acme.patch(f"/Users/{made['id']}", moved).status_code == 400
    assert member("dee").organization == "acme"


def test_a_partner_cannot_bring_back_whom_another_deleted(idp_of: Callable[[str], Provider]) -> None:
    acme, globex = idp_of("acme"), idp_of("globex")
    acme.ask("DELETE", f"/Users/{acme.user('dee')['id']}")
    assert globex.ask("POST", "/Users", {"schemas": [USER], "userName": "dee"}).status_code == 409
    acme.user("dee")


def test_a_partner_does_not_see_into_which_groups_of_others_its_people_were_put(
    idp: Provider, idp_of: Callable[[str], Provider]
) -> None:
    acme = idp_of("acme")
    dee = acme.user("dee")
    own, others = acme.group("everybody", dee), idp.group("Partners that we may leave", dee)
    path = f"/Users/{dee['id']}"
    assert [one["value"] for one in told(acme.ask("GET", path))["groups"]] == [own["id"]]
    assert {one["value"] for one in told(idp.ask("GET", path))["groups"]} == {own["id"], others["id"]}


def test_a_partner_does_not_see_whom_others_put_into_its_group_and_leaves_them_there(
    idp: Provider, idp_of: Callable[[str], Provider]
) -> None:
    acme = idp_of("acme")
    dee, gus, hal = acme.user("dee"), acme.user("gus"), idp.user("hal")
    group = acme.group("Partner Sales", dee)
    path = f"/Groups/{group['id']}"
    assert idp.patch(path, {"op": "add", "path": "members", "value": [{"value": hal["id"]}]}).status_code in (200, 204)
    assert [one["value"] for one in told(acme.ask("GET", path))["members"]] == [dee["id"]]
    for change, left in (("add", [dee, gus]), ("remove", [])):
        value = [{"value": one["id"]} for one in (dee, gus)]
        answer = acme.patch(path, {"op": change, "path": "members", "value": value})
        assert answer.status_code in (200, 204), answer.text
        seen = [one["value"] for one in told(idp.ask("GET", path))["members"]]
        assert seen == [one["id"] for one in (*left, hal)]
    assert acme.ask("DELETE", path).status_code == 204
    assert member("hal").roles == ()


# Whom SCIM did not make


@pytest.mark.parametrize("name", ["bo", "lms:4711", "pat"])
def test_whom_scim_did_not_make_it_does_not_address(idp: Provider, name: str) -> None:
    before = member(name)
    made = idp.user("dee", externalId=name, id=name)
    assert made["id"] != name
    assert idp.ask("GET", f"/Users/{name}").status_code == 404
    assert idp.ask("DELETE", f"/Users/{name}").status_code == 404
    idp.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert idp.ask("DELETE", f"/Users/{made['id']}").status_code == 204
    assert active(name)
    assert member(name) == before
    taken = idp.ask("POST", "/Users", {"schemas": [USER], "userName": name, "displayName": "Mallory"})
    assert (taken.status_code, told(taken)["scimType"]) == (409, "uniqueness")
    assert member(name) == before


def test_an_external_id_is_no_name_in_the_hub(idp: Provider) -> None:
    made = idp.user("dee", externalId="crm:77")
    with reader() as connection:
        assert lookup.member(connection, "crm:77") is None
    assert idp.ask("GET", "/Users/crm:77").status_code == 404
    assert idp.found('externalId eq "crm:77"') == ["dee"]
    assert idp.found('externalId eq "CRM:77"') == [], "its case counts"
    assert made["externalId"] == "crm:77"


def test_a_name_that_another_has_is_refused_in_whatever_case(idp: Provider) -> None:
    dee, eve = idp.user("Dee"), idp.user("eve")
    assert idp.ask("POST", "/Users", {"schemas": [USER], "userName": "dEE"}).status_code == 409
    for taken in ("dee", "bo"):
        rename = {"op": "replace", "path": "userName", "value": taken}
        refused = idp.patch(f"/Users/{eve['id']}", rename)
        assert (refused.status_code, told(refused)["scimType"]) == (409, "uniqueness")
    assert idp.patch(f"/Users/{dee['id']}", {"op": "replace", "path": "userName", "value": "dee"}).status_code == 204


# More than it says


def test_nobody_becomes_an_admin_by_an_attribute(idp: Provider) -> None:
    more = {
        "roles": [{"value": "program_admin", "primary": True}],
        "groups": [{"value": "program_admin"}],
        "entitlements": [{"value": "program_admin"}],
        "userType": "program_admin",
        "granted": ["program_admin"],
        "owner": 1,
        "member": 5,
    }
    made = idp.user("dee", **more)
    path = f"/Users/{made['id']}"
    idp.ask("PUT", path, {"schemas": [USER], "userName": "dee", **more})
    idp.patch(path, {"op": "add", "path": "roles", "value": [{"value": "program_admin"}]})
    idp.patch(path, {"op": "add", "value": {"roles": [{"value": "program_admin"}], "groups": [{"value": "x"}]}})
    assert member("dee").roles == ()
    now = told(idp.ask("GET", path))
    assert not {"roles", "entitlements", "groups", "userType", "granted", "owner"} & now.keys()


FILTERS = (
    'userName eq "DEE"',
    'userName eq "dee" or externalId eq "x2"',
    'userName eq "dee" and externalId eq "x2"',
    'userName eq "dee" and title pr',
    'externalId eq "X1"',
    'not (userName eq "dee")',
    'userName ne "dee"',
    'userName sw "d" or title eq "lead"',
    'userName.x eq "dee"',
    f'{ENTERPRISE}:organization eq "acme"',
    'emails[value co "@" and primary eq true]',
    "active eq true",
    'meta.created gt "2000-01-01T00:00:00Z"',
    r'userName eq "x\" or userName pr or userName eq \""',
    'userName eq "\' OR 1=1 --"',
    'userName eq "dee%" or userName eq "d_e"',
    r'userName eq "a\u0000b"',
    r'externalId eq "\u0000"',
    'id eq "1 or 1=1"',
)


def people() -> list[Person]:
    return [
        Person(user_name="dee", external_id="x1", title="Lead", active=True),
        Person(user_name="eve", external_id="x2", active=True, emails=[{"value": "eve@acme.example", "primary": True}]),
        Person.model_validate(
            {"schemas": [USER], "userName": "d_e", "active": True, ENTERPRISE: {"organization": "acme"}}
        ),
    ]


def test_a_filter_finds_whom_the_library_finds_and_nothing_in_it_is_a_statement(idp: Provider) -> None:
    """The oracle is the storage that the library keeps in memory."""
    user = next(one for one in PROVIDER.resource_types if one.name == "User")
    oracle = InMemoryStorage()
    for one in people():
        oracle.create(user, one)
        assert idp.ask("POST", "/Users", one.model_dump()).status_code == 201
    for filter_ in FILTERS:
        answer = idp.client.get(
            "/scim/v2/Users", query_string={"filter": filter_}, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        expected = searched(oracle, user, filter_)
        if expected is None:
            assert (answer.status_code, told(answer)["scimType"]) == (400, "invalidFilter"), filter_
            continue
        found = told(answer)
        assert {one["userName"] for one in found.get("Resources", [])} == expected, filter_
        assert found["totalResults"] == len(expected)


def searched(oracle: InMemoryStorage, user: ResourceType, filter_: str) -> set[str] | None:
    with PROVIDER:
        try:
            request = SearchRequest[Person](filter=filter_, start_index=1)
        except ValueError:
            return None
        return {str(one.user_name) for one in oracle.search([user], request).resources}  # type: ignore[attr-defined]


def test_what_is_no_filter_is_refused(idp: Provider) -> None:
    for wrong in ("userName", 'userName eq "dee', "1=1; DROP TABLE members", 'secret eq "x"', "(" * 5_000, 'a eq "'):
        answer = idp.client.get(
            "/scim/v2/Users", query_string={"filter": wrong}, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert (answer.status_code, told(answer)["scimType"]) == (400, "invalidFilter"), wrong


@pytest.mark.parametrize(
    "deep",
    [
        "not (" * 3_000 + "userName pr" + ")" * 3_000,
        "(" * 3_000 + "userName pr" + ")" * 3_000,
        "userName pr and " * 20_000 + "title pr",
        'userName eq "' + "x" * 100_000 + '"',
    ],
)
def test_a_filter_that_is_deep_or_long_costs_nothing(idp: Provider, deep: str) -> None:
    began = time.monotonic()
    searching = idp.ask(
        "POST", "/Users/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": deep}
    )
    assert (searching.status_code, told(searching)["scimType"]) == (400, "invalidFilter")
    made = idp.user("dee")
    patched = idp.patch(f"/Users/{made['id']}", {"op": "remove", "path": f"emails[{deep}]"})
    assert patched.status_code == 400
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("deep", ["not (" * 330 + "title pr" + ")" * 330, "(" * 990 + "title pr" + ")" * 990])
def test_a_filter_as_deep_as_can_be_is_no_fault_of_ours(idp: Provider, deep: str) -> None:
    path = f"/Users/{idp.user('dee')['id']}"
    for answer in (
        idp.ask("POST", "/.search", {"filter": deep}),
        idp.patch(path, {"op": "remove", "path": f"emails[{deep.replace('title', 'value')}]"}),
    ):
        assert answer.status_code in (200, 204, 400)


def test_a_filter_over_too_many_is_refused(idp: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.identity.scim.storage.MAX_SCANNED", 1)
    for name in ("dee", "eve"):
        idp.user(name)
    assert idp.found('userName eq "eve"') == ["eve"]
    answer = idp.ask("GET", "/Users?filter=title%20pr")
    assert (answer.status_code, told(answer)["scimType"]) == (400, "tooMany")


WRONG: tuple[dict[str, Any], ...] = (
    {},
    {"userName": ""},
    {"userName": "x" * 256},
    {"userName": "two\nlines"},
    {"userName": "a\0b"},
    {"userName": 7},
    {"userName": ["dee"]},
    {"userName": "dee", "externalId": "a\0b"},
    {"userName": "dee", "externalId": "x" * 256},
    {"userName": "dee", "displayName": "a\0b"},
    {"userName": "dee", "title": "x" * 256},
    {"userName": "dee", "active": "maybe"},
    {"userName": "dee", "emails": [{"value": "nowhere"}]},
    {"userName": "dee", "emails": {"value": "d@acme.example"}},
    {"userName": "dee", "emails": [{"value": "d@acme.example", "type": "x" * 40_000}]},
    {"userName": "dee", ENTERPRISE: {"organization": "a\0b"}},
    {"userName": "dee", ENTERPRISE: "acme"},
    {"schemas": []},
    {"schemas": ["urn:x"], "userName": "dee"},
)


def test_a_wrong_user_is_refused_and_nobody_is_made(idp: Provider) -> None:
    for wrong in WRONG:
        refused = idp.ask("POST", "/Users", {"schemas": [USER], **wrong})
        assert refused.status_code == 400, wrong
        assert told(refused)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert told(idp.ask("GET", "/Users"))["totalResults"] == 0


BODIES = (
    (b"", "application/scim+json", 400),
    (b"{", "application/scim+json", 400),
    (b"[]", "application/scim+json", 400),
    (b"\xff", "application/scim+json", 400),
    (b'{"userName": "\\ud800"}', "application/scim+json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b"userName=dee", "application/x-www-form-urlencoded", 415),
    (b" " * (1024 * 1024 + 1), "application/scim+json", 413),
)


def test_a_body_that_is_none_is_refused(idp: Provider) -> None:
    proof = {"Authorization": f"Bearer {TOKEN}"}
    for body, type_, status in BODIES:
        refused = idp.client.post("/scim/v2/Users", data=body, content_type=type_, headers=proof)
        assert (refused.status_code, refused.content_type) == (status, "application/scim+json"), body[:20]


def test_what_there_is_not_says_so(idp: Provider) -> None:
    for method, path, status in (
        ("GET", "/Nowhere", 404),
        ("GET", "/Users/none", 404),
        ("GET", "/Users/none/more", 404),
        ("DELETE", "/Users", 405),
        ("POST", "/ServiceProviderConfig", 405),
        ("GET", "/Me", 501),
        ("POST", "/Bulk", 501),
        ("GET", "/Users?sortBy=userName", 501),
        ("GET", "/Users?count=x", 400),
        ("GET", "/Schemas?filter=id%20pr", 403),
    ):
        answer = idp.ask(method, path)
        assert (answer.status_code, answer.content_type) == (status, "application/scim+json"), path


def test_pages_are_of_a_bounded_size_and_together_hold_everybody(idp: Provider) -> None:
    for name in ("dee", "eve", "fia"):
        idp.user(name)
    idp.group("Care")
    seen = []
    for start in range(1, 6):
        page = told(idp.ask("GET", f"/?startIndex={start}&count=1"))
        assert (page["totalResults"], page["startIndex"]) == (4, start)
        seen += [one.get("userName") or one["displayName"] for one in page.get("Resources", [])]
    assert seen == ["dee", "eve", "fia", "Care"]
    for asked in ("count=0", "count=-1"):
        assert told(idp.ask("GET", f"/Users?{asked}")).get("Resources", []) == []
    assert len(told(idp.ask("GET", "/Users?startIndex=-3&count=99999"))["Resources"]) == 3
