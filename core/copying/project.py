"""What the project that core is copied to is made of, read from its files: none of its code is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LEFT_OUT = {"venv", "env", "node_modules", "site-packages", "migrations", "build", "dist", "__pycache__"}
_NO_NAMES = {"config", "core", "project", "settings"}
_MOST_FILES = 5000
_MOST_BYTES = 500_000
_ASGI_SERVERS = re.compile(r"\b(?:uvicorn|daphne|hypercorn|channels|granian)\b")


class CopyError(Exception):
    """The copy cannot be made; says why, and the way out."""


@dataclass(frozen=True)
class Spot:
    """A line of a file of the project."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Project:
    """A Django project; files are relative to `root`, where its manage.py stands."""

    root: Path
    name: str
    settings: str
    urls: str | None
    debug_files: tuple[str, ...]
    """The settings modules that set DEBUG, where `settings` is not one: settings/dev.py and settings/production.py."""
    has_base_dir: bool
    celery: Spot | None
    rest_framework: bool
    user_model: str | None
    asgi: bool
    sentry: tuple[Spot, ...]
    own_handlers: bool
    """Whether the root urls.py names handlers of errors already."""


def read_project(folder: Path, *, package: str = "core") -> Project:
    """The project in `folder`, an older copy of ours in `package` left out. Raises CopyError when there is none."""
    root = _root(folder)
    module = re.search(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)""", (root / "manage.py").read_text())
    if module is None:
        raise CopyError(f"{root / 'manage.py'} names no DJANGO_SETTINGS_MODULE: is it Django's?")
    settings = _settings_file(root, module[1])
    texts = dict(_sources(root))
    own = {file: text for file, text in texts.items() if not file.startswith((f"{package}/", "strategy/"))}
    settings_texts = "\n".join(
        text for file, text in own.items() if Path(file).parent == Path(settings).parent
    )
    urls = _urls_file(root, settings_texts)
    requirements = "\n".join(
        path.read_text(errors="replace")
        for path in [*root.glob("*requirements*.txt"), *root.glob("pyproject.toml")]
    )
    user_model = re.search(r"""^AUTH_USER_MODEL\s*=\s*["']([\w.]+)""", settings_texts, re.M)
    return Project(
        root=root,
        name=_name(root, module[1]),
        settings=settings,
        urls=urls,
        debug_files=_debug_files(own, settings),
        has_base_dir=re.search(r"\bBASE_DIR\b", own.get(settings, "")) is not None,
        celery=next(_found(own, r"^\w+\s*=\s*(?:celery\.)?Celery\("), None),
        rest_framework="rest_framework" in settings_texts,
        user_model=user_model[1] if user_model else None,
        asgi="ASGI_APPLICATION" in settings_texts or _ASGI_SERVERS.search(requirements) is not None,
        sentry=tuple(_found(own, r"\bsentry_sdk\.init\(|^\s*init\((?=[^)]*dsn)|\bRaven(?:Client|Config)?\b")),
        own_handlers=re.search(r"^handler(?:400|403|404|500)\s*=", own.get(urls or "", ""), re.M) is not None,
    )


def _root(folder: Path) -> Path:
    if (folder / "manage.py").is_file():
        return folder
    below = sorted(path.parent for path in folder.glob("*/manage.py"))
    if len(below) == 1:
        return below[0]
    many = (
        f" There are several below it ({', '.join(path.name for path in below)}): name one." if below else ""
    )
    raise CopyError(f"{folder} has no manage.py: name the folder of a Django project.{many}")


def _settings_file(root: Path, module: str) -> str:
    path = root / Path(*module.split("."))
    if path.is_dir():
        return str((path / "__init__.py").relative_to(root))
    # config.settings.local and .production are made of .base: what is added there holds for all of them.
    base = path.parent / "base.py"
    if path.parent.name == "settings" and base.is_file():
        return str(base.relative_to(root))
    if not path.with_suffix(".py").is_file():
        raise CopyError(f"{module}, which {root / 'manage.py'} names, is no file below {root}.")
    return str(path.with_suffix(".py").relative_to(root))


def _name(root: Path, settings: str) -> str:
    """Of the package that holds the settings; of the folder, where that one is called as it is everywhere."""
    package = settings.split(".")[0]
    name = root.name if package in _NO_NAMES else package
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _debug_files(own: dict[str, str], settings: str) -> tuple[str, ...]:
    sets_debug = re.compile(r"^DEBUG\s*(?::[^=]+)?=", re.M)
    beside = [file for file in sorted(own) if Path(file).parent == Path(settings).parent and file != settings]
    setting = [file for file in beside if sets_debug.search(own[file])]
    if not setting or not sets_debug.search(own.get(settings, "")):
        return tuple(setting)
    # The common module's DEBUG holds for those alone that do not set it again.
    made_of_it = re.compile(rf"^from \S*\b{Path(settings).stem} import \*", re.M)
    return tuple(file for file in beside if file in setting or made_of_it.search(own[file]))


def _urls_file(root: Path, settings: str) -> str | None:
    named = re.search(r"""^ROOT_URLCONF\s*=\s*["']([\w.]+)""", settings, re.M)
    path = root / Path(*named[1].split(".")) if named else None
    if path is None:
        return None
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return str(file.relative_to(root)) if file.is_file() else None


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT and not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if name.endswith(".py") and path.stat().st_size < _MOST_BYTES:
                yield str(path.relative_to(root)), path.read_text(errors="replace")
                count += 1
                if count >= _MOST_FILES:
                    return


def _found(texts: dict[str, str], expression: str) -> Iterator[Spot]:
    compiled = re.compile(expression, re.M)
    for file, text in texts.items():
        for match in compiled.finditer(text):
            yield Spot(file, text.count("\n", 0, match.start()) + 1)
