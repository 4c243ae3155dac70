import os
import re
import socket

import pytest

from stack.errors import StackError
from stack.ports import HOST, free_port, is_free, parse_port, require_free


def test_a_taken_port_is_told_with_its_owner_and_a_port_that_is_free() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError) as told:
            require_free(port, variable="PORT", command="script/demo")
    assert f"Port {port} is in use by" in str(told.value)
    assert f"(pid {os.getpid()})" in str(told.value)
    offered = re.search(r"PORT=(\d+) script/demo", str(told.value))
    assert offered is not None
    assert is_free(int(offered[1]))


def test_a_free_port_can_be_bound_at_once() -> None:
    with socket.create_server((HOST, free_port())):
        pass


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.0", "٣"])
def test_what_is_no_port_is_refused_with_the_variable_and_the_value(text: str) -> None:
    with pytest.raises(StackError, match=f"PORT='{re.escape(text)}' is not a port"):
        parse_port(text, variable="PORT")
