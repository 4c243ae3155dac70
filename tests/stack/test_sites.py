"""Whose tests are whose, and which of the two sites a call of pytest is about."""

from pathlib import Path

import pytest

from stack.sites import (
    APPLICATION,
    MONITOR,
    ROOT,
    SITES,
    Site,
    concerned,
    failures_before,
    fixture_plugins,
    sites_below,
)

BOTH = frozenset(SITES)


@pytest.mark.parametrize(
    ("path", "sites"),
    [
        ("tests", BOTH),
        (".", BOTH),
        ("tests/core", {APPLICATION}),
        ("tests/core/test_tasks.py", {APPLICATION}),
        ("tests/monitor", {MONITOR}),
        ("tests/monitor_site/issues/test_list.py", {MONITOR}),
        ("tests/monitoring", {APPLICATION}),
        ("no/such/file.py", {APPLICATION}),
    ],
)
def test_tests_belong_to_the_site_of_their_folder(path: str, sites: set[Site]) -> None:
    assert sites_below((ROOT / path).resolve()) == sites


def test_a_call_is_about_the_sites_of_what_it_names() -> None:
    assert concerned([], directory=ROOT) == BOTH
    assert concerned(["tests/core/test_tasks.py::test_one[a::b]"], directory=ROOT) == {APPLICATION}
    assert concerned(["protocol"], directory=ROOT / "tests" / "monitor") == {MONITOR}
    assert concerned(["../core", "protocol"], directory=ROOT / "tests" / "monitor") == BOTH


def test_a_call_for_the_last_failures_is_about_the_sites_that_had_some() -> None:
    failed = ["tests/monitor_site/test_pages.py::test_one"]
    assert concerned([], directory=ROOT, failed_before=failed) == {MONITOR}
    assert (
        concerned(["tests"], directory=ROOT, failed_before=[*failed, "tests/core/test_tasks.py::test_a"])
        == BOTH
    )
    assert concerned(["tests/core"], directory=ROOT, failed_before=failed) == {APPLICATION}
    assert concerned([], directory=ROOT, failed_before=[]) == BOTH


def test_without_a_cache_nothing_has_failed_before(tmp_path: Path) -> None:
    assert failures_before(tmp_path) == []
    kept = tmp_path / "v" / "cache" / "lastfailed"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"tests/a.py::test_b": true}')
    assert failures_before(tmp_path) == ["tests/a.py::test_b"]
    kept.write_text("{half")
    assert failures_before(tmp_path) == []


def test_the_folders_of_the_sites_are_there() -> None:
    for site in SITES:
        for folder in site.folders:
            assert (ROOT / folder).is_dir(), folder


def test_the_fixtures_are_those_of_the_site_that_is_set_up() -> None:
    assert fixture_plugins({"DJANGO_SETTINGS_MODULE": APPLICATION.settings}) == ["tests.application"]
    assert fixture_plugins({"DJANGO_SETTINGS_MODULE": MONITOR.settings}) == []
    assert fixture_plugins({}) == []
