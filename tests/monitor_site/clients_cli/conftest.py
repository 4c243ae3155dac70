"""The monitor's own processes, and a token for its first project."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.monitor_site.digest.processes import KEY, Monitor, prepared, wait_until

_TOKEN = """
from monitor.access import tokens
from monitor.access.models import Role, User
from monitor.access.scopes import SCOPES
user = User.objects.create_user("ada@example.org", name="Ada", role=Role.ADMIN)
print(tokens.create(user, "cli", SCOPES)[1])
"""


@dataclass
class Running:
    """Web process and worker, as they run in production."""

    monitor: Monitor
    address: str
    bearer: str

    @property
    def dsn(self) -> str:
        return self.address.replace("://", f"://{KEY}@") + "/1"

    def get(self, path: str) -> Any:
        request = urllib.request.Request(
            f"{self.address}/api/0/{path}", headers={"Authorization": f"Bearer {self.bearer}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with prepared(tmp_path / "monitor", MONITOR_PUBLIC_URL=address) as monitor:
        bearer = monitor.run("shell", "--no-imports", "-c", _TOKEN).strip().splitlines()[-1]
        web = monitor.start("web", "--port", str(port))
        worker = monitor.start("worker")
        wait_until(lambda: _listens(port), "the web process listens", alive=web)
        wait_until(lambda: monitor.workers, "the worker works", alive=worker)
        yield Running(monitor, address, bearer)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
