"""The description is true: every route is in it, and what a fuzzer makes of it never breaks the hub."""

from collections.abc import Callable

import msgspec
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.api import openapi
from hub.identity.keys import SCOPES
from tests.api.conftest import PROGRAM, Door, publish

#: How often each operation is tried, with what the description allows and with what it does not.
FUZZED = {GenerationMode.POSITIVE: 20, GenerationMode.NEGATIVE: 10}
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def test_it_needs_no_key_and_names_every_route(app: Flask, client: FlaskClient):
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json
    assert answer.json["openapi"] == "3.1.0"
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    described = {(path, method.upper()) for path, routes in answer.json["paths"].items() for method in routes}
    served = {
        (rule.rule.replace("<path:", "{").replace("<", "{").replace(">", "}"), method)
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == described


def test_every_reference_leads_somewhere(app: Flask):
    document = openapi.document(app)
    schemas = msgspec.json.decode(document)["components"]["schemas"]
    wanted = {part.split('"')[0] for part in document.decode().split("#/components/schemas/")[1:]}
    assert wanted <= schemas.keys()


def test_no_route_leaves_open_how_it_refuses(app: Flask):
    paths = msgspec.json.decode(openapi.document(app))["paths"]
    answers = [set(operation["responses"]) for operations in paths.values() for operation in operations.values()]
    assert answers
    assert all(status.isdigit() for statuses in answers for status in statuses), "`default` would allow everything"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
def test_whatever_a_fuzzer_sends_is_answered_as_described(new_door: Callable[..., Door], mode: GenerationMode):
    publish(PROGRAM)
    door = new_door(*SCOPES)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", door.client.application)
    operations = [one.ok() for one in schema.get_all_operations()]
    assert operations
    for operation in operations:
        _fuzz(operation, door, mode)


def _fuzz(operation: schemathesis.APIOperation, door: Door, mode: GenerationMode) -> None:
    # Refused times and unknown names are right answers to what the schema allows, so acceptance is not checked.
    @settings(
        max_examples=FUZZED[mode],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=door.headers, checks=CHECKS)

    answered()
