"""`setup_sentry()`: one call from settings gives the SDK its options, and nothing else.

Each option that the SDK leaves open is decided here, because its defaults send passwords, take a stranger's word on
sampling, tell every host our trace headers, and call a laptop production.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sentry_sdk
from sentry_sdk.integrations import DidNotEnable, Integration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

from core.sentry.assembly import build_filters
from core.sentry.classify import Classifier, set_classifier
from core.sentry.environment import ConfigurationError, SentryEnvironment, dsn_problem, read_environment
from core.sentry.filters import get_filters, set_filters
from core.sentry.plain import describe
from core.sentry.same_failure import settle_until_exit
from core.sentry.sampling import TracesSampler
from strategy import Strategy, StrategyError, load_strategy

logger = logging.getLogger("core.sentry")

# Nothing of a person, no cookies, no bodies, no query, no SQL parameters, no task arguments; locals and source are
# taken by core.sentry itself. Leaving one of these keys out would mean "send it".
DATA_COLLECTION: dict[str, Any] = {
    "user_info": False,
    "cookies": {"mode": "off"},
    "http_headers": {"request": {"mode": "allowlist", "terms": []}},
    "http_bodies": [],
    "url_query_params": {"mode": "off"},
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
    "frame_context_lines": 0,
}

MAX_VALUE_LENGTH = 8192
SPANS = frozenset({"middleware", "signals", "cache"})
SHUTDOWN_TIMEOUT_S = 2
# What the SDK would take, and what of ours would then be passed by.
OURS = {
    "dsn": 'give it by the variable SENTRY_DSN, or by variables={"SENTRY_DSN": …}',
    "environment": "give it by the variable SENTRY_ENVIRONMENT",
    "release": "give it by the variable SENTRY_RELEASE",
    "traces_sample_rate": "give it by the variable SENTRY_TRACES_SAMPLE_RATE, or in [sampling] of strategy.toml",
}
# The programs that run Django's commands.
MANAGEMENT = frozenset({"manage.py", "django-admin"})
# They report what the SDK's own integrations report already, or what is no event.
IGNORED_LOGGERS = (
    "django.request",
    "django.server",
    "django_structlog.*",
    "core.sentry",
    "sentry_sdk.errors",
)


@dataclass(frozen=True, slots=True)
class SentrySetup:
    """What set-up decided, for checks, `verify_sentry` and the start's log. `reason` says why nothing is sent."""

    enabled: bool
    reason: str | None
    component: str
    service: str
    environment: SentryEnvironment
    traces_sample_rate: float
    strategy: Strategy | None
    strategy_error: StrategyError | None


_current: SentrySetup | None = None


def current_setup() -> SentrySetup | None:
    """The outcome of the last `setup_sentry`, or None before it."""
    return _current


def setup_sentry(
    *,
    service: str = "hydroml",
    component: str | None = None,
    debug: bool = False,
    base_dir: Path | str | None = None,
    variables: Mapping[str, str] | None = None,
    strategy: Strategy | None = None,
    spool_directory: Path | str | None = None,
    transport: Any = None,
    integrations: Sequence[Integration] | None = None,
    trusted_networks: Sequence[str] = (),
    spans: Collection[str] = (),
    **options: Any,
) -> SentrySetup:
    """Set the SDK up. Raises ConfigurationError for a variable with a bad value; a bad DSN only disables sending.

    `component` (web, worker, beat, command) is guessed from the command line. `transport` is for tests: given, it is
    used whatever the environment; without it nothing is sent in environment "test". `spans` names what is traced beside
    views and queries: "middleware", "signals", "cache" (docs/settings.md says what each costs). `options` go to the SDK
    last; those of `OURS` are refused.
    """
    global _current
    for name in options.keys() & OURS.keys():
        raise ConfigurationError(f"setup_sentry({name}=…) is not taken: {OURS[name]}.")
    component = component or guess_component(sys.argv)
    known, error = (strategy, None) if strategy is not None else _load_strategy(variables)
    environment = read_environment(
        os.environ if variables is None else variables,
        service=service,
        environments=known.environments if known else (),
        debug=debug,
    )
    reason = _reason_not_to_send(environment, known, transport)
    # Two tracers in one process: inside a transaction of the SDK, an error would lose its link to OpenTelemetry's trace.
    rate = 0.0 if environment.otel else _traces_rate(environment, known)
    _current = SentrySetup(reason is None, reason, component, service, environment, rate, known, error)
    set_filters(build_filters(known))
    if known is not None:
        set_classifier(Classifier.from_strategy(known))
    for name in IGNORED_LOGGERS:
        ignore_logger(name)
    sentry_sdk.init(
        **{
            **_options(_current, base_dir=base_dir, trusted_networks=trusted_networks),
            "transport": (transport or _spool(spool_directory, base_dir, known)) if reason is None else None,
            "integrations": list(integrations)
            if integrations is not None
            else default_integrations(environment, **_more_spans(spans)),
            **options,
        }
    )
    _set_scope(component, service)
    if component == "command":
        settle_until_exit()
    _tell(_current)
    return _current


def default_integrations(environment: SentryEnvironment, **django: Any) -> list[Integration]:
    """Django and logging always; Celery, Redis and httpx where they are installed."""
    found: list[Integration] = [
        DjangoIntegration(
            **{
                "transaction_style": "url",
                "middleware_spans": False,
                "signals_spans": False,
                "cache_spans": False,
                **django,
            }
        ),
        # ERROR stays an event: hard time limits and lost workers are told by log records alone.
        LoggingIntegration(level=logging.INFO, event_level=logging.ERROR),
    ]
    if importlib.util.find_spec("celery"):
        from sentry_sdk.integrations.celery import CeleryIntegration

        found.append(CeleryIntegration(monitor_beat_tasks=environment.beat_monitors, propagate_traces=True))
    if importlib.util.find_spec("redis"):
        from sentry_sdk.integrations.redis import RedisIntegration

        found.append(RedisIntegration())
    if importlib.util.find_spec("httpx"):
        from sentry_sdk.integrations.httpx import HttpxIntegration

        found.append(HttpxIntegration())
    if environment.otel:
        found.append(_link_to_opentelemetry())
    return found


def _link_to_opentelemetry() -> Integration:
    """Errors carry OpenTelemetry's trace id, and no more.

    Its spans go where the project's own exporter sends them: the integration's would go past our scrubber and spool. Nor
    does it read `sentry-trace` of strangers, who could force sampling by it.
    """
    try:
        from sentry_sdk.integrations.otlp import OTLPIntegration
    except DidNotEnable as error:
        raise ConfigurationError(
            "SENTRY_OTEL=1 needs OpenTelemetry: pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http, "
            "or unset it."
        ) from error
    return OTLPIntegration(setup_otlp_traces_exporter=False, setup_propagator=False)


def _more_spans(spans: Collection[str]) -> dict[str, bool]:
    if unknown := set(spans) - SPANS:
        raise ConfigurationError(
            f"spans={sorted(unknown)} is unknown: it may name {', '.join(sorted(SPANS))}."
        )
    return {f"{name}_spans": True for name in spans}


def guess_component(argv: Sequence[str]) -> str:
    """web, worker, beat or command, from how the process was started."""
    program = Path(argv[0]).name if argv else ""
    words = set(argv[1:])
    if program == "celery" or (program == "__main__.py" and "celery" in (argv[0] if argv else "")):
        return "beat" if "beat" in words else "worker"
    if program in MANAGEMENT:
        return "web" if "runserver" in words else "worker" if "rqworker" in words else "command"
    return "web"


def _options(
    setup: SentrySetup, *, base_dir: Path | str | None, trusted_networks: Sequence[str]
) -> dict[str, Any]:
    environment, strategy = setup.environment, setup.strategy
    # Looked up at each event, so that a second set-up (a test's) does not leave the first one's rules behind.
    hooks = {
        "before_send": lambda event, hint: get_filters().before_send(event, hint),
        "before_send_transaction": lambda event, hint: get_filters().before_send_transaction(event, hint),
        "before_breadcrumb": lambda crumb, hint: get_filters().before_breadcrumb(crumb, hint),
        "before_send_log": lambda log, hint: get_filters().before_send_log(log, hint),
        "before_send_metric": lambda metric, hint: get_filters().before_send_metric(metric, hint),
    }
    options: dict[str, Any] = {
        # An empty text, not None: for None the SDK would read SENTRY_DSN itself, however bad it is.
        "dsn": environment.dsn if setup.enabled else "",
        "environment": environment.environment,
        "release": environment.release or "",
        "debug": environment.debug,
        "data_collection": {
            **DATA_COLLECTION,
            "http_headers": {"request": {"mode": "allowlist", "terms": _allowed_headers(strategy)}},
        },
        # core.sentry.same_failure knows a failure by more than its last exception.
        "disabled_integrations": [DedupeIntegration],
        "max_request_body_size": "never",
        "include_local_variables": False,
        "include_source_context": False,
        "attach_stacktrace": False,
        "custom_repr": describe,
        "max_breadcrumbs": strategy.scrubbing.max_breadcrumbs if strategy else 50,
        "max_value_length": MAX_VALUE_LENGTH,
        "project_root": str(base_dir) if base_dir else None,
        "traces_sampler": _sampler(setup, trusted_networks),
        "trace_propagation_targets": _trace_targets(strategy.sending.trace_targets if strategy else ()),
        "strict_trace_continuation": True,
        "org_id": environment.org_id,
        # The variable SENTRY_SPOTLIGHT would switch it on in production, in the request's thread.
        "spotlight": None if environment.environment == "development" else False,
        "enable_logs": environment.logs,
        "auto_session_tracking": environment.sessions and environment.release is not None,
        "shutdown_timeout": SHUTDOWN_TIMEOUT_S,
        **hooks,
    }
    if environment.profiles_sample_rate:
        options |= {
            "profile_session_sample_rate": environment.profiles_sample_rate,
            "profile_lifecycle": "trace",
        }
    return options


def _allowed_headers(strategy: Strategy | None) -> list[str]:
    # The SDK compares parts of names; the scrubber compares whole ones afterwards.
    return list(strategy.scrubbing.allowed_headers) if strategy else []


def _sampler(setup: SentrySetup, trusted_networks: Sequence[str]) -> TracesSampler | None:
    if not setup.traces_sample_rate:
        # Without any sampler the SDK makes no transaction at all, which is cheaper than making and dropping one.
        return None
    sampling = setup.strategy.sampling if setup.strategy else None
    return TracesSampler.build(
        setup.traces_sample_rate,
        never_paths=sampling.never_traced if sampling else (),
        never_tasks=sampling.never_traced_tasks if sampling else (),
        trusted=trusted_networks,
    )


def _traces_rate(environment: SentryEnvironment, strategy: Strategy | None) -> float:
    if environment.traces_sample_rate is not None:
        return environment.traces_sample_rate
    return strategy.sampling.traces.get(environment.environment, 0.0) if strategy else 0.0


def _reason_not_to_send(
    environment: SentryEnvironment, strategy: Strategy | None, transport: Any
) -> str | None:
    if not environment.dsn:
        return "SENTRY_DSN is not set"
    if transport is None and _in_tests(environment):
        return "tests send nothing unless they ask"
    return dsn_problem(
        environment.dsn,
        local_only=environment.environment == "development" and not environment.send_in_debug,
        allowed_hosts=strategy.sending.allowed_hosts if strategy else (),
    )


def _in_tests(environment: SentryEnvironment) -> bool:
    return environment.environment == "test" or "pytest" in sys.modules


def _trace_targets(hosts: Sequence[str]) -> list[str]:
    return [rf"^https?://{_host_expression(host)}(?::\d+)?(?:[/?#]|$)" for host in hosts]


def _host_expression(host: str) -> str:
    return rf"[\w.-]+\.{re.escape(host[2:])}" if host.startswith("*.") else re.escape(host)


def _load_strategy(variables: Mapping[str, str] | None) -> tuple[Strategy | None, StrategyError | None]:
    try:
        return load_strategy(env=variables), None
    except StrategyError as error:
        # `manage.py check` tells every line of it; reporting errors without categories beats not starting at all.
        logger.error("strategy.toml cannot be used, so errors have no category: %s", error)  # noqa: TRY400
        return None, error


def _spool(directory: Path | str | None, base_dir: Path | str | None, strategy: Strategy | None) -> Any:
    from core.sentry.spool import make_spool_transport

    place = Path(directory) if directory else Path(base_dir or ".") / "var" / "spool" / "sentry"
    bounds = (
        {"max_bytes": strategy.spool.max_bytes, "max_age_s": strategy.spool.max_age_s} if strategy else {}
    )
    return make_spool_transport(place, **bounds)


def _set_scope(component: str, service: str) -> None:
    # The SDK has no `tags` option; what holds for the whole process belongs on the global scope.
    scope = sentry_sdk.get_global_scope()
    scope.set_tags({"component": component, "service": service})
    if _prepare not in scope._event_processors:
        scope.add_event_processor(_prepare)


def _prepare(event: Any, hint: Any) -> Any:
    return get_filters().prepare(event, hint)


def _tell(setup: SentrySetup) -> None:
    if setup.enabled:
        return
    loud = setup.environment.dsn and not _in_tests(setup.environment)
    log: Callable[..., None] = logger.error if loud else logger.info
    log("Errors are not reported: %s.", setup.reason)
