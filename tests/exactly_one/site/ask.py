"""Asks for each row of the table that is a request, and writes what came of it to standard output, as JSON.

A process of its own, because what the SDK patches stays patched, and because a site that has copied `core/` has no
pytest around it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.exactly_one.site.settings"
os.environ["EXACTLY_ONE_TRANSPORT"] = "memory"

import django
import sentry_sdk
from django.core.management import call_command

from tests.exactly_one.site.clients import ask_asgi, ask_wsgi


def main() -> None:
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from tests.exactly_one.ways.requests import REQUESTS

    came = [
        {"says": way.says, "handler": handler, **_ask(way.by, handler, way.client)}
        for way in REQUESTS
        for handler in way.handlers
    ]
    json.dump(came, sys.stdout)


def _ask(path: str, handler: str, client: str) -> dict[str, Any]:
    transport: Any = sentry_sdk.get_client().transport
    answer = {"wsgi": ask_wsgi, "asgi": ask_asgi}[handler](path, client)
    sentry_sdk.get_client().session_flusher.flush()  # type: ignore[union-attr]
    found = {
        "status": answer.status,
        "let_out": answer.let_out,
        "headers": answer.headers,
        "events": transport.errors,
        "sessions": [counts for item in transport.items("sessions") for counts in item["aggregates"]],
    }
    transport.envelopes.clear()
    return found


if __name__ == "__main__":
    main()
