"""One address for several webs: in turn, past those that are away, and with the visitor's own address."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest

from stack.balancer import Backend, Balancer, proxy_line
from stack.ports import HOST, free_port


class Web:
    """Answers each connection with its own name, after it has read a line for the PROXY header and one more."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.headers: list[bytes] = []

    async def start(self, stack: AsyncExitStack) -> Backend:
        server = await asyncio.start_server(self._answer, HOST, 0)
        await stack.enter_async_context(server)
        return Backend(HOST, server.sockets[0].getsockname()[1])

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.headers.append(await reader.readline())
        asked = await reader.readline()
        writer.write(f"{self.name} heard {asked.decode()}".encode())
        await writer.drain()
        writer.close()


def through(
    balance: Callable[[AsyncExitStack], Coroutine[Any, Any, list[Backend]]], asks: int
) -> list[tuple[str, int]]:
    """What so many visitors are answered, each with the port that they came from."""

    async def play() -> list[tuple[str, int]]:
        async with AsyncExitStack() as stack:
            stop, port = asyncio.Event(), free_port()
            serving = asyncio.create_task(Balancer(await balance(stack)).serve(HOST, port, stop))
            answers = [await ask(port, number) for number in range(asks)]
            stop.set()
            await serving
            return answers

    return asyncio.run(play())


async def ask(port: int, number: int) -> tuple[str, int]:
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection(HOST, port)
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
    own = writer.get_extra_info("sockname")[1]
    writer.write(f"{number}\n".encode())
    answer = (await reader.read()).decode().strip()
    writer.close()
    return answer, own


def test_visitors_go_to_each_web_in_turn_and_arrive_under_their_own_address() -> None:
    one, two = Web("one"), Web("two")

    async def both(stack: AsyncExitStack) -> list[Backend]:
        return [await one.start(stack), await two.start(stack)]

    answers = through(both, asks=4)
    assert [answer for answer, _ in answers] == ["one heard 0", "two heard 1", "one heard 2", "two heard 3"]
    ports = [
        int(header.split()[4]) for header in (one.headers[0], two.headers[0], one.headers[1], two.headers[1])
    ]
    assert ports == [port for _, port in answers]
    assert all(header.startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 ") for header in one.headers)


def test_a_web_that_is_away_costs_nobody_an_answer() -> None:
    one = Web("one")

    async def one_of_two(stack: AsyncExitStack) -> list[Backend]:
        return [Backend(HOST, free_port()), await one.start(stack)]

    assert [answer for answer, _ in through(one_of_two, asks=3)] == [
        "one heard 0",
        "one heard 1",
        "one heard 2",
    ]


def test_with_no_web_at_all_the_connection_is_closed() -> None:
    async def none(stack: AsyncExitStack) -> list[Backend]:
        return [Backend(HOST, free_port())]

    assert [answer for answer, _ in through(none, asks=1)] == [""]


def test_gunicorn_reads_the_line_as_the_protocol_has_it() -> None:
    assert (
        proxy_line(("10.0.0.7", 50123), ("10.0.0.2", 8080)) == b"PROXY TCP4 10.0.0.7 10.0.0.2 50123 8080\r\n"
    )
    assert proxy_line(("fd00::7", 1), ("fd00::2", 2)).startswith(b"PROXY TCP6 fd00::7 fd00::2")


@pytest.mark.parametrize("text", ["web", ":8000", "web:http"])
def test_a_backend_is_a_host_and_a_port(text: str) -> None:
    with pytest.raises(ValueError, match="no host:port"):
        Backend.parse(text)
