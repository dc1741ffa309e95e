"""docs/security.md says what the hub does, in its numbers and its words."""

from pathlib import Path

from flask.testing import FlaskClient

from config import Config
from hub.identity import access
from tests.docs import pages

PAGE = pages.page("security")


def test_the_headers_are_those_of_an_answer(client: FlaskClient) -> None:
    [shown] = pages.blocks(PAGE, "http")
    answer = client.get("/sign-in", base_url="https://hub.example.com")
    for line in shown.text.splitlines():
        name, _, value = line.partition(": ")
        assert answer.headers[name] == value
    promise = f"`Strict-Transport-Security: {answer.headers['Strict-Transport-Security']}`"
    assert promise in PAGE.read_text()


def test_the_limits_are_those_of_the_settings(tmp_path: Path) -> None:
    config = Config.from_env({"HUB_INSTANCE": str(tmp_path)})
    limits = {
        "HUB_LIMIT_SIGN_IN": config.limit_sign_in,
        "HUB_LIMIT_POSTS": config.limit_posts,
        "HUB_LIMIT_API": config.limit_api,
    }
    told = [(pages.code(row[3])[0], row[2]) for row in pages.rows(pages.section(PAGE, "Rate limits"))]
    assert {name for name, _ in told} == limits.keys()
    assert all(number == f"{limits[name]:,}" for name, number in told)


def test_the_roles_are_those_of_the_table() -> None:
    described = {
        role for row in pages.rows(pages.section(PAGE, "Who may see and do what")) for role in pages.code(row[0])
    }
    assert described == {role for row in access.TABLE.values() for role in row} - {access.MEMBER}
