"""`python -m monitor rehearse_alerts`: what the rules would have said to a stream, or a stream of what has come here."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from monitor.alerts import journal, rehearsal
from monitor.alerts.streams import written
from monitor.site.strategy_file import also_alerting
from strategy import durations


class Command(BaseCommand):
    help = (
        "Which alert rules would have fired on a recorded stream, when, and who would have been told; or, with --record,"
        " the stream of what has come to this monitor."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        rehearsal.add_arguments(parser)
        parser.add_argument(
            "--record",
            nargs=2,
            metavar=("SINCE", "UNTIL"),
            help="write what was received in this time as a stream: ISO 8601, seconds since 1970, now, or 24h ago",
        )
        parser.add_argument("--to", type=Path, help="the file for --record; standard output without it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["record"] and options["stream"]:
            raise CommandError(
                "Either record a stream or rehearse one: --record and --stream exclude each other."
            )
        if options["record"]:
            self._record(*options["record"], to=options["to"])
        elif options["stream"]:
            also = partial(also_alerting, environments=settings.ALSO_ALERT_IN)
            sys.exit(rehearsal.run(Namespace(**options), also))
        else:
            raise CommandError(
                "Name a stream to rehearse (--stream FILE), or a time to record (--record SINCE UNTIL)."
            )

    def _record(self, since: str, until: str, *, to: Path | None) -> None:
        now = time.time()
        number = 0
        with open(1, "w", closefd=False) if to is None else to.open("w") as out:
            for entry in journal.recorded(_moment(since, now), _moment(until, now)):
                out.write(json.dumps(written(entry)) + "\n")
                number += 1
        self.stderr.write(f"{number:,} lines.")


def _moment(text: str, now: float) -> float:
    """Raises CommandError."""
    words = text.strip()
    if words == "now":
        return now
    try:
        if words.endswith(" ago"):
            return now - durations.parse_seconds(words.removesuffix(" ago").strip())
        if words.replace(".", "", 1).isdigit():
            return float(words)
        moment = datetime.fromisoformat(words)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError as error:
        hint = 'Write 2026-11-28T09:00, seconds since 1970, "now", or "24h ago".'
        raise CommandError(f"{text!r} is no moment. {hint}") from error
