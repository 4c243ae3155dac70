"""What the monitor's tests stand on: its own settings, and a database file in a directory of this run alone."""

import os
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

# A folder of the repository each, and no part of the monitor.
OF_THE_APPLICATION = {"hydroml", "core", "jobs", "accounts", "projects", "data_tools", "experiments"}


def test_the_settings_are_the_monitors_and_none_of_its_apps_is_the_applications() -> None:
    assert settings.ROOT_URLCONF == "monitor.urls"
    packages = {config.name.partition(".")[0] for config in apps.get_app_configs()}
    assert "monitor" in packages
    assert not packages & OF_THE_APPLICATION


@pytest.mark.django_db
def test_the_database_is_a_file_with_a_write_ahead_log_in_the_directory_of_this_run() -> None:
    folder = Path(os.environ["MONITOR_DATA_DIR"])
    assert Path(connection.settings_dict["NAME"]).parent == folder
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
