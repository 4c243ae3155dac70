"""A scheduled job that no longer runs: beat is stopped, and nobody is there to say so but the monitor."""

from __future__ import annotations

import time
from collections.abc import Iterator

from core.firedrill.alerts import follow_end, follow_rule
from core.firedrill.lines import Line, judged
from core.firedrill.monitor_api import Json
from core.firedrill.scene import Scene

RULE = "missed-check-in"


class BeatStopped:
    """Stopped before the outages, and followed after them: a job of every minute is late after two."""

    name, wave, at_the_end = "beat", 2, True
    does = "Stops beat; a job of every minute misses its check-in."
    needs: tuple[str, ...] = ("beat",)

    def __init__(self) -> None:
        self._slug = ""
        self._first: Json | None = None
        self._waited_s = 0.0
        self._is_stopped, self._stopped_at = False, 0.0

    def begin(self, scene: Scene) -> None:
        began = time.monotonic()
        scene.say(f"{self.name}: waiting for a first check-in")
        self._first = scene.watch.wait(lambda: self._checked_in(scene), scene.patience.check_in_s)
        self._waited_s = time.monotonic() - began
        if self._first is not None:
            scene.control.stop("beat")
            self._is_stopped, self._stopped_at = True, time.time()

    def mend(self, scene: Scene) -> None:
        if self._is_stopped:
            scene.control.start("beat")
            self._is_stopped = False

    def follow(self, scene: Scene) -> Iterator[Line]:
        seen = f"{self._slug}: ok" if self._first else f"none after {scene.patience.check_in_s:.0f} s"
        yield judged(self.name, "check-in", "a job has checked in", seen, self._first is not None)
        if self._first is None:
            return
        scene.say(f"{self.name}: waiting until {self._slug} is missed")
        missed = scene.watch.wait(lambda: self._has(scene, "missed"), scene.patience.missed_s)
        seconds = time.time() - self._stopped_at
        seen = f"{self._slug}: missed" if missed else "nothing of it"
        yield judged(self.name, "missed", "its check-in is missed", seen, missed, seconds)
        yield from follow_rule(scene, self.name, RULE, self._stopped_at, is_timed=False)
        began = time.monotonic()
        self.mend(scene)
        back = scene.watch.wait(lambda: self._is_ok_since(scene, self._stopped_at), scene.patience.check_in_s)
        seen = "it checks in again" if back else "not yet"
        yield judged(self.name, "back", "it checks in again", seen, back, time.monotonic() - began)
        yield follow_end(scene, self.name, RULE, self._stopped_at, scene.patience.told_s)

    def _checked_in(self, scene: Scene) -> Json | None:
        """A good check-in of a job that runs every minute, of a run since the drill began: an older one would also be
        there if beat had ended, or had stopped to check in, yesterday."""
        for monitor in scene.api.cron_monitors():
            if monitor["config"].get("schedule") != [1, "minute"] or monitor["status"] != "active":
                continue
            for check_in in scene.api.check_ins(monitor["slug"]):
                if check_in["status"] == "ok" and _seconds(check_in) >= scene.began_at:
                    self._slug = monitor["slug"]
                    return check_in
        return None

    def _has(self, scene: Scene, status: str) -> bool:
        return any(
            one["status"] == status and _seconds(one) >= self._stopped_at - 1
            for one in scene.api.check_ins(self._slug)
        )

    def _is_ok_since(self, scene: Scene, since: float) -> bool:
        return any(one["status"] == "ok" and _seconds(one) > since for one in scene.api.check_ins(self._slug))


def _seconds(check_in: Json) -> float:
    from datetime import datetime

    return datetime.fromisoformat(str(check_in["dateAdded"])).timestamp()
