"""Translations: `python -m stack.catalogues` compiles them, `python -m stack.catalogues update` collects new strings.

Babel does both in Python, so that no machine needs GNU gettext. What is compiled is build output and not committed;
whoever starts the application, its tests or its image calls `compile_catalogues` first.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parent.parent
# The folder of each catalogue, and where its strings stand. That of core goes along when core is copied.
CATALOGUES = {
    "locale": ("accounts", "data_tools", "design", "experiments", "hydroml", "jobs", "projects", "templates"),
    "core/locale": ("core",),
}
# A page for developers, with made-up contents.
NOT_SHOWN = {"templates/styleguide.html"}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def stale_catalogues(root: Path = ROOT) -> list[Path]:
    """The .po files that are newer than what was compiled of them, or were never compiled."""
    return [source for folder in CATALOGUES for source in _sources(root / folder) if not _is_compiled(source)]


def _sources(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/LC_MESSAGES/django.po"))


def _is_compiled(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime


def compile_catalogues(root: Path = ROOT) -> list[Path]:
    """Compile each stale catalogue; gives them. A reader never sees half a file."""
    stale = stale_catalogues(root)
    for source in stale:
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parts[-3])
        unfinished = source.with_suffix(f".{os.getpid()}.tmp")
        with unfinished.open("wb") as compiled:
            write_mo(compiled, catalogue)
        unfinished.replace(source.with_suffix(".mo"))
    return stale


def strings_in_the_code(folder: str = "locale", root: Path = ROOT) -> Catalog:
    """Every string of the catalogue in `folder` that code and templates mark, with the files it stands in."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract

    catalogue = Catalog(project="HydroML", charset="utf-8")
    for path in _files(CATALOGUES[folder], root):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            text = _as_python(text, name)
        for _line, message, comments, context in extract(
            "python", io.BytesIO(text.encode()), KEYWORDS, ("Translators:",), {"encoding": "utf-8"}
        ):
            catalogue.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalogue


def _files(places: tuple[str, ...], root: Path) -> Iterator[Path]:
    for place in places:
        for path in sorted((root / place).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and path.relative_to(root).as_posix() not in NOT_SHOWN:
                yield path


def _as_python(template: str, name: str) -> str:
    from django.utils.translation.template import templatize

    # What templatize leaves of the text around the tags would otherwise read as wrongly indented code.
    return "\n".join(line.lstrip() for line in templatize(template, origin=name).splitlines())


def update_catalogues(root: Path = ROOT) -> None:
    """Bring each .po up to the code: new strings come in empty, those that are gone go."""
    from babel.messages.pofile import read_po, write_po

    for folder, path in [(name, path) for name in CATALOGUES for path in _sources(root / name)]:
        with path.open("rb") as text:
            catalogue = read_po(text, locale=path.parts[-3])
        strings = strings_in_the_code(folder, root)
        catalogue.update(strings, no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as text:
            write_po(
                text, catalogue, width=110, sort_by_file=True, ignore_obsolete=True, include_lineno=False
            )
        empty = [message.id for message in catalogue if message.id and not _is_whole(message.string)]
        print(f"{path.relative_to(root)}: {len(catalogue)} strings, {len(empty)} to translate")


def _is_whole(translation: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(translation) if isinstance(translation, tuple | list) else bool(translation)


def main(arguments: list[str]) -> int:
    if arguments == ["update"]:
        update_catalogues()
    elif arguments:
        print("usage: python -m stack.catalogues [update]", file=sys.stderr)
        return 2
    compile_catalogues()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
