"""What sentry-sdk really sends, recorded once for a whole test run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

SITE = Path(__file__).with_name("sdk_site.py")


@cache
def _recorded(moved_lines: int) -> str:
    with tempfile.TemporaryDirectory(prefix=f"release{moved_lines}-") as directory:
        done = subprocess.run(
            [sys.executable, str(SITE), directory, str(moved_lines)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


def sdk_events(*, moved_lines: int = 0) -> dict[str, dict[str, Any]]:
    """Events by name, fresh with every call. `moved_lines`: of a release whose code stands so much lower, elsewhere."""
    lines = map(json.loads, _recorded(moved_lines).splitlines())
    return {line["name"]: line["event"] for line in lines}
