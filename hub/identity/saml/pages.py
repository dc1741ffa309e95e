"""To a SAML provider and back. It sends people back by a form of its own page, and browsers send no cookie along with
that; so what it asserts is checked and kept for a minute, and the browser is sent on to fetch its session for it.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from typing import NamedTuple

import msgspec
from flask import Blueprint, Response, current_app, redirect, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, delete

from hub import clock
from hub.db import transaction
from hub.identity import erasing, replays
from hub.identity.access import public
from hub.identity.arriving import Distrust, arrive, failed
from hub.identity.landing import local
from hub.identity.linking import Claims
from hub.identity.saml.provider import WRONG, Assertion, Provider
from hub.identity.sessions import Proof
from hub.identity.tables import asserted
from hub.ledger.redaction import Person
from hub.web import csrf, not_found

log = logging.getLogger(__name__)

bp = Blueprint("saml", __name__)

#: Where the browser's session keeps the sign-ins that it has begun, by the ids of their requests.
BEGUN = "saml"
#: How many of them: the cookie is small.
BEGUN_AT_ONCE = 3
BEGUN_US = 15 * clock.MINUTE
#: How long a browser may take from the one address to the next.
KEPT_US = clock.MINUTE
TOKEN_BYTES = 32
XML = "application/samlmetadata+xml"


class Begun(NamedTuple):
    """A sign-in that this browser has begun: with whom, to land where, until when."""

    name: str
    wanted: str
    until: int


class Kept(msgspec.Struct):
    """An assertion that was checked, for the browser that comes by next."""

    name: str
    request: str
    subject: str
    session: str | None
    attributes: dict[str, list[str]]


def provider(name: str) -> Provider:
    """The provider; a 404 where there is none of that name."""
    providers: dict[str, Provider] = current_app.extensions["saml"]
    if name not in providers:
        raise not_found()
    return providers[name]


@bp.get("/auth/saml/<name>/metadata")
@public
def metadata(name: str) -> Response:
    return Response(provider(name).metadata(), content_type=XML)


@bp.get("/auth/saml/<name>")
@public
def door(name: str) -> ResponseReturnValue:
    arrival = request.args.get("arrival")
    return _go(provider(name)) if arrival is None else _come_in(provider(name), arrival)


def _go(to: Provider) -> ResponseReturnValue:
    asked, address = to.begin()
    begun = _begun()
    latest = sorted(begun, key=lambda one: begun[one].until)[-(BEGUN_AT_ONCE - 1) :]
    now = clock.now()
    kept = {one: begun[one] for one in latest if begun[one].until > now}
    session[BEGUN] = {**kept, asked: Begun(to.name, local(request.args.get("next", "")), now + BEGUN_US)}
    return redirect(address)


def _begun() -> dict[str, Begun]:
    # A signed cookie: what is in it, we have put there.
    return {asked: Begun(*told) for asked, told in session.get(BEGUN, {}).items()}


@bp.post("/auth/saml/<name>/acs")
@csrf.exempt
@public
def assertion(name: str) -> ResponseReturnValue:
    by = provider(name)
    try:
        said = by.check(request.form.get("SAMLResponse", ""), request.form.get("RelayState", ""))
        token = _keep(by, said)
    except WRONG as error:
        raise failed(name, error) from error
    return redirect(f"/auth/saml/{name}?arrival={token}", 303)


def _keep(by: Provider, said: Assertion) -> str:
    token, now = secrets.token_urlsafe(TOKEN_BYTES), clock.now()
    kept = Kept(by.name, said.request, said.subject, said.session, said.attributes)
    with transaction() as connection:
        if not replays.first_use(connection, by.issuer, said.id, now + said.lasts_seconds * clock.SECOND):
            raise Distrust("it was shown before")
        row = {"hash": _hash(token), "said": msgspec.json.encode(kept).decode(), "until": now + KEPT_US}
        connection.execute(asserted.insert(), row)
    return token


def _come_in(by: Provider, arrival: str) -> ResponseReturnValue:
    """The browser that began it fetches what was asserted; nobody else, and once."""
    with transaction() as connection:
        kept = _take(connection, arrival, clock.now())
    begun = _begun()
    own = begun.pop(kept.request, None) if kept and kept.name == by.name else None
    if kept is None or own is None or own.name != by.name or own.until <= clock.now():
        raise failed(by.name, Distrust("this browser has not begun this sign-in"))
    proof = Proof(f"saml:{by.name}", by.issuer, kept.subject, kept.session)
    return arrive(_claims(by, kept), by.provider.linking, proof, own.wanted)


def _take(connection: Connection, token: str, now: int) -> Kept | None:
    taken = delete(asserted).where(asserted.c.hash == _hash(token)).returning(asserted.c.said, asserted.c.until)
    row = connection.execute(taken).first()
    return msgspec.json.decode(row.said, type=Kept) if row and row.until > now else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _claims(by: Provider, kept: Kept) -> Claims:
    rules = by.provider.linking
    groups = kept.attributes.get(rules.groups_claim, [])
    email = kept.attributes.get(rules.fields.get("email", ""), [])
    return Claims(
        via=f"saml:{by.name}",
        issuer=by.issuer,
        subject=kept.subject,
        values=kept.attributes,
        # SAML has no word for a verified one: the settings say whether this provider is trusted with it.
        email=email[0] if len(email) == 1 else None,
        groups=tuple(groups),
    )


def forget(now: int) -> None:
    """Delete what no browser has fetched."""
    with transaction() as connection:
        connection.execute(delete(asserted).where(asserted.c.until <= now))


@erasing.also
def _forget_all(connection: Connection, _: Person) -> None:
    # Who it is about is written inside; whoever is signing in right now tries once more.
    connection.execute(delete(asserted))
