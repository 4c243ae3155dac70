"""Bare projects of each kind that the guide speaks of, with the lines added that the command itself prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from django.core.management import call_command

from core.copying.report import copied

ROOT = Path(__file__).resolve().parents[2]

# Makes the listed packages absent, as they are where nobody installed them: no error, and no spec.
WITHOUT = """
import sys
from importlib.machinery import PathFinder

ABSENT = set({absent!r})


class Without:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in ABSENT else PathFinder.find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


PROBE = """
from django.test import SimpleTestCase


class Probe(SimpleTestCase):
    def test_it_does_what_this_kind_needs(self):
{probe}
"""


@dataclass(frozen=True)
class Kind:
    """What a project has before core comes: texts to append, by file, below its package."""

    name: str
    files: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    package: str = "core"
    settings: str | None = None
    """The module that manage.py names, where it is not startproject's."""
    told: tuple[str, ...] = ()
    """What the command must say of it."""
    probe: str = ""
    """Code that is run in the finished project, as a test."""


@dataclass
class Finished:
    """A project after the guide."""

    kind: Kind
    folder: Path
    printed: str
    added: dict[str, list[str]]

    def run(self, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=environment(self.folder) | variables,
            capture_output=True, text=True, timeout=170,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done


def environment(folder: Path) -> dict[str, str]:
    """Nothing of ours: no settings, no DSN, warnings are errors."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SENTRY_", "DJANGO_", "STRATEGY_"))
    }
    path = {"PYTHONPATH": str(folder / "without")} if (folder / "without").exists() else {}
    return kept | {"PYTHONWARNINGS": "error::DeprecationWarning"} | path


def finished(kind: Kind, folder: Path) -> Finished:
    """A project of `kind`, copied into and with the printed lines added."""
    call_command("startproject", "shop", str(folder))
    for name, text in kind.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "") + text)
    if (folder / "shop" / "settings").is_dir():
        _split_settings(folder)
        _name_settings(folder, "shop.settings.dev")
    if kind.settings:
        _name_settings(folder, kind.settings)
    if kind.absent:
        (folder / "without").mkdir()
        (folder / "without" / "sitecustomize.py").write_text(WITHOUT.format(absent=kind.absent))
    printed = "\n".join(copied(folder, package=kind.package)) + "\n"
    (folder / "test_probe.py").write_text(PROBE.format(probe=textwrap.indent(kind.probe or "pass", " " * 8)))
    return Finished(kind, folder, printed, _add(folder, printed))


def _split_settings(folder: Path) -> None:
    whole = folder / "shop" / "settings.py"
    text = whole.read_text().replace("parent.parent", "parent.parent.parent").replace("DEBUG = True\n", "")
    base = folder / "shop" / "settings" / "base.py"
    base.write_text(text + (base.read_text() if base.exists() else ""))
    whole.unlink()


def _name_settings(folder: Path, module: str) -> None:
    manage = folder / "manage.py"
    manage.write_text(manage.read_text().replace("'shop.settings'", f"'{module}'"))


def _add(folder: Path, printed: str) -> dict[str, list[str]]:
    """The indented lines below each "At the end of FILE:", and the task base."""
    added = {}
    for file, block in re.findall(r"At the end of (\S+):\n\n((?:    .*\n)+)", printed):
        lines = [line[4:] for line in block.splitlines()]
        with (folder / file).open("a") as target:
            target.write("\n" + "\n".join(lines) + "\n")
        added[file] = lines
    if found := re.search(r"In (\S+):\d+, give Celery\(\.\.\.\) the argument (\S+)", printed):
        path = folder / found[1]
        path.write_text(path.read_text().replace('Celery("shop")', f'Celery("shop", {found[2]})'))
        added[found[1]] = [found[2]]
    return added
