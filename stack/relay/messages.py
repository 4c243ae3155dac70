"""What goes through the pipe from the sending pytest process to the receiving one: one JSON object each."""

import json
import warnings
from multiprocessing.connection import Connection
from typing import Any, Literal, TypedDict

import pytest

Kind = Literal[
    "collected",  # items, deselected: node ids, in the order in which they will run; left: those of other processes
    "collectreport",  # report, of a file that failed or was skipped
    "start",  # nodeid, location
    "report",  # report, of a test's set-up, call or tear-down
    "finish",  # nodeid, location
    "warning",  # warning, when, nodeid
    "interrupted",  # reason
    "finished",  # exitstatus: nothing follows
]
Message = dict[str, Any]
# Node ids of tests that a process has found and leaves to the one that runs their mark.
LEFT = pytest.StashKey[frozenset[str]]()


class WarningData(TypedDict):
    """A recorded warning in JSON's types; its class by name, as the class need not exist in the receiving process."""

    message: str
    category: str
    filename: str
    lineno: int


def send(connection: Connection, kind: Kind, **content: object) -> None:
    """Raises OSError when nobody reads any more."""
    connection.send_bytes(json.dumps({"kind": kind, **content}, default=str).encode())


def receive(connection: Connection) -> Message:
    """The next message; waits for it. Raises EOFError when there will be none."""
    message: Message = json.loads(connection.recv_bytes())
    return message


def pack_warning(warning: warnings.WarningMessage) -> WarningData:
    return {
        "message": str(warning.message),
        "category": warning.category.__name__,
        "filename": warning.filename,
        "lineno": warning.lineno,
    }


def unpack_warning(data: WarningData) -> warnings.WarningMessage:
    """A warning that prints as the one that was packed."""
    category = type(data["category"], (Warning,), {})
    return warnings.WarningMessage(data["message"], category, data["filename"], data["lineno"])
