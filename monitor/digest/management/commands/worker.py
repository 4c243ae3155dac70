"""`python -m monitor worker`: digests what was received, and does what is due by the clock."""

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from monitor.alerts.dispatch.dispatcher import dispatch
from monitor.digest.clock import JOBS
from monitor.digest.rooms import COLLECTORS
from monitor.digest.worker import Worker
from monitor.ingest.settings import IngestSettings


class Command(BaseCommand):
    help = "Digest the spool until SIGTERM. Several may run; one of them does what is due by the clock."
    # They import all the pages, of which the worker needs none; `prepare` has made them.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)
        # With DEBUG, Django would write down each statement: thousands in a batch, and nobody reads them here.
        settings.DEBUG = False
        worker = Worker(
            root=Path(settings.DATA_ROOT),
            spool=Path(settings.SPOOL_DIRECTORY),
            collectors=COLLECTORS,
            jobs=JOBS,
            durable=IngestSettings.from_environment().fsync == "always",
            beside=(dispatch,),
        )
        worker.stop.on_signals()
        sys.exit(worker.run())
