"""Stands at the root because pytest loads plugins from nowhere else."""

pytest_plugins = ["stack.pytest_plugin"]
