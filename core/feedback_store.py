"""Feedback on disk: one file for each, written before anything else is tried, so that no outage loses a visitor's words.

waiting/  written, support not yet told         kept/  told; deleted after the time that the strategy says
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core.error_settings import error_page_settings, place

MAX_FILES = 10_000
_ERROR_ID = re.compile(r"[A-Za-z0-9_-]{4,64}")


class FeedbackFullError(Exception):
    """More feedback waits than may; nobody has read it for long, or somebody floods."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a visitor wrote about one failure. `feedback_id` is that of the event it became, if it did."""

    error_id: str
    message: str
    event_id: str | None = None
    name: str = ""
    email: str = ""
    written_at: float = 0.0
    feedback_id: str | None = None


class FeedbackStore:
    """The directory of a site's feedback; see ERROR_PAGES["FEEDBACK_DIR"]."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or place(error_page_settings().feedback_dir, "feedback")

    def keep(self, feedback: Feedback) -> Path:
        """Write it, whole or not at all. Raises OSError and FeedbackFullError."""
        if not _ERROR_ID.fullmatch(feedback.error_id):
            raise ValueError(f"{feedback.error_id!r} is no error id.")
        directory = self._directory / "waiting"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sum(1 for _ in directory.iterdir()) >= MAX_FILES:
            raise FeedbackFullError(f"{directory} holds {MAX_FILES} files that support was not told of.")
        name = f"{time.time_ns() // 1_000_000}.{feedback.error_id}.{secrets.token_hex(4)}.json"
        return _write(directory / name, feedback)

    def replace(self, path: Path, feedback: Feedback) -> None:
        """Write what has become of it since."""
        _write(path, feedback)

    def waiting(self) -> Iterator[tuple[Path, Feedback]]:
        """Oldest first."""
        yield from self._in("waiting")

    def settle(self, path: Path) -> None:
        """Support has been told."""
        kept = self._directory / "kept"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(kept / path.name)

    def of(self, wanted: str) -> list[Feedback]:
        """All feedback on an error id or event id, oldest first."""
        plain = wanted.replace("-", "").lower()
        return sorted(
            (
                feedback
                for room in ("waiting", "kept")
                for _, feedback in self._in(room)
                if feedback.error_id.upper() == wanted.upper() or (feedback.event_id or "") == plain
            ),
            key=lambda feedback: feedback.written_at,
        )

    def count_of(self, error_id: str) -> int:
        """How many were written about one failure; from the file names alone."""
        return sum(
            1
            for room in ("waiting", "kept")
            for path in self._paths(room)
            if path.name.split(".")[1] == error_id
        )

    def forget(self, older_than_s: float) -> int:
        """Delete what was told and is older."""
        limit_ms = (time.time() - older_than_s) * 1000
        old = [path for path in self._paths("kept") if int(path.name.split(".")[0]) < limit_ms]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    @property
    def lock_path(self) -> Path:
        return self._directory / ".lock"

    def _in(self, room: str) -> Iterator[tuple[Path, Feedback]]:
        for path in self._paths(room):
            # Moved or deleted by another process meanwhile, or not written by us.
            with suppress(OSError, ValueError, TypeError):
                yield path, Feedback(**json.loads(path.read_text(encoding="utf-8")))

    def _paths(self, room: str) -> list[Path]:
        paths = (self._directory / room).glob("*.*.*.json")
        return sorted(path for path in paths if path.name.split(".")[0].isdigit())


def _write(path: Path, feedback: Feedback) -> Path:
    draft = path.with_name(f".{path.name}.new")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as text:
        json.dump(asdict(feedback), text, ensure_ascii=False)
    return draft.rename(path)
