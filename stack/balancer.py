"""`python -m stack.balancer web:8000 web-2:8000`: one address for several webs, in the Compose profile `scale`.

It hands connections on in turn, says in a line before each whose it is (the PROXY protocol, version 1, which gunicorn
reads), and passes over a web that refuses. It shows that two webs are one application; it speaks no TLS and is no
replacement for the proxy or the Ingress that a public site stands behind (docs/deployment.md).
"""

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass

CHUNK = 64 * 1024
CONNECT_S = 2.0
PATIENCE_S = 15.0  # for connections that are open when it is told to stop


@dataclass(frozen=True)
class Backend:
    """Where a web listens. The name is looked up for each connection: a container that is made anew has a new address."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Backend":
        """`host:port`. Raises ValueError for anything else."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"{text!r} is no host:port")
        return cls(host, int(port))


def proxy_line(peer: tuple[str, int], own: tuple[str, int]) -> bytes:
    """The header of the PROXY protocol, version 1: who speaks, and to whom."""
    family = "TCP6" if ":" in peer[0] else "TCP4"
    return f"PROXY {family} {peer[0]} {own[0]} {peer[1]} {own[1]}\r\n".encode()


class Balancer:
    """Connections in turn to the backends; one that cannot be connected to is left out for this connection."""

    def __init__(self, backends: Sequence[Backend]) -> None:
        self._backends = list(backends)
        self._next = 0
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, host: str, port: int, stop: asyncio.Event) -> None:
        """Until told to stop; then what is open may end, within some seconds."""
        server = await asyncio.start_server(self.handle, host, port)
        await stop.wait()
        server.close()
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=PATIENCE_S)
            for task in late:
                task.cancel()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its begin to its end; a visitor whom no backend takes sees it closed."""
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._open.add(task)
        try:
            with contextlib.suppress(OSError):
                await task
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._connect()
        try:
            peer, own = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
            far_writer.write(proxy_line(peer[:2], own[:2]))
            there = asyncio.create_task(_copy(reader, far_writer))
            try:
                # The web decides when it is over: a visitor who has asked still waits for the answer.
                await _copy(far_reader, writer)
            finally:
                there.cancel()
        finally:
            far_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises OSError when none of them takes it."""
        first, self._next = self._next, (self._next + 1) % len(self._backends)
        for backend in self._backends[first:] + self._backends[:first]:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(backend.host, backend.port)
        raise ConnectionRefusedError("no web takes connections")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def run(backends: Sequence[Backend], host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Balancer(backends).serve(host, port, stop)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stack.balancer", description=__doc__)
    parser.add_argument("backends", nargs="+", type=Backend.parse, metavar="HOST:PORT")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    asyncio.run(run(options.backends, options.host, options.port))


if __name__ == "__main__":
    main()
