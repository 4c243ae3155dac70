"""That a monitor holds generated history: a file beside its database, which every page names at its foot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

_MARK = "generated_history.json"


@dataclass(frozen=True, slots=True)
class Made:
    """What a monitor says of its generated history. Times are seconds since 1970."""

    since: float
    until: float
    seed: int
    project: str

    @property
    def words(self) -> str:
        """For the foot of every page."""
        first, last = (datetime.fromtimestamp(at, UTC).date() for at in (self.since, self.until))
        return f"Holds generated history of {self.project}: {first} to {last}, seed {self.seed}"


def leave_mark(made: Made) -> None:
    (Path(settings.DATA_ROOT) / _MARK).write_text(json.dumps(asdict(made)))


def made_history() -> Made | None:
    """What was made here; None where nothing was."""
    mark = Path(settings.DATA_ROOT) / _MARK
    try:
        return _read(str(mark), mark.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=1)
def _read(path: str, changed_at: int) -> Made:
    return Made(**json.loads(Path(path).read_text()))
