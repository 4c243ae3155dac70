"""What was deleted from the database gives its space back: pages that nothing is in leave the file, in steps."""

from __future__ import annotations

from monitor.digest.sql import database
from monitor.retention.pace import Pace

SLACK_PAGES = 500
"""Left in the file, for what comes next: 2 MB."""


def give_back(pace: Pace) -> None:
    """SQLite's incremental vacuum; the database was made for it (monitor.settings). The file is shorter as soon as the
    log is written into it, which SQLite does by itself."""
    pace.run(_free, first=50)


def _free(pages: int) -> int:
    (free,) = database().execute("PRAGMA freelist_count").fetchone()
    wanted = min(pages, free - SLACK_PAGES)
    if wanted <= 0:
        return 0
    # One page for each row that is fetched.
    database().execute(f"PRAGMA incremental_vacuum({int(wanted)})").fetchall()
    (left,) = database().execute("PRAGMA freelist_count").fetchone()
    return int(free - left)
