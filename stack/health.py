"""`python -m stack.health NAME`: whether the process in this container does its work (docker-compose.yml asks).

Asked every few seconds in each container, so it loads what it needs and no more: a web is asked in a tenth of the time
that Celery takes to be imported.
"""

import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

# beat writes its schedule down every three minutes, and at its start.
BEAT_SILENCE_S = 300


def web() -> bool:
    """/readyz says so. Asked with a host name that the application accepts."""
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*") or "127.0.0.1"
    return _answers(8000, "/readyz", host)


def worker() -> bool:
    """The worker of this container, no other, answers through the broker."""
    from celery import Celery

    with Celery(broker=os.environ["REDIS_URL"], set_as_current=False) as celery:
        me = f"celery@{socket.gethostname()}"
        return bool(celery.control.inspect([me], timeout=3, limit=1).ping())


def beat() -> bool:
    """The schedule has been written down lately; the file's ending depends on Python's dbm."""
    schedule = Path(os.environ["BEAT_SCHEDULE"])
    written = [file.stat().st_mtime for file in schedule.parent.glob(f"{schedule.name}*")]
    return bool(written) and time.time() - max(written) < BEAT_SILENCE_S


def monitor_web() -> bool:
    """It takes events: keys are published, its spool can be written."""
    return _answers(8001, "/api/relay/healthcheck/ready/")


def monitor_worker() -> bool:
    """A worker holds the lock of its state file, as each does for as long as it lives."""
    return any(map(_is_locked, (Path(os.environ["MONITOR_DATA_DIR"]) / "workers").glob("*.json")))


def weather() -> bool:
    """It says in which mood it is."""
    return _answers(8600, "/control")


def balance() -> bool:
    """It takes connections, and one of the webs behind it is ready."""
    return _answers(8080, "/readyz")


def _answers(port: int, path: str, host: str = "127.0.0.1") -> bool:
    """Whether the answer is a 2xx. Nobody's proxy is asked."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        return 200 <= connection.getresponse().status < 300
    finally:
        connection.close()


def _is_locked(file: Path) -> bool:
    with file.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


CHECKS: dict[str, Callable[[], bool]] = {
    "web": web,
    "worker": worker,
    "beat": beat,
    "monitor-web": monitor_web,
    "monitor-worker": monitor_worker,
    "weather": weather,
    "balance": balance,
}

if __name__ == "__main__":
    sys.exit(not CHECKS[sys.argv[1]]())
