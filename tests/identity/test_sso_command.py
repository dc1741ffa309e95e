"""`hub sso`: an operator sees before her people do whether they can sign in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config import Linking
from hub import clock
from hub.db import reader, transaction
from hub.identity import linking, replays, sessions
from hub.identity.linking import Claims, Refusal
from hub.identity.sessions import Proof
from hub.ledger import merging
from tests.app import NOW, PRODUCTION
from tests.identity.asserting import metadata
from tests.identity.conftest import free_port
from tests.identity.forger import Forger, forging
from tests.identity.test_openid import settings

ISSUER = "https://id.acme.example"
CLAIMS = Claims("oidc:acme", ISSUER, "s-1", {"employee": "bo"}, None, None)
RULES = Linking("employee", False, "groups", {}, False, "organization", {})

Hub = Callable[..., tuple[int, str, str]]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forging() as forger:
        yield forger


@pytest.fixture
def run(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command with these settings: `run({...}, "check")` gives exit status, output, error output."""

    def command(more: dict[str, str], *arguments: str) -> tuple[int, str, str]:
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        return hub("sso", *arguments)

    return command


def test_a_provider_that_is_ready(run: Run, forger: Forger) -> None:
    forger.metadata = {"backchannel_logout_supported": True}
    status, told, _ = run(settings(forger, GROUPS="a=sales_rep"), "check")
    assert (status, told.splitlines()) == (
        0,
        ["oidc acme: ready", "  it must know the address http://127.0.0.1:8000/auth/oidc/acme"],
    )


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        ({"issuer": "https://evil.example"}, "it calls itself 'https://evil.example'"),
        ({"token_endpoint": None}, "it names no token_endpoint"),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, "no algorithm that is believed"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"jwks_uri": "http://127.0.0.1:9/jwks"}, "does not answer"),
    ],
)
def test_a_provider_that_keeps_people_out(run: Run, forger: Forger, metadata: dict[str, object], fault: str) -> None:
    forger.metadata = metadata
    status, told, error = run(settings(forger), "check")
    assert status == 1
    assert "oidc acme: people cannot sign in" in told
    assert fault in told
    assert "not everybody can sign in" in error


def test_a_secret_that_the_provider_does_not_know(run: Run, forger: Forger) -> None:
    forger.secrets = {"another"}
    status, told, _ = run(settings(forger), "check")
    assert status == 1
    assert "does not accept the client id or the secret (invalid_client)" in told


def test_what_may_surprise_is_noted(run: Run, forger: Forger) -> None:
    forger.metadata = {"end_session_endpoint": None}
    status, told, _ = run(settings(forger, GROUPS="a=sales_rep;b=alliance_lead"), "check", "--json")
    assert status == 0
    [one] = json.loads(told)["items"]
    assert one["faults"] == []
    for word in ("alliance_lead", "sign-out", "back-channel"):
        assert sum(word in note for note in one["warnings"]) == 1


def test_a_saml_provider_that_answers_and_one_that_does_not(run: Run, forger: Forger, tmp_path: Path) -> None:
    there, away = tmp_path / "there.xml", tmp_path / "away.xml"
    there.write_text(metadata(sso=f"{forger.issuer}/anything"))
    away.write_text(metadata(sso=f"http://127.0.0.1:{free_port()}/sso"))
    status, told, _ = run({"HUB_SAML_ACME_METADATA": str(there), "HUB_SAML_OTHER_METADATA": str(away)}, "check")
    assert status == 1
    assert "saml acme: ready" in told
    assert "its certificate ends on" in told, "the tests' own is short-lived"
    assert "saml other: people cannot sign in" in told


def test_a_hub_without_tls_is_a_fault_in_production(run: Run, forger: Forger) -> None:
    production = {**PRODUCTION, **settings(forger)}
    status, told, error = run(production, "check")
    assert status == 0, (told, error)
    status, told, _ = run({**production, "HUB_URL": "http://hub.example.com"}, "check")
    assert status == 1
    assert "HUB_URL is not https" in told


def test_no_provider_is_a_fault(run: Run) -> None:
    status, told, error = run({}, "check")
    assert (status, told) == (1, "")
    assert "no identity provider is set up" in error


def test_links_are_shown_and_forgotten_and_who_is_signed_in_by_them_is_signed_out(
    hub: Hub, cast: dict[str, int]
) -> None:
    assert hub("sso", "links", "bo") == (0, "", "")
    assert hub("sso", "unlink", "bo") == (0, "bo was linked to none.\n", "")
    with transaction() as connection:
        assert linking.admit(connection, CLAIMS, RULES, clock.now()) == cast["bo"]
        sessions.open_(connection, cast["bo"], Proof("oidc:acme"), "", clock.now())
    [link] = json.loads(hub("sso", "links", "lms:4711", "--json")[1])["items"]
    assert link == {"subject": "s-1", "issuer": ISSUER, "via": "oidc:acme", "linked_at": NOW}
    assert hub("sso", "links", "bo")[1] == f"s-1\t{ISSUER}\toidc:acme\t{NOW}\n"
    assert hub("sso", "unlink", "bo")[1] == "bo is linked to no account any more.\n"
    with reader() as connection:
        assert (linking.links(connection, cast["bo"]), sessions.of_member(connection, cast["bo"], clock.now())) == (
            [],
            [],
        )
    assert hub("sso", "links", "nobody")[0] == 1


def test_who_was_merged_signs_in_as_the_one_she_is_now(cast: dict[str, int]) -> None:
    with transaction() as connection:
        assert linking.admit(connection, CLAIMS, RULES, clock.now()) == cast["bo"]
        assert isinstance(merging.merge(connection, "bo", "bea", "operator", clock.now()), int)
        assert linking.admit(connection, CLAIMS, RULES, clock.now()) == cast["bea"]
        assert [link.subject for link in linking.links(connection, cast["bea"])] == ["s-1"]
        another = replace(CLAIMS, subject="s-2", values={"employee": "bea"})
        assert linking.admit(connection, another, RULES, clock.now()) == Refusal("taken")


def test_an_assertion_counts_once(cast: dict[str, int]) -> None:
    assert cast
    with transaction() as connection:
        assert replays.first_use(connection, ISSUER, "a-1", clock.now() + 1)
        assert not replays.first_use(connection, ISSUER, "a-1", clock.now() + 1)
        assert replays.first_use(connection, "another", "a-1", clock.now() + 1)
    replays.forget(clock.now() + 2)
    with transaction() as connection:
        assert replays.first_use(connection, ISSUER, "a-1", clock.now() + 1)
