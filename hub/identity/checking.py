"""Whether the providers of single sign-on that the settings name answer, and as the hub needs them: `hub sso check`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import NamedTuple

import requests
from authlib.integrations.base_client.errors import OAuthError
from cryptography import x509
from flask import current_app
from sqlalchemy import Connection

from config import Linking
from hub import clock
from hub.gamification.program import BUILT_IN_ROLES
from hub.identity.arriving import reason
from hub.identity.oidc.client import ANSWER_SECONDS, UNREACHABLE, WRONG, Client
from hub.identity.oidc.pages import address, clients
from hub.identity.saml.provider import Provider
from hub.ledger import programs
from hub.web import settings

#: A code that no provider has given out: what it says to that shows whether it knows the hub.
NO_CODE = "hub-sso-check"
REFUSED = ("invalid_client", "unauthorized_client")
SOON_US = 30 * clock.DAY


class Checked(NamedTuple):
    """A provider: what keeps people out, what will or may, and the address that it must know."""

    provider: str
    faults: list[str]
    warnings: list[str]
    address: str


def check(connection: Connection) -> list[Checked]:
    """Each provider, asked now; and the hub itself where no browser could keep a session of it."""
    saml: dict[str, Provider] = current_app.extensions["saml"]
    return [
        *_own(),
        *(_openid(connection, name, one) for name, one in clients().items()),
        *(_saml(connection, name, one) for name, one in saml.items()),
    ]


def _own() -> Iterator[Checked]:
    hub = settings()
    if hub.production and not hub.url.startswith("https:"):
        fault = "HUB_URL is not https: in production the cookie is for TLS only, and browsers keep none of it"
        yield Checked("hub", [fault], [], hub.url)


def _openid(connection: Connection, name: str, client: Client) -> Checked:
    faults: list[str] = []
    warnings = [*_unknown_roles(connection, client.provider.linking)]
    try:
        metadata = client.load_server_metadata()
        faults += _openid_faults(client)
        if not metadata.get("end_session_endpoint"):
            warnings.append("it has no sign-out: who signs out of the hub stays signed in there")
        if metadata.get("backchannel_logout_supported") is not True:
            warnings.append("it promises no back-channel logout: sessions end here by themselves only")
    except (*UNREACHABLE, *WRONG) as error:
        faults.append(f"it does not answer as it should: {reason(error)}")
    return Checked(f"oidc {name}", faults, warnings, address(name))


def _openid_faults(client: Client) -> Iterator[str]:
    metadata = client.load_server_metadata()
    if not metadata["id_token_signing_alg_values_supported"]:
        yield "it signs its tokens by no algorithm that is believed"
    if "S256" not in metadata.get("code_challenge_methods_supported", ["S256"]):
        yield "it cannot bind a code to who asked for it (PKCE S256)"
    if not client.fetch_jwk_set()["keys"]:
        yield "it publishes no keys"
    try:
        client.fetch_access_token(address(client.name), code=NO_CODE, code_verifier=NO_CODE * 4)
    except OAuthError as error:
        if error.error in REFUSED:
            yield f"it does not accept the client id or the secret ({error.error})"


def _saml(connection: Connection, name: str, provider: Provider) -> Checked:
    faults = []
    warnings = [*_unknown_roles(connection, provider.provider.linking)]
    try:
        requests.get(provider.sign_on, timeout=ANSWER_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        faults.append(f"it does not answer at {provider.sign_on}: {type(error).__name__}")
    ends = [_end(text) for text in provider.certificates()]
    if max(ends) < clock.now() + SOON_US:
        until = clock.moment(max(ends)).date().isoformat()
        warnings.append(f"its certificate ends on {until}; get its metadata anew when it has the next one")
    return Checked(f"saml {name}", faults, warnings, provider.address)


def _end(certificate: str) -> int:
    return clock.microseconds(x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc.astimezone(UTC))


def _unknown_roles(connection: Connection, rules: Linking) -> Iterator[str]:
    version = programs.newest(connection)
    known = {*BUILT_IN_ROLES, *(version.program.roles if version else ())}
    for role in sorted(set(rules.roles.values()) - known):
        yield f"its groups give the role {role}, which the program does not have"
