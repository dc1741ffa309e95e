"""OpenAPI 3.1 of the machine door, made from what stands beside each route.

    @bp.get("/members/<id>")
    @describe("A member", scope="members:read", answers={200: MemberAnswer}, query=MemberQuery)

The shapes are msgspec Structs: the same that read the request and write the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from flask import Flask, Response, current_app
from werkzeug.routing import Rule

from hub.api import bp
from hub.identity.access import public
from hub.web import FieldFault

JSON = "application/json"
PROBLEM = "application/problem+json"

F = TypeVar("F", bound=Callable[..., Any])


class Problem(msgspec.Struct):
    """RFC 9457. `code` is stable; `errors` name the fields."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldFault] | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Description:
    """What a route takes and answers: bodies by media type, answers by status, the query's fields as parameters."""

    summary: str
    scope: str | tuple[str, ...] | None
    answers: Mapping[int, Any]
    body: Mapping[str, Any] = field(default_factory=dict)
    query: type[msgspec.Struct] | None = None
    headers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tag: str | None = None


def describe(
    summary: str,
    *,
    scope: str | tuple[str, ...] | None,
    answers: Mapping[int, Any],
    body: Any = None,
    query: type[msgspec.Struct] | None = None,
    headers: Mapping[str, dict[str, Any]] | None = None,
    tag: str | None = None,
) -> Callable[[F], F]:
    """Describe a route. `body` is a Struct (JSON) or media types with theirs; an answer None has no body.

    Refusals need no mention, unless their body says more than a Problem.
    """
    media = {} if body is None else dict(body) if isinstance(body, Mapping) else {JSON: body}
    description = Description(summary, scope, answers, media, query, headers or {}, tag)

    def mark(route: F) -> F:
        route.described = description  # type: ignore[attr-defined]
        return route

    return mark


@bp.get("/openapi.json")
@public
@describe("This document", scope=None, answers={200: dict[str, Any]}, tag="hub")
def openapi() -> Response:
    known = current_app.extensions
    if "openapi" not in known:
        known["openapi"] = document(current_app)
    return Response(known["openapi"], content_type=JSON)


def document(app: Flask) -> bytes:
    """The whole description, as JSON. A route of the API without one is a RuntimeError."""
    rules = sorted((rule for rule in app.url_map.iter_rules() if _is_ours(rule)), key=lambda rule: rule.rule)
    routes = [(rule, _description(app, rule)) for rule in rules]
    shapes = [Problem, *(shape for _, description in routes for shape in _shapes(description))]
    schemas, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    schema_of = dict(zip(map(repr, shapes), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for rule, description in routes:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(_path(rule.rule), {})[method.lower()] = _operation(rule, description, schema_of)
    return msgspec.json.encode(_DOCUMENT | {"paths": paths, "components": _SECURITY | {"schemas": components}})


_DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "The hub", "version": "1", "description": "Activity events in; points, badges and boards out."},
}
_SECURITY = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key of the hub"}}}
_SEGMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def _is_ours(rule: Rule) -> bool:
    return str(rule.endpoint).startswith(f"{bp.name}.")


def _description(app: Flask, rule: Rule) -> Description:
    description = getattr(app.view_functions[rule.endpoint], "described", None)
    if not isinstance(description, Description):
        raise RuntimeError(f"{rule.rule} has no description")  # noqa: TRY004
    return description


def _path(rule: str) -> str:
    return _SEGMENT.sub(r"{\1}", rule)


def _shapes(description: Description) -> list[Any]:
    query = [description.query] if description.query else []
    return [*description.body.values(), *(one for one in description.answers.values() if one is not None), *query]


def _operation(rule: Rule, description: Description, schema_of: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix(f"{bp.name}."),
        "summary": description.summary,
        "tags": [description.tag or rule.rule.split("/")[3]],
        "security": [{"key": []}] if description.scope else [],
        "parameters": _parameters(rule, description),
        "responses": _responses(rule, description, schema_of),
    }
    if description.scope:
        scopes = (description.scope,) if isinstance(description.scope, str) else description.scope
        operation["description"] = f"Needs a key with the scope {' or '.join(f'`{scope}`' for scope in scopes)}."
    if description.body:
        content = {media: {"schema": schema_of[repr(shape)]} for media, shape in description.body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(rule: Rule, description: Description) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _SEGMENT.findall(rule.rule)
    ]
    headers = [{"name": name, "in": "header", "schema": schema} for name, schema in description.headers.items()]
    return path + _query(description.query) + headers


def _query(shape: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
    if shape is None:
        return []
    (_,), components = msgspec.json.schema_components([shape])
    schema = components[shape.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": value}
        for name, value in schema["properties"].items()
    ]


def _responses(rule: Rule, description: Description, schema_of: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, shape in description.answers.items():
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if shape is not None:
            media = JSON if status < HTTPStatus.BAD_REQUEST else PROBLEM
            answer["content"] = {media: {"schema": schema_of[repr(shape)]}}
        answers[str(status)] = answer
    problem = {PROBLEM: {"schema": schema_of[repr(Problem)]}}
    for status in _refusals(rule, description) - description.answers.keys():
        answers[str(status)] = {"description": _REFUSED[status], "content": problem}
        if status in _LATER:
            answers[str(status)]["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    return dict(sorted(answers.items()))


_REFUSED = {
    400: "What was sent cannot be read",
    401: "There is no valid key",
    403: "The key lacks the scope",
    404: "There is nothing that this key may see",
    409: "It does not go with how things stand",
    413: "It is too large",
    415: "It is of another media type",
    422: "A field is wrong: `errors` names it",
    429: "There were too many requests",
    503: "The database does not answer",
}
_LATER = frozenset({429, 503})


def _refusals(rule: Rule, description: Description) -> set[int]:
    """With which statuses the route may refuse."""
    refusals = {400, 503}
    if description.scope:
        refusals |= {401, 403, 429}
    if description.scope and (rule.arguments or description.query or description.body):
        refusals.add(404)
    if description.query or description.body or description.headers:
        refusals.add(422)
    if description.body:
        refusals |= {409, 413, 415}
    return refusals
