"""A real browser for tests.

`page` is a page of the pinned Chromium. The test fails if the console of any of its pages showed an error; a violation
of the content security policy is one.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent

Axe = Callable[[Page], list[str]]

# Nothing here may weaken what the tests are about: no --disable-web-security, no --single-process.
CHROMIUM_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-zygote", "--disable-background-networking", "--no-first-run")


@dataclass
class Console:
    """The errors that the pages of a test showed. A test that provokes one forgives it by name."""

    errors: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def forgive(self, pattern: str) -> None:
        self.forgiven.append(pattern)

    @property
    def unforgiven(self) -> list[str]:
        return [error for error in self.errors if not any(re.search(pattern, error) for pattern in self.forgiven)]

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._note)
        context.on("weberror", lambda web: self.errors.append(f"uncaught: {web.error}"))

    def _note(self, message: ConsoleMessage) -> None:
        # An enforced violation of the policy is an error in Chromium, a report-only one just has the words.
        if message.type == "error" or "Content Security Policy" in message.text:
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The pinned Chromium, or the one that HUB_TEST_BROWSER names."""
    if named := os.environ.get("HUB_TEST_BROWSER"):
        return Path(named)
    command = ["node", str(ROOT / "scripts" / "browser.mjs")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, f"no browser; `make venv` sets one up:\n{found.stderr}"
    return Path(found.stdout.strip())


def browser_environment(chromium: Path) -> dict[str, str | float | bool]:
    """Fonts that are the same everywhere, and the libraries of the package where the system lacks them."""
    environment: dict[str, str | float | bool] = dict(os.environ)
    fonts, libraries = chromium.parent / "fonts.conf", chromium.parent / "al2023" / "lib"
    if fonts.exists():
        environment["FONTCONFIG_FILE"] = str(fonts)
        environment["XDG_CACHE_HOME"] = str(chromium.parent.parent)
    if libraries.exists() and lacks_libraries(chromium):
        environment["LD_LIBRARY_PATH"] = str(libraries)
    return environment


def lacks_libraries(program: Path) -> bool:
    return "not found" in subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """One browser a module. Not one a session: while it runs, no test of the process could use asyncio."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=list(CHROMIUM_FLAGS), env=browser_environment(chromium)
        )
        yield started
        started.close()


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def new_page(browser: Browser, console: Console) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own, so that a test can be two people: `new_page(locale="de-DE")`."""
    contexts: list[BrowserContext] = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(10_000)
        console.watch(context)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    if console.unforgiven:
        pytest.fail("the browser's console showed:\n" + "\n".join(console.unforgiven))


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture(scope="session")
def axe() -> Axe:
    """Asks axe-core what hinders people on a page: WCAG 2.2 A and AA, one line a finding."""
    source = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

    def findings(page: Page) -> list[str]:
        # evaluate() passes where a script tag would meet the page's own CSP.
        page.evaluate(source)
        found = page.evaluate("tags => axe.run({ runOnly: tags })", tags)
        return [f"{one['id']}: {one['help']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    return findings


def faults(page: Page, axe: Axe, where: str) -> list[str]:
    """What hinders people on this page, and whether it scrolls sideways."""
    too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [f"{where}: {finding}" for finding in axe(page)] + ([f"{where}: scrolls sideways"] if too_wide else [])
