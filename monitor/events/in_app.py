"""Is a frame the application's own code? Asked where the SDK does not say, as old ones and hand-made events do not."""

from __future__ import annotations

import re
from functools import lru_cache

from monitor.events.model import Frame

_LIBRARY_PATH = re.compile(
    r"""(?ix)
    (?:^|/)(?:site-packages|dist-packages|node_modules|vendor|bower_components|gems|\.cargo/registry|Pods)/
    |/lib(?:64)?/python\d|/lib/ruby/|^<frozen\ |^<__array|^<unknown>$
    |^node:|^internal/|^(?:app:///)?webpack/(?:bootstrap|runtime)|/webpack/bootstrap|^native\ code|^\[native
    |^(?:chrome|moz|safari(?:-web)?|webkit-masked-url)(?:-extension)?:
    |/go/pkg/mod/|/usr/local/go/src/|/libexec/src/runtime/|/rustc/
    |^/usr/(?:lib|share)/|^/lib/|^/System/Library/|^[a-z]:/windows/
    """
)
_LIBRARY_MODULE = re.compile(
    r"""(?x)
    ^(?:javax?|jdk|sun|com\.sun|kotlinx?|scala|androidx?|dalvik|com\.android|org\.springframework|org\.apache
       |org\.hibernate|org\.junit|io\.netty|reactor|groovy|System|Microsoft|std|core|alloc|tokio|runtime)(?:[.:]|$)
    """
)
# A Go package whose first element has no dot belongs to the standard library, unless it is main.
_GO_STANDARD = re.compile(r"^(?!main(?:$|[./]))[a-z0-9]+(?:/[a-z0-9]+)*$")


def is_in_app(frame: Frame, platform: str) -> bool:
    """Whether `frame` looks like the application's own code."""
    path = frame.get("abs_path") or frame.get("filename") or frame.get("package") or ""
    return _is_in_app(path[:512], (frame.get("module") or "")[:256], frame.get("platform") or platform)


@lru_cache(maxsize=4096)
def _is_in_app(path: str, module: str, platform: str) -> bool:
    if path and _LIBRARY_PATH.search(path.replace("\\", "/")):
        return False
    if not module:
        return True
    if platform == "go":
        return _GO_STANDARD.match(module) is None
    return platform == "python" or _LIBRARY_MODULE.match(module) is None
