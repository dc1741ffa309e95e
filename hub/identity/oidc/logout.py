"""Back-channel logout: the provider says that somebody's session there is over, and it is over here."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from flask import Response, request
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from hub import clock
from hub.db import transaction
from hub.directory.names import is_name
from hub.identity import replays, sessions
from hub.identity.access import public
from hub.identity.arriving import Distrust
from hub.identity.oidc.client import LEEWAY_SECONDS, UNREACHABLE, WRONG, Client
from hub.identity.oidc.pages import bp, client
from hub.web import csrf

log = logging.getLogger(__name__)

EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: How long after it was issued a token is believed: long enough for a provider that has to try again.
VALID_SECONDS = 3_600
TOKEN_CHARACTERS = 16_384


@bp.post("/auth/oidc/<name>/logout")
@csrf.exempt
@public
def back_channel(name: str) -> Response:
    provider = client(name)
    try:
        token = _token(provider, request.form.get("logout_token", ""))
        _end(provider, token)
    except UNREACHABLE as error:
        log.warning("logout by %s: no answer (%s)", name, type(error).__name__)
        return _answer(503, "temporarily_unavailable")
    except WRONG as error:
        log.warning("logout by %s refused: %s", name, error)
        return _answer(400, "invalid_request")
    return _answer(200)


def _token(provider: Client, text: str) -> dict[str, Any]:
    if not 0 < len(text) <= TOKEN_CHARACTERS:
        raise Distrust("there is no logout token")
    claims = _signed(provider, text)
    wanted = {**provider.claims_wanted(), "iat": {"essential": True}, "jti": {"essential": True}}
    checker = jwt.JWTClaimsRegistry(leeway=LEEWAY_SECONDS, **wanted)
    checker.validate(claims)
    if claims["iat"] < checker.now - VALID_SECONDS:
        raise Distrust("it is too old")
    events = claims.get("events")
    if not (isinstance(events, dict) and isinstance(events.get(EVENT), dict)):
        raise Distrust("it is not a logout token")
    if "nonce" in claims:
        raise Distrust("it is an ID token")
    if not any(named := [claims[name] for name in ("sid", "sub") if name in claims]) or not all(map(_is_name, named)):
        raise Distrust("it names nobody")
    if not _is_name(claims["jti"]):
        raise Distrust("it has no name of its own")
    return claims


def _is_name(value: object) -> bool:
    return isinstance(value, str) and is_name(value)


def _signed(provider: Client, text: str) -> dict[str, Any]:
    algorithms = provider.load_server_metadata()["id_token_signing_alg_values_supported"]
    believed = JWSRegistry(algorithms=algorithms, strict_check_header=False)
    for again in (False, True):
        keys = KeySet.import_key_set(provider.fetch_jwk_set(force=again))  # type: ignore[arg-type]  # as JSON has it
        try:
            return dict(jwt.decode(text, keys, registry=believed).claims)
        except InvalidKeyIdError:
            if again:
                raise
    raise AssertionError("one of the two has returned or raised")


def _end(provider: Client, token: dict[str, Any]) -> None:
    now = clock.now()
    with transaction() as connection:
        until = now + (VALID_SECONDS + LEEWAY_SECONDS) * clock.SECOND
        if not replays.first_use(connection, provider.issuer, token["jti"], until):
            raise Distrust("it was shown before")
        sessions.end_of_provider(connection, provider.issuer, token.get("sub"), token.get("sid"))


def _answer(status: int, error: str | None = None) -> Response:
    body = msgspec.json.encode({"error": error}) if error else b""
    headers = {"Cache-Control": "no-store"}
    return Response(body, status, headers, content_type="application/json" if error else None)
