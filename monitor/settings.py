"""Settings of the monitor, a Django site of its own: no setting, database or process is shared with the application.

What differs between machines comes from the environment: variables that start with `MONITOR_` (docs/settings.md).
"""

import secrets
import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from monitor import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
DEBUG = env.flag("MONITOR_DEBUG", default=env.flag("DEBUG", default=True))
VERSION = env.text("APP_VERSION", "0.1.0")

DATA_ROOT = env.path("MONITOR_DATA_DIR", BASE_DIR / "var" / "monitor")
SPOOL_DIRECTORY = env.path("MONITOR_SPOOL_DIR", DATA_ROOT / "spool")
KEYS_FILE = env.path("MONITOR_KEYS_FILE", DATA_ROOT / "keys.json")
PAYLOAD_DIRECTORY = DATA_ROOT / "payloads"
# Of one issue; past this a flood keeps fewer and fewer (monitor/issues/sampling.py). Counts are exact anyway.
PAYLOADS_AN_HOUR = env.integer("MONITOR_PAYLOADS_AN_HOUR", 100, minimum=1, maximum=1_000_000_000)
PUBLIC_URL = env.text("MONITOR_PUBLIC_URL", "http://127.0.0.1:8001").rstrip("/")
# The application that is asked whether it lives (monitor/probes). Without one, nobody is asked.
PROBE_URL = env.text("MONITOR_PROBE_URL").rstrip("/")
# Environments in which people are told although the strategy does not say so (monitor/site/strategy_file.py): the demo's.
ALSO_ALERT_IN = env.words("MONITOR_ALSO_ALERT_IN")
# Where that application runs: its probes tell no environment.
PROBE_ENVIRONMENT = env.text("MONITOR_PROBE_ENVIRONMENT", (*ALSO_ALERT_IN, "production")[0])
ORGANIZATION = env.text("MONITOR_ORGANIZATION", "hydroml")

SECRET_KEY = env.text("MONITOR_SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "MONITOR_SECRET_KEY is not set; without DEBUG it must be 50 random characters."
        )
    _key_file = DATA_ROOT / "secret_key"
    if not _key_file.exists():
        _key_file.parent.mkdir(parents=True, exist_ok=True)
        _key_file.write_text(secrets.token_urlsafe(50))
        _key_file.chmod(0o600)
    SECRET_KEY = _key_file.read_text().strip()

ALLOWED_HOSTS = env.words("MONITOR_ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("MONITOR_CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "design",
    "monitor.site",
    "monitor.access",
    "monitor.projects",
    "monitor.issues",
    "monitor.digest",
    "monitor.stats",
    "monitor.metrics",
    "monitor.performance",
    "monitor.releases",
    "monitor.crons",
    "monitor.feedback",
    "monitor.probes",
    "monitor.alerts",
    "monitor.alerts.dispatch",
    "monitor.incidents",
    "monitor.rota",
    "monitor.history",
