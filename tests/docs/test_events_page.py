"""docs/events.md is played from top to bottom: its files written, its commands run, its requests answered as shown."""

import json
import re
import shlex

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.identity import keys
from tests.docs import pages
from tests.docs.reader import HUB, Reader

PAGE = pages.page("events")


def test_what_the_page_does_is_answered_as_it_shows(reader: Reader):
    reader.plays(PAGE)


REJECTIONS = pages.rows(pages.section(PAGE, "Why an event is rejected"))


@pytest.mark.parametrize("row", [row for row in REJECTIONS if len(row) > 3 and row[3]], ids=lambda row: row[0])
def test_the_examples_of_what_is_rejected_are(reader: Reader, row: list[str]):
    first = next(block for block in pages.blocks(PAGE, "sh") if "curl" in block.text)
    for block in pages.blocks(PAGE)[: pages.blocks(PAGE).index(first)]:
        reader.takes(block)
    body = json.loads(shlex.split(first.text.replace("\\\n", ""))[-1]) | json.loads(pages.code(row[3])[0])
    reader.runs(["curl", f"{HUB}/api/v1/events", *headers(reader), "-d", json.dumps(body)])
    assert reader.answer is not None
    assert reader.answer.status_code == 422
    assert reader.answer.json is not None
    (told,) = reader.answer.json["results"]
    assert told["code"] == pages.code(row[0])[0]
    paths = pages.code(row[1])
    assert not paths or told["path"] == paths[0] or (paths[0] == "data.NAME" and told["path"].startswith("data."))


def headers(reader: Reader) -> list[str]:
    return ["-H", f"Authorization: Bearer {reader.key}", "-H", "Content-Type: application/json"]


def test_every_address_is_listed_with_its_scopes(client: FlaskClient):
    described = client.get("/api/v1/openapi.json").json
    assert described
    there = {
        re.sub(r"\{\w+_id\}", "{id}", path.removeprefix("/api/v1")): {
            *re.findall(r"`([a-z]+:[a-z]+)`", " ".join(one.get("description", "") for one in methods.values()))
        }
        for path, methods in described["paths"].items()
    }
    rows = pages.rows(pages.section(PAGE, "What else there is to ask"))
    assert {pages.code(row[0])[0]: set(pages.code(row[1])) for row in rows} == there


def test_every_scope_is_explained(app: Flask):
    assert app
    explained = set(re.findall(r"`([a-z]+:[a-z]+)`", pages.section(PAGE, "Keys and scopes")))
    assert explained == set(keys.SCOPES)
