"""One monitor for all clients: each test has an environment of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitor_site.clients.live import Live, running
from tests.monitor_site.clients.npm_packages import NotInstalled, Npm, installed


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(tmp_path_factory.mktemp("live-monitor")) as made:
        yield made


@pytest.fixture(scope="package")
def npm() -> Npm:
    try:
        return installed()
    except NotInstalled as reason:
        pytest.skip(f"Sentry's clients of npm cannot be installed: {reason}")
