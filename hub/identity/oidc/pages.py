"""To a provider of OpenID Connect and back: one address a provider, which is also where it sends people back to."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, current_app, redirect, request, session
from flask.typing import ResponseReturnValue

from hub.directory.names import is_name
from hub.identity.access import public
from hub.identity.arriving import Distrust, arrive, failed, unreachable
from hub.identity.landing import local
from hub.identity.linking import Claims
from hub.identity.oidc.client import UNREACHABLE, WRONG, Client
from hub.identity.sessions import Proof
from hub.web import not_found, settings

log = logging.getLogger(__name__)

bp = Blueprint("oidc", __name__)

#: How many sign-ins a browser may have begun and not finished: the cookie holds them.
BEGUN = 3


def clients() -> dict[str, Client]:
    """Each provider's client, by name."""
    found: dict[str, Client] = current_app.extensions["oidc"]
    return found


def client(name: str) -> Client:
    """The provider's client; a 404 where there is none of that name."""
    if name not in clients():
        raise not_found()
    return clients()[name]


def address(name: str) -> str:
    """Where the provider sends people back to, as it was told."""
    return f"{settings().url}/auth/oidc/{name}"


@bp.get("/auth/oidc/<name>")
@public
def door(name: str) -> ResponseReturnValue:
    provider = client(name)
    comes_back = "state" in request.args or "error" in request.args or "code" in request.args
    return _come_back(provider) if comes_back else _go(provider)


def _go(provider: Client) -> ResponseReturnValue:
    try:
        begun = provider.create_authorization_url(address(provider.name))
    except UNREACHABLE as error:
        raise unreachable(provider.name, error) from error
    except WRONG as error:
        raise failed(provider.name, error) from error
    _drop_begun()
    wanted = local(request.args.get("next", ""))
    provider.save_authorize_data(redirect_uri=address(provider.name), next=wanted, **_kept(begun))
    return redirect(begun["url"])


def _kept(begun: dict[str, Any]) -> dict[str, Any]:
    """Without the address itself: it is long, and the cookie small."""
    return {name: value for name, value in begun.items() if name != "url"}


def _drop_begun() -> None:
    begun = [key for key in session if key.startswith("_state_")]
    for key in sorted(begun, key=lambda key: float(session[key].get("exp", 0)))[: max(0, len(begun) - BEGUN + 1)]:
        session.pop(key)


def _come_back(provider: Client) -> ResponseReturnValue:
    begun = provider.framework.get_state_data(session, request.args.get("state"))
    try:
        if begun is None:
            raise Distrust("nobody began this sign-in here")
        _require_issuer(provider)
        said, id_token = provider.redeem()
    except UNREACHABLE as error:
        raise unreachable(provider.name, error) from error
    except WRONG as error:
        raise failed(provider.name, error) from error
    finally:
        provider.framework.clear_state_data(session, request.args.get("state"))
    return arrive(_claims(provider, said), provider.provider.linking, _proof(provider, said, id_token), begun["next"])


def _require_issuer(provider: Client) -> None:
    """RFC 9207: who sends somebody back says who it is, so that no other can pass its codes off as this one's."""
    named = request.args.get("iss")
    promised = provider.load_server_metadata().get("authorization_response_iss_parameter_supported") is True
    if (named is None and promised) or (named is not None and named != provider.issuer):
        raise Distrust("another provider answered")


def _claims(provider: Client, said: dict[str, Any]) -> Claims:
    rules = provider.provider.linking
    email = said.get("email") if said.get("email_verified") is True else None
    return Claims(
        via=f"oidc:{provider.name}",
        issuer=provider.issuer,
        subject=said["sub"],
        values=said,
        email=email if isinstance(email, str) else None,
        groups=_groups(provider.name, said, rules.groups_claim),
    )


def _groups(name: str, said: dict[str, Any], claim: str) -> tuple[str, ...] | None:
    elsewhere = said.get("_claim_names")
    if isinstance(elsewhere, dict) and claim in elsewhere:
        log.warning("sign-in by %s: too many groups to be listed; roles stay as they are", name)
        return None
    listed = said.get(claim)
    several = listed if isinstance(listed, list) else [listed]
    return tuple(group for group in several if isinstance(group, str))


def _proof(provider: Client, said: dict[str, Any], id_token: str) -> Proof:
    session_id = said.get("sid")
    ends = provider.load_server_metadata().get("end_session_endpoint")
    return Proof(
        f"oidc:{provider.name}",
        provider.issuer,
        said["sub"],
        session_id if isinstance(session_id, str) and is_name(session_id) else None,
        id_token if ends else None,
    )


def sign_out_address(proof: Proof) -> str | None:
    """Where the browser ends its session at the provider too; None where there is no such place."""
    kind, _, name = proof.via.partition(":")
    provider = clients().get(name) if kind == "oidc" else None
    if provider is None or not proof.id_token:
        return None
    try:
        ended = provider.create_logout_url(f"{settings().url}/sign-in", proof.id_token, client_id=provider.client_id)
    except (*UNREACHABLE, *WRONG) as error:
        log.warning("sign-out at %s: %s", provider.name, type(error).__name__)
        return None
    return str(ended["url"])
