"""What is measured each minute beside the error rate: how much waits and for how long, and what the parts use."""

from __future__ import annotations

import os
from pathlib import Path

from django.db import connection
from django.db.models import Count, Min, Q
from django.utils import timezone

from core.sentry.measures import gauge
from jobs.models import Job


def measure_system() -> None:
    """Send the gauges. Run by beat; whatever raises is the task's to report, since these are all one database's."""
    length, age_s = queue()
    gauge("queue_length", length, unit="job")
    gauge("queue_age_s", age_s, unit="second")
    connections = database_connections()
    if connections is not None:
        gauge("database_connections", connections, unit="connection")
    resident = resident_bytes()
    if resident is not None:
        gauge("memory", resident, unit="byte", process="worker")


def queue() -> tuple[int, float]:
    """How many jobs wait for a worker that have never been begun, and for how many seconds the oldest has.

    A search that waits for its own trials has been begun, and does not wait for a worker.
    """
    waiting = Job.objects.filter(Q(state=Job.State.QUEUED), started_at=None)
    found = waiting.aggregate(length=Count("pk"), oldest=Min("created_at"))
    if found["oldest"] is None:
        return 0, 0.0
    return found["length"], max((timezone.now() - found["oldest"]).total_seconds(), 0.0)


def database_connections() -> int | None:
    """Connections to this database, of all processes; None where the database cannot say."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        row = cursor.fetchone()
    return int(row[0])


def resident_bytes(statm: Path = Path("/proc/self/statm")) -> int | None:
    """Memory of this process; None where the system does not tell it so (only Linux does)."""
    try:
        pages = int(statm.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
