"""`manage.py verify_sentry`: is it configured, does it scrub, does the host take what is sent?"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.sentry.verification import verify

_SIGNS = {"ok": "ok     ", "warning": "warning", "wrong": "WRONG  "}


class Command(BaseCommand):
    help = "Say what is right and what is wrong with the reporting of errors; really sends a test event and a message."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--timeout", type=float, default=15.0, help="seconds to wait for the host (15)")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for finding in verify(options["timeout"]):
            wrong += finding.mark == "wrong"
            self.stdout.write(f"{_SIGNS[finding.mark]} {finding.point}: {finding.says}")
            if finding.way_out:
                self.stdout.write(f"        {finding.way_out}")
        if wrong:
            self.stdout.write(f"\n{wrong} of these must be mended before errors are reported.")
            sys.exit(1)
        self.stdout.write("\nErrors are reported.")
