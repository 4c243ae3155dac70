"""What the receiving end can be told, by environment variables. docs/monitor/receiving.md describes each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024
FSYNC = ("never", "always")


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """Sizes in bytes, times in seconds."""

    spool: Path = Path("var/monitor/spool")
    keys_file: Path = Path("var/monitor/keys.json")
    spool_max_bytes: int = 1024 * MEBIBYTE
    min_free_bytes: int = 256 * MEBIBYTE
    fsync: str = "never"
    rotate_after_s: float = 0.5
    body_timeout_s: float = 30.0
    held_max_bytes: int = 64 * MEBIBYTE
    """Bodies larger than 1 MB that are in memory at the same time."""
    counts_every_s: float = 5.0

    def __post_init__(self) -> None:
        if self.fsync not in FSYNC:
            raise ValueError(f"MONITOR_SPOOL_FSYNC is {self.fsync!r}; it must be {' or '.join(FSYNC)}.")
        for name in (
            "spool_max_bytes",
            "rotate_after_s",
            "body_timeout_s",
            "held_max_bytes",
            "counts_every_s",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be greater than 0.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "IngestSettings":
        """Raises ValueError that names the variable."""
        default = cls()
        return cls(
            spool=Path(environ.get("MONITOR_SPOOL_DIR") or default.spool),
            keys_file=Path(environ.get("MONITOR_KEYS_FILE") or default.keys_file),
            spool_max_bytes=_mebibytes(environ, "MONITOR_SPOOL_MAX_MB", default.spool_max_bytes),
            min_free_bytes=_mebibytes(environ, "MONITOR_SPOOL_MIN_FREE_MB", default.min_free_bytes),
            fsync=environ.get("MONITOR_SPOOL_FSYNC") or default.fsync,
        )


def _mebibytes(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is {text!r}; it must be a whole number of megabytes.")
    return int(text) * MEBIBYTE
