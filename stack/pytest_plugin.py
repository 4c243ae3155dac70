"""What tests need of the machine: compiled translations, a browser. Loaded by conftest.py."""

import gc

import pytest

from stack.catalogues import compile_catalogues
from stack.chromium import find_chromium


def pytest_configure() -> None:
    """German is tested, and what it is compiled to is not in the repository."""
    compile_catalogues()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser its tests are skipped, said so by name; in CI script/test does not get this far."""
    browser_tests = [item for item in items if item.get_closest_marker("browser")]
    if browser_tests and not find_chromium():
        for item in browser_tests:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine (CHROMIUM=/path/to/it)"))


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: looking through it for garbage took a twentieth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser's program."""
    path = find_chromium()
    if path is None:
        pytest.fail("A test that uses this fixture is marked `browser`, and is skipped without one.")
    return path
