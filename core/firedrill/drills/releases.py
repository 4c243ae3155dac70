"""A bad release: a second web process says that it is one, is announced as deployed, and fails more than the first."""

from __future__ import annotations

import time
from collections.abc import Iterator

from core.firedrill.alerts import follow_rule
from core.firedrill.following import asked_of
from core.firedrill.front_door import Answer, FrontDoor
from core.firedrill.lines import STORED, Line, judged, left_out
from core.firedrill.scene import Scene
from core.firedrill.watching import Seen

RULE, FAILURES = "new-release-errors", 12
UP_WITHIN_S = 120.0
"""A container on a machine that has ten others to look after takes its time."""
_KINDS = ("division", "index", "key", "type", "attribute", "value")


class BadRelease:
    name, wave, at_the_end = "bad-release", 7, False
    does = f"Deploys a release that fails {FAILURES} times within seconds."
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._version, self._is_out = "", False
        self._answers: list[Answer] = []
        self._began_at = 0.0

    def begin(self, scene: Scene) -> None:
        if not scene.control.can_deploy:
            return
        self._version = f"firedrill@0.0.1+bad{scene.run}"
        self._is_out = True
        door = FrontDoor(scene.control.deploy(self._version), f"{scene.run}-bad")
        if not scene.watch.wait(door.is_ready, UP_WITHIN_S):
            raise LookupError(f"{self._version} does not answer at {door.address}.")
        scene.api.make_release(self._version)
        scene.api.deploy(self._version, self._environment(scene, door))
        self._began_at = time.time()
        self._answers = [door.lab(_KINDS[number % len(_KINDS)]) for number in range(FAILURES)]

    def mend(self, scene: Scene) -> None:
        if self._is_out:
            scene.control.withdraw()
            self._is_out = False

    def follow(self, scene: Scene) -> Iterator[Line]:
        if not self._version:
            yield left_out(
                self.name,
                "cause",
                self.does,
                "no second release can be started from here (FIREDRILL_DEPLOY_COMMAND)",
            )
            return

        def stored() -> list[Seen]:
            asked = {answer.request_id for answer in self._answers}
            events = [seen for seen in scene.watch.events() if seen.tag("request_id") in asked]
            return [seen for seen in events if seen.tag("release") == self._version]

        scene.watch.wait(lambda: len(stored()) >= FAILURES, scene.patience.stored_s)
        found = stored()
        last = max((seen.first_at for seen in found), default=self._began_at)
        expected = f"{FAILURES} events of {self._version}"
        yield judged(
            self.name, STORED, expected, f"{len(found)} events", len(found) == FAILURES, last - self._began_at
        )
        first = asked_of(self._answers[0])
        yield from follow_rule(scene, self.name, RULE, first.asked_at, release=self._version)

    def _environment(self, scene: Scene, door: FrontDoor) -> str:
        """Where the release says that it runs, in a failure before the others: in another environment its deploy would
        be another's, and no rule for new releases would look at it."""
        first = door.lab(_KINDS[0])
        seen = scene.watch.wait(lambda: scene.watch.of_request(first.request_id), scene.patience.stored_s)
        if not seen:
            raise LookupError(
                f"{self._version} failed, and no event of it came within {scene.patience.stored_s:.0f} s: of which "
                "environment its deploy is cannot be said."
            )
        return seen[0].tag("environment")
