"""A repository with two small Django sites of the same names as ours, to call pytest in as people do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stack.sites import ROOT

CONFIGURATION = """
[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = "-p stack.pytest_sites -ra --strict-markers --strict-config"
filterwarnings = ["error"]
markers = ["timeout: as pytest-timeout would register it", "stack: as ours", "browser: as ours", "soak: as ours"]
"""
SETTINGS = """
import os

SECRET_KEY = "of a toy"
DATABASES = {"default": {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": "toy.sqlite3",
    "TEST": {"NAME": os.environ.get("MONITOR_TEST_DB_NAME")},
}}
"""
APPLICATION_TESTS = """
from django.conf import settings

def test_tea():
    assert settings.SETTINGS_MODULE == "hydroml.settings"

def test_coffee(kettle):
    assert kettle == "hot"
"""
MONITOR_TESTS = """
from django.conf import settings

def test_rain():
    assert settings.SETTINGS_MODULE == "monitor.settings"

def test_snow():
    pass
"""
FIXTURES = """
import pytest

@pytest.fixture
def kettle():
    return "hot"
"""


@dataclass(frozen=True)
class Toy:
    """Its folder. Two tests pass for each site, unless a test of ours writes others over them."""

    path: Path

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """pytest with these arguments, in a process group of its own."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))
        }
        environment = (
            kept
            | {
                "PYTHONPATH": str(ROOT),
                "DATABASE_URL": "postgres://nobody@127.0.0.1:9/no",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # of those installed it needs one; half of its time were the others
            }
        )
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "pytest_django.plugin", *arguments],
            cwd=self.path, env=environment | variables, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, *arguments: str, **variables: str) -> Ended:
        with self.start(*arguments, **variables) as process:
            output, _ = process.communicate()
        return Ended(process.returncode, output)


@dataclass(frozen=True)
class Ended:
    """How a call of pytest ended."""

    code: int
    output: str

    @property
    def closing_line(self) -> str:
        """pytest's last line without rule and time: `2 failed, 2 passed`."""
        last = self.output.strip().splitlines()[-1]
        assert " in " in last, self.output
        return re.sub(r"^=* ?(.*) in [\d.]+s.*$", r"\1", last)


def toy_repository(path: Path) -> Toy:
    toy = Toy(path)
    toy.write("pyproject.toml", CONFIGURATION)
    toy.write("conftest.py", (ROOT / "conftest.py").read_text())
    for site in ("hydroml", "monitor"):
        toy.write(f"{site}/__init__.py", "")
        toy.write(f"{site}/settings.py", SETTINGS)
    for package in ("tests", "tests/drinks", "tests/monitor", "tests/monitor_site"):
        toy.write(f"{package}/__init__.py", "")
    toy.write("tests/application.py", FIXTURES)
    toy.write("tests/drinks/test_drinks.py", APPLICATION_TESTS)
    toy.write("tests/monitor_site/test_weather.py", MONITOR_TESTS)
    return toy
