"""The whole fire drill against containers, held from outside of them: what it stops, `docker compose` stops and starts."""

import json
import shlex
import subprocess
import sys
import time
from urllib.parse import urlsplit, urlunsplit

from stack.compose import Compose
from stack.errors import StackError
from stack.folder import ROOT
from stack.ports import HOST, free_port

KEPT_AT = "/var/lib/monitor/drill.token"
GIVEN = {"MONITOR_DRILL_TOKEN_FILE": KEPT_AT}
"""What the stack must have been started with."""
HEALTHY_WITHIN_S = 180


def fire_drill(stack: Compose, *options: str) -> None:
    """Shows its table. Raises StackError when something was not as it should be, or when a container stays unhealthy.

    `options` are Compose's, such as the profile that the stack was started with.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", "firedrill"],
        cwd=ROOT,
        env={**stack.environment, **_target(stack, *options)},
        check=False,
    )
    if done.returncode != 0:
        raise StackError("The fire drill found something wrong: see its table.")
    wait_until_healthy(stack, *options)


def _target(stack: Compose, *options: str) -> dict[str, str]:
    """As docs/firedrill.md says it for a stack in Compose."""
    key = stack.run("exec", "-T", "monitor", "cat", "/run/hydroml/monitor_dsn_key").strip()
    where = urlsplit(stack.monitor_address)
    return _other_release(stack, *options) | {
        "FIREDRILL_APPLICATION": stack.address,
        "FIREDRILL_MONITOR": stack.monitor_address,
        "FIREDRILL_DSN": urlunsplit((where.scheme, f"{key}@{where.netloc}", "/1", "", "")),
        "FIREDRILL_TOKEN": stack.run("exec", "-T", "monitor", "cat", KEPT_AT).strip(),
        "FIREDRILL_STOP_COMMAND": shlex.join(stack.command(*options, "stop", "{service}")),
        "FIREDRILL_START_COMMAND": shlex.join(stack.command(*options, "start", "{service}")),
    }


def _other_release(stack: Compose, *options: str) -> dict[str, str]:
    """A second web of another release: a container of its own, beside the services and under none of their names."""
    name, at = f"{stack.environment['COMPOSE_PROJECT_NAME']}-other-release", f"{HOST}:{free_port()}"
    deploy = stack.command(
        *options, "run", "--detach", "-T", "--no-deps", "--name", name, "--publish", f"{at}:8000",
        "--env", "SENTRY_RELEASE={release}", "web",
    )  # fmt: skip
    return {
        "FIREDRILL_DEPLOY_COMMAND": shlex.join(deploy),
        "FIREDRILL_WITHDRAW_COMMAND": shlex.join(["docker", "rm", "--force", name]),
        "FIREDRILL_RELEASE_ADDRESS": f"http://{at}",
    }


def wait_until_healthy(stack: Compose, *options: str) -> None:
    """By themselves, after all that was stopped is back. Raises StackError that names those that are not."""
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while unwell := _unwell(stack, *options):
        if time.monotonic() > deadline:
            raise StackError(f"Not healthy {HEALTHY_WITHIN_S} s after the drill: {', '.join(unwell)}.")
        time.sleep(2)


def _unwell(stack: Compose, *options: str) -> list[str]:
    rows = map(json.loads, stack.run(*options, "ps", "--format", "json").splitlines())
    return [f"{row['Service']} ({row['Health']})" for row in rows if row["Health"] not in ("", "healthy")]
