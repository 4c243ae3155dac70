"""Whose code a frame is, in the name that people know: what is folded is named, "14 frames of Django"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from monitor.events.model import Frame

UNKNOWN = "libraries"

_IN_PATH = re.compile(
    r"""(?x)
    (?:^|/)(?:site|dist)-packages/(?P<python>[^/]+)
    |(?:^|.*/)node_modules/(?P<node>@[^/]+/[^/]+|[^/]+)
    |(?:^|/)gems/(?P<gem>[^/]+?)-\d[^/]*/
    |(?:^|/)vendor/(?P<vendor>[^/]+/[^/]+)/
    |/go/pkg/mod/(?P<go>[^@]+)@
    """
)
_PYTHON_ITSELF = re.compile(r"/lib(?:64)?/python\d|^<frozen |/python\d\.\d+/(?!site-packages)")
_NODE_ITSELF = re.compile(r"^node:|^internal/")
_JAVA_ITSELF = re.compile(r"^(?:javax?|jdk|sun|com\.sun)\.")
_NAMES = {
    "asgiref": "asgiref",
    "celery": "Celery",
    "django": "Django",
    "gunicorn": "Gunicorn",
    "numpy": "NumPy",
    "psycopg": "Psycopg",
    "redis": "redis-py",
    "rest_framework": "Django REST framework",
    "sentry_sdk": "the Sentry SDK",
    "sklearn": "scikit-learn",
    "starlette": "Starlette",
    "org.springframework": "Spring",
    "org.apache": "Apache",
    "org.hibernate": "Hibernate",
}


def library_of(frame: Frame, platform: str) -> str:
    """The library that the frame's code belongs to; "libraries" where that cannot be told."""
    path = frame.get("abs_path") or frame.get("filename") or ""
    return _library(path, frame.get("module") or "", frame.get("platform") or platform)


@lru_cache(maxsize=4096)
def _library(path: str, module: str, platform: str) -> str:
    path = path.replace("\\", "/")
    match = _IN_PATH.search(path)
    if match is not None:
        name = next(part for part in match.groups() if part)
        return _NAMES.get(name.removesuffix(".py"), name.removesuffix(".py"))
    if _NODE_ITSELF.search(path):
        return "Node.js"
    if platform == "python":
        if _PYTHON_ITSELF.search(path):
            return "Python"
        top = (module or path).lstrip("/").replace("/", ".").partition(".")[0]
        return _NAMES.get(top, top) or UNKNOWN
    if _JAVA_ITSELF.search(module):
        return "Java"
    if platform in ("java", "csharp") and module.count(".") > 1:
        vendor = ".".join(module.split(".")[:2])
        return _NAMES.get(vendor, vendor)
    return UNKNOWN


def folded_words(frames: Iterable[Frame], platform: str) -> str:
    """What a fold says that holds these frames: "14 frames of Django and Celery"."""
    libraries = Counter(library_of(frame, platform) for frame in frames)
    number = libraries.total()
    names = [name for name, _ in libraries.most_common() if name != UNKNOWN]
    if UNKNOWN in libraries:
        names.append("others" if names else UNKNOWN)
    if len(names) > 3:
        names = [*names[:2], f"{len(names) - 2} others"]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{number} frame{'' if number == 1 else 's'} of {listed}"
