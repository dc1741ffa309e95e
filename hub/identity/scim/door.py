"""`/scim/v2`: the door for identity providers. Whatever is refused is refused in SCIM's own words."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from hub.identity.access import current_key, requires_scope
from hub.identity.keys import PROVISION
from hub.web import Problem, settings

PREFIX = "/scim/v2"
MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_BODY_BYTES = 1024 * 1024

bp = Blueprint("scim", __name__, url_prefix=PREFIX)


@bp.route("/", defaults={"path": ""}, methods=METHODS, strict_slashes=False)
@bp.route("/<path:path>", methods=METHODS)
@requires_scope(PROVISION)
def provision(path: str) -> Response:
    # SCIM's models take most of a second to load, and few processes need them.
    from scim2_server.requests import ScimRequest

    from hub.identity.scim import service

    request.max_content_length = MAX_BODY_BYTES
    asked = ScimRequest(
        method="GET" if request.method == "HEAD" else request.method,
        base_url=settings().url + PREFIX,
        path=f"/{path}",
        query=request.args.to_dict(),
        headers=list(request.headers.items()),
        body=request.get_data(),
    )
    answer = service.answer(asked, current_key(), settings().scim_roles)
    body = b"" if answer.body is None else msgspec.json.encode(answer.body)
    return _unstored(Response(body, answer.status, answer.headers))


@bp.errorhandler(Problem)
def refuse(problem: Problem) -> Response:
    return _error(problem.status, problem.detail, problem.headers)


@bp.errorhandler(HTTPException)
def refuse_http(error: HTTPException) -> Response:
    return _error(error.code or 400, error.description or "", {})


def _error(status: int, detail: str, headers: dict[str, str]) -> Response:
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return _unstored(Response(msgspec.json.encode(body), status, headers, content_type=MEDIA_TYPE))


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
