"""How the application's database is described to Django."""

import os
import subprocess
import sys

import pytest

from hydroml.env import Env

URL = "postgres://me:secret@db.example:5433/water"


def options(url: str, **limits: int) -> dict[str, str]:
    found = Env({"DATABASE_URL": url}).database("DATABASE_URL", **limits)["OPTIONS"]
    assert isinstance(found, dict)
    return found


def test_a_server_that_is_gone_without_a_word_is_given_up_within_seconds() -> None:
    found = options(URL)
    assert found["connect_timeout"] == "5"
    assert int(found["tcp_user_timeout"]) <= 15_000
    assert "options" not in found


def test_what_the_address_says_wins_over_ours() -> None:
    found = options(f"{URL}?connect_timeout=30&sslmode=require")
    assert (found["connect_timeout"], found["sslmode"]) == ("30", "require")


def test_a_limit_of_statements_stands_before_the_options_of_the_address() -> None:
    assert options(URL, statement_timeout_s=15)["options"] == "-c statement_timeout=15s"
    found = options(f"{URL}?options=-c%20statement_timeout%3D1min", statement_timeout_s=15)
    assert found["options"] == "-c statement_timeout=15s -c statement_timeout=1min"


@pytest.mark.parametrize(
    ("argv", "given", "limits"),
    [
        (["gunicorn", "hydroml.wsgi:application"], "", ("-c statement_timeout=15s", 20)),
        (["gunicorn", "hydroml.wsgi:application"], "3", ("-c statement_timeout=3s", 8)),
        (["gunicorn", "hydroml.wsgi:application"], "0", (None, 0)),
        (["celery", "--app", "hydroml.celery:app", "worker"], "", (None, 0)),
        (["manage.py", "migrate"], "", (None, 0)),
    ],
    ids=["web", "web, shorter", "web, none", "worker", "migration"],
)
def test_pages_alone_have_a_limit(argv: list[str], given: str, limits: tuple[str | None, int]) -> None:
    code = (
        f"import sys; sys.argv = {argv!r}\n"
        "from hydroml import settings\n"
        "one = settings.DATABASES['default']\n"
        "print((one['OPTIONS'].get('options'), one['ANSWER_TIMEOUT_S']))"
    )
    env = {**os.environ, "DATABASE_URL": URL, "SENTRY_DSN": "", "DATABASE_STATEMENT_TIMEOUT_S": given}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == repr(limits)
