"""The system checks, on the shipped strategy and on spoilt copies of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from pytest_django.fixtures import Settings

from core.checks import (
    check_sending,
    check_strategy,
    may_import,
    resolve_classes,
    resolve_final,
    resolve_ignored,
)
from core.registry import most_specific
from strategy import Strategy, load_strategy
from strategy.loader import DEFAULT_PATH

Spoil = Callable[[str, str], Path]
GOOD_DSN = "https://0123456789abcdef0123456789abcdef@o1.ingest.de.sentry.io/42"


@pytest.fixture
def strategy() -> Strategy:
    return load_strategy(DEFAULT_PATH, env={})


@pytest.fixture
def spoil(tmp_path: Path, settings: Settings) -> Spoil:
    """Makes the application read a copy of the shipped file in which one text stands for another."""

    def spoil_it(old: str, new: str) -> Path:
        text = DEFAULT_PATH.read_text(encoding="utf-8")
        assert old in text
        file = tmp_path / "strategy.toml"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        settings.STRATEGY_FILE = str(file)
        return file

    return spoil_it


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the variables of sending, and none but these."""

    def set_them(**values: str) -> None:
        for name in (
            "SENTRY_DSN",
            "SENTRY_ENVIRONMENT",
            "SENTRY_RELEASE",
            "APP_VERSION",
            "SENTRY_TRACES_SAMPLE_RATE",
        ):
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_them


def line_of(file: Path, text: str) -> str:
    lines = file.read_text(encoding="utf-8").split("\n")
    return f"strategy.toml:{next(number for number, line in enumerate(lines, 1) if text in line)}"


def only(messages: list[CheckMessage], check_id: str) -> CheckMessage:
    (found,) = [message for message in messages if message.id == check_id]
    assert found.hint, "a message without a way out"
    return found


def test_the_shipped_strategy_names_only_classes_and_routes_that_exist() -> None:
    assert [message for message in check_strategy() if message.id != "core.W004"] == []


def test_a_mistake_in_the_file_is_told_with_its_line_and_the_way_out(spoil: Spoil) -> None:
    file = spoil('severity = "P0"\nowner = "operations"', 'severity = "P7"\nowner = "operations"')
    message = only(check_strategy(), "strategy.E008")
    assert message.msg.startswith(line_of(file, '"P7"'))
    assert "P0, P1" in (message.hint or "")
    assert check_sending() == []


@pytest.mark.parametrize(
    ("arguments", "may"),
    [
        ([], True),
        (["/venv/bin/pytest", "tests"], True),
        (["manage.py", "check", "--deploy"], True),
        (["/app/manage.py", "migrate"], False),
        (["/venv/bin/django-admin", "shell"], False),
        (["/venv/bin/celery", "--app", "hydroml.celery:app", "worker", "--loglevel", "INFO"], True),
        (["/venv/bin/celery", "--app", "hydroml.celery:app", "beat", "--loglevel", "INFO"], False),
    ],
)
def test_libraries_are_imported_where_checks_are_what_was_asked_for(arguments: list[str], may: bool) -> None:
    assert may_import(arguments) is may


def test_a_command_that_is_checked_in_passing_is_not_held_up_by_classes(
    spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil('"psycopg.Error"', '\n    "nosuchlibrary.Error"')
    assert "core.E001" in {message.id for message in check_strategy()}
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])
    assert "core.E001" not in {message.id for message in check_strategy()}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("psycopg.Eror", "psycopg has no Eror"),
        ("nosuchlibrary.Error", "the module nosuchlibrary is not installed"),
        ("psycopg.Connection", "it is not an exception class"),
        ("psycopg.Eror?", "psycopg has no Eror"),
    ],
)
def test_a_class_that_leads_nowhere_is_told(name: str, reason: str, spoil: Spoil) -> None:
    file = spoil('"psycopg.Error"', f'\n    "{name}"')
    message = only(check_strategy(), "core.E001")
    assert message.msg.startswith(line_of(file, f'"{name}"'))
    assert reason in message.msg


def test_a_class_of_a_library_that_may_be_missing_may_be_missing(spoil: Spoil) -> None:
    spoil('"psycopg.Error"', '"psycopg.Error", "nosuchlibrary.Error?"')
    assert [message.id for message in check_strategy() if (message.id or "").startswith("core.E")] == []


def test_two_names_of_one_class_in_two_categories_are_found(spoil: Spoil) -> None:
    spoil('"redis.exceptions.RedisError"', '"redis.exceptions.RedisError", "django.db.utils.Error"')
    message = only(check_strategy(), "core.E002")
    assert "database and cache" in message.msg


def test_a_final_class_outside_its_category_is_found(spoil: Spoil) -> None:
    file = spoil('"kombu.exceptions.SerializationError"', '\n    "httpx.ReadError"')
    message = only(check_strategy(), "core.E003")
    assert message.msg.startswith(line_of(file, "httpx.ReadError"))


def test_a_feature_on_a_route_that_does_not_exist_is_a_warning(spoil: Spoil) -> None:
    spoil('routes = ["projects:*"]', 'routes = ["projects:*", "shop:*", "projects:lst"]')
    found = [message.msg for message in check_strategy() if message.id == "core.W002"]
    assert [msg.rsplit(" ", 1)[1] for msg in found] == ["shop:*.", "projects:lst."]


@pytest.mark.parametrize(
    ("check_id", "values"),
    [
        ("core.E005", {"SENTRY_ENVIRONMENT": "prod"}),
        ("core.E006", {"SENTRY_RELEASE": "latest"}),
        ("core.E006", {"APP_VERSION": "unknown"}),
        ("core.E007", {"SENTRY_TRACES_SAMPLE_RATE": "10%"}),
        ("core.E007", {"SENTRY_TRACES_SAMPLE_RATE": "1.5"}),
        ("core.E008", {"SENTRY_PROFILES_SAMPLE_RATE": "yes"}),
        ("core.E009", {"SENTRY_DEBUG": "perhaps"}),
    ],
)
def test_a_variable_that_is_wrong_is_named_with_its_value(
    check_id: str, values: dict[str, str], variables: Callable[..., None]
) -> None:
    variables(**values)
    message = only(check_sending(), check_id)
    ((name, value),) = values.items()
    assert name in message.msg
    assert value in message.msg


def test_production_needs_a_release_and_a_dsn(variables: Callable[..., None]) -> None:
    variables(SENTRY_ENVIRONMENT="production")
    assert {message.id for message in check_sending()} == {"core.E010", "core.W003"}
    variables(SENTRY_ENVIRONMENT="production", SENTRY_RELEASE="hydroml@1.0.0+abc", SENTRY_DSN=GOOD_DSN)
    assert check_sending() == []


def test_a_bad_dsn_warns_and_does_not_show_its_key(variables: Callable[..., None]) -> None:
    variables(SENTRY_DSN="https://s3cret@sentry.io/project-id", SENTRY_ENVIRONMENT="development")
    message = only(check_sending(), "core.W001")
    assert message.level < 40, "a bad DSN alone must not stop the start"
    assert "s3cret" not in str(message)


@pytest.mark.parametrize("host", ["evil.example", "ingest.de.sentry.io.evil.example", "o1.ingest.sentry.io"])
def test_a_dsn_outside_the_allowed_hosts_is_an_error(host: str, variables: Callable[..., None]) -> None:
    variables(SENTRY_DSN=f"https://abc@{host}/1", SENTRY_ENVIRONMENT="development")
    assert host in only(check_sending(), "core.E011").msg


@pytest.mark.parametrize(
    ("dotted", "category"),
    [
        ("django.db.utils.OperationalError", "database"),
        ("psycopg_pool.PoolTimeout", "database"),
        ("redis.exceptions.ConnectionError", "cache"),
        ("redis.exceptions.TimeoutError", "cache"),
        ("kombu.exceptions.OperationalError", "queue"),
        ("celery.exceptions.NotRegistered", "queue"),
        ("httpx.ConnectError", "external_service"),
        ("httpx.ReadTimeout", "timeout"),
        ("builtins.ConnectionResetError", "external_service"),
        ("builtins.PermissionError", "file"),
        ("builtins.TimeoutError", "timeout"),
        ("builtins.ModuleNotFoundError", "configuration"),
        ("builtins.KeyError", "programming"),
        ("builtins.UnicodeDecodeError", "data_processing"),
        ("builtins.RecursionError", "resources"),
        ("builtins.DeprecationWarning", "maintenance"),
        ("sklearn.exceptions.NotFittedError", "ml_processing"),
        ("sklearn.exceptions.ConvergenceWarning", "maintenance"),
        ("numpy.linalg.LinAlgError", "ml_processing"),
        ("polars.exceptions.ColumnNotFoundError", "data_processing"),
        ("builtins.Exception", None),
    ],
)
def test_the_most_specific_class_decides(dotted: str, category: str | None, strategy: Strategy) -> None:
    module, _, name = dotted.rpartition(".")
    cls = getattr(__import__(module, fromlist=[name]), name)
    assert most_specific(resolve_classes(strategy), cls) == category


def test_what_another_try_never_mends_is_known(strategy: Strategy) -> None:
    final = {cls.__name__ for cls in resolve_final(strategy)}
    assert {"IntegrityError", "ProgrammingError", "SoftTimeLimitExceeded", "NotRegistered"} <= final
    assert not final & {"OperationalError", "InterfaceError", "ConnectionError"}


def test_what_is_ignored_is_ignored_with_its_reason_and_its_burst(strategy: Strategy) -> None:
    ignored = {cls.__name__: row for cls, row in resolve_ignored(strategy).items()}
    assert ignored["Http404"].burst == "missing_pages"
    assert ignored["SuspiciousOperation"].burst == "refused_requests"
    assert all(row.reason for row in ignored.values())
