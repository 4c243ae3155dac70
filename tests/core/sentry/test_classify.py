"""Real exceptions, raised by the real libraries, against the table of strategy.toml."""

from __future__ import annotations

import json
import pickle
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import kombu
import numpy as np
import optuna
import polars as pl
import psycopg
import pytest
import redis
from celery.exceptions import SoftTimeLimitExceeded
from django.core import signing
from django.core.exceptions import DisallowedHost, ImproperlyConfigured, PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, OperationalError
from django.db.utils import ConnectionHandler
from django.http import Http404
from django.template import engines
from django.urls import reverse
from pytest_django import DjangoDbBlocker
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.exceptions import NotAuthenticated
from sklearn.linear_model import Ridge

from core.errors import (
    ApplicationError,
    ExternalServiceError,
    ModelTrainingError,
    PipelineError,
    UserInputError,
)
from core.sentry.classify import Classification, Classifier, category, cause_chain
from strategy import load_strategy


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.from_strategy(load_strategy(env={}))


@pytest.fixture(autouse=True)
def _sqlite_in_memory(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def _raised(act: Callable[[], Any]) -> BaseException:
    with pytest.raises(BaseException) as caught:
        act()
    return caught.value


def _redis(**settings: Any) -> redis.Redis:
    return redis.Redis(port=9, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1, **settings)


def _queue() -> None:
    with kombu.Connection("redis://127.0.0.1:9/0") as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)


def _sqlite(statement: str) -> None:
    connection = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})[
        "default"
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE gauge (name text UNIQUE)")
            cursor.execute(statement)
    finally:
        connection.close()


def _raise(exc: BaseException) -> None:
    raise exc


TABLE: list[tuple[Callable[[], Any], str, bool]] = [
    (lambda: psycopg.connect("host=127.0.0.1 port=9 connect_timeout=2"), "database", True),
    (lambda: _raise(psycopg.errors.DeadlockDetected("deadlock")), "database", True),
    (lambda: _raise(psycopg.errors.UniqueViolation("twice")), "database", False),
    (lambda: _sqlite("INSERT INTO gauge VALUES ('a'), ('a')"), "database", False),
    (lambda: _sqlite("SELEC nothing"), "database", True),
    (lambda: _redis().get("a"), "cache", True),
    (lambda: _raise(redis.AuthenticationError("no")), "cache", False),
    (_queue, "queue", True),
    (lambda: kombu.serialization.loads(b"{", "application/json", "utf-8"), "queue", False),
    (lambda: httpx.get("http://127.0.0.1:9/", timeout=1), "external_service", True),
    (lambda: httpx.get("nowhere://x/"), "external_service", False),
    (lambda: socket.create_connection(("127.0.0.1", 9), timeout=1), "external_service", True),
    (lambda: ssl.create_default_context().load_verify_locations("/nowhere"), "file", False),
    (lambda: _raise(httpx.ReadTimeout("slow")), "timeout", True),
    (lambda: _raise(TimeoutError("slow")), "timeout", True),
    (lambda: _raise(SoftTimeLimitExceeded()), "timeout", False),
    (lambda: Ridge().predict([[1.0]]), "ml_processing", False),
    (lambda: np.linalg.inv(np.zeros((2, 2))), "ml_processing", False),
    (lambda: optuna.create_study().best_trial, "programming", False),
    (lambda: pl.DataFrame({"a": [1]}).select("rain"), "data_processing", False),
    (lambda: json.loads("{"), "data_processing", False),
    (lambda: b"\xff".decode(), "data_processing", False),
    (lambda: zlib.decompress(b"no"), "data_processing", False),
    (lambda: Path("/nowhere/at/all").read_text(), "file", False),
    (lambda: Path("/proc/self/mem").write_text("a"), "file", False),
    (lambda: pickle.loads(b"no"), "uncategorised", False),
    (lambda: 1 / 0, "programming", False),
    (lambda: {}["a"], "programming", False),
    (lambda: None.rain, "programming", False),  # type: ignore[attr-defined]
    (lambda: reverse("no such route"), "programming", False),
    (lambda: engines["django"].from_string("{% nothing %}"), "programming", False),
    (lambda: signing.loads("forged"), "validation", False),
    (lambda: validate_email("no address"), "validation", False),
    (lambda: _raise(ImproperlyConfigured("no")), "configuration", False),
    (lambda: __import__("no_such_module"), "configuration", False),
    (lambda: _raise(MemoryError()), "resources", False),
    (lambda: _raise(PipelineError("negative rain")), "data_processing", False),
    (lambda: _raise(ModelTrainingError("diverged")), "ml_processing", False),
    (lambda: _raise(ExternalServiceError("weather")), "external_service", True),
    (lambda: _raise(ApplicationError("what")), "uncategorised", False),
]


@pytest.mark.parametrize(
    ("act", "expected", "retryable"), TABLE, ids=[f"{i}-{row[1]}" for i, row in enumerate(TABLE)]
)
def test_each_library_error_has_its_category(
    classifier: Classifier, act: Callable[[], Any], expected: str, *, retryable: bool
) -> None:
    found = classifier.classify(_raised(act))
    assert (found.category, found.retryable) == (expected, retryable)
    assert found.severity == load_strategy(env={}).categories[expected].severity


def test_a_cause_gives_its_category_to_what_says_nothing(classifier: Classifier) -> None:
    def wrapped() -> None:
        try:
            _sqlite("INSERT INTO gauge VALUES ('a'), ('a')")
        except IntegrityError as error:
            raise RuntimeError("could not save") from error

    assert classifier.classify(_raised(wrapped)).category == "database"


def test_the_outermost_category_wins_over_its_causes(classifier: Classifier) -> None:
    outer = ModelTrainingError("diverged")
    outer.__cause__ = OperationalError("away")
    found = classifier.classify(outer)
    assert (found.category, found.severity) == ("ml_processing", "P1")
    # An outage is one group all the same, wherever it is met.
    assert found.fingerprint == ("dependency-outage", "postgresql", "unreachable")


def test_a_suppressed_context_is_no_cause(classifier: Classifier) -> None:
    def suppressed() -> None:
        try:
            raise OperationalError("away")
        except OperationalError:
            raise UnheardOfError from None

    class UnheardOfError(Exception):
        pass

    assert classifier.classify(_raised(suppressed)).category == "uncategorised"


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert list(cause_chain(first)) == [first, second]


def test_names_decide_nothing(classifier: Classifier) -> None:
    class DatabaseAuthenticationConnectionTimeoutError(Exception):
        pass

    assert classifier.classify(DatabaseAuthenticationConnectionTimeoutError()).category == "uncategorised"


@pytest.mark.parametrize(
    "exc",
    [
        Http404("no page"),
        PermissionDenied(),
        DisallowedHost("evil"),
        UserInputError("row 3"),
        NotAuthenticated(),
    ],
)
def test_what_the_strategy_ignores_says_why(classifier: Classifier, exc: Exception) -> None:
    assert classifier.classify(exc).ignored


def test_only_what_was_raised_itself_is_ignored_or_expected(classifier: Classifier) -> None:
    outer = RuntimeError("broken")
    outer.__cause__ = UserInputError("row 3 has no date")
    found = classifier.classify(outer)
    assert (found.ignored, found.expected, found.http_status) == (None, False, 500)
    assert found.category == "validation"


def test_a_group_is_as_bad_as_its_worst_member(classifier: Classifier) -> None:
    group = ExceptionGroup("many", [ValidationError("a"), OperationalError("away"), KeyError("b")])
    found = classifier.classify(group)
    assert (found.category, found.severity) == ("database", "P0")
    assert classifier.classify(ExceptionGroup("mine", [UserInputError("a"), UserInputError("b")])).expected


def test_a_decorated_class_and_its_subclasses_are_in_their_category(classifier: Classifier) -> None:
    @category("export", severity="P1", retryable=False)
    class PaymentError(Exception):
        fingerprint = ("payment", "{{ error.type }}")

    class CardRefusedError(PaymentError):
        pass

    assert classifier.classify(CardRefusedError()) == Classification(
        category="export", severity="P1", fingerprint=("payment", "{{ error.type }}"), retryable=False
    )


def test_a_class_of_a_library_that_is_imported_later_is_found(classifier: Classifier) -> None:
    import smtplib

    assert classifier.classify(smtplib.SMTPServerDisconnected("gone")).category == "external_service"
