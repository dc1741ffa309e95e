"""README.md: the first steps with one's own data are walked as they stand there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hub.demo.people import MEMBERS
from hub.ledger import digest
from tests.docs import pages
from tests.docs.reader import request

README = pages.ROOT / "README.md"
PROGRAM = next(block for block in pages.blocks(pages.page("events"), "yaml")).text
FILES = {
    "program.yaml": PROGRAM,
    "organizations.csv": "id,name\nacme,Acme\n",
    "members.csv": "id,name,organization,roles\nbo,Bo Lind,acme,sales_rep\n",
    "deals.csv": "opportunity_id,agent,close_date,amount,deal\no-1,bo,2026-11-02,1500,d-1\n",
}


def test_the_first_steps_lead_where_they_say(
    client: FlaskClient,
    hub: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    _, first, second = pages.blocks(README, "sh")
    key = ""
    for words in pages.commands(first.text):
        if words[0] == "hub" and words[1] != "serve":
            status, out, err = hub(*words[1:])
            assert status == 0, (words, err)
            key = out.split()[1] if words[1] == "keys" else key
    ((_, *words),) = pages.commands(second.text.replace("$HUB_KEY", key))
    _, path, headers, body = request(words, "http://127.0.0.1:8000")
    while digest.run():
        pass
    answer = client.post(path, headers=headers | {"Prefer": "wait=0"}, data=body)
    assert answer.status_code == 202
    assert answer.json
    assert answer.json["accepted"] == 1


def test_the_demo_is_as_large_as_it_says():
    assert f"{MEMBERS} people" in README.read_text()


def test_every_page_is_linked():
    text = README.read_text()
    assert all(f"(docs/{path.name})" in text for path in pages.PAGES if path.parent.name == "docs")
