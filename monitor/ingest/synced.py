"""Small files that are read while they are replaced, and outlast a power cut: the snapshot of keys, what was set aside."""

import os
from pathlib import Path


def write_synced(path: Path, data: bytes) -> None:
    """Replace the file in one step, synced, for its owner alone. Raises OSError."""
    unnamed = path.with_name(f".{path.name}.{os.getpid()}")
    with unnamed.open("wb") as file:
        unnamed.chmod(0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unnamed.rename(path)
