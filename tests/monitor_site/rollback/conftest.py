from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from monitor.projects.models import Project
from monitor.releases.counting import Sighting, see_releases
from monitor.releases.models import Deploy, Release
from monitor.releases.rollback import calling
from monitor.releases.rollback.models import Call, Rollback
from monitor.releases.rollback.services import watch
from monitor.site import strategy_file
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric

GOOD, BAD = "hydroml@1.0.0", "hydroml@1.1.0"
SECRET = "a-secret-that-only-the-receiver-knows"


@dataclass
class Receiver:
    """What a deployment tool would be: it answers with `status` and keeps what came."""

    url: str
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            found.headers.append(dict(self.headers))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_port}/rollback")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Site:
    """A project in production whose release 1.1.0 went out five minutes ago, after 1.0.0."""

    project: Project
    deliver: Delivery
    patch: pytest.MonkeyPatch
    now: float

    def rules(self, **given: Any) -> None:
        """[rollback] with these keys, for as long as the test."""
        strategy = strategy_file.current_strategy()
        changed = replace(strategy, rollback=replace(strategy.rollback, **given))
        for module in ("services", "calling"):
            self.patch.setattr(f"monitor.releases.rollback.{module}.current_strategy", lambda: changed)

    def deploy(self, version: str, *, ago_s: float, environment: str = "production") -> Deploy:
        see_releases([Sighting(self.project.pk, version, self.now - ago_s)])
        return Deploy.objects.create(
            release=Release.objects.get(version=version),
            environment=environment,
            finished_at=datetime.fromtimestamp(self.now - ago_s, UTC),
        )

    def requests(self, version: str, total: int, failed: int, *, ago_s: float) -> None:
        at = self.now - ago_s
        self.deliver(
            item(
                metric("requests", total - failed, at, release=version, route="projects/", status="200"),
                metric("requests", failed, at, release=version, route="projects/", status="500"),
            ),
            received=at,
        )

    def sessions(self, version: str, total: int, crashed: int, *, ago_s: float) -> None:
        at = datetime.fromtimestamp(self.now - ago_s, UTC).isoformat()
        self.deliver(
            (
                "sessions",
                {
                    "attrs": {"release": version, "environment": "production"},
                    "aggregates": [{"started": at, "exited": total - crashed, "crashed": crashed}],
                },
            ),
            received=self.now - ago_s,
        )

    def goes_wrong(self) -> None:
        """1.1.0 fails one request in ten."""
        self.requests(GOOD, 1000, 2, ago_s=480)
        self.requests(BAD, 400, 40, ago_s=120)

    def watched(self) -> Rollback | None:
        """What stands after the clock has looked."""
        watch(self.now)
        return Rollback.objects.first()

    def carried_out(self) -> None:
        """All that is due, as the clock's threads do it."""
        for call in calling.due(time.time() + 1):
            if calling.claim(call, time.time()):
                calling.run(Call.objects.get(pk=call.pk))


@pytest.fixture
def site(project: Project, deliver: Delivery, monkeypatch: pytest.MonkeyPatch) -> Site:
    found = Site(project, deliver, monkeypatch, time.time())
    found.deploy(GOOD, ago_s=86_400)
    found.deploy(BAD, ago_s=300)
    return found
