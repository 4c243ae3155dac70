"""`python -m stack.prepare`: what comes before web, worker and beat, in one Django process, for each costs a second.

Brings the database up to date, loads the demo world when there is none (unless DEMO_WORLD=0), and prints its log-ins.
"""

import os
import sys

import django
from django.core.management import CommandError, call_command


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hydroml.settings")
    django.setup()
    try:
        call_command(
            "migrate", interactive=False, verbosity=0, skip_checks=False
        )  # stop at a wrong configuration
        if os.environ.get("DEMO_WORLD", "1") != "0":
            call_command("load_demo_world", stdout=sys.stderr)
            call_command("load_demo_world", show_logins=True)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
