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
PORT = env.integer("MONITOR_PORT", 8001, minimum=1, maximum=65_535)
PUBLIC_URL = env.text("MONITOR_PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
# The application that is asked whether it lives (monitor/probes). Without one, nobody is asked.
PROBE_URL = env.text("MONITOR_PROBE_URL").rstrip("/")
# Environments in which people are told although the strategy does not say so (monitor/site/strategy_file.py): the demo's.
ALSO_ALERT_IN = env.words("MONITOR_ALSO_ALERT_IN")
# Where that application runs: its probes tell no environment.
PROBE_ENVIRONMENT = env.text("MONITOR_PROBE_ENVIRONMENT", (*ALSO_ALERT_IN, "production")[0])
# What one event costs, at a paid service say, and in which currency: the page of volume reckons with it.
EVENT_COST = env.number("MONITOR_EVENT_COST", 0.0)
EVENT_CURRENCY = env.text("MONITOR_EVENT_CURRENCY", "EUR")
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
    "monitor.releases.rollback",
    "monitor.crons",
    "monitor.feedback",
    "monitor.probes",
    "monitor.alerts",
    "monitor.alerts.dispatch",
    "monitor.incidents",
    "monitor.rota",
    "monitor.history",
    "monitor.reports",
    "monitor.slos",
    "monitor.dashboards",
    "monitor.retention",
    "monitor.api",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "monitor.access.middleware.LoginRequiredMiddleware",
    "monitor.access.middleware.ViewersOnlyLookMiddleware",
    "monitor.access.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "monitor.urls"
ASGI_APPLICATION = "monitor.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "monitor" / "templates", BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "monitor.site.context.site",
            ],
            "builtins": ["design.templatetags.show"],
        },
    },
]

# One file. IMMEDIATE: a transaction that will write waits for its turn at its start, and never fails in its middle.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_ROOT / "monitor.sqlite3",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                # None of these writes: a page can be read while another connection writes, and on a full disk.
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"
                " PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
            ),
        },
        "TEST": {"NAME": env.text("MONITOR_TEST_DB_NAME") or None},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "access.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "access:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "access:login"
CSRF_FAILURE_VIEW = "monitor.site.error_pages.csrf_failure"

LANGUAGE_CODE = "en"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" / "monitor"
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / "monitor" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Notifications through channels that are not set up go to a page (monitor/alerts/dispatch), drawn as they would be sent.
OUTBOX = env.flag("MONITOR_OUTBOX", default=False)

# Mail of the monitor itself. Without a host it becomes files, for whoever tries things out.
EMAIL_HOST = env.text("MONITOR_EMAIL_HOST")
EMAIL_PORT = env.integer("MONITOR_EMAIL_PORT", 587, minimum=1, maximum=65_535)
EMAIL_HOST_USER = env.text("MONITOR_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("MONITOR_EMAIL_PASSWORD")
_email_security = env.choice("MONITOR_EMAIL_SECURITY", "starttls", ("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _email_security == "starttls", _email_security == "tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("MONITOR_EMAIL_FROM", "HydroML monitor <monitor@localhost>")
_mail_kind = "smtp" if EMAIL_HOST else "filebased"
EMAIL_BACKEND = f"django.core.mail.backends.{_mail_kind}.EmailBackend"
EMAIL_FILE_PATH = DATA_ROOT / "mail"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "monitor_session"
CSRF_COOKIE_NAME = "monitor_csrftoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if env.flag("MONITOR_HTTPS", default=False):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W005", "security.W021"]

# Which of the strategy's files the monitor obeys: the application's own, unless it is told another.
STRATEGY_FILE = env.text("STRATEGY_FILE")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "uvicorn.error": {"level": "WARNING"}},
}
