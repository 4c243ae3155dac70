"""What a project can be written in, and how it is set up: each snippet is complete and runs as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

DSN = "__DSN__"
"""Stands for the project's own address in what follows."""


@dataclass(frozen=True)
class Step:
    """A heading in words, the file or place it belongs in, and the code."""

    title: str
    where: str
    code: str
    language: str = "python"


@dataclass(frozen=True)
class Platform:
    """`key` as Sentry names platforms. `proof` is how to send a first event."""

    key: str
    title: str
    steps: tuple[Step, ...]
    proof: Step

    def with_dsn(self, dsn: str) -> list[Step]:
        return [_filled(step, dsn) for step in (*self.steps, self.proof)]


def _filled(step: Step, dsn: str) -> Step:
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    code = step.code.replace(DSN, dsn)
    code = code.replace("__KEY__", parts.username or "").replace("__BASE__", f"{parts.scheme}://{host}")
    return Step(step.title, step.where, code.replace("__PROJECT__", parts.path.strip("/")), step.language)


_INSTALL_PYTHON = Step("Install the SDK", "requirements.txt", "sentry-sdk", "text")
_INIT = f"""\
import os

import sentry_sdk

sentry_sdk.init(
    dsn="{DSN}",
    environment=os.environ.get("SENTRY_ENVIRONMENT", "development"),
    release=os.environ.get("SENTRY_RELEASE"),  # such as shop@1.4.2
    traces_sample_rate=0.1,  # one request in ten is timed
)
"""

PLATFORMS: tuple[Platform, ...] = (
    Platform(
        "python-django",
        "Django",
        (_INSTALL_PYTHON, Step("Switch it on", "at the end of settings.py", _INIT)),
        Step(
            "Send a test event",
            "python manage.py shell",
            'import sentry_sdk\n\nsentry_sdk.capture_message("Hello from Django")\nsentry_sdk.flush()\n',
        ),
    ),
    Platform(
        "python-celery",
        "Celery",
        (
            _INSTALL_PYTHON,
            Step(
                "Switch it on in worker and beat",
                "celery.py, beside the Celery app; with Django, its settings.py is enough",
                f"""\
import os

import sentry_sdk
from celery import signals
from sentry_sdk.integrations.celery import CeleryIntegration


@signals.celeryd_init.connect
@signals.beat_init.connect
def switch_on_error_reports(**_):
    sentry_sdk.init(
        dsn="{DSN}",
        environment=os.environ.get("SENTRY_ENVIRONMENT", "development"),
        release=os.environ.get("SENTRY_RELEASE"),
        integrations=[CeleryIntegration(monitor_beat_tasks=True)],  # missed runs show under Crons
        traces_sample_rate=0.1,
    )
""",
            ),
        ),
        Step(
            "Send a test event",
            "a task that fails",
            """\
from celery import shared_task


@shared_task
def fails_on_purpose():
    raise RuntimeError("Hello from Celery")
""",
        ),
    ),
    Platform(
        "python",
        "Python",
        (_INSTALL_PYTHON, Step("Switch it on", "where the program starts", _INIT)),
        Step(
            "Send a test event",
            "anywhere after that",
            "try:\n    1 / 0\nexcept ZeroDivisionError:\n    sentry_sdk.capture_exception()\n",
        ),
    ),
    Platform(
        "javascript",
        "Browser",
        (
            Step("Install the SDK", "terminal", "npm install @sentry/browser", "shell"),
            Step(
                "Switch it on",
                "the first script of the page",
                f"""\
import * as Sentry from "@sentry/browser";

Sentry.init({{
  dsn: "{DSN}",
  environment: "development",
  release: "shop@1.4.2",
}});
""",
                "javascript",
            ),
        ),
        Step(
            "Send a test event",
            "the browser's console",
            'setTimeout(() => { throw new Error("Hello from the browser"); });\n',
            "javascript",
        ),
    ),
    Platform(
        "node",
        "Node",
        (
            Step("Install the SDK", "terminal", "npm install @sentry/node", "shell"),
            Step(
                "Switch it on",
                "instrument.js, loaded first: node --require ./instrument.js app.js",
                f"""\
const Sentry = require("@sentry/node");

Sentry.init({{
  dsn: "{DSN}",
  environment: process.env.SENTRY_ENVIRONMENT || "development",
  release: process.env.SENTRY_RELEASE,
  tracesSampleRate: 0.1,
}});
""",
                "javascript",
            ),
        ),
        Step(
            "Send a test event",
            "app.js",
            'throw new Error("Hello from Node");\n',
            "javascript",
        ),
    ),
    Platform(
        "other",
        "curl, or anything else",
        (),
        Step(
            "Send a test event",
            "terminal",
            """\
curl '__BASE__/api/__PROJECT__/envelope/' \\
  -H 'X-Sentry-Auth: Sentry sentry_version=7, sentry_client=curl/1, sentry_key=__KEY__' \\
  --data-binary '{}
{"type":"event"}
{"message":"Hello from curl","level":"error","platform":"other"}'
""",
            "shell",
        ),
    ),
)
CHOICES = [(one.key, one.title) for one in PLATFORMS]


def platform_of(key: str) -> Platform:
    """The one of that name, its family's (`python-flask` is Python), or the last: curl."""
    known = {one.key: one for one in PLATFORMS}
    return known.get(key) or known.get(key.partition("-")[0]) or PLATFORMS[-1]
