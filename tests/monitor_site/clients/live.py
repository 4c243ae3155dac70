"""A whole monitor for unmodified clients: web and worker as they are deployed, on a port of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from stack.ports import HOST, free_port
from tests.monitor_site.digest.processes import KEY, Monitor, prepared, wait_until

PROGRAMS = Path(__file__).parent / "programs"
EMAIL, PASSWORD = "ada@example.org", "a-long-password"
_CLIENT_PATIENCE_S = 150.0
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Live:
    """Asked as a person asks it: through its pages, logged in as an admin; or its database, from outside."""

    monitor: Monitor
    address: str
    browser: httpx.Client
    web: subprocess.Popen[bytes]

    @property
    def dsn(self) -> str:
        return self.address.replace("://", f"://{KEY}@") + "/1"

    def page(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def events(self, environment: str) -> list[tuple[int, str, str, str]]:
        """Issue, event id, type and value of each that is stored, the oldest first."""
        return self.monitor.rows(
            "SELECT i.id, lower(hex(e.uid)), i.type, i.value FROM issues_storedevent e"
            " JOIN issues_issue i ON i.id = e.issue_id WHERE e.environment = ? ORDER BY e.id",
            environment,
        )

    def wait(self, condition: Callable[[], object], what: str) -> None:
        wait_until(condition, what, alive=self.web)

    def wait_for_types(self, environment: str, *types: str) -> dict[str, tuple[int, str]]:
        """Waits until exactly these are stored; gives issue and event id of each."""
        expected = sorted(types)
        self.wait(lambda: len(self.events(environment)) >= len(expected), f"events of {environment}")
        found = self.events(environment)
        assert sorted(kind for *_, kind, _ in found) == expected, found
        return {kind: (issue, event) for issue, event, kind, _ in found}

    def environment(self, name: str) -> dict[str, str]:
        """Of a client, by the variables that every SDK reads."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.monitor.directory),
            "SENTRY_DSN": self.dsn,
            "SENTRY_ENVIRONMENT": name,
            "SENTRY_RELEASE": f"{name}@1.2.3",
        }

    def run_python(self, program: str, environment: str) -> str:
        return self.run([sys.executable, str(PROGRAMS / program)], self.environment(environment))

    def run(self, command: list[str], environment: dict[str, str], **options: Any) -> str:
        """A client to its end; gives what it says."""
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_CLIENT_PATIENCE_S,
            **options,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def running(directory: Path) -> Iterator[Live]:
    """Everything that was started is gone afterwards."""
    port = free_port()
    address = f"http://{HOST}:{port}"
    given = {
        "MONITOR_DEBUG": "1",  # whose static files nobody has to collect first
        "MONITOR_PUBLIC_URL": address,
        "MONITOR_ADMIN_EMAIL": EMAIL,
        "MONITOR_ADMIN_PASSWORD": PASSWORD,
    }
    with prepared(directory, **given) as monitor, httpx.Client(base_url=address, timeout=60) as browser:
        monitor.run("prepare")
        web = monitor.start("web", "--port", str(port))
        monitor.start("worker")
        wait_until(lambda: _is_ready(browser), "the monitor receives", alive=web)
        _log_in(browser)
        yield Live(monitor, address, browser, web)


def _is_ready(browser: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return browser.get("/api/relay/healthcheck/ready/").status_code == 200
    return False


def _log_in(browser: httpx.Client) -> None:
    form = _CSRF.search(browser.get("/accounts/login/").text)
    assert form is not None
    answer = browser.post(
        "/accounts/login/",
        data={"csrfmiddlewaretoken": form[1], "username": EMAIL, "password": PASSWORD},
    )
    assert answer.status_code == 302, answer.text[:2000]
