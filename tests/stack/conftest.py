"""A folder for a stack of the test's own, as the demo has `var/`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.folder import Folder
from stack.processes import end_leftovers


@pytest.fixture
def folder() -> Iterator[Folder]:
    """Directly below the temporary folder: pytest's own is closed to the user that PostgreSQL runs as under root."""
    with tempfile.TemporaryDirectory(prefix="stack-test-") as path:
        folder = Folder(Path(path))
        folder.make()
        yield folder
        end_leftovers(folder.run)


@pytest.fixture(autouse=True)
def _own_ground() -> None:
    """These tests use no Django, so not the data directory that all others get."""
