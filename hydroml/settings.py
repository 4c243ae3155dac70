"""Settings of the application. Everything that differs between machines comes from the environment (.env.example)."""

import secrets
import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from core.sentry import setup_sentry
from core.sentry.setup import guess_component
from hydroml.env import Env
from hydroml.logs import LOGGING, configure_structlog  # noqa: F401 (LOGGING is a setting)

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

DEBUG = env.flag("DEBUG", default=True)
TESTING = "pytest" in sys.modules
VERSION = env.text("APP_VERSION", "0.1.0")
ENVIRONMENT = env.text("SENTRY_ENVIRONMENT", "development" if DEBUG else "production")

SECRET_KEY = env.text("DJANGO_SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "DJANGO_SECRET_KEY is not set; without DEBUG it must be 50 random characters."
        )
    _key_file = BASE_DIR / "var" / "secret_key"
    if not _key_file.exists():
        _key_file.parent.mkdir(parents=True, exist_ok=True)
        _key_file.write_text(secrets.token_urlsafe(50))
        _key_file.chmod(0o600)
    SECRET_KEY = _key_file.read_text().strip()

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
INTERNAL_IPS = ["127.0.0.1"]

# Where uploads, Parquet files and exports live. Web and workers must see the same directory.
DATA_ROOT = env.path("DATA_ROOT", BASE_DIR / "var" / "data")

INSTALLED_APPS = [
    "core",
    "design",
    "jobs",
    "accounts",
    "projects",
    "data_tools",
    "experiments",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "django_structlog",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "core.middleware.SentryContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "hydroml.urls"
WSGI_APPLICATION = "hydroml.wsgi.application"
ASGI_APPLICATION = "hydroml.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.site",
            ],
            "builtins": ["design.templatetags.show"],
        },
    },
]

# A build of static files and a check of the code need no database; anything that opens a connection does.
_database: dict[str, object] = {"ENGINE": "django.db.backends.postgresql", "NAME": "hydroml"}
# Of pages alone: a task and a migration may take their time.
_statement_s = env.integer("DATABASE_STATEMENT_TIMEOUT_S", 15, maximum=3600)
_statement_s = _statement_s if guess_component(sys.argv) == "web" and not TESTING else 0
if env.text("DATABASE_URL"):
    _database = env.database("DATABASE_URL", statement_timeout_s=_statement_s)
DATABASES = {
    "default": _database
    | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ANSWER_TIMEOUT_S": _statement_s and _statement_s + 5,  # core/database.py
        "TEST": {"NAME": env.text("TEST_DB_NAME", "test_hydroml")},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "core.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "TIMEOUT": 300,
        "KEY_PREFIX": "hydroml",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "projects:list"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 3600

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "accounts.views.locked_out"
AXES_USERNAME_FORM_FIELD = "username"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
# How many proxies of our own append to X-Forwarded-For; log-ins are counted by the same address as all else.
RATE_LIMIT_PROXIES = env.integer("RATE_LIMIT_PROXIES", 0, minimum=0, maximum=10)
AXES_CLIENT_IP_CALLABLE = "accounts.guessing.login_address"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "data_tools.finders.BokehFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_ROOT
# gunicorn serves the demo: WhiteNoise then finds files in the apps, with no collectstatic before a start.
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Speaks Open-Meteo's archive API; script/demo and docker compose run one of their own. Empty: no import of weather.
WEATHER_SERVICE_URL = env.text("WEATHER_SERVICE_URL")
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_MB", 500, minimum=1, maximum=10_000) * 1024 * 1024
# The upload page brings its own handler; files sent to any other address are not stored.
FILE_UPLOAD_HANDLERS = ["data_tools.uploads.RefuseFiles"]
INCOMING_ROOT = DATA_ROOT / "incoming"
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_ROOT / "mail"
if env.text("EMAIL_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = env.text("EMAIL_HOST")
    EMAIL_PORT = env.integer("EMAIL_PORT", 587, minimum=1, maximum=65535)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
    EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
    EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
    EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "HydroML <noreply@hydroml.example>")
SUPPORT_EMAIL = env.text("SUPPORT_EMAIL", "support@hydroml.example")

# Celery. Results live in PostgreSQL with the job; the broker only carries ids.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # the lease in jobs/ brings lost work back, within seconds
CELERY_TASK_TIME_LIMIT = 3600
CELERY_TASK_SOFT_TIME_LIMIT = 3300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4 * 3600,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE_FILENAME = str(env.path("BEAT_SCHEDULE", BASE_DIR / "var" / "beat-schedule"))
CELERY_BEAT_SCHEDULE = {
    "put lost jobs back": {"task": "jobs.tasks.reap_jobs", "schedule": 5.0, "options": {"expires": 10}},
    "measure what waits and what is used": {
        "task": "jobs.tasks.measure_system",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "remove files without an owner": {"task": "data_tools.tasks.sweep_files", "schedule": 6 * 3600.0},
    "tell support of feedback": {
        "task": "core.tasks.deliver_feedback",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "clear what is no longer needed": {"task": "jobs.tasks.clear_old_jobs", "schedule": 3600.0},
}
JOB_LEASE_S = env.integer("JOB_LEASE_S", 15, minimum=2, maximum=3600)
JOB_MAX_ATTEMPTS = env.integer("JOB_MAX_ATTEMPTS", 5, minimum=1, maximum=100)

# Security. Inline styles are allowed by the pages with a Bokeh plot alone, by a decorator on their views.
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
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = env.flag("HTTPS", default=False)
if HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
# HSTS for subdomains and preload lists bind a whole domain: its owner's decision, not an application's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]


configure_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # checked or made by SentryContextMiddleware
DJANGO_STRUCTLOG_USER_ID_FIELD = ""  # would query for the user on every page
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

ERROR_PAGES = {
    "SUPPORT_EMAIL": SUPPORT_EMAIL,
    "SEARCH_URL": "projects:list",
    "HOME_URL": "home",
    "SITE_NAME": "HydroML",
    "FEEDBACK_DIR": DATA_ROOT / "feedback",
    "DEBUG_DIR": DATA_ROOT / "debug-pages",
    "EVENT_URL": env.text("SENTRY_EVENT_URL"),
    "LAB_BASE": "base.html",
}
FIREDRILL = {"DATABASE_PAGE": "/projects/", "DRILLS": ["data_tools.weather.drill.WeatherAway"]}
CSRF_FAILURE_VIEW = "core.error_pages.csrf_failure"
# On a disk of this machine: its locks are the kernel's (docs/spool.md). DATA_ROOT may be a share of many machines.
SPOOL_DIRECTORY = env.path("SENTRY_SPOOL_DIR", DATA_ROOT / "spool")
setup_sentry(
    service="hydroml",
    debug=DEBUG,
    base_dir=BASE_DIR,
    spool_directory=SPOOL_DIRECTORY,
    # Of SQLAlchemy and Tornado, which Optuna and Bokeh bring along, the SDK would import the whole: half a second a start.
    auto_enabling_integrations=False,
)
