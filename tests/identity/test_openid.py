"""Signing in by OpenID Connect: what is believed, what is not, and who becomes whom."""

import secrets
from collections.abc import Iterator
from time import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup, members
from hub.directory.members import MemberProfile, MemberRecord
from hub.identity import linking, sessions
from hub.identity.oidc import client as client_module
from hub.identity.oidc.pages import BEGUN
from tests.app import JANUARY
from tests.identity.conftest import Start
from tests.identity.forger import Forger, asked_for, forging

DOOR = "/auth/oidc/acme"
EMAIL = {"email": "bo@mail.example", "email_verified": True}


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forging() as forger:
        yield forger


def settings(forger: Forger, name: str = "ACME", **more: str) -> dict[str, str]:
    said = {"ISSUER": forger.issuer, "CLIENT_ID": forger.client_id, "CLIENT_SECRET": f"the secret of {name}", **more}
    return {f"HUB_OIDC_{name}_{setting}": value for setting, value in said.items()}


@pytest.fixture
def begin(start: Start, forger: Forger) -> Any:
    """A hub whose one provider is the forger: `begin(MATCH="email")`."""
    return lambda **more: start(**settings(forger, **more)).test_client()


def go(client: FlaskClient, forger: Forger, door: str = DOOR) -> dict[str, str]:
    """To the provider: what the browser brings it."""
    answer = client.get(door)
    assert answer.status_code == 302
    assert answer.location.startswith(f"{forger.issuer}/authorization?")
    asked = asked_for(answer.location)
    forger.nonce = asked["nonce"]
    return asked


def come_back(client: FlaskClient, asked: dict[str, str], code: str = "c", **more: str) -> TestResponse:
    return client.get(DOOR, query_string={"code": code, "state": asked["state"], **more})


def sign_in(client: FlaskClient, forger: Forger, **claims: Any) -> TestResponse:
    forger.claims = claims
    return come_back(client, go(client, forger), f"code {len(forger.spent)}")


def who(client: FlaskClient) -> str | None:
    """Whose session the browser has."""
    with client.session_transaction() as session:
        token = session.get("_user_id")
    with reader() as connection:
        found = sessions.find(connection, token, clock.now()) if token else None
        people = lookup.people(connection, [found.member], clock.now()) if found else {}
    return people[found.member].id if found else None


def roles(id_: str) -> tuple[str, ...]:
    with reader() as connection:
        known = lookup.member(connection, id_)
        assert known
        return lookup.people(connection, [known.no], clock.now())[known.no].roles


# There and back


def test_what_is_asked_of_the_provider_is_bound_to_this_browser(begin: Any, forger: Forger) -> None:
    client = begin()
    first, second = go(client, forger), go(client, forger)
    assert first["redirect_uri"] == "http://127.0.0.1:8000/auth/oidc/acme"
    assert (first["response_type"], first["scope"], first["code_challenge_method"]) == (
        "code",
        "openid profile email",
        "S256",
    )
    for once in ("state", "nonce", "code_challenge"):
        assert len(first[once]) >= 20
        assert first[once] != second[once]


def test_the_code_is_redeemed_with_its_verifier(begin: Any, forger: Forger) -> None:
    assert sign_in(begin(), forger).status_code == 303
    [form] = forger.forms
    assert len(form["code_verifier"]) >= 43
    assert form["redirect_uri"] == "http://127.0.0.1:8000/auth/oidc/acme"


def test_a_member_is_known_by_the_subject_and_lands_where_she_wanted(begin: Any, forger: Forger) -> None:
    client = begin()
    answer = come_back(client, go(client, forger, f"{DOOR}?next=/badges%3Fall%3D1"))
    assert (answer.status_code, answer.location) == (303, "/badges?all=1")
    assert who(client) == "bo"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/%5Cevil.example", "/" + "a" * 600])
def test_nobody_is_led_away(begin: Any, forger: Forger, wanted: str) -> None:
    client = begin()
    assert come_back(client, go(client, forger, f"{DOOR}?next={wanted}")).location == "/"


def test_a_provider_that_is_not_set_up_is_a_404(begin: Any) -> None:
    client = begin()
    for address in ("/auth/oidc/other", "/auth/oidc/ACME", "/auth/oidc/"):
        assert client.get(address).status_code == 404
    assert client.post("/auth/oidc/other/logout").status_code == 404


def test_sign_ins_that_are_begun_and_left_do_not_fill_the_cookie(begin: Any, forger: Forger) -> None:
    client = begin()
    first = go(client, forger)
    for _ in range(20):
        last = go(client, forger, f"{DOOR}?next=/{secrets.token_hex(140)}")
    with client.session_transaction() as session:
        assert sum(key.startswith("_state_") for key in session) == BEGUN
    cookie = client.get_cookie("hub")
    assert cookie
    assert len(cookie.value) < 4_000
    assert come_back(client, first).status_code == 400
    assert come_back(client, last).status_code == 303


def test_the_page_offers_each_provider_and_carries_where_one_wanted_to_go(start: Start, forger: Forger) -> None:
    page = start(**settings(forger, TITLE="Acme"), **settings(forger, "OTHER"), HUB_DEMO="off").test_client()
    text = page.get("/sign-in?next=/badges").text
    assert "Sign in with Acme" in text
    assert 'href="/auth/oidc/acme?next=%2Fbadges"' in text
    assert 'href="/auth/oidc/other?next=%2Fbadges"' in text


# What is not believed


def kept_out(client: FlaskClient, answer: TestResponse) -> None:
    assert (answer.status_code, who(client)) == (400, None)


def refused(client: FlaskClient, answer: TestResponse) -> None:
    """And nobody was linked to anybody."""
    kept_out(client, answer)
    with reader() as connection:
        assert not any(linking.links(connection, number) for number in range(1, 10))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": "another", "azp": "hub"},
        {"aud": ["another"], "azp": "hub"},
        {"aud": ["another", "third"]},
        {"aud": ["another", "hub"]},
        {"aud": ["another", "hub"], "azp": "another"},
        {"azp": "another"},
        {"aud": None},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": None},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\0b"},
        {"sub": "b" * 256},
        {"at_hash": "of another token"},
    ],
    ids=str,
)
def test_a_token_that_says_something_wrong(begin: Any, forger: Forger, claims: dict[str, Any]) -> None:
    client = begin()
    refused(client, sign_in(client, forger, **claims))


@pytest.mark.parametrize("offered", [None, ["none", "HS256", "RS256"]])
@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_have_made(
    begin: Any, forger: Forger, algorithm: str, offered: list[str] | None
) -> None:
    client = begin()
    forger.metadata = {"id_token_signing_alg_values_supported": offered} if offered else {}
    forger.header = {"alg": algorithm, "kid": "one"}
    refused(client, sign_in(client, forger))


@pytest.mark.parametrize("named", ["jwk", "jku", "kid"])
def test_a_token_that_brings_its_own_key(begin: Any, forger: Forger, named: str) -> None:
    client = begin()
    published, forger.key = forger.key, RSAKey.generate_key(2048, {"kid": "mine"})
    own = {"jwk": forger.key.as_dict(private=False), "jku": f"{forger.issuer}/jwks", "kid": "mine"}
    forger.header = {"alg": "RS256", "kid": "one", named: own[named]}
    asked = go(client, forger)
    forger.token, forger.key = forger.id_token(), published
    refused(client, come_back(client, asked))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "." * 5, "é.é.é"])
def test_a_token_that_is_none(begin: Any, forger: Forger, token: str) -> None:
    client = begin()
    forger.token = token or "..."
    refused(client, sign_in(client, forger))


def test_a_token_that_was_changed_on_the_way(begin: Any, forger: Forger) -> None:
    client = begin()
    asked = go(client, forger)
    head, body, signature = forger.id_token().split(".")
    forger.claims = {"sub": "ada"}
    forger.token = ".".join((head, forger.id_token().split(".")[1], signature))
    assert body not in forger.token
    refused(client, come_back(client, asked))


@pytest.mark.parametrize("state", ["", "x", "a" * 5_000])
def test_a_state_that_nobody_was_given(begin: Any, forger: Forger, state: str) -> None:
    client = begin()
    go(client, forger)
    refused(client, client.get(DOOR, query_string={"code": "c", "state": state}))
    refused(client, client.get(DOOR, query_string={"code": "c"}))
    assert "/token" not in forger.asked


def test_a_state_of_another_browser(begin: Any, forger: Forger) -> None:
    mine = begin()
    other = mine.application.test_client()
    go(mine, forger)
    refused(mine, come_back(mine, go(other, forger)))
    assert "/token" not in forger.asked


def test_a_way_back_is_gone_once(begin: Any, forger: Forger) -> None:
    client = begin()
    asked = go(client, forger)
    assert come_back(client, asked).status_code == 303
    again = client.application.test_client()
    assert come_back(client, asked).status_code == 400
    kept_out(again, come_back(again, asked))
    assert forger.asked.count("/token") == 1


def test_a_code_that_was_redeemed_before(begin: Any, forger: Forger) -> None:
    client = begin()
    assert come_back(client, go(client, forger)).status_code == 303
    other = client.application.test_client()
    kept_out(other, come_back(other, go(other, forger)))


def test_a_provider_that_refuses(begin: Any, forger: Forger) -> None:
    client = begin()
    asked = go(client, forger)
    said = {"error": "access_denied", "error_description": "<b>", "state": asked["state"]}
    answer = client.get(DOOR, query_string=said)
    refused(client, answer)
    assert "&lt;b&gt;" not in answer.text
    refused(client, come_back(client, asked))


def test_two_providers_are_not_mixed_up(start: Start, forger: Forger) -> None:
    with forging(client_id="hub at the other") as other:
        client = start(**settings(forger), **settings(other, "OTHER")).test_client()
        asked = go(client, forger)
        query = {"code": "c", "state": asked["state"]}
        refused(client, client.get("/auth/oidc/other", query_string=query))
        refused(client, come_back(client, asked, iss=other.issuer))
        assert "/token" not in other.asked + forger.asked
        other.nonce = asked["nonce"]
        forger.token = other.id_token()
        refused(client, come_back(client, go(client, forger)))


def test_a_provider_that_promises_its_name_must_give_it(begin: Any, forger: Forger) -> None:
    client = begin()
    forger.metadata = {"authorization_response_iss_parameter_supported": True}
    refused(client, come_back(client, go(client, forger)))
    assert come_back(client, go(client, forger), iss=forger.issuer).status_code == 303


def test_userinfo_of_somebody_else(begin: Any, forger: Forger) -> None:
    client = begin()
    forger.userinfo = {"sub": "ada"}
    refused(client, sign_in(client, forger))


def test_a_provider_that_calls_itself_otherwise(begin: Any, forger: Forger) -> None:
    client = begin()
    forger.metadata = {"issuer": "https://evil.example"}
    refused(client, client.get(DOOR))


def test_a_provider_that_does_not_answer_is_tried_again(start: Start) -> None:
    down = Forger(issuer="http://127.0.0.1:9")
    client = start(**settings(down)).test_client()
    answer = client.get(DOOR)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert client.post(f"{DOOR}/logout", data={"logout_token": "x"}).status_code == 503


def test_a_provider_may_change_its_keys(begin: Any, forger: Forger, monkeypatch: pytest.MonkeyPatch) -> None:
    client = begin()
    assert sign_in(client, forger).status_code == 303
    forger.key = RSAKey.generate_key(2048, {"kid": "two"})
    forger.header = {"alg": "RS256", "kid": "two"}
    assert sign_in(client, forger).status_code == 400, "a key that nobody knows is looked for once a minute"
    monkeypatch.setattr(client_module, "KEYS_SECONDS", 0.0)
    assert sign_in(client, forger).status_code == 303


# Who becomes whom


def test_a_new_session_is_not_the_one_from_before(begin: Any, forger: Forger) -> None:
    client = begin()
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    sign_in(client, forger)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_an_alias_is_matched_by_the_claim_that_the_settings_name(begin: Any, forger: Forger) -> None:
    client = begin(MATCH="employee")
    assert sign_in(client, forger, sub="s-1", employee="lms:4711").status_code == 303
    assert who(client) == "bo"
    assert sign_in(client, forger, sub="s-1", employee="ada").status_code == 303
    assert who(client) == "bo", "once linked, the subject alone counts"


@pytest.mark.parametrize(
    "claim", [None, "", True, [], ["lms:4711", "ada"], {"id": "lms:4711"}, 4711, "x" * 300, "a\0b"]
)
def test_a_claim_that_is_no_name_matches_nobody(begin: Any, forger: Forger, claim: object) -> None:
    client = begin(MATCH="employee")
    answer = sign_in(client, forger, sub="s-1", employee=claim)
    assert (answer.status_code, who(client)) == (403, None)


def test_an_address_counts_only_verified_and_from_whom_it_is_trusted(begin: Any, forger: Forger) -> None:
    client = begin(MATCH="email", TRUST_EMAIL="on")
    with transaction() as connection:
        bo = MemberRecord("bo", MemberProfile("Bo Lind", None, "acme", ("sales_rep",)), ("bo@mail.example",), JANUARY)
        members.upsert(connection, [bo], clock.now())
    for unverified in (None, False, "true", 1):
        answer = sign_in(client, forger, sub="s-1", **EMAIL | {"email_verified": unverified})
        assert (answer.status_code, who(client)) == (403, None)
    assert sign_in(client, forger, sub="s-1", **EMAIL).status_code == 303
    assert who(client) == "bo"


def test_an_address_that_is_not_trusted_links_nobody(begin: Any, forger: Forger) -> None:
    client = begin()
    with transaction() as connection:
        bo = MemberRecord("bo", MemberProfile("Bo Lind", None, "acme", ("sales_rep",)), ("bo@mail.example",), JANUARY)
        members.upsert(connection, [bo], clock.now())
    assert sign_in(client, forger, sub="s-1", **EMAIL).status_code == 403


def test_a_name_that_was_given_to_somebody_else_does_not_open_her_account(begin: Any, forger: Forger) -> None:
    client = begin(MATCH="employee")
    assert sign_in(client, forger, sub="s-1", employee="bo").status_code == 303
    other = client.application.test_client()
    answer = sign_in(other, forger, sub="s-2", employee="bo")
    assert (answer.status_code, who(other)) == (403, None)
    assert "somebody else" in answer.text
    with transaction() as connection:
        known = lookup.member(connection, "bo")
        assert known
        assert linking.unlink(connection, known.no) == 1
    assert sign_in(other, forger, sub="s-2", employee="bo").status_code == 303


def test_the_same_subject_at_two_providers_is_two_people(start: Start, forger: Forger) -> None:
    with forging() as other:
        app = start(**settings(forger, MATCH="employee"), **settings(other, "OTHER", MATCH="employee"))
        one, two = app.test_client(), app.test_client()
        sign_in(one, forger, sub="s-1", employee="bo")
        other.claims = {"sub": "s-1", "employee": "ada"}
        asked = go(two, other, "/auth/oidc/other")
        two.get("/auth/oidc/other", query_string={"code": "c", "state": asked["state"]})
        assert (who(one), who(two)) == ("bo", "ada")


def test_who_is_deactivated_stays_out(begin: Any, forger: Forger) -> None:
    client = begin()
    assert sign_in(client, forger).status_code == 303
    with transaction() as connection:
        known = lookup.member(connection, "bo")
        assert known
        members.deactivate(connection, known.no, "test", None, clock.now())
    assert who(client) is None
    answer = sign_in(client, forger)
    assert (answer.status_code, who(client)) == (403, None)
    assert "no part in this hub any more" in answer.text
    assert sign_in(client, forger, sub="zoe").status_code == 403


def test_nobody_is_made_unless_the_settings_say_so(begin: Any, forger: Forger) -> None:
    client = begin(TITLE="Acme")
    answer = sign_in(client, forger, sub="zoe", organization="acme")
    assert answer.status_code == 403
    assert "Ask the people who run this hub" in answer.text
    with reader() as connection:
        assert lookup.member(connection, "zoe") is None


@pytest.mark.parametrize("organization", [None, "", "nowhere", ["acme", "globex"], 7])
def test_nobody_is_made_without_an_organization(begin: Any, forger: Forger, organization: object) -> None:
    client = begin(CREATE="on")
    answer = sign_in(client, forger, sub="zoe", organization=organization)
    assert (answer.status_code, who(client)) == (403, None)
    with reader() as connection:
        assert lookup.member(connection, "zoe") is None


def test_a_new_member_is_made_of_what_fits(begin: Any, forger: Forger) -> None:
    client = begin(CREATE="on", ORGANIZATION_CLAIM="company", FIELDS="name=full;email=email;locale=locale;title=job")
    said = {"company": "acme", "full": "Zoë", "locale": "klingon", "email": "zoe", "job": "Rep\nof the year"}
    forger.userinfo = {"company": "globex", "full": "of userinfo"}
    assert sign_in(client, forger, sub="zoe", **said).status_code == 303
    with reader() as connection:
        known = lookup.member(connection, "zoe")
        assert known
        profile = members.profile_at(connection, known.no, clock.now())
    assert profile == MemberProfile("Zoë", organization="acme"), "the signed token goes before the rest"


def test_what_only_userinfo_tells_counts_too(begin: Any, forger: Forger) -> None:
    client = begin(CREATE="on", GROUPS="owners=partner_owner")
    forger.userinfo = {"organization": "acme", "groups": ["owners"]}
    assert sign_in(client, forger, sub="zoe").status_code == 303
    assert roles("zoe") == ("partner_owner",)


def test_groups_set_roles_at_each_sign_in(begin: Any, forger: Forger) -> None:
    client = begin(GROUPS="CN=Owners,OU=P=partner_owner;reps=sales_rep;admins=program_admin")
    for groups, expected in (
        (["CN=Owners,OU=P", "unknown"], ("partner_owner",)),
        (["reps", "CN=Owners,OU=P"], ("partner_owner", "sales_rep")),
        ("reps", ("sales_rep",)),
        ([], ()),
        (["admins", 7, None], ("program_admin",)),
        (None, ()),
    ):
        assert sign_in(client, forger, groups=groups).status_code == 303
        assert roles("bo") == expected, groups


def test_a_role_that_no_group_gives_is_left_alone(begin: Any, forger: Forger) -> None:
    client = begin(GROUPS="owners=partner_owner")
    sign_in(client, forger, groups=["owners"])
    assert roles("bo") == ("partner_owner", "sales_rep")
    sign_in(client, forger, groups=[])
    assert roles("bo") == ("sales_rep",)


def test_groups_that_are_too_many_to_be_listed_change_nothing(begin: Any, forger: Forger) -> None:
    client = begin(GROUPS="reps=sales_rep")
    assert sign_in(client, forger, _claim_names={"groups": "src1"}).status_code == 303
    assert roles("bo") == ("sales_rep",)


def test_no_claim_gives_a_role_that_the_settings_do_not_name(begin: Any, forger: Forger) -> None:
    client = begin(CREATE="on")
    asked = {"groups": ["program_admin"], "roles": ["program_admin"], "role": "program_admin"}
    sign_in(client, forger, sub="zoe", organization="acme", **asked)
    assert roles("zoe") == ()


# Out again


def test_signing_out_leads_to_the_provider_too(begin: Any, forger: Forger) -> None:
    client = begin()
    sign_in(client, forger)
    client.application.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/sign-out")
    assert answer.status_code == 200
    assert who(client) is None
    assert f'content="0; url={forger.issuer}/end?id_token_hint=' in answer.text
    assert "post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A8000%2Fsign-in" in answer.text


def log_out(client: FlaskClient, token: str) -> TestResponse:
    return client.application.test_client().post(f"{DOOR}/logout", data={"logout_token": token})


def test_a_provider_ends_one_session_or_all(begin: Any, forger: Forger) -> None:
    one = begin()
    two, ada = one.application.test_client(), one.application.test_client()
    sign_in(one, forger, sid="s-one")
    sign_in(two, forger, sid="s-two")
    sign_in(ada, forger, sub="ada", sid="s-ada")
    answer = log_out(one, forger.logout_token(jti="1", sub=None, sid="s-one"))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (who(one), who(two), who(ada)) == (None, "bo", "ada")
    assert log_out(one, forger.logout_token(jti="2", sub="ada", sid="s-two")).status_code == 200
    assert (who(two), who(ada)) == ("bo", "ada"), "both must fit"
    assert log_out(one, forger.logout_token(jti="3")).status_code == 200
    assert (who(two), who(ada)) == (None, "ada")


def test_a_session_that_came_without_a_name_ends_by_its_subject(begin: Any, forger: Forger) -> None:
    client = begin()
    sign_in(client, forger)
    assert log_out(client, forger.logout_token(sid="unknown")).status_code == 200
    assert who(client) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"iat": None},
        {"iat": 1},
        {"exp": 1},
        {"jti": None},
        {"jti": ""},
        {"events": None},
        {"events": {}},
        {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": None}},
        {"nonce": "n"},
        {"sub": None},
        {"sub": 7},
        {"sub": "a\0b"},
        {"sub": None, "sid": ["s"]},
    ],
    ids=str,
)
def test_a_logout_that_is_not_believed(begin: Any, forger: Forger, claims: dict[str, Any]) -> None:
    client = begin()
    sign_in(client, forger)
    answer = log_out(client, forger.logout_token(**claims))
    assert (answer.status_code, answer.json) == (400, {"error": "invalid_request"})
    assert who(client) == "bo"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_logout_that_anybody_could_have_made(begin: Any, forger: Forger, algorithm: str) -> None:
    client = begin()
    sign_in(client, forger)
    forger.header = {"alg": algorithm, "kid": "one"}
    assert log_out(client, forger.logout_token()).status_code == 400
    assert log_out(client, forger.id_token()).status_code == 400
    for text in ("", "x", "a.b.c", "y" * 20_000):
        assert log_out(client, text).status_code == 400
    assert who(client) == "bo"


def test_a_logout_counts_once(begin: Any, forger: Forger) -> None:
    client = begin()
    token = forger.logout_token(iat=int(time()))
    assert log_out(client, token).status_code == 200
    sign_in(client, forger)
    assert log_out(client, token).status_code == 400
    assert who(client) == "bo"


def test_keys_that_nobody_knows_are_looked_for_once_a_minute(begin: Any, forger: Forger) -> None:
    client = begin()
    sign_in(client, forger)
    forger.header = {"alg": "RS256", "kid": "unknown"}
    before = forger.asked.count("/jwks")
    for _ in range(5):
        assert log_out(client, forger.logout_token()).status_code == 400
    assert forger.asked.count("/jwks") <= before + 1


def test_an_app_without_providers_has_no_such_doors(app: Flask) -> None:
    client = app.test_client()
    assert client.get(DOOR).status_code == 404
    assert client.post(f"{DOOR}/logout").status_code == 404
