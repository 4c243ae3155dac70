"""What a visitor does after a failure: they write what they were doing, and it is found beside the error."""

from __future__ import annotations

from collections.abc import Iterator

from core.firedrill.following import places_of
from core.firedrill.front_door import Answer, new_canary
from core.firedrill.lines import Line, judged
from core.firedrill.monitor_api import Json
from core.firedrill.scene import Scene

PATH = "/api/error-feedback/"


class Feedback:
    """A canary goes along: people write their passwords into any field there is."""

    name, wave, at_the_end = "feedback", 1, False
    does = "A visitor fills in the form of the error page."
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._failed: Answer | None = None
        self._taken: Answer | None = None
        self._words, self._canary = "", ""

    def begin(self, scene: Scene) -> None:
        self._failed = scene.door.lab("index")
        self._canary = new_canary()
        self._words = f"Fire drill {self._failed.request_id}: I pressed Train; my password={self._canary}"
        self._taken = scene.door.post(
            PATH, {**self._failed.feedback_form, "message": self._words, "website": ""}
        )

    def mend(self, scene: Scene) -> None:
        """Nothing was stopped."""

    def follow(self, scene: Scene) -> Iterator[Line]:
        assert self._failed is not None  # noqa: S101 (begin made both)
        assert self._taken is not None  # noqa: S101
        taken, failed = self._taken, self._failed
        yield judged(self.name, "taken", "201", str(taken.status), taken.status == 201, taken.took_s)
        found = scene.watch.wait(lambda: self._kept(scene), scene.patience.stored_s)
        yield judged(
            self.name, "in the monitor", "the words", "the words" if found else "nothing", bool(found)
        )
        if not found:
            return
        event_id = str(found["event"]["eventID"])
        linked = event_id == failed.event_id
        yield judged(self.name, "its event", failed.event_id[:12], event_id[:12] or "no event", linked)
        issue = scene.watch.wait(lambda: (self._kept(scene) or {}).get("issue"), scene.patience.stored_s)
        yield judged(self.name, "its issue", "an issue", issue["shortId"] if issue else "none", bool(issue))
        places = places_of(self._canary, found)
        yield judged(self.name, "no canary", "in no place", ", ".join(places) or "in no place", not places)

    def _kept(self, scene: Scene) -> Json | None:
        assert self._failed is not None  # noqa: S101
        wanted = f"Fire drill {self._failed.request_id}"
        return next((one for one in scene.api.feedback() if wanted in one["comments"]), None)
