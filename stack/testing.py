"""`script/test`: the tests of both sites, with a PostgreSQL, a Valkey and a Chromium of their own.

One pytest session with one closing line, pytest's own, which is the last line (`stack.pytest_sites`). The monitor's
tests need no server: where only they are asked for, none is started.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator

import pytest

from stack.chromium import find_or_install_chromium
from stack.errors import StackError
from stack.folder import throwaway
from stack.interrupts import stop_on_signals
from stack.pytest_sites import SERVERS_BESIDE, asked_for
from stack.services import backing_services
from stack.sites import APPLICATION, MONITOR, Site

# Set these where no server can be started. Never DATABASE_URL: tests would write into somebody's data.
GIVEN = {"DATABASE_URL": "TEST_DATABASE_URL", "REDIS_URL": "TEST_REDIS_URL"}

PATIENCE_S = 30  # for fixtures to be torn down after Ctrl-C

# A test's own time limit raises in it, which a clean-up that waits as well can swallow: then a run would never end.
# After this long, more than any test has that is not soak, the process shows what its threads are at, and ends.
WATCHDOG = ["-o", "faulthandler_timeout=900", "-o", "faulthandler_exit_on_timeout=true"]


class SitesFound(Exception):  # noqa: N818 (it is how a hook of pytest gives an answer)
    """Carries the sites that the arguments are about out of pytest's reading of them."""

    def __init__(self, sites: frozenset[Site]) -> None:
        super().__init__(sites)
        self.sites = sites


class Question:
    """Asks pytest which of its arguments are files: only its parser knows, with all its plugins' options."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config, parser: pytest.Parser, args: list[str]
    ) -> Generator[None, None, None]:
        if sites := asked_for(early_config, parser.parse_known_args(args)):
            raise SitesFound(sites)
        return (yield)


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments; the exit code is pytest's, 1 when it could not be started."""
    try:
        # It has shown its version, or said what is wrong with the arguments.
        return pytest.main(["-o", "addopts=", *arguments], plugins=[Question()])
    except SitesFound as found:
        sites = found.sites
    stop_on_signals()
    try:
        with throwaway("test") as folder, contextlib.ExitStack() as stack:
            environment = os.environ | browser()
            if APPLICATION in sites:
                given = {name: os.environ.get(variable, "") for name, variable in GIVEN.items()}
                environment |= stack.enter_context(backing_services(folder, throwaway=True, given=given))
                environment |= {"DATA_ROOT": str(folder.path / "data")}
                if MONITOR in sites and not any(given.values()):
                    environment |= stack.enter_context(servers_beside())
            return run_pytest(arguments, environment)
    except StackError as error:
        print(f"script/test: {error}", file=sys.stderr)
        return 1


@contextlib.contextmanager
def servers_beside() -> Generator[dict[str, str]]:
    """For the process that runs the tests that start whole systems (`stack.pytest_sites`)."""
    with throwaway("test-beside") as folder, backing_services(folder, throwaway=True) as addresses:
        values = addresses | {"DATA_ROOT": str(folder.path / "data")}
        yield {SERVERS_BESIDE[name]: value for name, value in values.items()}


def browser() -> dict[str, str]:
    """Raises StackError in CI when there is no browser: there, nothing is skipped in silence."""
    if path := find_or_install_chromium():
        return {"CHROMIUM": path}
    if os.environ.get("CI") == "true":
        raise StackError(
            "No Chromium, and none could be installed. Install one, or set CHROMIUM to its path."
        )
    print(
        "No Chromium, and none could be installed: the browser tests are skipped. CHROMIUM=/path/to/it changes that."
    )
    return {}


def run_pytest(arguments: list[str], environment: dict[str, str]) -> int:
    is_chosen = any(argument.startswith("-m") for argument in arguments)
    selection = [] if is_chosen else ["-m", "not soak", *WATCHDOG]
    command = [sys.executable, "-m", "pytest", "--both-sites", *selection, *arguments]
    with subprocess.Popen(command, env=environment) as pytest:
        try:
            return pytest.wait()
        except SystemExit as stopped:
            if (
                stopped.code != 128 + signal.SIGINT
            ):  # Ctrl-C has reached pytest already, `kill` only this process
                pytest.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.wait(PATIENCE_S)
            pytest.kill()
            raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
