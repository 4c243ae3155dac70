"""Which keys are let in, and for which projects. The receiving end asks no database: it reads a snapshot.

Whoever keeps the projects (the pages, the digest) calls `publish_keys` after each change; the receiving processes see
the new file within a second. A file that is broken or gone changes nothing: the last good one goes on.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from monitor.ingest.synced import write_synced
from monitor.protocol import RateLimit

logger = logging.getLogger(__name__)
_CHECK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """One key of one project. `origins`: which web pages may send; none named: all. `limits`: what is refused now."""

    key: str
    project_id: int
    is_active: bool = True
    origins: tuple[str, ...] = ()
    limits: tuple[RateLimit, ...] = ()

    def allows_origin(self, origin: str) -> bool:
        """`https://example.org`, with `*` for any subdomain: `https://*.example.org`."""
        if not origin or not self.origins:
            return True
        return any(_matches(allowed, origin.lower()) for allowed in self.origins)


class KeyRing(Protocol):
    """What the receiving end asks for each request. Called in its event loop: it must not wait for anything."""

    def find(self, key: str) -> ProjectKey | None:
        """None for a key that is not known. Raises KeyRingUnavailableError when nothing is known yet."""


class KeyRingUnavailableError(Exception):
    """There is no snapshot yet: the monitor was never set up, or the settings name another file."""


class SnapshotKeyRing:
    """Reads the file that `publish_keys` writes, and again when it has changed; looks once a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[str, ProjectKey] | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._look_again_at = 0.0

    def find(self, key: str) -> ProjectKey | None:
        now = time.monotonic()
        if now >= self._look_again_at:
            self._look_again_at = now + _CHECK_EVERY_S
            self._refresh()
        if self._keys is None:
            raise KeyRingUnavailableError(
                f"No keys have been published to {self._path}; create a project, or correct MONITOR_KEYS_FILE."
            )
        return self._keys.get(key)

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._keys = read_keys(self._path)
                self._stamp = stamp
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            logger.warning("keys_unreadable", extra={"path": str(self._path), "error": str(error)})


def publish_keys(path: Path, keys: Iterable[ProjectKey]) -> None:
    """Replace the snapshot in one step, synced. Raises OSError."""
    data = orjson.dumps({"version": 1, "keys": [_to_json(key) for key in keys]}, option=orjson.OPT_INDENT_2)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_synced(path, data)


def read_keys(path: Path) -> dict[str, ProjectKey]:
    """Raises OSError; ValueError, TypeError, KeyError or AttributeError for what `publish_keys` has not written."""
    found = orjson.loads(path.read_bytes())
    return {key.key: key for key in map(_from_json, found["keys"])}


def _to_json(key: ProjectKey) -> dict[str, Any]:
    return {
        "key": key.key.lower(),
        "project_id": key.project_id,
        "is_active": key.is_active,
        "origins": key.origins,
        "limits": [
            {"until": one.until, "categories": one.categories, "scope": one.scope, "reason": one.reason}
            for one in key.limits
        ],
    }


def _from_json(row: dict[str, Any]) -> ProjectKey:
    return ProjectKey(
        key=str(row["key"]).lower(),
        project_id=int(row["project_id"]),
        is_active=bool(row.get("is_active", True)),
        origins=tuple(str(origin).lower() for origin in row.get("origins", ())),
        limits=tuple(
            RateLimit(float(one["until"]), tuple(one["categories"]), one["scope"], one["reason"])
            for one in row.get("limits", ())
        ),
    )


def _matches(allowed: str, origin: str) -> bool:
    if allowed == "*":
        return True
    before, star, after = allowed.rstrip("/").partition("*.")
    if not star:
        return origin == before
    return origin.startswith(before) and origin.endswith(f".{after}")
