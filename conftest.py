"""The fixtures that all tests may ask for: those in the widgets' own folders too, so this stands at the root."""

import pytest
from hypothesis import settings

pytest_plugins = ["tests.databases", "tests.browsers", "tests.app", "tests.club", "tests.identity.world"]

#: For a run by hand, `--hypothesis-profile=long`: of the tests that leave it to the profile how much they try.
settings.register_profile("long", max_examples=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks a test by what it asks for, so that `-m "not browser and not postgres"` needs no care when writing one."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if "postgresql" in getattr(getattr(item, "callspec", None), "params", {}).values():
            item.add_marker("postgres")


@pytest.fixture
def wanted(request: pytest.FixtureRequest) -> str:
    """What `-m` says: what takes many minutes runs only where somebody asks for it."""
    return str(request.config.getoption("markexpr"))
