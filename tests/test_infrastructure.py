"""The ground of the other tests holds: databases are real and separate, and the browser enforces what it is told."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, inspect, text

from tests.browsers import Console
from tests.databases import Databases

STRICT = "default-src 'self'; script-src 'self'; style-src 'self'; frame-ancestors 'none'"
HEAD = "<!doctype html><html lang=en><title>A page</title><h1>Hello</h1>"
PAGES = {
    "/": ("text/html", f"{HEAD}<script src=/own.js></script>"),
    "/inline": ("text/html", f"{HEAD}<script>document.title = 'ran'</script>"),
    "/unlabelled": ("text/html", f"{HEAD}<input>"),
    "/own.js": ("text/javascript", "document.querySelector('h1').textContent = 'Hello from the script'"),
}


class Strict(BaseHTTPRequestHandler):
    def do_GET(self):
        kind, body = PAGES.get(self.path, ("text/plain", ""))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", STRICT)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object):
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_an_empty_database_is_a_tests_own(empty_database_url: str, turn: str):
    engine = create_engine(empty_database_url)
    assert inspect(engine).get_table_names() == [], turn
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE deal (id integer PRIMARY KEY, amount integer NOT NULL)"))
        connection.execute(text("INSERT INTO deal VALUES (1, 12000)"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT amount FROM deal")).scalar_one() == 12000
    engine.dispose()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_migrated_database_has_the_tables_and_no_rows(database_url: str, turn: str):
    engine = create_engine(database_url)
    tables = inspect(engine).get_table_names()
    assert "alembic_version" in tables
    assert len(tables) > 1
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (id integer PRIMARY KEY)"))
    assert "left_behind" not in tables, turn
    engine.dispose()


def test_a_database_name_is_never_used_twice(databases: Databases):
    assert len({databases.empty(dialect) for dialect in ("sqlite", "sqlite", "postgresql", "postgresql")}) == 4


def test_the_browser_runs_a_pages_own_script(page: Page, site: str):
    page.goto(site)
    expect(page.get_by_role("heading")).to_have_text("Hello from the script")


def test_the_browser_enforces_the_content_security_policy(page: Page, console: Console, site: str):
    console.forgive("Content Security Policy")
    page.goto(f"{site}/inline")
    expect(page).to_have_title("A page")
    assert "script-src 'self'" in console.errors[0]


@pytest.mark.parametrize("script", ["console.error('spoilt')", "setTimeout(() => { throw new Error('spoilt') })"])
def test_an_error_in_the_console_is_not_overlooked(
    new_page: Callable[..., Page], console: Console, site: str, script: str
):
    page = new_page()
    page.goto(site)
    with page.expect_event("console" if "console" in script else "pageerror"):
        page.evaluate(script)
    assert "spoilt" in console.unforgiven[0]
    console.forgive("spoilt")
    assert console.unforgiven == []


def test_two_people_can_look_at_once(new_page: Callable[..., Page], site: str):
    here, there = new_page(timezone_id="Europe/Berlin"), new_page(locale="de-DE", timezone_id="Asia/Tokyo")
    for page in (here, there):
        page.goto(site)
    zone = "Intl.DateTimeFormat().resolvedOptions().timeZone"
    assert (here.evaluate(zone), there.evaluate(zone)) == ("Europe/Berlin", "Asia/Tokyo")
    assert there.evaluate("navigator.language") == "de-DE"


def test_axe_names_what_hinders(page: Page, axe: Callable[[Page], list[str]], site: str):
    page.goto(site)
    assert axe(page) == []
    page.goto(f"{site}/unlabelled")
    assert {finding.split(":")[0] for finding in axe(page)} == {"label"}
