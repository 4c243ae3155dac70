"""Django's system checks of the strategy and of where and what the application sends.

Run by `manage.py check` and before every command that Django checks; the classes that the strategy names by the first
alone. Each has an id, the line of strategy.toml where that is what is wrong, and the way out. What is read-only text to
`strategy` is resolved here, by core.registry.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from core.registry import (
    claimed_twice,
    most_specific,
    names_of_final,
    resolve_classes,
    resolve_final,
    resolve_ignored,
    resolved_or_none,
    unresolved,
)
from core.sentry.environment import ConfigurationError, dsn_problem, read_environment
from core.sentry.setup import MANAGEMENT, current_setup, guess_component
from strategy import Strategy, StrategyError, load_strategy
from strategy.locating import line_of, locate
from strategy.problems import KeyPath

__all__ = ["resolve_classes", "resolve_final", "resolve_ignored"]

# One id for each kind of variable: a check is silenced by its id, and nobody should silence all of them.
_VARIABLES = {
    "core.E005": ("SENTRY_ENVIRONMENT",),
    "core.E006": ("SENTRY_RELEASE", "APP_VERSION"),
    "core.E007": ("SENTRY_TRACES_SAMPLE_RATE",),
    "core.E008": ("SENTRY_PROFILES_SAMPLE_RATE",),
    "core.E009": (
        "SENTRY_DEBUG",
        "SENTRY_SEND_IN_DEBUG",
        "SENTRY_ENABLE_LOGS",
        "SENTRY_SESSIONS",
        "SENTRY_MONITOR_BEAT_TASKS",
        "SENTRY_OTEL",
    ),
}


@register("sentry")
def check_strategy(**_: Any) -> list[CheckMessage]:
    """The file itself, then the classes, routes and runbooks that it names."""
    try:
        strategy = load_strategy(getattr(settings, "STRATEGY_FILE", None))
    except StrategyError as error:
        name = Path(error.file).name
        return [
            Error(
                f"{name}{f':{problem.line}' if problem.line else ''}: {problem.message}",
                hint=problem.hint,
                id=problem.id,
            )
            for problem in error.problems
        ]
    classes = _classes(strategy) if may_import(sys.argv) else ()
    return [*classes, *_routes(strategy), *_runbooks(strategy)]


def may_import(argv: Sequence[str]) -> bool:
    """Whether this process may import every library that has an exception in the strategy.

    That can take seconds (scikit-learn alone: 1.6 s of a core), which `migrate` and its like must not cost each time,
    nor beat, which Celery has run the checks as well: beside it is a worker, which tells all.
    """
    if argv and Path(argv[0]).name in MANAGEMENT:
        return argv[1:2] in (["check"], ["test"])
    return guess_component(argv) != "beat"


@register("sentry")
def check_sending(**_: Any) -> list[CheckMessage]:
    """The variables that decide what is sent, and where."""
    try:
        strategy = load_strategy(getattr(settings, "STRATEGY_FILE", None))
    except StrategyError:
        return []  # told by check_strategy
    return [*_variables(strategy, os.environ), *_release(strategy, os.environ), *_dsn(strategy, os.environ)]


def _classes(strategy: Strategy) -> Iterator[CheckMessage]:
    places = _Places(strategy)
    for wrong in unresolved(strategy):
        hint = "Correct the name, install the library, or close the name with ? when it may be missing."
        yield Error(
            f"{places.of(wrong.path)}: {wrong.dotted} cannot be used: {wrong.reason}.",
            hint=hint,
            id="core.E001",
        )
    for path, dotted, category, other in claimed_twice(strategy):
        message = f"{places.of(path)}: {dotted} is claimed by the categories {other} and {category}, under two names."
        yield Error(message, hint="Leave it in one of them.", id="core.E002")
    registered = resolve_classes(strategy)
    for path, category, name in names_of_final(strategy):
        cls = resolved_or_none(name)
        if cls is not None and most_specific(registered, cls) != category:
            message = (
                f"{places.of(path)}: {name} is `final` in {category}, but no class of {category} covers it."
            )
            yield Error(
                message, hint=f"Add it, or a class above it, to classes of {category}.", id="core.E003"
            )


def _routes(strategy: Strategy) -> Iterator[CheckMessage]:
    places = _Places(strategy)
    names = set(route_names())
    for feature in strategy.features.values():
        for index, route in enumerate(feature.routes):
            space = route.removesuffix("*")
            if route not in names and not (route != space and any(name.startswith(space) for name in names)):
                at = places.of(("features", feature.name, "routes", index))
                hint = (
                    "Nothing would ever be counted for it. Correct it to a URL's name (app:name, or app:*)."
                )
                yield Warning(f"{at}: there is no URL named {route}.", hint=hint, id="core.W002")


def _runbooks(strategy: Strategy) -> Iterator[CheckMessage]:
    root = Path(getattr(settings, "BASE_DIR", "."))
    if not (root / "docs").is_dir():
        return  # an image that carries no documents
    named = {category.runbook for category in strategy.categories.values()} | {
        rule.runbook for rule in strategy.alerts
    }
    missing = sorted(runbook for runbook in named if not (root / runbook).is_file())
    if missing:
        hint = "Write them: alerts link to them at three in the morning."
        yield Warning(
            f"{strategy.path.name} names runbooks that do not exist: {', '.join(missing)}.",
            hint=hint,
            id="core.W004",
        )


def _variables(strategy: Strategy, variables: Mapping[str, str]) -> Iterator[CheckMessage]:
    for check_id, names in _VARIABLES.items():
        # Each kind alone: one bad variable must not hide the next.
        for name in names:
            try:
                _read(strategy, {name: variables[name]} if name in variables else {})
            except ConfigurationError as error:
                yield Error(str(error), hint=f"Set {name} right, or unset it.", id=check_id)


def _release(strategy: Strategy, variables: Mapping[str, str]) -> Iterator[CheckMessage]:
    try:
        found = _read(strategy, variables)
    except ConfigurationError:
        return  # told by _variables
    environment = strategy.environments.get(found.environment)
    if environment is not None and environment.release_required and found.release_missing:
        message = f"SENTRY_RELEASE is not set, and the environment {found.environment} requires it."
        hint = "Set it to name@version+commit, as in hydroml@1.4.0+3f2a91c; without it there is no roll-back."
        yield Error(message, hint=hint, id="core.E010")


def _dsn(strategy: Strategy, variables: Mapping[str, str]) -> Iterator[CheckMessage]:
    dsn = variables.get("SENTRY_DSN", "").strip()
    environment = strategy.environments.get(variables.get("SENTRY_ENVIRONMENT", "").strip())
    if not dsn:
        if environment is not None and environment.alerts:
            hint = "Set SENTRY_DSN to the address of the project in Sentry or in the monitor."
            yield Warning(
                f"SENTRY_DSN is not set in {environment.name}: nothing is reported.",
                hint=hint,
                id="core.W003",
            )
        return
    malformed = dsn_problem(dsn)
    if malformed is not None:
        yield Warning(
            f"{malformed}. Sending is disabled.", hint="Copy it from the project's settings.", id="core.W001"
        )
        return
    allowed = strategy.sending.allowed_hosts
    outside = dsn_problem(dsn, allowed_hosts=allowed)
    if outside is not None:
        hint = f"Allowed: {', '.join(allowed)}. Add the host there if personal data may go to it."
        yield Error(f"{outside}.", hint=hint, id="core.E011")


def _read(strategy: Strategy, variables: Mapping[str, str]) -> Any:
    service = settings.ROOT_URLCONF.split(".")[0]
    # Django's test runner switches DEBUG off, which turns no laptop into production.
    setup = current_setup()
    debug = settings.DEBUG or (setup is not None and setup.environment.environment == "development")
    return read_environment(variables, service=service, environments=strategy.environments, debug=debug)


def route_names(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    """The name of every URL of the project, with its namespace."""
    resolver = get_resolver() if resolver is None else resolver
    patterns: Collection[URLPattern | URLResolver] = resolver.url_patterns
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from route_names(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif pattern.name:
            yield f"{space}{pattern.name}"


class _Places:
    """Where in the strategy's file a key path stands, as "strategy.toml:12"."""

    def __init__(self, strategy: Strategy) -> None:
        self._name = strategy.path.name
        self._lines = locate(strategy.path.read_text(encoding="utf-8"))

    def of(self, path: KeyPath) -> str:
        return f"{self._name}:{line_of(self._lines, path)}"
