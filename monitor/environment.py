"""Typed reading of the monitor's environment variables; a bad value stops the start with the variable's name."""

import math
import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def text(name: str, default: str = "") -> str:
    """The variable as it stands; blank counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Raises ImproperlyConfigured for anything that is neither yes nor no."""
    raw = text(name).lower()
    if not raw:
        return default
    if raw in _YES or raw in _NO:
        return raw in _YES
    raise ImproperlyConfigured(f"{name}={raw!r} is neither yes nor no: use 1 or 0.")


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Raises ImproperlyConfigured for what is no whole number in [minimum, maximum]."""
    raw = text(name)
    if not raw:
        return default
    if not raw.lstrip("-").isdigit() or not minimum <= int(raw) <= maximum:
        raise ImproperlyConfigured(f"{name}={raw!r} must be a whole number from {minimum} to {maximum}.")
    return int(raw)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of `allowed`. Raises ImproperlyConfigured for anything else."""
    raw = text(name, default).lower()
    if raw not in allowed:
        raise ImproperlyConfigured(f"{name}={raw!r} must be one of {', '.join(allowed)}.")
    return raw


def number(name: str, default: float) -> float:
    """Raises ImproperlyConfigured for what is no number, or is below zero."""
    raw = text(name)
    if not raw:
        return default
    try:
        found = float(raw)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise ImproperlyConfigured(f"{name}={raw!r} must be a number that is not below 0, as in 0.0003.")
    return found


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A list, separated by commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default)


def path(name: str, default: Path) -> Path:
    """An absolute path."""
    raw = text(name)
    return Path(raw).expanduser().resolve() if raw else default
