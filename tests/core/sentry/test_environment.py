"""A variable with a bad value stops the start and says what it may be; a bad DSN only disables sending."""

from __future__ import annotations

import pytest

from core.sentry.environment import ConfigurationError, dsn_problem, read_environment

GOOD = "https://0123456789abcdef0123456789abcdef@o1.ingest.de.sentry.io/5"


def _read(**variables: str) -> object:
    return read_environment(variables, service="hydroml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTRY_TRACES_SAMPLE_RATE", "1.5"),
        ("SENTRY_TRACES_SAMPLE_RATE", "all"),
        ("SENTRY_PROFILES_SAMPLE_RATE", "nan"),
        ("SENTRY_DEBUG", "maybe"),
        ("SENTRY_SEND_IN_DEBUG", "2"),
        ("SENTRY_ENABLE_LOGS", "si"),
        ("SENTRY_ENVIRONMENT", "prod"),
        ("SENTRY_RELEASE", "latest"),
        ("SENTRY_RELEASE", "unknown"),
        ("SENTRY_RELEASE", "has space"),
        ("APP_VERSION", "latest"),
    ],
)
def test_a_bad_value_names_its_variable_and_what_it_may_be(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as refused:
        _read(**{name: value})
    assert repr(value) in str(refused.value)
    assert "use" in str(refused.value)


def test_a_rate_is_a_number_and_not_a_text() -> None:
    found = read_environment({"SENTRY_TRACES_SAMPLE_RATE": " 0.25 "}, service="x")
    assert found.traces_sample_rate == 0.25
    assert read_environment({}, service="x").traces_sample_rate is None


def test_a_release_has_a_name_and_wins_over_the_version() -> None:
    both = {"SENTRY_RELEASE": "hydroml@1.4.0+3f2a91c", "APP_VERSION": "1.4.0"}
    assert read_environment(both, service="x").release == "hydroml@1.4.0+3f2a91c"
    assert read_environment({"APP_VERSION": "1.4.0"}, service="x").release == "x@1.4.0"
    assert read_environment({}, service="x").release_missing


def test_a_laptop_is_not_production() -> None:
    assert read_environment({}, service="x", debug=True).environment == "development"
    assert (
        read_environment({"SENTRY_ENVIRONMENT": "lab"}, service="x", environments=["lab"]).environment
        == "lab"
    )


@pytest.mark.parametrize(
    "dsn",
    [
        "https://your-sentry-dsn@sentry.io/project-id",
        "nonsense",
        "https://sentry.io/5",
        "ftp://a@b/1",
        "https://a@b/",
    ],
)
def test_a_bad_dsn_is_told_in_words_without_its_key(dsn: str) -> None:
    problem = dsn_problem(dsn)
    assert problem is not None
    assert problem.startswith("SENTRY_DSN")
    assert "your-sentry-dsn" not in problem


def test_development_reports_to_this_machine_only() -> None:
    assert dsn_problem(GOOD) is None
    assert "SENTRY_SEND_IN_DEBUG" in str(dsn_problem(GOOD, local_only=True))
    for host in ("localhost:8001", "127.0.0.1", "[::1]:9", "monitor:8001", "10.1.2.3", "errors.internal"):
        assert dsn_problem(f"http://{'a' * 32}@{host}/1", local_only=True) is None


def test_a_dsn_goes_to_a_listed_host_only() -> None:
    assert dsn_problem(GOOD, allowed_hosts=["*.ingest.de.sentry.io"]) is None
    assert "allowed_hosts" in str(dsn_problem(GOOD, allowed_hosts=["*.ingest.us.sentry.io", "localhost"]))
    assert dsn_problem(f"http://{'a' * 32}@[::1]:9/1", allowed_hosts=["[::1]"]) is None
