"""Every command of the documents is run here, or held to what it speaks to, or named with the test that runs it.

A command that no checker knows fails: whoever writes it says how it is known to work.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import redis
import yaml
from django.core.management import call_command, get_commands, load_command_class
from django.urls import resolve

from tests.docs import pages
from tests.docs.commands import Command, all_commands

COMMANDS = all_commands()
SERVICES = yaml.safe_load((pages.ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
# Run in this process, on the test's database: they read, or tidy up what is old.
CHEAP = {
    "axes_list_attempts", "clearsessions", "diffsettings", "showmigrations", "sweep_files",
}  # fmt: skip
# Not run here, and where they are.
ELSEWHERE = {
    "check": "stack/checks.py",  # script/check runs it, with --deploy
    "copy_core": "tests/copying",
    "firedrill": "tests/firedrill",
    "lookup_error": "tests/core/test_verify_sentry.py",
    "migrate": "tests/deploy/test_kubernetes.py",
    "provision_sentry": "tests/core/provisioning",
    "sendtestemail": "",  # Django's own; it would send a mail
    "shell": "tests/docs/test_runbooks.py",
    "verify_sentry": "tests/core/test_verify_sentry.py",
}
SCRIPTS = {
    "bench": "tests/bench",
    "check": "tests/stack/test_checks.py",
    "compose-check": "tests/deploy/test_containers.py",
    "demo": "tests/stack/test_demo.py",
    "docs": "tests/docs/test_site.py",
    "screenshots": "tests/docs/test_pictures.py",
    "soak": "tests/stack",
    "test": "tests/stack/test_both_sites.py",
}
# Tools of the machine: that there is such a command is all that could be tested, and not everywhere.
OF_THE_MACHINE = {
    "coverage",
    "cp",
    "df",
    "dmesg",
    "export",
    "free",
    "git",
    "grep",
    "head",
    "psql",
    "tail",
    "uptime",
}
COMPOSE_VERBS = {"build", "down", "exec", "kill", "logs", "ps", "run", "stop", "up"}


def on_manage(command: Command) -> None:
    words = command.words
    name, *arguments = words[words.index(next(word for word in words if word.endswith("manage.py"))) + 1 :]
    assert name in get_commands()
    if name in CHEAP:
        call_command(name, *[each for each in arguments if not each.startswith("|")])
        return
    where = ELSEWHERE[name]
    assert not where or (pages.ROOT / where).exists()
    app = get_commands()[name]
    parser = (load_command_class(app, name) if isinstance(app, str) else app).create_parser("manage.py", name)
    if "..." not in arguments:
        parser.parse_args(arguments)


def on_compose(command: Command) -> None:
    """Files, profiles and services are there; the verb is Compose's. script/compose-check runs them."""
    words = command.words[2:]
    for option, value in pairwise(words):
        if option == "-f":
            assert (pages.ROOT / value).is_file()
        if option == "--profile":
            assert any(value in service.get("profiles", []) for service in SERVICES.values())
    rest = [word for word in words if word in COMPOSE_VERBS]
    assert rest, "no verb of Compose"
    verb, after = rest[0], words[words.index(rest[0]) + 1 :]
    takes_value = {"--tail", "--since", "--build-arg", "-e", "--env"}
    named = [
        word
        for word, before in zip(after, ["", *after], strict=False)
        if not word.startswith("-") and before not in takes_value
    ]
    if verb in ("exec", "run"):
        named = named[:1]
    named = [name for name in named if name.isalpha() or "-" in name] if verb != "build" else []
    assert {name for name in named if not name.startswith((">", "/"))} <= set(SERVICES) | {"SERVICE"}


def on_script(command: Command) -> None:
    script, *arguments = command.words
    path = pages.ROOT / script
    assert os.access(path, os.X_OK)
    assert (pages.ROOT / SCRIPTS[path.name]).exists()
    for argument in arguments:
        if argument.startswith("tests/"):
            assert (pages.ROOT / argument.partition("::")[0]).exists()
    if path.name == "bench":
        bench = pages.ROOT / "bench" / f"{arguments[0]}.py"
        assert arguments[0] == "NAME" or "--json" in bench.read_text(encoding="utf-8")


def on_module(command: Command) -> None:
    """`python -m name`: there is such a module, and a test that imports it."""
    words = command.words
    name = words[words.index("-m") + 1]
    if name == "pytest":
        return
    path = pages.ROOT / name.replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def on_curl(command: Command) -> None:
    """The application knows the path. What asks the monitor or the weather service is run by their own tests."""
    [address] = [word for word in command.words if "://" in word]
    port, _, path = address.partition("://127.0.0.1:")[2].partition("/")
    path = path.partition("?")[0]
    if port == "8000":
        resolve(f"/{path}")
    elif port == "8600":
        assert f'"/{path}"' in (pages.ROOT / "stack/weather_service.py").read_text(encoding="utf-8")
    else:
        assert port == "8001"
        assert path.startswith("api/0/")


def on_redis(command: Command) -> None:
    """It is run, against the test's Redis."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    try:
        assert client.execute_command(*command.words[1:]) is not None
    finally:
        client.close()


def on_celery(command: Command) -> None:
    from celery.app.control import Inspect

    assert command.words[1] == "inspect"
    assert hasattr(Inspect, command.words[2])


def on_kubectl(command: Command) -> None:
    """What it names is in the manifests; kustomize renders them in tests/deploy. No cluster is at hand to apply them to."""
    for word in command.words[1:]:
        if word.startswith("deploy/k8s"):
            assert (pages.ROOT / word / "kustomization.yaml").is_file()
        if kind := re.fullmatch(r"(deployment|statefulset|job)/(\w+)", word):
            assert list((pages.ROOT / "deploy/k8s").glob(f"*/{kind[2]}.yaml"))


def on_sentry_cli(command: Command) -> None:
    assert (pages.ROOT / "tests/monitor_site/clients_cli").is_dir()
    done = subprocess.run(
        ["sentry-cli", *command.words[1:3], "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def on_copying(command: Command) -> None:
    """tests/copying follows that page to the letter."""
    assert command.page == "docs/copying.md"
    assert (pages.ROOT / "tests/copying/test_guide.py").is_file()


def on_machine(command: Command) -> None:
    """Not ours. Files that it names are."""
    for word in command.words[1:]:
        if word.startswith(("deploy/", "docs/")) and not word.endswith(".env"):
            assert (pages.ROOT / word).exists()


CHECKERS: list[tuple[re.Pattern[str], Callable[[Command], None]]] = [
    (re.compile(r"(?:\.venv/bin/)?(?:python [^|]*)?manage\.py "), on_manage),
    (re.compile(r"docker stats "), on_machine),
    (re.compile(r"docker compose "), on_compose),
    (re.compile(r"script/"), on_script),
    (re.compile(r"(?:\.venv/bin/)?python3? -m "), on_module),
    (re.compile(r"curl "), on_curl),
    (re.compile(r"redis-cli "), on_redis),
    (re.compile(r"celery "), on_celery),
    (re.compile(r"kubectl "), on_kubectl),
    (re.compile(r"sentry-cli "), on_sentry_cli),
    (re.compile(r"pip install |cp -R |cd "), on_copying),
    (re.compile(rf"(?:{'|'.join(OF_THE_MACHINE)})\b"), on_machine),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command", COMMANDS, ids=lambda command: f"{Path(command.page).name}: {command.text[:70]}"
)
def test_each_command_works_or_speaks_of_what_there_is(
    command: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "")
    text = " ".join(command.words) if re.match(r"[A-Z_]+=", command.text) else command.text
    checker = next((check for pattern, check in CHECKERS if pattern.match(text)), None)
    assert checker is not None, f"{command.page}: nobody knows how `{command.text}` is known to work"
    checker(command)


def test_commands_are_found_where_they_stand() -> None:
    texts = {command.text for command in COMMANDS}
    assert {"script/demo", "docker compose up --build --wait", "redis-cli ping", "script/check"} <= texts
    assert len(texts) > 80
    assert not [text for text in texts if "#" in text or "&&" in text]
