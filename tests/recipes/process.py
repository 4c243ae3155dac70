"""Gives each proof a process of its own: what one `sentry_sdk.init` patches stays for good, and the suite has its own.

The processes are forked from one that has imported everything and initialised nothing, so each costs milliseconds.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

_Result = TypeVar("_Result")

PATIENCE_S = 60
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.recipes.ancestor"])


def in_a_process(act: Callable[..., _Result], *arguments: Any) -> _Result:
    """What `act(*arguments)` returns in a new process; `act` stands at the top of a module."""
    receiver, sender = _context.Pipe(duplex=False)
    process = _context.Process(target=_perform, args=(act, arguments, sender))
    process.start()
    sender.close()
    try:
        if not receiver.poll(PATIENCE_S):
            raise TimeoutError(f"{act.__name__} said nothing for {PATIENCE_S} s")
        failure, result = receiver.recv()
    finally:
        receiver.close()
        process.kill()
        process.join()
    assert failure is None, failure
    return result  # type: ignore[no-any-return]


def _perform(act: Callable[..., Any], arguments: tuple[Any, ...], sender: Connection) -> None:
    try:
        sender.send((None, act(*arguments)))
    except BaseException:
        # A boundary: whatever went wrong is told in the process that asked.
        sender.send((traceback.format_exc(), None))
