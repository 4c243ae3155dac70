"""One running HydroML for all tests that need real processes; each makes its own person and project."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.system import LiveSystem, live_system
from tests.live.visitor import Visitor


@pytest.fixture(autouse=True)
def _own_ground() -> None:
    """The processes have a data directory of their own; Django's settings in this process are not used."""


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSystem]:
    """Its processes; with LIVE_ADDRESS set, whatever runs there (docker compose), of which there is only the address."""
    if address := os.environ.get("LIVE_ADDRESS"):
        yield LiveSystem({}, 0, tmp_path_factory.mktemp("live"), given_address=address.rstrip("/"))
        return
    # A short lease, so that a killed worker's job comes back in seconds; not so short that a living one of a busy
    # machine loses its own.
    with live_system(tmp_path_factory.mktemp("live"), JOB_LEASE_S="6") as system:
        yield system


@pytest.fixture
def visitor(live: LiveSystem, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Somebody with an account of their own."""
    with Visitor(live.address) as visitor:
        visitor.sign_up(f"{abs(hash(request.node.nodeid))}@example.org")
        yield visitor


@pytest.fixture
def catchment_file(tmp_path: Path) -> Path:
    """Five years of a synthetic river."""
    from data_tools.engine.synthetic import DEMO_CATCHMENTS

    file = tmp_path / "river.csv"
    DEMO_CATCHMENTS[0].frame().write_csv(file)
    return file
