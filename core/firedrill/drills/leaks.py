"""A leak that no scrubber of ours has seen: an envelope as a careless client would send it, straight to the monitor."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from core.firedrill.following import no_canary
from core.firedrill.front_door import new_canary
from core.firedrill.lines import STORED, Line, judged, left_out
from core.firedrill.scene import Scene
from core.firedrill.watching import Seen


class UnscrubbedClient:
    """What arrives with secrets is stored without them."""

    name, wave, at_the_end = "leak", 1, False
    does = "A client that scrubs nothing sends a password, a token, a cookie, a card number to the monitor."
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._canary, self._event_id, self._status, self._sent_at = new_canary(), uuid.uuid4().hex, 0, 0.0

    def begin(self, scene: Scene) -> None:
        if not scene.target.dsn:
            return
        dsn = urlsplit(scene.target.dsn)
        port = f":{dsn.port}" if dsn.port else ""
        address = f"{dsn.scheme}://{dsn.hostname}{port}/api{dsn.path}/envelope/"
        self._sent_at = time.time()
        answer = httpx.post(
            address,
            content=self._envelope(),
            headers={
                "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={dsn.username}, sentry_client=drill/1"
            },
            timeout=30,
            trust_env=False,
        )
        self._status = answer.status_code

    def mend(self, scene: Scene) -> None:
        """Nothing was stopped."""

    def follow(self, scene: Scene) -> Iterator[Line]:
        if not scene.target.dsn:
            yield left_out(self.name, "cause", "an envelope is sent", "the DSN is not known (FIREDRILL_DSN)")
            return
        yield judged(self.name, "taken", "200", str(self._status), self._status == 200)

        def probe() -> Seen | None:
            return next((seen for seen in scene.watch.events() if seen.event_id == self._event_id), None)

        seen = scene.watch.wait(probe, scene.patience.stored_s)
        seconds = None if seen is None else max(0.0, seen.first_at - self._sent_at)
        yield judged(
            self.name, STORED, "in the monitor", seen.what["title"] if seen else "none", bool(seen), seconds
        )
        if seen is not None:
            yield no_canary(scene, self.name, seen, self._canary)

    def _envelope(self) -> bytes:
        secret = self._canary
        event = {
            "event_id": self._event_id,
            "timestamp": time.time(),
            "platform": "python",
            "environment": "development",
            "level": "error",
            "exception": {
                "values": [
                    {
                        "type": "LoginError",
                        "value": f"refused: password={secret}, Authorization: Bearer {secret}",
                        "stacktrace": {"frames": [{"function": "sign_in", "vars": {"password": secret}}]},
                    }
                ]
            },
            "request": {
                "url": f"https://example.org/reset?token={secret}",
                "headers": {"Authorization": f"Bearer {secret}", "Cookie": f"sessionid={secret}"},
                "data": {"user": "ada", "password": secret},
            },
            "breadcrumbs": {
                "values": [{"message": f"postgres://hydro:{secret}@db/hydro", "data": {"api_key": secret}}]
            },
            "extra": {"settings": {"SECRET_KEY": secret}},
            "user": {"id": "7", "email": f"{secret}@example.org"},
        }
        payload = json.dumps(event).encode()
        head = json.dumps({"event_id": self._event_id}).encode()
        item = json.dumps({"type": "event", "length": len(payload)}).encode()
        return b"\n".join((head, item, payload)) + b"\n"
