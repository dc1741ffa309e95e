"""Signing in by SAML: one signed assertion, for this hub, in answer to this browser, once. Nothing else is believed."""

import base64
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from werkzeug.test import TestResponse

from config import SettingError
from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup, members
from hub.directory.members import MemberProfile, MemberRecord
from hub.identity import linking, replays
from hub.identity.saml import pages
from hub.identity.saml.pages import BEGUN, BEGUN_AT_ONCE
from tests.app import NOW
from tests.identity.asserting import HUB, ISSUER, SSO, Assertion, Keys, encoded, keys, metadata, sign
from tests.identity.conftest import Start
from tests.identity.forger import asked_for
from tests.identity.test_openid import roles, who

DOOR = "/auth/saml/acme"
VECTORS = Path(__file__).parent.parent / "data" / "saml"

Begin = Callable[..., FlaskClient]


@pytest.fixture
def begin(start: Start, tmp_path: Path) -> Begin:
    """A hub whose one provider is ours: `begin(MATCH="employee")`."""
    file = tmp_path / "metadata.xml"
    file.write_text(metadata())

    def made(**more: str) -> FlaskClient:
        settings = {"METADATA": str(file), **more}
        return start(**{f"HUB_SAML_ACME_{name}": value for name, value in settings.items()}).test_client()

    return made


def go(client: FlaskClient, door: str = DOOR) -> str:
    """To the provider; the id of the request that it was brought."""
    answer = client.get(door)
    assert answer.status_code == 302
    assert answer.location.startswith(f"{SSO}?")
    asked = asked_for(answer.location)
    xml = zlib.decompress(base64.b64decode(asked["SAMLRequest"]), -15).decode()
    assert f'AssertionConsumerServiceURL="{HUB}/acs"' in xml
    assert len(asked["RelayState"].encode()) <= 80
    found = re.search(r'\bID="([^"]+)"', xml)
    assert found
    return found[1]


def bring(client: FlaskClient, xml: str, **more: str) -> TestResponse:
    """What the provider's form brings, without a cookie, as browsers do it from another site."""
    form = {"SAMLResponse": encoded(xml), **more}
    return client.application.test_client().post(f"{DOOR}/acs", data=form)


def sign_in(client: FlaskClient, assertion: Assertion | None = None, door: str = DOOR) -> TestResponse:
    request = go(client, door)
    brought = bring(client, (assertion or Assertion(None)).but(request=request).signed())
    assert brought.status_code == 303, brought.text
    assert brought.location.startswith(f"{DOOR}?arrival=")
    return client.get(brought.location)


def test_a_member_is_known_by_the_name_id_and_lands_where_she_wanted(begin: Begin) -> None:
    client = begin()
    answer = sign_in(client, door=f"{DOOR}?next=/badges%3Fall%3D1")
    assert (answer.status_code, answer.location, who(client)) == (303, "/badges?all=1", "bo")


def test_the_hub_describes_itself(begin: Begin) -> None:
    answer = begin().get(f"{DOOR}/metadata")
    assert answer.content_type == "application/samlmetadata+xml"
    for part in (f'entityID="{HUB}/metadata"', f'Location="{HUB}/acs"', 'WantAssertionsSigned="true"'):
        assert part in answer.text
    assert "validUntil" not in answer.text


def test_a_provider_that_is_not_set_up_is_a_404(begin: Begin) -> None:
    client = begin()
    for address in ("/auth/saml/other", "/auth/saml/other/metadata", "/auth/oidc/acme"):
        assert client.get(address).status_code == 404
    assert client.post("/auth/saml/other/acs", data={"SAMLResponse": "x"}).status_code == 404


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/%5Cevil.example"])
def test_nobody_is_led_away(begin: Begin, wanted: str) -> None:
    client = begin()
    request = go(client, f"{DOOR}?next={wanted}")
    brought = bring(client, Assertion(request).signed(), RelayState="https://evil.example/")
    assert client.get(brought.location).location == "/"


def test_sign_ins_that_are_begun_and_left_do_not_fill_the_cookie(begin: Begin) -> None:
    client = begin()
    first = last = go(client)
    for minute in range(1, 11):
        clock.set_source(clock.moment(clock.instant(NOW) + minute * clock.MINUTE).isoformat())
        last = go(client, f"{DOOR}?next=/{'a' * 250}")
    with client.session_transaction() as session:
        assert len(session[BEGUN]) == BEGUN_AT_ONCE
    answers = [client.get(bring(client, Assertion(request).signed()).location) for request in (first, last)]
    assert [one.status_code for one in answers] == [400, 303]


# Fields and roles


ZOE = Assertion(
    None,
    subject="zoe",
    attributes=(
        ("displayName", ("Zoë Meyer",)),
        ("mail", ("zoe@acme.example",)),
        ("company", ("acme",)),
        ("memberOf", ("CN=Owners,OU=P", "everybody")),
    ),
)


def test_attributes_become_fields_and_roles(begin: Begin) -> None:
    client = begin(
        CREATE="on",
        ORGANIZATION_CLAIM="company",
        FIELDS="name=displayName;email=mail",
        GROUPS="CN=Owners,OU=P=partner_owner;reps=sales_rep",
        GROUPS_CLAIM="memberOf",
    )
    assert sign_in(client, ZOE).status_code == 303
    assert roles("zoe") == ("partner_owner",)
    with reader() as connection:
        known = lookup.member(connection, "zoe")
        assert known
        person = lookup.profile_now(connection, known.no, clock.now())
    assert person
    assert (person.name, person.organization and person.organization.id) == ("Zoë Meyer", "acme")
    assert sign_in(client, ZOE.but(attributes=(("memberOf", ("reps",)),))).status_code == 303
    assert roles("zoe") == ("sales_rep",)


def test_an_attribute_may_be_what_one_is_matched_by(begin: Begin) -> None:
    client = begin(MATCH="employee")
    sign_in(client, Assertion(None, subject="s-1", attributes=(("employee", ("lms:4711",)),)))
    assert who(client) == "bo"


def test_the_name_id_may_be_the_address_that_finds_a_member(begin: Begin) -> None:
    client = begin(MATCH="email", TRUST_EMAIL="on", FIELDS="name=displayName;email=NameID")
    with transaction() as connection:
        bo = MemberRecord("bo", MemberProfile("Bo", organization="acme"), ("bo@acme.example",))
        assert not members.upsert(connection, [bo], clock.now()).outcomes[0].faults
    sign_in(client, Assertion(None, subject="bo@acme.example"))
    assert who(client) == "bo"


def test_who_is_not_known_reads_whom_to_ask(begin: Begin) -> None:
    client = begin()
    answer = sign_in(client, Assertion(None, subject="nobody"))
    assert (answer.status_code, who(client)) == (403, None)
    assert "nobody" in answer.text


# What is not believed


def refused(client: FlaskClient, answer: TestResponse) -> None:
    assert (answer.status_code, who(client)) == (400, None)
    with reader() as connection:
        assert not any(linking.links(connection, number) for number in range(1, 10))


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"audience": f"{HUB}/metadata.evil.example"},
        {"audience": "https://other.example"},
        {"audience": None},
        {"recipient": "https://other.example/acs"},
        {"recipient": f"{HUB}/acs.evil.example"},
        {"recipient": f"https://evil.example/?{HUB}/acs"},
        {"recipient": None},
        {"destination": "https://other.example/acs"},
        {"destination": f"{HUB}/acs.evil.example"},
        {"destination": ""},
        {"until": -400},
        {"since": 400},
        {"confirmed_until": -1},
        {"confirmed_until": None},
        {"status": "Responder"},
        {"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
        {"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
        {"subject": ""},
        {"subject": "b" * 300},
        {"subject": "a&#10;b"},
        {"answers": None},
        {"answers": "another"},
        {"request": None},
        {"request": None, "answers": "the request"},
    ],
    ids=str,
)
def test_an_assertion_that_says_something_wrong(begin: Begin, change: dict[str, Any]) -> None:
    client = begin()
    request = go(client)
    change = {name: request if value == "the request" else value for name, value in change.items()}
    refused(client, bring(client, Assertion(request).but(**change).signed()))


def test_an_assertion_that_nobody_signed(begin: Begin) -> None:
    client = begin()
    right = Assertion(go(client))
    refused(client, bring(client, right.response(right.xml())))
    refused(client, bring(client, sign(right.response(right.xml()))))


def test_an_assertion_that_somebody_else_signed(begin: Begin) -> None:
    client = begin()
    refused(client, bring(client, Assertion(go(client)).signed(keys("somebody else"))))


def test_a_key_that_the_signature_brings_along(begin: Begin) -> None:
    client = begin()
    own = keys("somebody else")
    mixed = Keys(own.key, keys().certificate)
    for by in (own, mixed):
        refused(client, bring(client, Assertion(go(client)).signed(by)))


def test_an_assertion_that_was_changed_on_the_way(begin: Begin) -> None:
    client = begin()
    signed = Assertion(go(client)).signed()
    refused(client, bring(client, signed.replace(">bo<", ">ada<")))


def test_a_name_that_hides_a_comment_is_read_as_it_was_signed(begin: Begin) -> None:
    client = begin()
    signed = Assertion(go(client), subject="bo.evil").signed()
    brought = bring(client, signed.replace(">bo.evil<", ">bo<!-- -->.evil<"))
    assert brought.status_code in (303, 400)
    if brought.status_code == 303:
        assert client.get(brought.location).status_code == 403
    assert who(client) is None


@pytest.mark.parametrize("algorithms", [{"sign_algorithm": Constants.RSA_SHA1}, {"digest_algorithm": Constants.SHA1}])
def test_a_signature_of_yesterday(begin: Begin, algorithms: dict[str, str]) -> None:
    client = begin()
    refused(client, bring(client, Assertion(go(client)).signed(**algorithms)))


def _beside(right: Assertion) -> str:
    """A forged assertion before the signed one."""
    forged = right.but(subject="ada", id="forged").xml()
    return right.response(forged + sign(right.xml()))


def _around(right: Assertion) -> str:
    """The signed one inside the forged one, which bears its signature's reference."""
    forged, inner = right.but(subject="ada", id="forged").xml(), sign(right.xml())
    return right.response(forged.replace("</saml:Assertion>", f"{inner}</saml:Assertion>"))


def _moved(right: Assertion) -> str:
    """The forged one with the signature, the signed one in an object of it."""
    signed = sign(right.but(id="signed").xml())
    found = re.search(r"<ds:Signature.*</ds:Signature>", signed, re.DOTALL)
    assert found
    bare = signed.replace(found[0], "")
    carried = found[0].replace("</ds:Signature>", f"<ds:Object>{bare}</ds:Object></ds:Signature>")
    forged = right.but(subject="ada", id="forged").xml()
    return right.response(forged.replace("</saml:Issuer>", f"</saml:Issuer>{carried}", 1))


def _twin(right: Assertion) -> str:
    """Two of one id, of which one is signed."""
    forged = right.but(subject="ada", id="one").xml()
    return right.response(forged + sign(right.but(id="one").xml()))


def _extended(right: Assertion) -> str:
    """The signed one in the message's extensions, the forged one where it belongs."""
    forged = right.but(subject="ada", id="forged").xml()
    kept = f"<samlp:Extensions>{sign(right.xml())}</samlp:Extensions>"
    return right.response(forged).replace("<samlp:Status>", f"{kept}<samlp:Status>", 1)


@pytest.mark.parametrize("wrap", [_beside, _around, _moved, _twin, _extended])
def test_a_signature_that_is_wrapped_around_something_else(begin: Begin, wrap: Callable[[Assertion], str]) -> None:
    client = begin()
    refused(client, bring(client, wrap(Assertion(go(client)))))


def test_an_assertion_that_was_shown_before(begin: Begin) -> None:
    client = begin()
    signed = Assertion(go(client)).signed()
    first = bring(client, signed)
    assert bring(client, signed).status_code == 400
    assert client.get(first.location).status_code == 303
    other = client.application.test_client()
    for again in (first.location, bring(client, signed).location or DOOR):
        other.get(again)
        assert who(other) is None
    assert client.get(first.location).status_code == 400


def test_an_assertion_is_remembered_as_long_as_it_would_be_believed(begin: Begin) -> None:
    client = begin()
    signed = Assertion(go(client), until=7200, confirmed_until=7200).signed()
    assert bring(client, signed).status_code == 303
    replays.forget(clock.now() + 2 * clock.HOUR)
    assert bring(client, signed).status_code == 400


def test_an_assertion_signs_nobody_in_but_the_browser_that_asked(begin: Begin) -> None:
    mine = begin()
    theirs = mine.application.test_client()
    brought = bring(mine, Assertion(go(theirs)).signed())
    go(mine)
    refused(mine, mine.get(brought.location))
    refused(theirs, theirs.get(brought.location))


def test_an_assertion_that_nobody_asked_for(begin: Begin) -> None:
    client = begin()
    brought = bring(client, Assertion("made-up").signed())
    refused(client, client.get(brought.location))


def test_an_arrival_waits_for_a_minute(begin: Begin) -> None:
    client = begin()
    first, second = (bring(client, Assertion(go(client)).signed()).location for _ in range(2))
    clock.set_source(clock.moment(clock.instant(NOW) + clock.MINUTE).isoformat())
    refused(client, client.get(first))
    pages.forget(clock.now())
    refused(client, client.get(second))


@pytest.mark.parametrize("arrival", ["", "x", "a" * 5_000, "é"])
def test_an_arrival_that_is_made_up(begin: Begin, arrival: str) -> None:
    client = begin()
    go(client)
    refused(client, client.get(DOOR, query_string={"arrival": arrival}))


def test_a_relay_state_that_is_too_long(begin: Begin) -> None:
    client = begin()
    refused(client, bring(client, Assertion(go(client)).signed(), RelayState="é" * 41))


BOMB = "<!DOCTYPE b [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {after} '{f'&{before};' * 10}'>" for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "x",
        "<a/>",
        "<samlp:Response/>",
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>',
        f"{BOMB}]><b>&i;</b>",
        "<!DOCTYPE b [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><b>&a;</b>",
        "<!DOCTYPE b SYSTEM 'http://127.0.0.1:1/b.dtd'><b/>",
        "<a>" * 5_000 + "</a>" * 5_000,
    ],
    ids=["empty", "text", "other", "no-namespace", "bare", "expansion", "external", "dtd", "deep"],
)
def test_what_is_no_response(begin: Begin, document: str) -> None:
    client = begin()
    refused(client, bring(client, document))


def test_an_entity_in_a_signed_response(begin: Begin) -> None:
    client = begin()
    signed = Assertion(go(client)).signed()
    refused(client, bring(client, f"<!DOCTYPE b [<!ENTITY bo 'ada'>]>{signed.replace('>bo<', '>&bo;<')}"))


@pytest.mark.parametrize("text", ["", "%%%", "é", "x" * 300_000])
def test_what_is_no_base64(begin: Begin, text: str) -> None:
    client = begin()
    refused(client, client.post(f"{DOOR}/acs", data={"SAMLResponse": text}))
    refused(client, client.post(f"{DOOR}/acs"))


@pytest.mark.parametrize("vector", sorted(VECTORS.glob("*.base64")), ids=lambda file: file.name)
def test_the_vectors_of_others_are_not_ours(begin: Begin, vector: Path) -> None:
    client = begin()
    go(client)
    refused(client, client.post(f"{DOOR}/acs", data={"SAMLResponse": vector.read_text()}))


def test_an_erasure_takes_what_waits_for_a_browser_too(begin: Begin) -> None:
    client = begin()
    brought = bring(client, Assertion(go(client)).signed())
    with transaction() as connection:
        pages._forget_all(connection, None)  # type: ignore[arg-type]
    refused(client, client.get(brought.location))


WITHOUT_KEY = metadata().replace("X509Certificate>", "Other>")
WITHOUT_ADDRESS = metadata().replace("SingleSignOn", "Other")


@pytest.mark.parametrize("text", ["", "x", "<a/>", WITHOUT_KEY, WITHOUT_ADDRESS])
def test_metadata_that_is_none_stops_the_start(start: Start, tmp_path: Path, text: str) -> None:
    file = tmp_path / "metadata.xml"
    file.write_text(text)
    with pytest.raises(SettingError, match="HUB_SAML_ACME_METADATA") as refusal:
        start(HUB_SAML_ACME_METADATA=str(file))
    assert len(str(refusal.value).splitlines()) == 1


def test_the_button_stands_beside_the_others(begin: Begin) -> None:
    text = begin(TITLE="Acme's directory").get("/sign-in?next=/points").text
    assert 'href="/auth/saml/acme?next=%2Fpoints"' in text
    assert ISSUER not in text
