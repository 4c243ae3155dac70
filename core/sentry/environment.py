"""What the environment variables say, parsed and checked: the SDK takes a rate of "1.0" and then silently sends nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.utils import BadDsn, Dsn

ENVIRONMENTS = ("development", "staging", "production", "test")

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_NOT_A_RELEASE = frozenset({"unknown", "latest", "none", "null", "undefined", "head", "dev"})
_RELEASE = re.compile(r"[^\s/\\]{1,200}")
_PRIVATE_HOST = re.compile(
    r"localhost|127\.[\d.]+|::1|0\.0\.0\.0|10\.[\d.]+|192\.168\.[\d.]+|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+"
    r"|[a-z0-9_-]+|.+\.(?:local|localhost|internal|test)"
)


class ConfigurationError(ImproperlyConfigured):
    """A variable holds what it may not; says its name, its value and what it may be."""


@dataclass(frozen=True, slots=True)
class SentryEnvironment:
    """The variables of set-up. `traces_sample_rate` is None when the strategy's rate of the environment holds."""

    dsn: str
    environment: str
    release: str | None
    traces_sample_rate: float | None
    profiles_sample_rate: float
    debug: bool
    send_in_debug: bool
    logs: bool
    sessions: bool
    beat_monitors: bool
    org_id: str | None
    otel: bool = False
    metrics_token: str = ""

    @property
    def release_missing(self) -> bool:
        """Without a release there is no regression, no crash-free share and no rollback."""
        return self.release is None


def read_environment(
    variables: Mapping[str, str], *, service: str, environments: Collection[str] = (), debug: bool = False
) -> SentryEnvironment:
    """What `variables` say. Raises ConfigurationError; a bad DSN is not one, see `dsn_problem`."""
    return SentryEnvironment(
        dsn=variables.get("SENTRY_DSN", "").strip(),
        environment=_environment(variables, {*ENVIRONMENTS, *environments}, debug=debug),
        release=_release(variables, service),
        traces_sample_rate=_rate(variables, "SENTRY_TRACES_SAMPLE_RATE"),
        profiles_sample_rate=_rate(variables, "SENTRY_PROFILES_SAMPLE_RATE") or 0.0,
        debug=_flag(variables, "SENTRY_DEBUG", default=False),
        send_in_debug=_flag(variables, "SENTRY_SEND_IN_DEBUG", default=False),
        logs=_flag(variables, "SENTRY_ENABLE_LOGS", default=False),
        sessions=_flag(variables, "SENTRY_SESSIONS", default=True),
        beat_monitors=_flag(variables, "SENTRY_MONITOR_BEAT_TASKS", default=True),
        org_id=variables.get("SENTRY_ORG_ID", "").strip() or None,
        otel=_flag(variables, "SENTRY_OTEL", default=False),
        metrics_token=variables.get("METRICS_TOKEN", "").strip(),
    )


def dsn_problem(dsn: str, *, local_only: bool = False, allowed_hosts: Collection[str] = ()) -> str | None:
    """Why nothing can be sent to `dsn`, in words that do not repeat its key; None when it is good."""
    try:
        host = Dsn(dsn).host
    except (BadDsn, ValueError) as problem:
        reason = str(problem) if "://" not in str(problem) else "it cannot be read"
        return f"SENTRY_DSN is no DSN ({reason}): it reads https://<key>@<host>/<project number>"
    if not Dsn(dsn).project_id.isdigit():
        return "SENTRY_DSN names no project: it ends in the project's number, https://<key>@<host>/<project number>"
    if allowed_hosts and not any(_host_matches(host, allowed) for allowed in allowed_hosts):
        return f"SENTRY_DSN names host {host!r}, which [sending] allowed_hosts of strategy.toml does not list"
    if local_only and not is_private_host(host):
        return (
            f"SENTRY_DSN names the outside host {host!r}, and development reports to the local monitor only; "
            "set SENTRY_SEND_IN_DEBUG=1 to send all the same"
        )
    return None


def is_private_host(host: str) -> bool:
    """Whether `host` is this machine, a private address or a name without a domain, such as a compose service."""
    return _PRIVATE_HOST.fullmatch(host.strip("[]").lower()) is not None


def _host_matches(host: str, allowed: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed.strip("[]")


def _environment(variables: Mapping[str, str], known: Collection[str], *, debug: bool) -> str:
    # The SDK's own default is production, so that a laptop would report as production.
    name = variables.get("SENTRY_ENVIRONMENT", "").strip() or ("development" if debug else "production")
    if name not in known:
        raise ConfigurationError(
            f"SENTRY_ENVIRONMENT={name!r} is unknown: use one of {', '.join(sorted(known))}, "
            f"or add [environments.{name}] to strategy.toml."
        )
    return name


def _release(variables: Mapping[str, str], service: str) -> str | None:
    name, text = "SENTRY_RELEASE", variables.get("SENTRY_RELEASE", "").strip()
    if not text:
        name, text = "APP_VERSION", variables.get("APP_VERSION", "").strip()
    if not text:
        return None
    if text.lower() in _NOT_A_RELEASE or text in {".", ".."} or not _RELEASE.fullmatch(text):
        raise ConfigurationError(
            f"{name}={text!r} is no release: use name@version+commit, as in {service}@1.4.0+3f2a91c, "
            "or leave it unset."
        )
    return text if name == "SENTRY_RELEASE" or "@" in text else f"{service}@{text}"


def _rate(variables: Mapping[str, str], name: str) -> float | None:
    text = variables.get(name, "").strip()
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0.0 <= rate <= 1.0:
        raise ConfigurationError(f"{name}={text!r} is no rate: use a number from 0.0 to 1.0, as in 0.1.")
    return rate


def _flag(variables: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = variables.get(name, "").strip().lower()
    if text and text not in _YES | _NO:
        raise ConfigurationError(f"{name}={text!r} is neither yes nor no: use 1 or 0.")
    return text in _YES if text else default
