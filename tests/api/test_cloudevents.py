"""CloudEvents over HTTP as the standard's own conformance suite tells it, and the corners of binary mode."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from hub.api import cloudevents
from hub.web import Problem
from tests.api.conftest import DEAL, Door

FEATURE = Path(__file__).parent.parent / "data" / "cloudevents" / "http-protocol-binding.feature"


class Scenario(NamedTuple):
    request: str
    attributes: dict[str, str]
    data: Any


def scenarios() -> list[Scenario]:
    """Each scenario of the feature file with each of its examples."""
    found = []
    for text in FEATURE.read_text().split("Scenario Outline:")[1:]:
        request, data = re.findall(r'"""\n(.*?)\n\s*"""', text, re.DOTALL)
        body, examples = text.split("Examples:")
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in examples.strip().splitlines()]
        for (value,) in rows[1:]:
            told = body.replace("<contentType>", value)
            table = re.findall(r"^\s*\|\s*(\w+)\s*\|\s*(.*?)\s*\|$", told, re.MULTILINE)
            attributes = {name: expected for name, expected in table if name != "key"}
            found.append(Scenario(request.replace("<contentType>", value), attributes, json.loads(data)))
    return found


def parsed(request: str) -> Request:
    head, _, body = "\n".join(line.strip() for line in request.splitlines()).partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    del headers["Content-Length"]  # the scenarios count their bytes with another indentation
    return Request(EnvironBuilder(method="POST", headers=headers, data=body.encode()).get_environ())


@pytest.mark.parametrize("scenario", scenarios())
def test_the_conformance_scenarios_read_as_they_say(scenario: Scenario):
    ((event, _size),), many = cloudevents.sent(parsed(scenario.request))
    assert not many
    expected = {name: value for name, value in scenario.attributes.items() if name != "datacontenttype"}
    assert {name: event[name] for name in expected} == expected
    assert event["data"] == scenario.data


def test_there_are_four_scenarios():
    assert len(scenarios()) == 4


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("a%2Fb%25c", "a/b%c"),
        ("100%", "100%"),
        ('"quoted \\"inside\\" \\\\ %41"', 'quoted "inside" \\ A'),
        ('"', '"'),
        ("%FF", b"\xff"),
    ],
)
def test_headers_are_unquoted_and_percent_decoded_once(written: str, meant: object):
    environ = EnvironBuilder(method="POST", headers={"ce-id": written}).get_environ()
    ((event, _size),), _ = cloudevents.sent(Request(environ))
    assert event == {"id": meant}


def test_a_binary_event_may_have_no_data(door: Door):
    headers = {f"ce_{name}": value for name, value in DEAL.items() if isinstance(value, str)}
    answer = door.client.post(
        "/api/v1/events",
        headers=door.headers | {name.replace("_", "-"): value for name, value in headers.items()} | {"ce-type": "t.x"},
    )
    assert answer.status_code == 202


def test_what_is_not_utf8_in_a_header_is_the_fields_fault(door: Door):
    headers = {f"ce_{name}": value for name, value in DEAL.items() if isinstance(value, str)}
    answer = door.post(b"{}", **(headers | {"ce_subject": "%FF"}))
    assert answer.json
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, "subject")


def test_other_data_than_json_is_refused():
    headers = {"ce-id": "1", "Content-Type": "text/plain"}
    environ = EnvironBuilder(method="POST", headers=headers, data=b"x").get_environ()
    with pytest.raises(Problem) as refusal:
        cloudevents.sent(Request(environ))
    assert refusal.value.status == 415
