"""The address and key that an SDK is given: `https://<key>[:<secret>]@<host>[:<port>][/<path>]/<project>`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.protocol.errors import ProtocolError, Reason

_PORTS = {"http": 80, "https": 443}
_KEY_MAX = 64
_PROJECT_ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Dsn:
    """`secret` is of DSNs older than 2018: tolerated, never needed."""

    scheme: str
    public_key: str
    secret: str | None
    host: str
    port: int
    path: str
    project_id: int

    def __str__(self) -> str:
        secret = f":{self.secret}" if self.secret else ""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{self.public_key}{secret}@{host}{port}{self.path}/{self.project_id}"


def parse_dsn(text: str) -> Dsn:
    """Raises ProtocolError (bad_auth) that says which part is wrong; the key itself is never repeated."""
    try:
        parts = urlsplit(text.strip())
        host, port, key, secret = parts.hostname, parts.port, parts.username, parts.password
    except ValueError as error:
        raise _bad(f"it is no URL: {error}") from error
    if parts.scheme not in _PORTS:
        raise _bad(f"its scheme is {parts.scheme[:20]!r}, not http or https")
    if not host:
        raise _bad("it has no host")
    path, _, project = parts.path.rstrip("/").rpartition("/")
    return Dsn(
        scheme=parts.scheme,
        public_key=parse_key(key or ""),
        secret=secret or None,
        host=host,
        port=port or _PORTS[parts.scheme],
        path=path,
        project_id=parse_project_id(project),
    )


def parse_key(text: str) -> str:
    """A public key, lower case. Sentry's are 32 hexadecimal digits; others of letters, digits, - and _ are let in."""
    key = text.strip().lower()
    if not key:
        raise _bad("it has no public key before the @")
    if len(key) > _KEY_MAX or not key.isascii() or not key.replace("-", "").replace("_", "").isalnum():
        raise _bad("its public key is not made of letters and digits")
    return key


def parse_project_id(text: str) -> int:
    """Project ids are numbers in URLs. Raises ProtocolError (bad_project)."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or not 0 < int(text) <= _PROJECT_ID_MAX:
        raise ProtocolError(
            Reason.BAD_PROJECT,
            f"The project id is {text[:40]!r}; it must be the number at the end of the DSN.",
        )
    return int(text)


def _bad(what: str) -> ProtocolError:
    return ProtocolError(
        Reason.BAD_AUTH, f"The DSN cannot be used: {what}. Copy it whole from the project's page."
    )
