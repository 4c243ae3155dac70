"""Stands at the root because pytest loads plugins from nowhere else."""

import os

from stack.sites import fixture_plugins

pytest_plugins = ["stack.pytest_plugin", *fixture_plugins(os.environ)]
