"""A rehearsal needs no site: the engine and its command load no Django."""

import subprocess
import sys


def test_the_engine_loads_no_django() -> None:
    code = "import sys, monitor.alerts.rehearsal; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
