"""Copies the folders, under another name for `core` where the project has one of that name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import strategy
from core.copying.project import CopyError, Project
from core.copying.strategy_of_theirs import strategy_of_theirs

CORE = Path(__file__).resolve().parents[1]
STRATEGY = Path(strategy.__file__).resolve().parent
RUNBOOKS = CORE.parent / "docs" / "runbooks"
TESTS = "test_error_handling.py"

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
# `core.` of a dotted name, `from core import`, and the application's own name.
_MENTION = re.compile(
    r"(?<![\w./-])core(?=\.[A-Za-z_])|(?<=from )core(?= import)|(?<=name = \")core(?=\")|(?<=_APPS, \")core(?=\")"
)


def copy(project: Project, *, package: str = "core", force: bool = False) -> list[str]:
    """The paths that were written, relative to the project. Raises CopyError before anything is."""
    if not _NAME.fullmatch(package) or package == "strategy":
        raise CopyError(f"{package!r} is no name for the package: small letters, digits and underscores.")
    _check_free(project, package, force=force)
    target = project.root / package
    _replace(CORE, target)
    _replace(STRATEGY, project.root / "strategy", keep="strategy.toml")
    written = [f"{package}/", "strategy/"]
    own = project.root / "strategy" / "strategy.toml"
    if not own.exists():
        own.write_text(
            strategy_of_theirs((STRATEGY / "strategy.toml").read_text(encoding="utf-8")), encoding="utf-8"
        )
        written.append(
            "strategy/strategy.toml (yours now: HydroML's features, paths and field names are taken out)"
        )
    if RUNBOOKS.is_dir() and not (project.root / "docs" / "runbooks").exists():
        shutil.copytree(RUNBOOKS, project.root / "docs" / "runbooks")
        written.append("docs/runbooks/")
    shutil.copyfile(Path(__file__).with_name("test_of_the_copy.txt"), project.root / TESTS)
    written.append(TESTS)
    if package != "core":
        for file in [
            *target.rglob("*.py"),
            *(project.root / "strategy").glob("*.toml"),
            project.root / TESTS,
        ]:
            file.write_text(renamed(file.read_text(encoding="utf-8"), package), encoding="utf-8")
    return written


def renamed(text: str, package: str) -> str:
    """`text` with `core` called otherwise, where it names the package."""
    return text if package == "core" else _MENTION.sub(package, text)


def _check_free(project: Project, package: str, *, force: bool) -> None:
    if project.root.resolve() == CORE.parent:
        raise CopyError("That is where core comes from.")
    for name, sign in ((package, "sentry/setup.py"), ("strategy", "loader.py")):
        path = project.root / name
        if not path.exists():
            continue
        if not (path / sign).is_file():
            way_out = (
                "say --package NAME to call ours otherwise"
                if name == package
                else "ours cannot be called otherwise"
            )
            raise CopyError(f"{path} is not ours: {way_out}. --force does not overwrite it either.")
        if not force:
            raise CopyError(
                f"{path} is there already: --force replaces it. strategy/strategy.toml is kept in any case."
            )
    if (project.root / TESTS).exists() and not force:
        raise CopyError(f"{project.root / TESTS} is there already: --force replaces it.")


def _replace(source: Path, target: Path, keep: str | None = None) -> None:
    kept = (target / keep).read_bytes() if keep and (target / keep).is_file() else None
    if target.exists():
        shutil.rmtree(target)
    # The fire drill drives HydroML's own pages and monitor.
    left_out = ("__pycache__", "*.pyc", "firedrill", "firedrill.py", *([keep] if keep else []))
    ignore = shutil.ignore_patterns(*left_out)
    shutil.copytree(source, target, ignore=ignore)
    if keep and kept is not None:
        (target / keep).write_bytes(kept)
