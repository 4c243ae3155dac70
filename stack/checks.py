"""`script/check`: everything that reads the code without running it. Needs no database; all failures are shown at once."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from stack.folder import ROOT

PYTHON_PATHS = (".", "script/demo", "script/test", "script/check", "script/soak")


@dataclass(frozen=True)
class Check:
    """A command that says by its exit code whether the code is in order."""

    name: str
    command: list[str]

    def run(self) -> tuple[bool, float, str]:
        """Whether it passed, the seconds it took, what it printed."""
        started = time.monotonic()
        done = subprocess.run(
            self.command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        return done.returncode == 0, time.monotonic() - started, done.stdout.strip()


def environment() -> dict[str, str]:
    """As in production, where Django's own checks see the most, and without any server."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return kept | {
        "DEBUG": "0",
        "HTTPS": "1",
        "APP_VERSION": "0.1.0",
        "DJANGO_SECRET_KEY": "checked-and-never-served-" * 3,
    }


def checks() -> list[Check]:
    """The slow ones first, so that they run beside the quick ones."""
    manage = [
        sys.executable,
        "-W",
        "ignore::RuntimeWarning",
        "manage.py",
    ]  # no database: no history to compare with
    module = [sys.executable, "-m"]
    templates = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("templates/**/*.html"))]
    found = [
        Check("mypy", [*module, "mypy", "--no-error-summary"]),
        Check("lint-imports", ["lint-imports", "--no-cache"]),
        Check("manage.py check", [*manage, "check", "--deploy", "--fail-level", "WARNING"]),
        Check("migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
        Check("ruff check", ["ruff", "check", "--output-format", "concise", *PYTHON_PATHS]),
        Check("ruff format", ["ruff", "format", "--check", "--output-format", "concise", *PYTHON_PATHS]),
    ]
    if templates:
        found.append(Check("djade", ["djade", "--target-version", "5.2", "--check", *templates]))
    if (ROOT / "strategy" / "__main__.py").exists():
        found.append(Check("strategy", [*module, "strategy"]))
    return found


def main() -> int:
    """Run all of them, two at a time; the exit code is 1 when one failed."""
    started = time.monotonic()
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = [(check, pool.submit(check.run)) for check in checks()]
        for check, result in running:
            passed, seconds, output = result.result()
            print(f"{'ok    ' if passed else 'FAILED'} {check.name:16} {seconds:5.1f} s", flush=True)
            if not passed:
                failed.append(check.name)
                print(output, flush=True)
    verdict = f"{len(failed)} of {len(running)} failed: {', '.join(failed)}" if failed else "All in order"
    print(f"{verdict}, {time.monotonic() - started:.0f} s.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
