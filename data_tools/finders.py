"""Serves Bokeh's JavaScript from the installed package, so that no page asks another host for it."""

from pathlib import Path
from typing import Any

import bokeh
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

BOKEH_FILES = ("bokeh.min.js",)
_DIRECTORY = Path(bokeh.__file__).parent / "server" / "static" / "js"


class BokehFinder(BaseFinder):
    """Finds `bokeh/bokeh.min.js` and nothing else of the package's megabytes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._storage = FileSystemStorage(location=str(_DIRECTORY))
        self._storage.prefix = "bokeh"  # type: ignore[attr-defined]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        name = path.removeprefix("bokeh/")
        found = str(_DIRECTORY / name) if path.startswith("bokeh/") and name in BOKEH_FILES else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Any) -> Any:
        return [(name, self._storage) for name in BOKEH_FILES]
