"""Ports on 127.0.0.1: a free one for services nobody types the address of, a clear word when a wanted one is taken."""

import errno
import socket

import psutil

from stack.errors import StackError

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that was free a moment ago; whoever binds it must cope with losing the race."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are fading out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise StackError(f"Port {port} is reserved for root. Choose one above 1023: PORT=8000.") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
        return True


def owner_of(port: int) -> str:
    """Who listens there, as far as this user may know."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS tells root only
        return "another process"
    for connection in connections:
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            if connection.pid is None:
                return "a process of another user"
            return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "another process"


def require_free(port: int, *, variable: str, command: str) -> None:
    """Raises StackError that names the port, its owner and the way out."""
    if not is_free(port):
        other = next((near for near in range(port + 1, min(port + 100, 65536)) if is_free(near)), free_port())
        raise StackError(
            f"Port {port} is in use by {owner_of(port)}. Stop it, or choose another port: {variable}={other} {command}"
        )


def parse_port(text: str, *, variable: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise StackError(f"{variable}={text!r} is not a port: use a number from 1024 to 65535.")
    return int(text)
