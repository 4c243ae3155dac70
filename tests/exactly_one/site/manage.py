"""The site's manage.py; started by its path, from the root of the repository."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.exactly_one.site.settings")
    # Started by its path, Python looks for modules beside this file, where `site` would hide the standard library's.
    sys.path[0] = os.getcwd()  # noqa: PTH109
    execute_from_command_line(sys.argv)
