"""Imported only by the process that all proofs are forked from: they must not find what the suite runs with."""

import os

SUITES = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "DATA_ROOT"}
for name in [name for name in os.environ if name.startswith("SENTRY_") or name in SUITES]:
    del os.environ[name]

import tests.recipes.stage  # noqa: E402, F401
