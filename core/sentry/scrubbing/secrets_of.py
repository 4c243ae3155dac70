"""Where secrets are to be found: in the settings and the environment, in the request, in the running task.

Nothing is loaded, parsed or queried for it: a form that the view never read cannot be in the event either.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from core.sentry.scrubbing.keys import SecretNames
from core.sentry.scrubbing.known import found_by_name, is_distinctive, secret_texts
from core.sentry.scrubbing.tokens import looks_like_token

_SESSION_SECRETS = frozenset({"_auth_user_hash", "_csrftoken", "_password_reset_token"})
_PLACEHOLDER = re.compile(
    r"(?:([A-Za-z][\w-]{0,99}+)[\s:='\"]{0,4}(?:is |was |of )?[\"']?)?%[-+ #0]*+\d*+(?:\.\d+)?[sdrifxa]"
)
_MAX_BODY = 65536
_MAX_DEPTH = 6
_MAX_BREADTH = 200
_ATOMS = frozenset({str, int, float, bool, bytes, type(None)})

_request: ContextVar[weakref.ref[Any] | None] = ContextVar("core_sentry_request", default=None)


def remember_request(request: Any) -> None:
    """Let the scrubber know the request in whose context events are made; held weakly."""
    _request.set(weakref.ref(request))


def current_request() -> Any | None:
    reference = _request.get()
    return reference() if reference is not None else None


def of_process(
    names: SecretNames, environ: Mapping[str, str] | None = None, settings: Any = None
) -> list[str]:
    """Secrets of the settings (keys, database passwords, URLs, e-mail) and of the environment."""
    found: list[str] = []
    for name, value in (os.environ if environ is None else environ).items():
        found += _named(name, value, names)
    for name, value in _plain_settings(settings).items():
        found += _named(name, value, names)
    return list(dict.fromkeys(found))


def harmless_of_process(settings: Any = None) -> set[str]:
    """Names that a weak password may equal: removing them would blank every message."""
    databases = _plain_settings(settings).get("DATABASES") or {}
    plain = {
        str(db.get(key, ""))
        for db in databases.values()
        if isinstance(db, dict)
        for key in ("NAME", "USER", "HOST", "PORT")
    }
    return plain - {""}


def of_request(request: Any, names: SecretNames) -> list[str]:
    """Secrets that the request brought, of what has been read of it so far."""
    state = _state(request)
    found: list[str] = []
    meta = state.get("META") or state.get("environ") or {}
    for name, value in meta.items():
        if isinstance(name, str) and name.startswith("HTTP_") and isinstance(value, str):
            found += _of_header(name[5:], value, names)
    found += _of_pairs(parse_qsl(str(meta.get("QUERY_STRING", ""))), names)
    marked = state.get("sensitive_post_parameters") or ()
    found += _of_form(state.get("_post"), names, marked)
    found += _of_body(state.get("_body"), names)
    found += _of_session(state.get("session"))
    match = state.get("resolver_match")
    kwargs = getattr(match, "kwargs", None) if match is not None else None
    for name, value in (kwargs or {}).items():
        if isinstance(value, str) and (names.is_credential(name) or looks_like_token(value)):
            found.append(value)
    return found


def of_task(names: SecretNames) -> list[str]:
    """Secrets among the keyword arguments of the Celery task that runs here."""
    celery = sys.modules.get("celery._state")
    task = celery.get_current_task() if celery is not None else None
    request = getattr(task, "request", None) if task is not None else None
    found: list[str] = []
    for arguments in (getattr(request, "kwargs", None), getattr(request, "args", None)):
        found += list(strings_under_secret_names(arguments, names))
    return found


def of_log_entry(entry: Any, names: SecretNames) -> list[str]:
    """Parameters that the template calls secret: the value of `logger.error("token %s refused", token)`."""
    if type(entry) is not dict or type(entry.get("message")) is not str:
        return []
    params = entry.get("params")
    if type(params) is dict:
        return list(strings_under_secret_names(params, names))
    words = [match[1] for match in _PLACEHOLDER.finditer(entry["message"])]
    pairs = zip(words, params if type(params) is list else (), strict=False)
    return [
        str(value) for word, value in pairs if word and names.is_secret(word) and type(value) in (str, int)
    ]


def strings_under_secret_names(value: Any, names: SecretNames, depth: int = 0) -> Iterator[str]:
    """Each text that stands, at any depth of plain containers, under a secret name."""
    kind = type(value)
    if depth >= _MAX_DEPTH:
        return
    if issubclass(kind, dict):
        for name, inner in list(dict.items(value))[:_MAX_BREADTH]:
            if type(name) is str and names.is_secret(name):
                yield from found_by_name(name, inner, names)
            elif type(inner) not in _ATOMS:
                yield from strings_under_secret_names(inner, names, depth + 1)
    elif kind in (list, tuple, set, frozenset):
        members = list(value)[:_MAX_BREADTH]
        if (
            len(members) == 2
            and kind in (list, tuple)
            and type(members[0]) is str
            and names.is_secret(members[0])
        ):
            yield from found_by_name(members[0], members[1], names)
            return
        for inner in members:
            if type(inner) not in _ATOMS:
                yield from strings_under_secret_names(inner, names, depth + 1)


def _state(instance: Any) -> dict[str, Any]:
    state = object.__getattribute__(instance, "__dict__")
    return state if isinstance(state, dict) else {}


def _plain_settings(settings: Any) -> Mapping[str, Any]:
    if isinstance(settings, Mapping):
        return settings
    if settings is None:
        from django.conf import settings as lazy

        if not lazy.configured:
            return {}
        settings = lazy
    return {name: getattr(settings, name, None) for name in dir(settings) if name.isupper()}


def _named(name: str, value: Any, names: SecretNames) -> Iterable[str]:
    """Secrets of one setting or variable: the value itself, the password inside a URL, what its entries name."""
    if isinstance(value, str):
        if "://" in value:
            yield from _of_url(value)
        elif names.is_secret(name) and not _is_public(name):
            yield value
    elif isinstance(value, dict | list | tuple):
        yield from _nested_settings(value, names)
        if isinstance(value, list | tuple) and names.is_secret(name) and not _is_public(name):
            yield from (member for member in value if isinstance(member, str))


def _nested_settings(value: Any, names: SecretNames, depth: int = 0) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _named(name, inner, names) if isinstance(name, str) else ()
    elif isinstance(value, list | tuple):
        for inner in value:
            if isinstance(inner, str) and "://" in inner:
                yield from _of_url(inner)
            elif isinstance(inner, dict | list | tuple):
                yield from _nested_settings(inner, names, depth + 1)


# Settings and variables whose names sound secret and whose values are addresses, paths or names that anybody may know.
_PUBLIC = re.compile(
    r"(?i)\A(?:old)?pwd\Z|e?mail|username|user\Z|session_|csrf_|_name\Z|_path\Z|_file\Z|public|phone"
)


def _is_public(name: str) -> bool:
    upper = name.upper()
    return _PUBLIC.search(name) is not None and not any(
        word in upper for word in ("PASSWORD", "SECRET", "KEY", "TOKEN")
    )


def _of_url(url: str) -> Iterable[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    userinfo = parts.netloc.rpartition("@")[0]
    user, colon, password = userinfo.partition(":")
    if colon:
        yield password
        yield unquote(password)
    elif userinfo and looks_like_token(user):
        yield user
    if "hooks." in parts.netloc or "/webhook" in parts.path:
        yield parts.path


def _of_header(name: str, value: str, names: SecretNames) -> Iterable[str]:
    upper = name.upper()
    if upper == "COOKIE":
        for crumb in value.split(";"):
            _, _, crumb_value = crumb.strip().partition("=")
            plain = unquote(crumb_value.strip('"'))
            if is_distinctive(plain):
                yield plain
    elif names.is_secret(name):
        yield value
        scheme, _, credentials = value.partition(" ")
        if credentials:
            yield credentials.strip()
            if scheme.lower() == "basic":
                yield from _of_basic(credentials)


def _of_basic(credentials: str) -> Iterable[str]:
    try:
        _, _, password = base64.b64decode(credentials, validate=False).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return
    yield password


def _of_pairs(pairs: Iterable[tuple[str, str]], names: SecretNames) -> list[str]:
    return [value for name, value in pairs if names.is_credential(name) or is_distinctive(value)]


def _of_form(form: Any, names: SecretNames, marked: Any) -> Iterable[str]:
    if form is None or not issubclass(type(form), dict):
        return
    for name, values in dict.items(form):
        if marked == "__ALL__" or name in marked or (isinstance(name, str) and names.is_secret(name)):
            known_word = marked == "__ALL__" or name in marked or names.is_credential(name)
            yield from secret_texts(values, plain_too=known_word)


def _of_body(body: Any, names: SecretNames) -> Iterable[str]:
    if type(body) is not bytes or not 2 <= len(body) <= _MAX_BODY or body[:1] not in b"{[":
        return ()
    try:
        return list(strings_under_secret_names(json.loads(body), names))
    except (ValueError, RecursionError):
        # Nested deeper than Python reads, and so than any view has read.
        return ()


def _of_session(session: Any) -> Iterable[str]:
    if session is None:
        return
    state = _state(session)
    yield from (value for value in (state.get("_SessionBase__session_key"),) if isinstance(value, str))
    loaded = state.get("_session_cache")
    if type(loaded) is dict:
        yield from (
            value for name, value in loaded.items() if name in _SESSION_SECRETS and isinstance(value, str)
        )
