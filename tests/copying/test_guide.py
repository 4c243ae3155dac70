"""docs/copying.md, followed word for word on a bare project: what the page promises is what happens."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from bench.receiver import Receiver
from stack.ports import HOST, free_port
from tests.live.system import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "copying.md"
BIN = Path(sys.executable).parent
STRICT = {"PYTHONWARNINGS": "error::DeprecationWarning"}
SECRET = "hunter2-canary-77"

# What the project itself had before: a view and a task that fail.
VIEWS = f'''
from django.http import HttpResponse
from yoursite.tasks import fetch


def checkout(request):
    password = "{SECRET}"
    return HttpResponse(1 / 0)


def queue(request):
    fetch.delay()
    return HttpResponse("queued")
'''
TASKS = """
from celery import shared_task


@shared_task(max_retries=2, retry_base_s=0.1)
def fetch():
    raise ConnectionError("the warehouse does not answer")
"""
CELERY = """
import os
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yoursite.settings")
app = Celery("your_site")
app.conf.broker_url = os.environ["REDIS_URL"]
app.autodiscover_tasks(["yoursite"])
"""


@dataclass
class BareProject:
    """A project of `django-admin startproject` to which the guide was applied."""

    folder: Path
    env: dict[str, str]
    added: dict[str, list[str]] = field(default_factory=dict)

    def append(self, file: str, text: str) -> None:
        with (self.folder / "yoursite" / file).open("a") as target:
            target.write("\n" + text)


def blocks(language: str) -> list[tuple[str, str]]:
    """(rest of the fence's first line, body) of the guide's blocks in that language, in their order."""
    return re.findall(rf"^```{language} ?(.*?)\n(.*?)^```", GUIDE.read_text(), re.M | re.S)


def shell(command: str, project: BareProject) -> str:
    done = subprocess.run(
        ["bash", "-euc", command], env=project.env, cwd=project.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def host() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, host: Receiver) -> BareProject:
    folder = tmp_path_factory.mktemp("bare")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "DJANGO_"))}
    env = {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        # A queue of its own: live systems have databases 1 to 14, and a worker of theirs would throw away what it
        # does not know; in 15, tests/exactly_one names its keys by a prefix.
        "REDIS_URL": urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/15")),
        "HYDROML": str(ROOT),
        "PROJECT": str(folder),
        "SENTRY_DSN": host.dsn,
        "SENTRY_RELEASE": "yoursite@1.0+abc",
    }
    project = BareProject(folder, env)
    shell("django-admin startproject yoursite .", project)
    project.append("settings.py", 'ALLOWED_HOSTS = ["127.0.0.1"]')
    project.append("views.py", VIEWS)
    project.append("tasks.py", TASKS)
    project.append("celery.py", CELERY)
    project.append("__init__.py", "from yoursite.celery import app")
    project.append(
        "urls.py",
        'from yoursite import views\nurlpatterns += [path("checkout/", views.checkout), path("queue/", views.queue)]',
    )
    return apply_guide(project)


def apply_guide(project: BareProject) -> BareProject:
    """Copy, install, add the lines, look; in the guide's order."""
    commands = [body for _rest, body in blocks("bash")]
    for command in commands[:-1]:
        shell(command, project)
    for file, body in blocks("python"):
        project.added[file] = [line for line in body.splitlines() if line.strip()]
        if file == "celery.py":
            path = project.folder / "yoursite" / file
            path.write_text(path.read_text().replace('app = Celery("your_site")\n', body))
        else:
            project.append(file, body)
    shell(commands[-1], project)
    return project


@pytest.fixture(scope="module")
def site(project: BareProject) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"{HOST}:{port}"]
    with (project.folder / "web.log").open("wb") as log:
        web = subprocess.Popen(command, cwd=project.folder, env=project.env | STRICT, stdout=log, stderr=log)
        address = f"http://{HOST}:{port}"
        try:
            wait_for("the bare project answers", lambda: httpx.get(f"{address}/livez").status_code == 200)
            yield address
        finally:
            web.terminate()
            web.wait(timeout=60)


@pytest.fixture(scope="module")
def worker(project: BareProject) -> Iterator[None]:
    command = [str(BIN / "celery"), "-A", "yoursite", "worker", "-c", "1", "-l", "INFO"]
    with (project.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=project.folder, env=project.env | STRICT, stdout=log, stderr=log
        )
        try:
            log_file = project.folder / "worker.log"
            wait_for("the worker is ready", lambda: " ready." in log_file.read_text())
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def events(host: Receiver, exception: str) -> list[dict[str, Any]]:
    found = []
    for envelope in list(host.received):
        for headers, payload in envelope["items"]:
            if headers["type"] == "event":
                event = json.loads(payload)
                values = event.get("exception", {}).get("values") or [{}]
                if values[-1].get("type") == exception:
                    found.append(event)
    return found


def test_the_guide_adds_at_most_twelve_lines(project: BareProject) -> None:
    lines = [line for added in project.added.values() for line in added]
    assert 0 < len(lines) <= 12, lines


def test_a_failing_view_gives_the_page_with_its_id_and_one_scrubbed_classified_event(
    site: str, host: Receiver
) -> None:
    answer = httpx.get(f"{site}/checkout/", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    error_id = answer.headers["X-Error-Id"]
    assert error_id in answer.text
    assert "Your site" in answer.text
    assert host.wait_until(lambda: events(host, "ZeroDivisionError"))
    [event] = events(host, "ZeroDivisionError")
    assert event["tags"]["error_id"] == error_id
    assert event["tags"]["category"] == "programming"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False
    assert SECRET not in json.dumps(event)
    assert event["transaction"] == "/checkout/"
    assert event["release"] == "yoursite@1.0+abc"


def test_a_failing_task_is_tried_again_and_reported_once(site: str, worker: None, host: Receiver) -> None:
    assert httpx.get(f"{site}/queue/").text == "queued"
    assert host.wait_until(lambda: events(host, "ConnectionError"), timeout_s=150)
    [event] = events(host, "ConnectionError")
    assert event["tags"]["category"] == "external_service"
    assert event["tags"]["task_name"] == "yoursite.tasks.fetch"
    assert event["tags"]["retries"] == "2"


def test_the_laboratory_is_there_under_debug(site: str) -> None:
    assert "division" in httpx.get(f"{site}/test-sentry-error/").text


def test_without_debug_the_laboratory_does_not_exist(project: BareProject) -> None:
    code = (
        "import django; django.setup(); from django.urls import reverse, NoReverseMatch\n"
        "try: reverse('error-lab')\nexcept NoReverseMatch: print('absent')"
    )
    settings = project.folder / "yoursite" / "production.py"
    settings.write_text(
        (project.folder / "yoursite" / "settings.py").read_text().replace("DEBUG = True", "DEBUG = False")
    )
    env = project.env | {"DJANGO_SETTINGS_MODULE": "yoursite.production", "SENTRY_ENVIRONMENT": "production"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=project.folder, capture_output=True, text=True
    )
    assert done.stdout.strip() == "absent", done.stderr
