"""docs/settings.md and .env.example say what the code reads: nothing more, nothing less, with the right defaults."""

from __future__ import annotations

import re

from strategy import load_strategy
from tests.docs import pages
from tests.docs.variables import error_page_keys, literal_defaults, setting_names, variable_names

PAGE = (pages.DOCS / "settings.md").read_text(encoding="utf-8")
EXAMPLE = (pages.ROOT / ".env.example").read_text(encoding="utf-8")


def documented_variables() -> dict[str, str]:
    """Each variable of the page's tables with what stands under "default"."""
    rows = pages.table_rows(PAGE, "Environment")
    for heading in re.findall(r"^## (Environment: .*)$", PAGE, re.MULTILINE):
        rows += pages.table_rows(PAGE, heading)
    return {re.findall(r"`(\w+)`", name)[0]: default for name, default, *_ in rows}


def test_each_variable_that_the_code_reads_is_documented_and_no_other() -> None:
    assert set(documented_variables()) == variable_names()


def test_the_defaults_of_the_page_are_those_of_the_code() -> None:
    documented = documented_variables()
    for name, default in literal_defaults().items():
        assert documented[name] == f"`{default}`", name


def test_each_setting_of_the_project_is_documented_and_no_other() -> None:
    rows = pages.table_rows(PAGE, "Django settings")
    named = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row[0])]
    assert len(named) == len(set(named))
    assert set(named) == setting_names()


def test_each_key_of_the_error_pages_is_documented_and_no_other() -> None:
    rows = pages.table_rows(PAGE, "Keys of ERROR_PAGES")
    assert {row[0].strip("`") for row in rows} == error_page_keys()


def test_env_example_lists_each_variable_once_and_sets_none() -> None:
    listed = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(listed) == sorted(variable_names())
    assert not [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")]


def test_the_defaults_in_env_example_are_those_of_the_code() -> None:
    shown = dict(re.findall(r'^# ([A-Z][A-Z0-9_]+)="?(.*?)"?(?: *#.*)?$', EXAMPLE, re.MULTILINE))
    for name in (
        "APP_VERSION",
        "DEBUG",
        "HTTPS",
        "JOB_LEASE_S",
        "JOB_MAX_ATTEMPTS",
        "UPLOAD_MAX_MB",
        "EMAIL_PORT",
    ):
        assert shown[name] == literal_defaults()[name], name


def test_a_strategy_that_is_read_with_the_values_of_env_example_is_sound() -> None:
    overrides = dict(re.findall(r"^# ((?:SENTRY|ROLLBACK)_[A-Z_]+)=(\S*)", EXAMPLE, re.MULTILINE))
    assert load_strategy(env=overrides).alerts
