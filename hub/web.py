"""The web's ground rules: how the hub answers, refuses, and what headers everything carries.

A refusal is a `Problem` wherever it comes from: problem+json (RFC 9457) for machines, a page for people. No input makes
a 5xx. Templates fail on a name they do not know, instead of showing nothing.
"""

from __future__ import annotations

import hashlib
import logging
import mimetypes
from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec
from flask import Flask, Response, current_app, render_template, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from jinja2_fragments.flask import render_block as render_block
from sqlalchemy.exc import InterfaceError, OperationalError
from typing_extensions import override
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Config

log = logging.getLogger(__name__)

#: A blueprint whose callers prove themselves in a header is exempt: `csrf.exempt(bp)`.
csrf = CSRFProtect()

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not `no-referrer`: the CSRF protection and sign-in of others want to know where a form came from.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
TRANSPORT_SECURITY = "max-age=31536000"
#: What a page or widget depends on beside its address, and what the answer to a machine does.
VARY = ("Cookie", "HX-Request", "HX-Request-Type")
VARY_OF_MACHINES = ("Authorization",)
UNSHARED = "private, no-cache"
RETRY_AFTER_SECONDS = 5

#: Below these paths people do not read the answers.
MACHINE_PATHS = ("/api/", "/embed/session", "/healthz", "/readyz", "/metrics", "/scim/")

#: Codes of refusals that have no more specific one.
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    411: "length_required",
    413: "too_large",
    414: "too_long",
    415: "media_type",
    422: "invalid",
    429: "too_many",
    431: "too_large",
    500: "internal",
    503: "unavailable",
}


class FieldFault(msgspec.Struct, frozen=True):
    """What is wrong with one field of what was sent."""

    path: str
    code: str
    message: str


class Problem(Exception):
    """A refusal with a stable code; `errors` name the fields."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Iterable[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})


def not_found() -> Problem:
    """For what does not exist, and for what the viewer may not see: the same answer."""
    return Problem(404, "not_found", "There is nothing here that you may see.")


def init(app: Flask) -> None:
    # Some systems know these types by other names, and nosniff then keeps scripts from running.
    mimetypes.add_type("text/javascript", ".js")
    mimetypes.add_type("image/svg+xml", ".svg")
    config: Config = app.config["HUB"]
    if hops := config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.session_interface = _Sessions()
    csrf.init_app(app)
    app.jinja_env.undefined = StrictUndefined
    app.before_request(_refuse_nul)
    app.register_error_handler(Exception, _answer_error)
    app.after_request(_secure)


def settings() -> Config:
    """The settings of the running app."""
    config: Config = current_app.config["HUB"]
    return config


def wants_fragment() -> bool:
    """Whether htmx asks for a part of the page only."""
    return request.headers.get("HX-Request-Type") == "partial"


def with_etag(response: Response | str) -> Response:
    """A page or fragment whose ETag is the hash of what was rendered; 304 where the browser has it already."""
    answer = current_app.make_response(response)
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:32])
    answer.headers["Cache-Control"] = UNSHARED
    answer.make_conditional(request)
    return answer


def problem(
    status: int,
    code: str,
    detail: str,
    errors: Iterable[FieldFault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An `application/problem+json` answer."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if named := list(errors):
        body["errors"] = named
    answer = Response(msgspec.json.encode(body), status, content_type="application/problem+json")
    answer.headers.update(headers or {})
    answer.headers["Cache-Control"] = "no-store"
    return answer


class _Sessions(SecureCookieSessionInterface):
    """Files are the same for everybody: they set no cookie, and a cache that knows one need not ask for whom."""

    @override
    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


# Refusals


def _refuse_nul() -> None:
    # PostgreSQL cannot hold the character, so it would only fail later.
    if "\0" in request.path or b"%00" in request.query_string:
        raise Problem(400, "bad_request", "The address contains a NUL character.")


def _answer_error(error: Exception) -> Response:
    """The one place where what went wrong becomes an answer."""
    if isinstance(error, HTTPException) and (error.code is None or error.code < HTTPStatus.BAD_REQUEST):
        return current_app.make_response(error.get_response(request.environ))
    fault = _as_problem(error)
    if fault.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        if current_app.testing:
            raise error
        log.error("a request failed", exc_info=error)
    if request.path.startswith(MACHINE_PATHS):
        return problem(fault.status, fault.code, fault.detail, fault.errors, fault.headers)
    return _page(fault)


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, CSRFError):
        return Problem(400, "csrf", "The page was open too long or you signed in again. Reload it and try once more.")
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, OperationalError | InterfaceError):
        log.error("the database did not answer", exc_info=error)
        retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return Problem(503, "unavailable", "The hub's database does not answer. Try again in a moment.", headers=retry)
    return Problem(500, "internal", "Something went wrong on our side. It has been noted.")


def _from_http(error: HTTPException) -> Problem:
    status = error.code or 500
    response = error.get_response(request.environ)
    kept = {name: value for name, value in response.headers.items() if not name.lower().startswith("content-")}
    return Problem(status, CODES.get(status, "refused"), error.description or HTTPStatus(status).phrase, headers=kept)


def _page(fault: Problem) -> Response:
    html = render_template("errors/error.html", status=fault.status, code=fault.code, detail=fault.detail)
    return Response(html, fault.status, fault.headers, content_type="text/html; charset=utf-8")


# Headers


def _secure(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", TRANSPORT_SECURITY)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = UNSHARED
    # Files are the same for everybody.
    if request.endpoint != "static":
        response.vary.update(VARY_OF_MACHINES if request.path.startswith(MACHINE_PATHS) else VARY)
    return response
