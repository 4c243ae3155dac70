"""What the tests of both sites share: real catchment files and a browser. tests/application.py has the application's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.kept_page import KeptPage

# A busy machine is no failure of an example.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture
def shared_data() -> Path:
    """The directory of real catchment files; skips the test where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no ../shared/data beside the repository")
    return SHARED_DATA


@pytest.fixture(scope="session")
def browser(chromium: str, django_db_setup: None) -> Iterator[Browser]:
    """Headless Chromium, from the first of its tests to the end.

    They come last and the database is made before, as Django refuses it to a thread that Playwright's loop runs in.
    """
    expect.set_options(timeout=60_000)  # Playwright's 5 s are short on a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-sync",
                # One renderer for all that is loopback: an eighth of the time goes into starting others.
                "--renderer-process-limit=1",
                "--process-per-site",
                "--disable-site-isolation-trials",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kept_page(browser: Browser) -> KeptPage:
    """A page of no site's own: addresses are whole."""
    return KeptPage(browser)
