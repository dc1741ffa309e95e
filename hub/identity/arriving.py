"""The last step of every single sign-on: the member gets a session and the page asked for, or reads whom to ask."""

from __future__ import annotations

import logging

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from config import Linking
from hub import clock
from hub.db import transaction
from hub.identity import linking
from hub.identity.linking import Claims, Refusal
from hub.identity.sessions import Proof
from hub.identity.viewers import sign_in, viewer
from hub.web import Problem, settings

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 10
REASON_CHARACTERS = 200


class Distrust(Exception):
    """What a provider sent is not what it may send. The text names no person."""


def arrive(claims: Claims, rules: Linking, proof: Proof, wanted: str) -> ResponseReturnValue:
    """`wanted`: the page asked for, one of ours."""
    now = clock.now()
    with transaction() as connection:
        found = linking.admit(connection, claims, rules, now)
        member = None if isinstance(found, Refusal) else viewer(connection, found, now)
    if isinstance(found, Refusal) or member is None:
        refusal = found if isinstance(found, Refusal) else Refusal("inactive")
        log.info("sign-in by %s: nobody's, %s", claims.via, refusal.code)
        return _ask(refusal, claims), 403
    sign_in(member, proof)
    return redirect(wanted, 303)


def _ask(refusal: Refusal, claims: Claims) -> str:
    told = {"code": refusal.code, "subject": claims.subject, "issuer": claims.issuer}
    return render_template("identity/refused.html", **told, contact=settings().contact)


def failed(name: str, error: Exception) -> Problem:
    """Signing in did not work, because of what came with the request or from the provider."""
    log.warning("sign-in by %s failed: %s", name, reason(error))
    return Problem(400, "sign_in", "Signing in did not work, or it took too long. Please try once more.")


def reason(error: Exception) -> str:
    """What the log says: nothing that somebody sent along as a text of its own."""
    code = getattr(error, "error", None) or error
    return f"{type(error).__name__} {str(code)[:REASON_CHARACTERS]!r}"


def unreachable(name: str, error: Exception) -> Problem:
    log.warning("sign-in by %s: no answer (%s)", name, type(error).__name__)
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Problem(503, "provider", "The sign-in service does not answer. Try again in a moment.", headers=retry)
