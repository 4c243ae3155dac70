"""Makes the copy and says what was done and what is left to do: for `manage.py copy_core` and `python -m core.copying`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.copying.copier import copy, renamed
from core.copying.lines import REQUIREMENTS, notes, settings_lines, task_base, urls_lines
from core.copying.project import Project, read_project


def copied(folder: Path, *, package: str = "core", force: bool = False) -> Iterator[str]:
    """Copy into the project in `folder`; lines to print. Raises CopyError."""
    project = read_project(folder.expanduser().absolute(), package=package)
    written = copy(project, package=package, force=force)
    yield f"Copied into {project.root}:"
    yield from (f"  {path}" for path in written)
    for step, text in enumerate(_steps(project), 1):
        yield f"\n{step}. {renamed(text, package)}"


def _steps(project: Project) -> list[str]:
    steps = [
        "Install what they stand on:\n\n" + _indented(f"pip install {' '.join(REQUIREMENTS)}\n"),
        *(f"At the end of {file}:\n\n" + _indented(lines) for file, lines in settings_lines(project)),
        f"At the end of {project.urls or 'the root urls.py'}:\n\n" + _indented(urls_lines()),
    ]
    if project.celery:
        steps.append(f"In {project.celery}, give Celery(...) the argument {task_base()}")
    steps += notes(project)
    steps.append(
        "Look: python manage.py check; python manage.py migrate; python manage.py test test_error_handling; then, under "
        "DEBUG, /test-sentry-error/."
    )
    return steps


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines()).rstrip()
