"""One ground for all rows."""

from collections.abc import Iterator

import pytest

from tests.exactly_one.ground import Ground, ground


@pytest.fixture(autouse=True)
def _own_ground() -> None:
    """The site has directories of its own; Django's settings in this process are not used."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("exactly-one")) as made:
        yield made
