"""`manage.py fail HOW`: one command for all ways in which a command fails."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import PipelineError, UserInputError
from core.sentry import capture_exception

logger = logging.getLogger("failing.site")


def add_up() -> None:
    raise PipelineError("The sums do not add up.")


def log_and_raise() -> None:
    try:
        add_up()
    except PipelineError:
        logger.exception("Adding up failed.")
        raise


def log_and_go_on() -> None:
    try:
        add_up()
    except PipelineError:
        logger.exception("Adding up failed.")
    logger.info("Going on.")


def capture_and_exit() -> None:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
        sys.exit(1)


def fail_in_a_thread() -> None:
    thread = threading.Thread(target=add_up)
    thread.start()
    thread.join()


def refuse() -> None:
    raise CommandError("There is no gauge of that name.")


def mistake() -> None:
    raise UserInputError("Row 3 has no date. Give it one.")


def leave() -> None:
    sys.exit(1)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def be_interrupted() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def capture_and_be_killed() -> None:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
    be_killed()


WAYS: dict[str, Callable[[], None]] = {
    "raises": add_up,
    "logs-and-raises": log_and_raise,
    "logs-and-goes-on": log_and_go_on,
    "captures-and-exits": capture_and_exit,
    "in-a-thread": fail_in_a_thread,
    "refuses": refuse,
    "users-mistake": mistake,
    "exits": leave,
    "is-killed": be_killed,
    "is-interrupted": be_interrupted,
    "captures-and-is-killed": capture_and_be_killed,
}


class Command(BaseCommand):
    help = "Fail."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("how", choices=list(WAYS))

    def handle(self, *args: Any, **options: Any) -> None:
        WAYS[options["how"]]()
