"""One pytest session over both sites: what is shown, counted and ended is as if one process had run all tests."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.stack.toy_repository import Toy, toy_repository

WEATHER = "tests/monitor_site/test_weather.py"
DRINKS = "tests/drinks/test_drinks.py"
FAILING = "def test_first(): assert 1 == 2\ndef test_second(): pass\n"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return toy_repository(tmp_path)


def wait_for(file: Path) -> None:
    """Until it is there; the test's own time limit ends what never comes."""
    while not file.exists():
        time.sleep(0.05)


def test_one_closing_line_is_about_the_tests_of_both(toy: Toy) -> None:
    ended = toy.run("--both-sites")
    assert ended.code == 0, ended.output
    assert ended.closing_line == "4 passed"
    assert ended.output.count("test session starts") == 1
    beside = "beside it, in a process for each: the tests of the monitor"
    assert f"site: application; {beside}\n" in ended.output
    assert ended.output.count(" passed") == 1


def test_failures_of_both_are_in_the_one_summary_and_in_the_exit_code(toy: Toy) -> None:
    toy.write(WEATHER, FAILING)
    ended = toy.run("--both-sites")
    assert ended.code == 1
    assert ended.closing_line == "1 failed, 3 passed"
    assert "E   assert 1 == 2" in ended.output
    assert f"FAILED {WEATHER}::test_first" in ended.output
    toy.write(DRINKS, FAILING)
    ended = toy.run("--both-sites", "--junitxml=results.xml")
    assert (ended.code, ended.closing_line) == (1, "2 failed, 2 passed")
    [suite] = ElementTree.parse(toy.path / "results.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")


@pytest.mark.soak
def test_what_the_other_process_skips_is_in_the_summary_with_its_reason(toy: Toy) -> None:
    toy.write(WEATHER, "import pytest\ndef test_a(): pytest.skip('no rain today')\n")
    ended = toy.run("--both-sites", "-ra")
    assert (ended.code, ended.closing_line) == (0, "2 passed, 1 skipped")
    assert "no rain today" in ended.output
    toy.write(WEATHER, "import pytest\npytest.skip('no rain this year', allow_module_level=True)\n")
    ended = toy.run("--both-sites", "-ra")
    assert (ended.code, ended.closing_line) == (0, "2 passed, 1 skipped")
    assert "no rain this year" in ended.output


def test_the_two_run_beside_each_other(toy: Toy) -> None:
    meeting = (
        "import pathlib, time\n"
        "def test_meeting():\n"
        "    pathlib.Path('{mine}').touch()\n"
        "    until = time.monotonic() + 60\n"
        "    while not pathlib.Path('{theirs}').exists():\n"
        "        assert time.monotonic() < until\n"
        "        time.sleep(0.01)\n"
    )
    toy.write(WEATHER, meeting.format(mine="weather", theirs="drinks"))
    toy.write(DRINKS, meeting.format(mine="drinks", theirs="weather"))
    ended = toy.run("--both-sites")
    assert (ended.code, ended.closing_line) == (0, "2 passed")


def test_one_that_takes_long_keeps_no_report_of_the_others_waiting(toy: Toy) -> None:
    """What the other process has to say is more than a pipe holds."""
    toy.write(
        WEATHER,
        "import pathlib, pytest\n"
        "@pytest.mark.parametrize('number', range(20))\n"
        "def test_loud(number): print('rain ' * 50_000)\n"
        "def test_last(): pathlib.Path('through').touch()\n",
    )
    toy.write(
        DRINKS,
        "import pathlib, time\n"
        "def test_long():\n"
        "    until = time.monotonic() + 60\n"
        "    while not pathlib.Path('through').exists():\n"
        "        assert time.monotonic() < until\n"
        "        time.sleep(0.01)\n",
    )
    ended = toy.run("--both-sites", "-p", "no:randomly")
    assert (ended.code, ended.closing_line) == (0, "22 passed")


def test_with_servers_for_it_more_processes_run_what_is_marked_stack_and_browser(toy: Toy) -> None:
    toy.write(
        DRINKS,
        "import os, pathlib, pytest\n"
        "def test_tea(): pathlib.Path(os.environ['DATABASE_URL'].rpartition('/')[2]).touch()\n"
        "@pytest.mark.stack\n"
        "def test_kettle(): pathlib.Path(os.environ['DATABASE_URL'].rpartition('/')[2]).touch()\n"
        "@pytest.mark.stack\n"
        "@pytest.mark.soak\n"
        "def test_samovar(): assert False\n",
    )
    toy.write(
        WEATHER,
        "import os, pathlib, pytest\n"
        "def test_rain(): pathlib.Path('rain').write_text(str(os.getpid()))\n"
        "@pytest.mark.browser\n"
        "def test_radar(): pathlib.Path('radar').write_text(str(os.getpid()))\n"
        "@pytest.mark.stack\n"
        "def test_storm(): pathlib.Path('storm').write_text(str(os.getpid()))\n",
    )
    beside = {
        "BESIDE_DATABASE_URL": "postgres://nobody@127.0.0.1:9/beside",
        "BESIDE_REDIS_URL": "redis://127.0.0.1:9/0",
    }
    ended = toy.run("--both-sites", "-m", "not soak", BESIDE_DATA_ROOT=str(toy.path), **beside)
    assert (ended.code, ended.closing_line) == (0, "5 passed, 1 deselected")
    assert (toy.path / "no").exists()
    assert (toy.path / "beside").exists()
    assert (toy.path / "rain").read_text() != (toy.path / "radar").read_text()
    assert (toy.path / "storm").read_text() == (toy.path / "radar").read_text()
    assert "collected 6 items / 1 deselected / 5 selected" in ended.output
    titles = "the application that are marked stack, of the monitor, of the monitor in a browser or with whole systems"
    assert f"the tests of {titles}\n" in ended.output


@pytest.mark.parametrize(("file", "mark"), [(DRINKS, "stack"), (WEATHER, "browser")])
def test_what_the_other_process_does_not_find_is_an_error(toy: Toy, file: str, mark: str) -> None:
    toy.write("tests/drinks/marks.py", f"import pytest\nSLOW = pytest.mark.{mark}\n")
    toy.write(file, "from tests.drinks.marks import SLOW\n@SLOW\ndef test_kettle(): pass\n")
    beside = dict.fromkeys(("BESIDE_DATABASE_URL", "BESIDE_REDIS_URL", "BESIDE_DATA_ROOT"), "x")
    ended = toy.run("--both-sites", **beside)
    assert ended.code != 0
    assert f"which has not found them:\n{file}::test_kettle" in ended.output


@pytest.mark.soak
def test_x_and_maxfail_stop_both(toy: Toy) -> None:
    toy.write(WEATHER, FAILING)
    toy.write(DRINKS, FAILING)
    ended = toy.run("--both-sites", "-x")
    assert (ended.code, ended.closing_line) == (1, "1 failed")
    assert "stopping after 1 failures" in ended.output
    ended = toy.run("--both-sites", "--maxfail=2")
    assert ended.code == 1
    assert re.fullmatch(r"2 failed(, [12] passed)?", ended.closing_line)


def test_the_last_failures_start_the_sites_that_had_some(toy: Toy) -> None:
    toy.write(WEATHER, FAILING)
    toy.run("--both-sites")
    ended = toy.run("--both-sites", "--lf")
    assert (ended.code, ended.closing_line) == (1, "1 failed")
    assert "site: monitor\n" in ended.output
    toy.write(DRINKS, FAILING)
    toy.run("--both-sites")
    ended = toy.run("--both-sites", "--lf")
    assert (ended.code, ended.closing_line) == (1, "2 failed")


@pytest.mark.soak
def test_a_selection_counts_over_both(toy: Toy) -> None:
    ended = toy.run("--both-sites", "-k", "tea or rain")
    assert (ended.code, ended.closing_line) == (0, "2 passed, 2 deselected")
    ended = toy.run("--both-sites", "-k", "nothing_of_this_name")
    assert (ended.code, ended.closing_line) == (5, "4 deselected")


@pytest.mark.soak
def test_collecting_lists_both(toy: Toy) -> None:
    ended = toy.run("--both-sites", "--collect-only", "-q")
    assert (ended.code, ended.closing_line) == (0, "4 tests collected")
    assert {f"{WEATHER}::test_rain", f"{DRINKS}::test_tea"} < set(ended.output.splitlines())


@pytest.mark.soak
@pytest.mark.parametrize("file", [WEATHER, DRINKS])
def test_a_file_that_cannot_be_collected_ends_it_for_both(toy: Toy, file: str) -> None:
    toy.write(file, "import no_such_module\n")
    ended = toy.run("--both-sites")
    assert (ended.code, ended.closing_line) == (2, "1 error")
    assert "No module named 'no_such_module'" in ended.output
    assert f"ERROR {file}" in ended.output


@pytest.mark.soak
def test_settings_that_cannot_be_read_are_an_error_with_their_reason(toy: Toy) -> None:
    toy.write("monitor/settings.py", "import no_such_module\n")
    ended = toy.run("--both-sites")
    assert (ended.code, ended.closing_line) == (2, "1 error")
    assert "no_such_module" in ended.output
    assert "the tests of the monitor ended with exit code" in ended.output


def test_a_process_that_dies_fails_the_test_it_died_in_and_all_others_are_accounted_for(toy: Toy) -> None:
    toy.write(WEATHER, "import os\ndef test_a(): pass\ndef test_b(): os._exit(3)\ndef test_c(): pass\n")
    ended = toy.run("--both-sites")
    assert (ended.code, ended.closing_line) == (1, "1 failed, 3 passed, 1 skipped")
    assert f"FAILED {WEATHER}::test_b" in ended.output
    assert "ended with exit code 3, during this test" in ended.output
    assert "not run: the tests of the monitor ended in" in ended.output


@pytest.mark.soak
def test_a_process_that_dies_after_its_tests_is_an_error(toy: Toy) -> None:
    toy.write(
        "tests/monitor_site/conftest.py",
        "import os, pytest\n@pytest.hookimpl(trylast=True)\ndef pytest_sessionfinish(): os._exit(7)\n",
    )
    ended = toy.run("--both-sites")
    assert (ended.code, ended.closing_line) == (1, "4 passed, 1 error")
    assert "ended with exit code 7, after its tests" in ended.output


@pytest.mark.soak
def test_warnings_of_the_other_process_are_shown(toy: Toy) -> None:
    toy.write(
        WEATHER,
        "import pytest, warnings\n"
        "@pytest.mark.filterwarnings('default')\n"
        "def test_it(): warnings.warn('the gauge is old', FutureWarning)\n",
    )
    ended = toy.run("--both-sites")
    assert (ended.code, ended.closing_line) == (0, "3 passed, 1 warning")
    assert "FutureWarning: the gauge is old" in ended.output


@pytest.mark.soak
def test_a_test_that_takes_too_long_shows_the_stacks_of_all_threads(toy: Toy) -> None:
    toy.write(
        WEATHER,
        "import threading, time\n"
        "def test_long():\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "    time.sleep(600)\n",
    )
    ended = toy.run("--both-sites", "-p", "pytest_timeout", "--timeout=1")
    assert (ended.code, ended.closing_line) == (1, "1 failed, 2 passed")
    assert "Stack of Thread-1 (sleep)" in ended.output


@pytest.mark.soak
@pytest.mark.parametrize("file", [WEATHER, DRINKS])
def test_an_interrupt_ends_both_and_their_fixtures_are_torn_down(toy: Toy, file: str) -> None:
    toy.write(
        file,
        "import os, pathlib, pytest, time\n"
        "@pytest.fixture\n"
        "def process():\n"
        "    pathlib.Path('pid.part').write_text(str(os.getpid()))\n"
        "    os.rename('pid.part', 'pid')\n"
        "    yield\n"
        "    pathlib.Path('torn-down').touch()\n"
        "def test_long(process): time.sleep(600)\n",
    )
    with toy.start("--both-sites") as process:
        wait_for(toy.path / "pid")
        process.send_signal(signal.SIGINT)  # as `kill -INT`: the other process gets none but from this one
        output, _ = process.communicate()
    assert process.returncode == 2, output
    assert "KeyboardInterrupt" in output
    assert (toy.path / "torn-down").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int((toy.path / "pid").read_text()), 0)


@pytest.mark.soak
def test_ctrl_c_reaches_both_and_is_obeyed_once(toy: Toy) -> None:
    long = "import pathlib, time\ndef test_long():\n    pathlib.Path('{here}').touch()\n    time.sleep(600)\n"
    toy.write(WEATHER, long.format(here="here"))
    toy.write(DRINKS, long.format(here="here-too"))
    with toy.start("--both-sites") as process:
        wait_for(toy.path / "here")
        wait_for(toy.path / "here-too")
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate()
    assert process.returncode == 2, output
    assert " passed" not in output
    assert " failed" not in output


@pytest.mark.soak
def test_where_the_files_are_of_one_site_one_process_runs(toy: Toy) -> None:
    ended = toy.run("--both-sites", WEATHER)
    assert (ended.code, ended.closing_line) == (0, "2 passed")
    assert "site: monitor\n" in ended.output
    ended = toy.run("--both-sites", DRINKS + "::test_tea")
    assert (ended.code, ended.closing_line) == (0, "1 passed")
    assert "site: application\n" in ended.output
    ended = toy.run("--both-sites", WEATHER, DRINKS + "::test_tea")
    assert (ended.code, ended.closing_line) == (0, "3 passed")


@pytest.mark.soak
def test_called_directly_pytest_chooses_the_site_by_the_files(toy: Toy) -> None:
    assert toy.run(WEATHER).closing_line == "2 passed"
    assert toy.run("--ds=monitor.settings").closing_line == "2 passed"
    assert toy.run("--ds=hydroml.settings", "tests").closing_line == "2 passed"


@pytest.mark.parametrize("arguments", [(), ("tests",), (DRINKS, WEATHER)])
def test_called_directly_for_both_pytest_says_what_to_do(toy: Toy, arguments: tuple[str, ...]) -> None:
    ended = toy.run(*arguments)
    assert ended.code == 4
    assert "ERROR: These are tests of two Django sites" in ended.output
    assert "script/test" in ended.output


def test_the_monitors_tests_have_a_directory_of_their_own_and_nothing_of_the_applications(toy: Toy) -> None:
    toy.write(
        WEATHER,
        "import os, pathlib\n"
        "from django.conf import settings\n"
        "def test_ground():\n"
        "    assert 'DATABASE_URL' not in os.environ\n"
        "    folder = pathlib.Path(os.environ['MONITOR_DATA_DIR'])\n"
        "    assert folder.is_dir()\n"
        "    assert pathlib.Path(settings.DATABASES['default']['TEST']['NAME']).parent == folder\n"
        "    pathlib.Path('ground').write_text(str(folder))\n",
    )
    assert toy.run(WEATHER).code == 0
    assert not Path((toy.path / "ground").read_text()).exists()
