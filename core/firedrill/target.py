"""Where the drill is held: addresses, the token, and by what services can be stopped.

`script/demo` writes a file with all of it (var/firedrill.json, for its own user). Options win over the environment's
FIREDRILL_… variables, these over the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FILE_VARIABLE = "FIREDRILL_FILE"
KEYS = {
    "application": "FIREDRILL_APPLICATION",
    "monitor": "FIREDRILL_MONITOR",
    "organization": "FIREDRILL_ORGANIZATION",
    "project": "FIREDRILL_PROJECT",
    "token": "FIREDRILL_TOKEN",
    "token_file": "FIREDRILL_TOKEN_FILE",
    "control": "FIREDRILL_CONTROL",
    "stop_command": "FIREDRILL_STOP_COMMAND",
    "start_command": "FIREDRILL_START_COMMAND",
    "deploy_command": "FIREDRILL_DEPLOY_COMMAND",
    "withdraw_command": "FIREDRILL_WITHDRAW_COMMAND",
    "release_address": "FIREDRILL_RELEASE_ADDRESS",
    "dsn": "FIREDRILL_DSN",
}
DEFAULTS = {
    "application": "http://127.0.0.1:8000",
    "monitor": "http://127.0.0.1:8001",
    "organization": "hydroml",
    "project": "hydroml",
}


SENTRY_VARIABLES = {
    "address": "SENTRY_URL",
    "organization": "SENTRY_ORG",
    "project": "SENTRY_PROJECT",
    "token": "SENTRY_AUTH_TOKEN",
}
"""As sentry-cli reads them."""


class TargetError(Exception):
    """It is not known where the drill is to be held; the message says what to set."""


@dataclass(frozen=True, slots=True)
class Target:
    """`control` is a Unix socket; the commands hold `{service}`, that of a deploy `{release}`, which then answers at
    `release_address`. `dsn` is the public one of the project."""

    application: str
    monitor: str
    organization: str
    project: str
    token: str
    control: str = ""
    stop_command: str = ""
    start_command: str = ""
    deploy_command: str = ""
    withdraw_command: str = ""
    release_address: str = ""
    dsn: str = ""


def find_target(options: Mapping[str, str | None], default_file: Path) -> Target:
    """Raises TargetError."""
    known = DEFAULTS | _from_file(default_file)
    known |= {key: os.environ[variable] for key, variable in KEYS.items() if os.environ.get(variable)}
    known |= {key: value for key, value in options.items() if value}
    token = known.get("token") or _token_in(known.get("token_file", ""))
    if not token:
        raise TargetError(
            "There is no token for the monitor's API: start `script/demo`, which makes one, or make one on the "
            f"monitor's page “API tokens” and set {KEYS['token']} (docs/firedrill.md names its scopes)."
        )
    return Target(
        **{key: known.get(key, "").rstrip("/") for key in ("application", "monitor")},
        **{key: known.get(key, "") for key in Target.__slots__[2:] if key != "token"},
        token=token,
    )


def sentry_target(options: Mapping[str, str | None], dsn: str) -> Target:
    """The Sentry to which `dsn` leads, for its web API. Raises TargetError."""
    given = {key: os.environ.get(variable, "") for key, variable in SENTRY_VARIABLES.items()}
    given |= {key: value for key, value in options.items() if key in given and value}
    if not dsn:
        raise TargetError("SENTRY_DSN is not set, so nothing would be sent.")
    missing = [SENTRY_VARIABLES[key] for key in ("organization", "project", "token") if not given[key]]
    if missing:
        raise TargetError(f"Set {', '.join(missing)}: events are looked up over Sentry's web API.")
    address = given["address"] or _web_address(dsn)
    application = options.get("application") or os.environ.get(KEYS["application"], "")
    return Target(
        application=application.rstrip("/"),
        monitor=address.rstrip("/"),
        organization=given["organization"],
        project=given["project"],
        token=given["token"],
        dsn=dsn,
    )


def _web_address(dsn: str) -> str:
    """Of sentry.io the site; of a Sentry of one's own the host that also takes events."""
    parts = urlsplit(dsn)
    host = parts.hostname or ""
    if host.endswith(".sentry.io"):
        region = host.removesuffix(".sentry.io").rpartition(".")[2]
        return f"https://{region}.sentry.io" if region in ("de", "us") else "https://sentry.io"
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def _from_file(default_file: Path) -> dict[str, str]:
    given = os.environ.get(FILE_VARIABLE)
    file = Path(given) if given else default_file
    try:
        read: Any = json.loads(file.read_text())
    except FileNotFoundError:
        if given:
            raise TargetError(f"{FILE_VARIABLE} names {file}, which is not there.") from None
        return {}
    except (OSError, ValueError) as error:
        raise TargetError(f"{file} cannot be read: {error}.") from error
    return {key: str(value) for key, value in read.items() if key in KEYS and value}


def _token_in(file: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise TargetError(f"The token cannot be read from {file}: {error.strerror}.") from error
