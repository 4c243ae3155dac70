"""Stopping and starting what the drilled system stands on: through the demo's socket, or by commands (docker compose)."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import subprocess
from typing import Any, Protocol

from core.firedrill.target import KEYS, Target

WITHIN_S = 120.0
DEPLOYING = ("deploy_command", "withdraw_command", "release_address")


class ControlError(Exception):
    """It could not be stopped or started."""


class Control(Protocol):
    """Names are those of docker-compose.yml."""

    def can_stop(self, name: str) -> bool: ...
    def stop(self, name: str) -> None: ...
    def start(self, name: str) -> None: ...

    can_deploy: bool

    def deploy(self, release: str) -> str: ...
    def withdraw(self) -> None: ...


class SocketControl:
    """Of a stack that `script/demo` started (stack/control.py)."""

    can_deploy = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._names = frozenset(self._ask("list")["names"])

    def can_stop(self, name: str) -> bool:
        return name in self._names

    def stop(self, name: str) -> None:
        self._ask("stop", name)

    def start(self, name: str) -> None:
        self._ask("start", name)

    def deploy(self, release: str) -> str:
        return str(self._ask("deploy", release)["address"])

    def withdraw(self) -> None:
        self._ask("withdraw")

    def _ask(self, do: str, what: str = "") -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(WITHIN_S)
                line.connect(self._path)
                line.sendall(json.dumps({"do": do, "what": what}).encode() + b"\n")
                answer: dict[str, Any] = json.loads(line.makefile().readline())
        except (OSError, ValueError) as error:
            raise ControlError(f"The stack's socket {self._path} does not answer: {error}.") from error
        if not answer.get("ok"):
            raise ControlError(f"{do} {what}: {answer.get('why')}")
        return answer


class CommandControl:
    """By commands in which `{service}` stands for the name: `docker compose stop {service}`.

    `deploy` starts a second web as `{release}`, which answers at `address`; `withdraw` takes it away again. Where one of
    the three is not given, no release can be deployed.
    """

    def __init__(
        self, stop: str, start: str, *, deploy: str = "", withdraw: str = "", address: str = ""
    ) -> None:
        self._stop, self._start = stop, start
        self._deploy, self._withdraw, self._address = deploy, withdraw, address
        self.can_deploy = bool(deploy and withdraw and address)
        self._is_out = False

    def can_stop(self, name: str) -> bool:
        return True

    def stop(self, name: str) -> None:
        self._run(self._stop, service=name)

    def start(self, name: str) -> None:
        self._run(self._start, service=name)

    def deploy(self, release: str) -> str:
        if not self.can_deploy:
            raise ControlError(
                f"No command starts {release}: {', '.join(KEYS[name] for name in DEPLOYING)} say how."
            )
        # That of a drill which was killed may still be there, under the same name and at the same address.
        self._clear_away()
        try:
            self._run(self._deploy, release=release)
        except ControlError:
            self._clear_away()
            raise
        self._is_out = True
        return self._address

    def withdraw(self) -> None:
        """Nothing, where none is out."""
        if self._is_out:
            self._is_out = False
            self._run(self._withdraw)

    def _clear_away(self) -> None:
        with contextlib.suppress(ControlError):
            self._run(self._withdraw)

    def _run(self, command: str, **names: str) -> None:
        words = shlex.split(command)
        for name, value in names.items():
            words = [word.replace(f"{{{name}}}", value) for word in words]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=WITHIN_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ControlError(f"{' '.join(words)}: {error}") from error
        if done.returncode != 0:
            raise ControlError(f"{' '.join(words)}: {done.stderr.strip()[-300:]}")


class NoControl:
    """Nothing can be stopped: drills that need it are left out, and say so."""

    can_deploy = False

    def can_stop(self, name: str) -> bool:
        return False

    def stop(self, name: str) -> None:
        raise ControlError(f"Nobody here can stop {name}.")

    def start(self, name: str) -> None:
        raise ControlError(f"Nobody here can start {name}.")

    def deploy(self, release: str) -> str:
        raise ControlError(f"Nobody here can start {release}.")

    def withdraw(self) -> None:
        """There is nothing to withdraw."""


def control_of(target: Target) -> Control:
    """Raises ControlError when a socket is named and does not answer."""
    if target.control:
        return SocketControl(target.control)
    if target.stop_command and target.start_command:
        return CommandControl(
            target.stop_command,
            target.start_command,
            deploy=target.deploy_command,
            withdraw=target.withdraw_command,
            address=target.release_address,
        )
    return NoControl()
