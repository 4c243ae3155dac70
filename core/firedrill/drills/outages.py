"""What the application stands on, really stopped and started again: PostgreSQL, Redis, the monitor itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from core.firedrill.alerts import follow_end, follow_rule
from core.firedrill.expectations import rule_called
from core.firedrill.following import Wanted, asked_of, find, follow_event, page_line
from core.firedrill.front_door import Answer
from core.firedrill.lines import Line, judged
from core.firedrill.scene import Scene
from core.firedrill.settings import firedrill_settings
from core.firedrill.watching import Seen

BACK_WITHIN_S = 60.0


class Outage:
    """Stops one service, and starts it again whatever happens."""

    at_the_end = False
    name = does = ""
    wave = 0
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._stopped_at = 0.0
        self._is_stopped = False

    def begin(self, scene: Scene) -> None:
        self._is_stopped, self._stopped_at = True, time.time()
        for service in self.needs:
            scene.control.stop(service)

    def start_again(self, scene: Scene) -> None:
        if self._is_stopped:
            for service in self.needs:
                scene.control.start(service)
            self._is_stopped = False

    def mend(self, scene: Scene) -> None:
        self.start_again(scene)

    def back(self, scene: Scene, check: str, expected: str, probe: Callable[[], bool]) -> Line:
        """Start it, and whether all is well by itself soon after."""
        began = time.monotonic()
        self.start_again(scene)
        scene.say(f"{self.name}: waiting until {expected}")
        holds = scene.watch.wait(probe, BACK_WITHIN_S)
        seen = expected if holds else f"not after {BACK_WITHIN_S:.0f} s"
        return judged(self.name, check, expected, seen, holds, time.monotonic() - began)


class DatabaseAway(Outage):
    name, wave = "postgres", 3
    needs: tuple[str, ...] = ("postgres",)
    does = "Stops PostgreSQL under the running application, and starts it again."

    def follow(self, scene: Scene) -> Iterator[Line]:
        page = firedrill_settings().database_page
        answers = [scene.door.ask(page) for _ in range(2)]
        category = scene.strategy.categories["database"]
        yield page_line(self.name, answers[0], category.http_status)
        wanted = Wanted(self.name, "database", category.severity, "postgresql-outage")
        yield from follow_event(scene, wanted, [asked_of(answer) for answer in answers])
        probes = scene.strategy.probes
        rule = rule_called(scene.strategy, "application-down")
        failed = rule.threshold.value if rule.threshold else 1
        longer_s = failed * (probes.every_s + probes.timeout_s)
        yield from follow_rule(scene, self.name, rule.id, self._stopped_at, longer_s=longer_s)
        yield self.back(scene, "back", "/readyz says so", scene.door.is_ready)
        yield follow_end(scene, self.name, "application-down", self._stopped_at, BACK_WITHIN_S)


class RedisAway(Outage):
    name, wave = "redis", 4
    needs: tuple[str, ...] = ("redis",)
    does = "Stops Redis, the cache and the broker, under the running application, and starts it again."

    def follow(self, scene: Scene) -> Iterator[Line]:
        answer = scene.door.ask("/readyz")
        holds = answer.status == 200 and "degraded" in answer.text
        yield judged(
            self.name, "page", "200, degraded", f"{answer.status} {answer.text[:30]}", holds, answer.took_s
        )
        yield from self._event(scene)
        yield self._task(scene)
        yield self.back(scene, "back", "a worker takes tasks again", lambda: self._is_worked(scene))

    def _event(self, scene: Scene) -> Iterator[Line]:
        """Told once when the outage begins, by whichever request meets it first: the monitor's probe, perhaps."""
        group = next(rule for rule in scene.strategy.fingerprints if rule.id == "redis-outage").fingerprint

        def probe() -> Seen | None:
            for seen in scene.watch.events():
                if seen.first_at >= self._stopped_at and seen.tag("category") == "cache":
                    kept = scene.api.kept_event(seen.event_id) or {}
                    if tuple(kept.get("fingerprint") or ()) == group:
                        return seen
            return None

        seen = scene.watch.wait(probe, scene.patience.stored_s)
        seconds = None if seen is None else max(0.0, seen.first_at - self._stopped_at)
        expected = f"cache, {' / '.join(group)}"
        yield judged(
            self.name, "stored", expected, seen.what["title"] if seen else "none", bool(seen), seconds
        )
        if seen is not None:
            expected = scene.strategy.categories["cache"].severity
            found = seen.tag("severity")
            yield judged(self.name, "severity", expected, found, found == expected)

    def _task(self, scene: Scene) -> Line:
        answer = scene.door.lab("task")
        note = "the broker is away"
        record = scene.door.record_of("task", answer.request_id)
        holds = answer.status == 302 and note in record
        seen = note if holds else f"{answer.status}, nothing of it"
        return judged(self.name, "task", f"302; {note}", seen, holds, answer.took_s)

    def _is_worked(self, scene: Scene) -> bool:
        answer = scene.door.lab("task")
        return bool(scene.watch.wait(lambda: scene.watch.of_request(answer.request_id), 5.0))


class MonitorAway(Outage):
    name, wave = "monitor", 6
    needs: tuple[str, ...] = ("monitor",)
    does = "Stops the monitor; what fails meanwhile waits on disk, and is delivered when it is back."

    def begin(self, scene: Scene) -> None:
        super().begin(scene)
        self._answers: list[Answer] = [scene.door.lab(kind) for kind in ("division", "key")]

    def follow(self, scene: Scene) -> Iterator[Line]:
        yield page_line(self.name, self._answers[0], 500)
        began = time.monotonic()
        self.start_again(scene)
        for answer in self._answers:
            wanted = Wanted(self.name, "programming", "P2", "stack")
            line, _ = find(scene, wanted, asked_of(answer))
            seconds = time.monotonic() - began
            yield judged(self.name, "delivered", line.expected, line.seen, line.verdict == "ok", seconds)
