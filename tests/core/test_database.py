"""A database that says nothing: who waits for it gives up, and the next one finds a connection that works."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper

from core import database
from core.sentry.classify import classify

ALIAS = "silent"
Connect = Callable[..., DatabaseWrapper]


@pytest.fixture
def connect(db: None) -> Iterator[Connect]:
    """Makes a connection beside the test's own, with these settings; it is closed after it."""

    def make(*, limits: str = "", **settings: object) -> DatabaseWrapper:
        # Let the server see that nobody listens any more: it would sleep on in the test database.
        options = {"options": f"-c client_connection_check_interval=50ms {limits}"}
        given = {**connections["default"].settings_dict, "OPTIONS": options, **settings}
        connections[ALIAS] = DatabaseWrapper(given, ALIAS)
        return connections[ALIAS]

    yield make
    connections[ALIAS].close()
    del connections[ALIAS]


def ask(of: DatabaseWrapper, statement: str) -> object:
    with of.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_a_silence_ends_by_an_error_that_says_so(connect: Connect) -> None:
    silent = connect(ANSWER_TIMEOUT_S=0.3)
    with pytest.raises(
        OperationalError, match=r"^PostgreSQL has not answered for 0\.3 s; .* given up\.$"
    ) as told:
        ask(silent, "SELECT pg_sleep(60)")
    assert classify(told.value).category == "database"


def test_after_it_nothing_is_asked_of_that_connection_and_the_next_request_has_a_new_one(
    connect: Connect,
) -> None:
    silent = connect(ANSWER_TIMEOUT_S=0.3)
    with pytest.raises(OperationalError):
        ask(silent, "SELECT 'late' FROM pg_sleep(60)")
    with pytest.raises(OperationalError, match="the connection is closed"):
        ask(silent, "SELECT 1")
    silent.close_if_unusable_or_obsolete()  # as Django does before each request
    assert ask(silent, "SELECT 'new'") == "new"


def test_a_transaction_that_it_happens_in_is_left_by_the_same_error(connect: Connect) -> None:
    silent = connect(ANSWER_TIMEOUT_S=0.3)
    with pytest.raises(OperationalError, match="has not answered"), transaction.atomic(using=ALIAS):
        ask(silent, "SELECT pg_sleep(60)")
    assert not silent.in_atomic_block
    assert ask(silent, "SELECT 'new'") == "new"


def test_a_server_that_ends_the_statement_itself_keeps_its_connection(connect: Connect) -> None:
    slow = connect(ANSWER_TIMEOUT_S=30, limits="-c statement_timeout=100ms")
    with pytest.raises(OperationalError, match="statement timeout") as told:
        ask(slow, "SELECT pg_sleep(60)")
    assert isinstance(told.value.__cause__, psycopg.errors.QueryCanceled)
    assert ask(slow, "SELECT 'same'") == "same"


def test_without_the_setting_the_connection_is_left_as_django_made_it(connect: Connect) -> None:
    plain = connect(ANSWER_TIMEOUT_S=0)
    plain.ensure_connection()
    assert type(plain.connection) is psycopg.Connection


def test_a_driver_that_cannot_is_told_with_the_way_out(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.Connection, "wait", lambda self, gen, interval=0.1: None)
    database._bounded.cache_clear()
    with pytest.raises(ImproperlyConfigured, match=r"ANSWER_TIMEOUT_S.*psycopg 3\.3.*or take it out"):
        database.bound_waiting(connect(ANSWER_TIMEOUT_S=1))
