import asyncio
import contextlib

import pytest
import uvicorn
from uvicorn.server import ServerState

from monitor.ingest.http_protocol import BoundedHttpProtocol
from tests.monitor.ingest.receiving import AUTH, make_application

REQUEST = (
    b"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\nX-Sentry-Auth: %b\r\nContent-Length: 3\r\n\r\n{}\n"
    % AUTH["x-sentry-auth"].encode()
)


async def talk(application, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """All that the server sends until it hangs up."""
    config = uvicorn.Config(application, http=BoundedHttpProtocol, lifespan="off", ws="none", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHttpProtocol(config=config, server_state=ServerState(), app_state={}), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        received = b""
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
        with contextlib.suppress(ConnectionError):
            received = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return received


@pytest.mark.parametrize(
    "flood", [b"X: " + b"a" * 50_000 + b"\r\n", b"a" * 50_000], ids=["many headers", "one header without end"]
)
def test_headers_without_end_are_hung_up_on(tmp_path, flood):
    received = asyncio.run(talk(make_application(tmp_path), b"POST / HTTP/1.1\r\nY: ", *[flood] * 40))

    assert received == b""


@pytest.mark.parametrize(
    "parts", [[], [b"POST / HT"], [REQUEST, b"POST / HT"], [REQUEST, b"POST /", b" HTTP/1.1\r\n"]]
)
def test_whoever_does_not_finish_the_headers_is_hung_up_on_in_time(tmp_path, monkeypatch, parts):
    monkeypatch.setattr("monitor.ingest.http_protocol.HEAD_TIMEOUT_S", 0.1)

    received = asyncio.run(talk(make_application(tmp_path), *parts))

    assert received.count(b"HTTP/1.1 200") == parts.count(REQUEST)


def test_requests_on_one_connection_are_answered_however_they_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.ingest.http_protocol.HEAD_TIMEOUT_S", 1.0)
    half = len(REQUEST) // 2
    data = [REQUEST, REQUEST + REQUEST[:half], REQUEST[half:], REQUEST[:-2], REQUEST[-2:], b"POST / HT"]

    received = asyncio.run(talk(make_application(tmp_path), *data, pause_s=0.02))

    assert received.count(b"HTTP/1.1 200") == 4
