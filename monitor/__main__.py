"""`python -m monitor COMMAND`: Django's commands for the monitor's site, and its own: prepare, web, worker."""

import os
import sys


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "monitor.settings"
    from django.core.management import execute_from_command_line

    execute_from_command_line(["python -m monitor", *sys.argv[1:]])


if __name__ == "__main__":
    main()
