"""`script/test`: pytest with a PostgreSQL, a Valkey and a Chromium of its own. Its last line is pytest's last line."""

import contextlib
import os
import signal
import subprocess
import sys

from stack.chromium import find_or_install_chromium
from stack.errors import StackError
from stack.folder import throwaway
from stack.interrupts import stop_on_signals
from stack.services import backing_services

# Set these where no server can be started. Never DATABASE_URL: tests would write into somebody's data.
GIVEN = {"DATABASE_URL": "TEST_DATABASE_URL", "REDIS_URL": "TEST_REDIS_URL"}


PATIENCE_S = 30  # for fixtures to be torn down after Ctrl-C


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments; the exit code is pytest's, 1 when it could not be started."""
    stop_on_signals()
    try:
        with throwaway("test") as folder:
            given = {name: os.environ.get(variable, "") for name, variable in GIVEN.items()}
            with backing_services(folder, throwaway=True, given=given) as services:
                environment = os.environ | services | browser() | {"DATA_ROOT": str(folder.path / "data")}
                return run_pytest(arguments, environment)
    except StackError as error:
        print(f"script/test: {error}", file=sys.stderr)
        return 1


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
    selection = [] if any(argument.startswith("-m") for argument in arguments) else ["-m", "not soak"]
    command = [sys.executable, "-m", "pytest", *selection, *arguments]
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
