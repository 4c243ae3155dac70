"""The bare project is its own: nothing of HydroML's settings is used in it."""

import pytest


@pytest.fixture(autouse=True)
def _own_ground() -> None:
    """No data directory of HydroML's."""
