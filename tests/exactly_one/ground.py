"""Where the failing site runs: a database of its own, keys of its own at the broker, a receiver that it reports to."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from bench.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]
REDIS_DATABASE = 15


@dataclass
class Ground:
    """`environment` is that of each process of the site."""

    directory: Path
    receiver: Receiver
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def broker(self) -> str:
        return self.environment["REDIS_URL"]

    @property
    def prefix(self) -> str:
        return self.environment["EXACTLY_ONE_PREFIX"]

    def start(self, name: str, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        """Python with these arguments; what it says goes into a file of that name."""
        with (self.directory / f"{name}.log").open("wb") as log:
            process = self.processes[name] = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**self.environment, **variables},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        return process

    def is_running(self, name: str) -> bool:
        return self.processes[name].poll() is None

    def end(self, name: str) -> None:
        """As a deploy ends it; kills it when it does not end."""
        process = self.processes[name]
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def received(self, *kinds: str) -> list[dict[str, Any]]:
        """As a host stores it: what a killed process and its successor both delivered is there once."""
        with self.receiver.arrived:
            found = {
                (envelope["headers"]["event_id"], headers["type"]): payload
                for envelope in self.receiver.received
                for headers, payload in envelope["items"]
                if headers["type"] in kinds
            }
        return [json.loads(payload) for payload in found.values()]


@contextmanager
def ground(directory: Path) -> Iterator[Ground]:
    admin = os.environ["DATABASE_URL"]
    name = f"exactly_{secrets.token_hex(4)}"
    broker = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{REDIS_DATABASE}").geturl()
    with psycopg.connect(admin, autocommit=True) as connection, Receiver() as receiver:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("SENTRY_")},
            "DJANGO_SETTINGS_MODULE": "tests.exactly_one.site.settings",
            "DATABASE_URL": urlsplit(admin)._replace(path=f"/{name}").geturl(),
            "REDIS_URL": broker,
            "EXACTLY_ONE_DIRECTORY": str(directory),
            "EXACTLY_ONE_PREFIX": f"{name}:",
            "SENTRY_DSN": receiver.dsn,
            "SENTRY_ENVIRONMENT": "staging",
            "SENTRY_RELEASE": "exactly-one@1.0.0",
            "PYTHONWARNINGS": "default",
        }
        try:
            yield Ground(directory, receiver, environment)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]
            client = redis.Redis.from_url(broker)
            for key in client.scan_iter(f"{name}:*"):
                client.delete(key)
            client.close()
