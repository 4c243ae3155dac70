"""Typed reading of environment variables: a bad value stops the start with the variable's name and what it may be."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})
# libpq's: without them a server that is gone without a word is waited for as long as the kernel sends again, a quarter of an
# hour. Seconds, but the last: milliseconds.
NETWORK = {
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}


class Env:
    """Reads one mapping of variables, `os.environ` unless a test gives its own."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str = "") -> str:
        """The variable as it stands; blank counts as not set."""
        return self._variables.get(name, "").strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        """The variable as a yes or no. Raises ImproperlyConfigured for anything else."""
        raw = self._variables.get(name)
        if raw is None or not raw.strip():
            return default
        value = raw.strip().lower()
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise ImproperlyConfigured(f"{name}={raw!r} is neither yes nor no: use 1 or 0.")

    def integer(self, name: str, default: int, *, minimum: int = 0, maximum: int = 2**31) -> int:
        """The variable as a whole number in [minimum, maximum]. Raises ImproperlyConfigured otherwise."""
        raw = self.text(name)
        if not raw:
            return default
        try:
            value = int(raw)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name}={raw!r} is not a whole number: use {minimum} to {maximum}."
            ) from None
        if not minimum <= value <= maximum:
            raise ImproperlyConfigured(f"{name}={value} is out of range: use {minimum} to {maximum}.")
        return value

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """The variable as a list, separated by commas."""
        raw = self.text(name)
        return [word.strip() for word in raw.split(",") if word.strip()] if raw else list(default)

    def path(self, name: str, default: Path) -> Path:
        """The variable as an absolute path."""
        raw = self.text(name)
        return Path(raw).expanduser().resolve() if raw else default

    def database(self, name: str, *, statement_timeout_s: int = 0) -> dict[str, object]:
        """`postgres://user:password@host:port/name` as Django's settings for one database.

        A host that starts with a slash (percent-encoded) or `?host=/path` is a Unix socket's directory. The server ends
        a statement after `statement_timeout_s`; 0 leaves it alone.
        """
        raw = self.text(name)
        if not raw:
            raise ImproperlyConfigured(
                f"{name} is not set. `script/demo` starts a PostgreSQL of its own; otherwise give "
                "postgres://user:password@host:5432/name."
            )
        url = urlsplit(raw)
        if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
            raise ImproperlyConfigured(
                f"{name} must read postgres://user:password@host:5432/name; its scheme is {url.scheme!r}."
            )
        query = NETWORK | dict(parse_qsl(url.query))
        if statement_timeout_s:
            limit = f"-c statement_timeout={statement_timeout_s}s"
            query["options"] = f"{limit} {query.get('options', '')}".strip()
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.strip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": query.pop("host", unquote(url.hostname or "")),
            "PORT": str(url.port or query.pop("port", "")),
            "OPTIONS": query,
        }
