"""`python -m monitor web`: the receiving end and the pages, one process (docs/monitor/receiving.md says why uvicorn)."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from monitor.ingest.server import serve
from monitor.ingest.settings import IngestSettings


class Command(BaseCommand):
    help = "Receive what SDKs send, and serve the pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT, help="%(default)s: MONITOR_PORT")
        parser.add_argument(
            "--workers", type=int, default=1, help="processes; one takes some thousand events a second"
        )

    def handle(self, *args: Any, host: str, port: int, workers: int, **options: Any) -> None:
        try:
            # Here, and once: a mistake in a setting must stop the start with a sentence.
            IngestSettings.from_environment()
        except ValueError as error:
            raise CommandError(str(error)) from error
        os.umask(0o077)
        self.stderr.write(f"The monitor listens on http://{host}:{port}/")
        serve("monitor.asgi:application", host=host, port=port, workers=workers)
