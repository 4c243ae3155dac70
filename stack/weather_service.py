"""A weather service on this machine, for the demo and the tests: invented weather, and failures on request.

`python -m stack.weather_service --port 8600` speaks what HydroML uses of Open-Meteo's archive API:
GET /v1/archive?latitude=…&longitude=…&start_date=…&end_date=…&daily=… The same place and day give the same weather.
POST /control {"mode": "500", "for_s": 60} makes it fail, {"mode": "ok"} mends it; GET /control says how it is.
"""

import argparse
import json
import math
import random
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MODES = ("ok", "slow", "500", "429", "hang", "garbage", "wrong_schema", "away")
MAX_DAYS = 366 * 100
SLOW_CHUNKS, SLOW_PAUSE_S = 120, 0.5
HOST = "127.0.0.1"


class RequestError(ValueError):
    """What was asked for makes no sense; answered with 400, as Open-Meteo does."""


class Mood:
    """How the service behaves, until when. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._mode = "ok"
        self._ends_at = math.inf

    @property
    def mode(self) -> str:
        return self._mode if time.monotonic() < self._ends_at else "ok"

    def set(self, mode: str, for_s: float | None) -> None:
        if mode not in MODES:
            raise RequestError(f"There is no mode {mode!r}; use one of {', '.join(MODES)}.")
        if for_s is not None and not 0 < for_s < 86_400:
            raise RequestError("for_s is a number of seconds, at most a day.")
        with self._changed:
            self._mode, self._ends_at = mode, math.inf if for_s is None else time.monotonic() + for_s
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Until the mode is changed, at most so long."""
        with self._changed:
            self._changed.wait(seconds)

    def told(self) -> dict[str, Any]:
        left_s = self._ends_at - time.monotonic()
        return {"mode": self.mode, "for_s": round(left_s, 1) if 0 < left_s < math.inf else None}


class WeatherServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, host: str = HOST) -> None:
        self.mood = Mood()
        super().__init__((host, port), WeatherHandler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what this server is for."""


class WeatherHandler(BaseHTTPRequestHandler):
    server: WeatherServer
    server_version = "synthetic-weather"
    sys_version = ""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/control":
            self._answer(200, self.server.mood.told())
        elif path == "/v1/archive":
            self._archive()
        else:
            self._answer(404, {"error": True, "reason": "There is /v1/archive and /control."})

    def do_POST(self) -> None:
        # A page of another site could send a plain form here, but not JSON.
        is_json = self.headers.get("Content-Type", "").startswith("application/json")
        if urlsplit(self.path).path != "/control" or not is_json:
            self._answer(404, {"error": True, "reason": "POST JSON to /control."})
            return
        try:
            wish = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 1000)))
            self.server.mood.set(str(wish["mode"]), wish.get("for_s"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self._answer(400, {"error": True, "reason": str(error)})
            return
        self._answer(200, self.server.mood.told())

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the demo's log is the application's."""

    def _archive(self) -> None:
        mode = self.server.mood.mode
        if mode == "away":
            # The linger of zero makes it a reset, as of a machine that has gone.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif mode == "hang":
            while self.server.mood.mode == "hang" and not self._is_left():
                self.server.mood.wait(0.2)
            self.close_connection = True
        elif mode in ("500", "429"):
            self._answer(int(mode), {"error": True, "reason": "As you wished."}, retry_after_s=1)
        elif mode == "garbage":
            self._send(200, b'<html><body>Maintenance</body></html> {"daily": {"time": [')
        elif mode == "wrong_schema":
            self._answer(200, {"weather": {"days": ["2001-01-01"], "rain": ["a lot"]}})
        else:
            try:
                answer = archive(dict(parse_qsl(urlsplit(self.path).query)))
            except (ValueError, KeyError) as error:
                self._answer(400, {"error": True, "reason": str(error)})
                return
            self._answer(200, answer, drip=mode == "slow")

    def _is_left(self) -> bool:
        """Whether the client has hung up."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""

    def _answer(
        self, status: int, body: dict[str, Any], *, drip: bool = False, retry_after_s: int | None = None
    ) -> None:
        self._send(status, json.dumps(body).encode(), drip=drip, retry_after_s=retry_after_s)

    def _send(
        self, status: int, content: bytes, *, drip: bool = False, retry_after_s: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if retry_after_s is not None:
            self.send_header("Retry-After", str(retry_after_s))
        self.end_headers()
        if not drip:
            self.wfile.write(content)
            return
        size = math.ceil(len(content) / SLOW_CHUNKS)
        for start in range(0, len(content), size):
            self.wfile.write(content[start : start + size])
            if self.server.mood.mode == "slow":
                self.server.mood.wait(SLOW_PAUSE_S)


def archive(query: dict[str, str]) -> dict[str, Any]:
    """The daily values that were asked for. Raises RequestError, ValueError, KeyError."""
    latitude, longitude = float(query["latitude"]), float(query["longitude"])
    start, end = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise RequestError("Latitude must be in range of -90 to 90°, longitude of -180 to 180°.")
    if not 0 <= (end - start).days < MAX_DAYS:
        raise RequestError("The end must not be before the start, nor a hundred years after it.")
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    columns = {"precipitation_sum": 0, "temperature_2m_max": 1, "temperature_2m_min": 2}
    units = {"precipitation_sum": "mm", "temperature_2m_max": "°C", "temperature_2m_min": "°C"}
    wanted = query["daily"].split(",")
    if unknown := sorted(set(wanted) - set(columns)):
        raise RequestError(f"There is no variable {unknown[0]!r}.")
    rows = list(weather(latitude, longitude, days))
    return {
        "latitude": latitude,
        "longitude": longitude,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "synthetic": True,
        "daily_units": {"time": "iso8601"} | {name: units[name] for name in wanted},
        "daily": {"time": [day.isoformat() for day in days]}
        | {name: [row[columns[name]] for row in rows] for name in wanted},
    }


def weather(latitude: float, longitude: float, days: list[date]) -> Iterator[tuple[float, float, float]]:
    """Precipitation (mm), highest and lowest temperature (°C) of each day.

    A day's weather comes from the day alone and the six before it, so that it is the same in each period.
    """
    mean = 27.0 - 0.45 * abs(latitude)
    swing = 0.25 * abs(latitude) * (1 if latitude >= 0 else -1)
    for day in days:
        noise = [_dice(latitude, longitude, day.toordinal() - back) for back in range(7)]
        season = -math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365.25)
        drift = 6.0 * sum(value.gauss(0, 1) * 0.6**back for back, value in enumerate(noise)) / 2
        today = noise[0]
        wetness = sum(value.random() * 0.5**back for back, value in enumerate(noise)) / 2
        rain = today.gammavariate(0.8, 8.0) if wetness > 0.55 else 0.0
        half_range = today.uniform(2.0, 7.0) * (0.6 if rain else 1.0)
        middle = mean + swing * season + drift
        yield round(rain, 1), round(middle + half_range, 1), round(middle - half_range, 1)


def _dice(latitude: float, longitude: float, ordinal: int) -> random.Random:
    return random.Random(f"{latitude:.2f} {longitude:.2f} {ordinal}")  # noqa: S311 (weather, not secrets)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--host", default=HOST, help="where to listen; only a container's own network is wider"
    )
    options = parser.parse_args()
    with WeatherServer(options.port, options.host) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
