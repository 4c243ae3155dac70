"""Visitors for bench.load and bench.scale: requests at a steady pace over kept connections, each timed from when it was due.

Timed so, a server that stands still for a second costs every request of that second, and not only the one that met it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Ask:
    """A page, how often it is asked for in relation to others, and which status is right."""

    name: str
    path: str
    weight: float
    status: int = 200


@dataclass
class Seen:
    """Seconds from due to answered, by name; how many were answered otherwise than expected."""

    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    @property
    def requests(self) -> int:
        return sum(map(len, self.times.values()))

    def quantile(self, share: float, names: Sequence[str]) -> float:
        """In milliseconds, of the pages that are named."""
        found = sorted(each for name in names for each in self.times.get(name, []))
        return found[min(len(found) - 1, int(len(found) * share))] * 1000 if found else float("nan")


def logged_in(address: str, *, user: str, password: str) -> dict[str, str]:
    """The cookies of a visitor who has logged in."""
    with httpx.Client(base_url=address, follow_redirects=False, timeout=TIMEOUT_S) as client:
        page = client.get("/accounts/login/")
        page.raise_for_status()
        answer = client.post(
            "/accounts/login/",
            data={"username": user, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]},
            headers={"Referer": f"{address}accounts/login/"},
        )
        if answer.status_code != httpx.codes.FOUND:
            raise RuntimeError(f"{user} was not let in: {answer.status_code}")
        return dict(client.cookies)


def visit(
    address: str,
    asks: Sequence[Ask],
    *,
    a_second: float,
    seconds: float,
    cookies: Mapping[str, str],
    connections: int,
) -> Seen:
    """Ask at this pace for so long; the same seed gives the same order of pages."""
    return asyncio.run(_Visit(address, asks, cookies).run(a_second, seconds, connections))


class _Visit:
    def __init__(self, address: str, asks: Sequence[Ask], cookies: Mapping[str, str]) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._asks = list(asks)
        self._cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._due: asyncio.Queue[tuple[float, Ask] | None] = asyncio.Queue()
        self._seen = Seen()

    async def run(self, a_second: float, seconds: float, connections: int) -> Seen:
        started = time.perf_counter()
        visitors = [asyncio.create_task(self._visitor()) for _ in range(connections)]
        await self._clock(started, a_second, round(a_second * seconds))
        for _ in visitors:
            self._due.put_nowait(None)
        await asyncio.gather(*visitors)
        self._seen.took_s = time.perf_counter() - started
        return self._seen

    async def _clock(self, started: float, a_second: float, count: int) -> None:
        chance = random.Random(7)
        for number in range(count):
            due = started + number / a_second
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            [ask] = chance.choices(self._asks, [each.weight for each in self._asks])
            self._due.put_nowait((due, ask))

    async def _visitor(self) -> None:
        reader: asyncio.StreamReader | None = None
        writer: asyncio.StreamWriter | None = None
        while (item := await self._due.get()) is not None:
            due, ask = item
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    if reader is None or writer is None:
                        reader, writer = await asyncio.open_connection(self._host, self._port)
                    status, kept = await self._ask(reader, writer, ask)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
                self._seen.wrong[f"{ask.name}: {type(error).__name__}"] += 1
                kept = False
            else:
                self._seen.times.setdefault(ask.name, []).append(time.perf_counter() - due)
                if status != ask.status:
                    self._seen.wrong[f"{ask.name}: {status}"] += 1
            if not kept and writer is not None:
                writer.close()
                reader = writer = None

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ask: Ask
    ) -> tuple[int, bool]:
        """Status, and whether the connection may be used again."""
        head = f"GET {ask.path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nCookie: {self._cookie}\r\n\r\n"
        writer.write(head.encode())
        status = int((await reader.readuntil(b"\r\n")).split(b" ", 2)[1])
        headers: dict[str, str] = {}
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readuntil(b"\r\n"), 16):
                await reader.readexactly(size + 2)
            await reader.readuntil(b"\r\n")
        else:
            await reader.readexactly(int(headers.get("content-length", "0")))
        return status, headers.get("connection", "").lower() != "close"
