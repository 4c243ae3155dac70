"""`manage.py lookup_error ID`: for support, all that this machine knows of an error id or event id."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.error_settings import event_address
from core.feedback_store import FeedbackStore
from core.sentry.fates import spool_directory
from core.sentry.spool import Fate, lookup

_SAYS = {
    "queued": "It is kept in the spool and not delivered yet: the host has not taken it.",
    "delivered": "The host has it; look there for the event.",
    "dropped": "It could not be delivered and was given up: {reason}.",
}


class Command(BaseCommand):
    help = "What is known of an error id (H7KQ-2M4X) or an event id: spool, outcome, feedback."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="error id, as in H7KQ-2M4X, or event id of 32 hexadecimal digits")
        parser.add_argument(
            "--spool", type=Path, help="the spool's directory, when this process sends nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["id"].strip()
        if "-" in wanted and len(wanted) == 9:
            wanted = wanted.upper()
        fate = self._fate(wanted, options["spool"] or spool_directory())
        ids = [known for known in (wanted, fate.error_id, fate.event_id) if known]
        store = FeedbackStore()
        feedback = list(dict.fromkeys(words for known in ids for words in store.of(known)))
        if fate.state == "unknown" and not feedback:
            self.stdout.write(
                f"Nothing is known of {wanted} here. Its log lines may be: search them for the id. "
                "Where sending is off, or the event was held back in a flood, they are all there is."
            )
            sys.exit(1)
        if fate.state != "unknown":
            at = f", {fate.at:%Y-%m-%d %H:%M:%S} UTC" if fate.at else ""
            self.stdout.write(f"error id {fate.error_id or '-'}, event id {fate.event_id or '-'}{at}")
            if where := event_address(fate.event_id or ""):
                self.stdout.write(where)
            self.stdout.write(_SAYS[fate.state].format(reason=fate.reason.replace("_", " ") or "unknown"))
        for words in feedback:
            when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(words.written_at))
            sender = " ".join(filter(None, (words.name, words.email))) or "unnamed"
            self.stdout.write(f"\nFeedback of {when} by {sender}:\n{words.message}")

    def _fate(self, wanted: str, directory: Path | None) -> Fate:
        if directory is None or not directory.is_dir():
            return Fate("unknown")
        try:
            return lookup(directory, wanted)
        except ValueError as error:
            raise CommandError(str(error)) from None
