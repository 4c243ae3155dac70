import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.folder import BEING_MADE_S, THROWAWAY_PREFIX, Folder, hold, throwaway

HOLDER = """
import sys, time
from pathlib import Path
from stack.folder import Folder, hold
with hold(Folder(Path(sys.argv[1])), "at http://127.0.0.1:8000/"):
    print("held", flush=True)
    time.sleep(600)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_start_is_told_who_runs_already_and_a_killed_one_frees_the_folder(folder: Folder) -> None:
    with holder(folder.path) as first:
        with (
            pytest.raises(StackError, match=f"Already running .*pid {first.pid}, at http://127.0.0.1:8000/"),
            hold(folder, "second"),
        ):
            pass
        first.send_signal(signal.SIGKILL)
        first.wait()
        with hold(folder, "second"):
            pass


def test_a_throw_away_folder_of_a_killed_run_is_cleared_and_one_in_use_is_not() -> None:
    abandoned, in_use = (Path(tempfile.mkdtemp(prefix=THROWAWAY_PREFIX)) for _ in range(2))
    (abandoned / "lock").write_text("pid 1, test")
    with holder(in_use) as running, throwaway("tidy") as folder:
        assert not abandoned.exists()
        assert in_use.exists()
        running.kill()
    assert not folder.path.exists()
    with throwaway("tidy"):
        assert not in_use.exists()


def test_a_secret_stays_the_same_and_is_its_owners_alone(folder: Folder) -> None:
    first = folder.secret("django")
    assert folder.secret("django") == first
    assert len(first) >= 40
    assert (folder.path / "django.secret").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_just_being_made_is_left_to_who_makes_it() -> None:
    made = Path(tempfile.mkdtemp(prefix=f"{THROWAWAY_PREFIX}being-made-"))
    lock_file = made / "lock"
    lock_file.touch()  # the moment before it is locked
    with throwaway("tidy"):
        assert made.exists()
    long_ago = time.time() - 2 * BEING_MADE_S
    os.utime(lock_file, (long_ago, long_ago))
    with throwaway("tidy"):
        assert not made.exists()
