#!/usr/bin/env python
"""Django's command line for HydroML."""

import os
import sys

THE_MONITORS = ("rehearse_alerts",)
"""Commands of the other site: handed over to its own process, as the two share no settings."""

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in THE_MONITORS:
        os.execv(sys.executable, [sys.executable, "-m", "monitor", *sys.argv[1:]])  # noqa: S606
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hydroml.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
