"""What a report may say of a request: read from what is there already, never by a query, never from what a client claims.

Touching `request.user` would load the session and the user, and add `Vary: Cookie` to pages that need neither.
Everything is read when an event is built, so that a request without an event pays nothing.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.http import HttpRequest
from django.utils import timezone, translation

_ID_NAME = re.compile(r"(?:\w+_)?(?:id|pk|uuid)")
_FAMILIES = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("bot", r"(?i)bot\b|crawl|spider|slurp|monitoring|uptime"),
        ("curl", r"^curl/"),
        ("python", r"(?i)^python-|^httpx/|aiohttp/|python-urllib"),
        ("edge", r"\bEdg(?:e|A|iOS)?/"),
        ("opera", r"\bOPR/|\bOpera\b"),
        ("firefox", r"\bFirefox/|\bFxiOS/"),
        ("chrome", r"\bChrome/|\bCriOS/|\bChromium/"),
        ("safari", r"\bSafari/"),
    )
)
_THEMES = frozenset({"light", "dark", "system"})


def place_of(request: HttpRequest) -> dict[str, str]:
    """method, app_name, route, view: each of few values, so that they can be searched by."""
    match = request.resolver_match
    tags = {"method": request.method or ""}
    if match is not None:
        module = getattr(match.func, "__module__", "") or ""
        tags["route"] = str(match.route)
        tags["view"] = match._func_path
        tags["app_name"] = match.app_name or module.partition(".")[0]
    return {name: value for name, value in tags.items() if value}


def client_of(request: HttpRequest) -> dict[str, str]:
    """user_agent_family."""
    return {"user_agent_family": user_agent_family(request.META)}


def ids_of(request: HttpRequest) -> dict[str, str]:
    """The ids in the address: its `*_id`, `pk` and `uuid` arguments when they are numbers or UUIDs, nothing else."""
    match = request.resolver_match
    found = {}
    for name, value in (match.kwargs if match is not None else {}).items():
        if not _ID_NAME.fullmatch(name):
            continue
        if type(value) in (int, uuid.UUID) or (type(value) is str and _is_id(value)):
            # A source is what readers of reports know as a datasource.
            found["datasource_id" if name == "source_id" else name] = str(value)
    return found


def user_of(request: HttpRequest) -> dict[str, str] | None:
    """Id and role of the user, if something else has loaded it already; None when it is not known."""
    user = _loaded_user(request)
    if user is not None:
        state = _state(user)
        if type(user).__name__ == "AnonymousUser":
            return {"role": "anonymous"}
        key = state.get(type(user)._meta.pk.attname) if hasattr(type(user), "_meta") else None
        return {"id": str(key), "role": _role(state)} if key is not None else None
    user_id = session_user_id(request)
    return {"id": user_id} if user_id else None


def session_user_id(request: HttpRequest) -> str | None:
    """The user's id in a session that was loaded for some other reason."""
    session = request.__dict__.get("session")
    loaded = _state(session).get("_session_cache") if session is not None else None
    user_id = loaded.get("_auth_user_id") if type(loaded) is dict else None
    return str(user_id) if user_id is not None else None


def preferences_of(request: HttpRequest) -> dict[str, str]:
    """Theme, language and time zone as they apply to the request."""
    user = _loaded_user(request)
    theme = _state(user).get("theme") if user is not None else None
    theme = theme or request.COOKIES.get("theme")
    found = {
        "theme": theme if theme in _THEMES else None,
        "language": request.__dict__.get("LANGUAGE_CODE") or translation.get_language(),
        "timezone": timezone.get_current_timezone_name(),
    }
    return {name: str(value) for name, value in found.items() if value}


def user_agent_family(meta: dict[str, Any]) -> str:
    """The browser's or tool's name; never its version or the whole header, which can tell persons apart."""
    agent = str(meta.get("HTTP_USER_AGENT", ""))[:400]
    if not agent:
        return "none"
    return next((name for name, pattern in _FAMILIES if pattern.search(agent)), "other")


def _loaded_user(request: HttpRequest) -> Any | None:
    state = request.__dict__
    cached = state.get("_cached_user")
    if cached is not None:
        return cached
    user = state.get("user")
    # A lazy user is left alone: asking it anything would load it.
    return user if user is not None and hasattr(type(user), "_meta") else None


def _role(state: dict[str, Any]) -> str:
    return "admin" if state.get("is_staff") or state.get("is_superuser") else "member"


def _is_id(value: str) -> bool:
    if value.isdecimal():
        return len(value) <= 20
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True


def _state(instance: Any) -> dict[str, Any]:
    """The instance's own attributes, read past properties and lazy attributes."""
    try:
        state = object.__getattribute__(instance, "__dict__")
    except AttributeError:
        return {}
    return state if type(state) is dict else {}
