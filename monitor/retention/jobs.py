"""Retention by the clock. Each job has some seconds, and goes on where it was the next time; `now` cannot have jumped
(monitor.digest.forgetting_time)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from monitor.digest.payloads import overwrite_erased
from monitor.retention import old_files, old_rows, space
from monitor.retention.pace import Pace

FILES_EVERY_S = 60.0
ROWS_EVERY_S = 600.0
_FILES_S = 2.0
_ROWS_S = 2.0


def forget_files(now: float) -> None:
    """By age and by size; then the space goes back to the disk."""
    old_files.forget_by_age(now, Pace(_FILES_S))
    old_files.forget_by_size(Pace(_FILES_S))
    space.give_back(Pace(_FILES_S))
    overwrite_erased(Path(settings.PAYLOAD_DIRECTORY))


def forget_rows(now: float) -> None:
    """Each kind with a time of its own, so that none waits for the others."""
    for forget in (
        old_rows.forget_counts,
        old_rows.forget_sampled,
        old_rows.forget_issues,
        old_rows.forget_log_ins,
        old_rows.forget_audit,
    ):
        forget(now, Pace(_ROWS_S))
