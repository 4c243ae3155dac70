"""The containers for real: built, started, used, stopped. Minutes long, so in script/soak, and only where Docker is."""

import subprocess

import pytest

from stack.compose import missing
from stack.folder import ROOT


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_containers_do_what_the_files_say() -> None:
    if reason := missing():
        pytest.skip(f"{reason}; the files are read by the tests beside this one")
    done = subprocess.run(
        [ROOT / "script/compose-check", "--require"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
