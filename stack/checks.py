"""`script/check`: everything that reads the code without running it. Needs no database; all failures are shown at once.

What asks Django runs once for each of the two sites, with its settings. `script/check mypy djade` runs what is called so.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from stack.folder import ROOT

PYTHON_PATHS = (
    ".",
    *(
        f"script/{name}"
        for name in ("bench", "check", "compose-check", "demo", "docs", "screenshots", "soak", "test")
    ),
)
TEMPLATES = ("templates/**/*.html", "*/templates/**/*.html", "monitor/*/templates/**/*.html")
# Without a database there is no history of migrations to compare with.
PYTHON = (sys.executable, "-W", "ignore::RuntimeWarning")


@dataclass(frozen=True)
class Check:
    """A command that says by its exit code whether the code is in order."""

    name: str
    command: tuple[str, ...]

    def run(self, environment: dict[str, str]) -> tuple[bool, float, str]:
        """Whether it passed, the seconds it took, what it printed."""
        started = time.monotonic()
        done = subprocess.run(
            self.command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        return done.returncode == 0, time.monotonic() - started, done.stdout.strip()


def environment(scratch: str) -> dict[str, str]:
    """As in production, where Django's own checks see the most, and without any server; what is written is thrown away."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL"} and not name.startswith("MONITOR_")
    }
    secret = "checked-and-never-served-" * 3
    return kept | {
        "DEBUG": "0",
        "HTTPS": "1",
        "APP_VERSION": "0.1.0",
        "DJANGO_SECRET_KEY": secret,
        "MONITOR_HTTPS": "1",
        "MONITOR_SECRET_KEY": secret,
        "MONITOR_DATA_DIR": scratch,
    }


def checks() -> Iterator[Check]:
    """The slow ones first, so that they run beside the quick ones."""
    mypy = (*PYTHON, "-m", "mypy", "--no-error-summary")
    yield Check("mypy", mypy)
    yield Check("mypy, monitor", (*mypy, "--config-file", "mypy-monitor.ini"))
    yield Check("lint-imports", ("lint-imports", "--no-cache"))
    yield from checks_of_django("", (*PYTHON, "manage.py"))
    yield from checks_of_django(", monitor", (*PYTHON, "-m", "monitor"))
    yield Check("ruff check", ("ruff", "check", "--output-format", "concise", *PYTHON_PATHS))
    yield Check("ruff format", ("ruff", "format", "--check", "--output-format", "concise", *PYTHON_PATHS))
    yield Check("djade", ("djade", "--target-version", "5.2", "--check", *templates()))
    yield Check("strategy", (*PYTHON, "-m", "strategy"))


def checks_of_django(of_site: str, manage: tuple[str, ...]) -> Iterator[Check]:
    yield Check(f"settings{of_site}", (*manage, "check", "--deploy", "--fail-level", "WARNING"))
    yield Check(f"migrations{of_site}", (*manage, "makemigrations", "--check", "--dry-run"))


def templates() -> list[str]:
    """Every template of both sites."""
    found = {path for pattern in TEMPLATES for path in ROOT.glob(pattern)}
    return sorted(str(path.relative_to(ROOT)) for path in found)


def main(names: list[str]) -> int:
    """Run those whose names begin so, all without names, two at a time; the exit code is 1 when one failed."""
    started = time.monotonic()
    chosen = [check for check in checks() if not names or check.name.startswith(tuple(names))]
    if not chosen:
        print(f"script/check: there are {'; '.join(check.name for check in checks())}.", file=sys.stderr)
        return 2
    failed = []
    with tempfile.TemporaryDirectory(prefix="hydroml-check-") as scratch, ThreadPoolExecutor(2) as pool:
        running = [(check, pool.submit(check.run, environment(scratch))) for check in chosen]
        for check, result in running:
            passed, seconds, output = result.result()
            print(f"{'ok    ' if passed else 'FAILED'} {check.name:19} {seconds:5.1f} s", flush=True)
            if not passed:
                failed.append(check.name)
                print(output, flush=True)
    verdict = f"{len(failed)} of {len(running)} failed: {'; '.join(failed)}" if failed else "All in order"
    print(f"{verdict}, {time.monotonic() - started:.0f} s.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
