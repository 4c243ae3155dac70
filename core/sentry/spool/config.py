"""What the spool may cost and how patient it is, as [spool] of strategy.toml says; core imports no strategy."""

from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class SpoolConfig:
    """Bounds and delays of one spool directory. Times are seconds, sizes bytes on disk (uncompressed)."""

    directory: Path = Path("var/spool/sentry")
    max_bytes: int = 256 * MEBIBYTE
    max_age_s: float = 7 * 24 * 3600
    memory_max_bytes: int = 8 * MEBIBYTE
    """What is kept in memory when the disk refuses; beyond it the least important is dropped and counted."""

    queue_max_envelopes: int = 500
    queue_max_items: int = 10_000
    """Samples that callers have handed over and the sender has not taken up yet, and the spans and log lines in them;
    beyond it they are dropped and counted. A span takes one to two kilobytes here."""

    connect_timeout_s: float = 3.0
    read_timeout_s: float = 10.0
    backoff_first_s: float = 0.5
    backoff_max_s: float = 30.0
    scan_interval_s: float = 5.0
    """How often a sender looks for directories of dead processes, old files and too many bytes."""

    client_report_interval_s: float = 30.0
    stop_wait_s: float = 1.0
    """How long kill() waits for a request in flight. What is not delivered stays on disk."""

    def __post_init__(self) -> None:
        for name in (
            "max_bytes",
            "max_age_s",
            "memory_max_bytes",
            "queue_max_envelopes",
            "queue_max_items",
            "connect_timeout_s",
            "read_timeout_s",
            "backoff_first_s",
            "backoff_max_s",
            "scan_interval_s",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"[spool] {name} is {getattr(self, name)!r}; it must be greater than 0.")
