"""Every type of /test-sentry-error/, as its catalogue has it."""

from __future__ import annotations

from collections.abc import Iterator

from core.firedrill.alerts import seconds_of
from core.firedrill.following import Wanted, asked_of, counted, exactly_as_many, follow_event, page_line
from core.firedrill.front_door import LAB, Answer
from core.firedrill.lines import Line, judged
from core.firedrill.monitor_api import Json
from core.firedrill.scene import Scene
from core.lab.catalogue import CASES, Case

SLOW_MS = 1200
_NOTED = {"retry": "attempt 3 succeeds", "task-gives-up": "attempt 3 fails"}
"""What the laboratory's own record must hold in the end."""


class LaboratoryDrill:
    """One case. What fails itself is asked for twice: both are to be one issue."""

    wave = 1
    at_the_end = False
    needs: tuple[str, ...] = ()

    def __init__(self, case: Case) -> None:
        self.case, self.name, self.does = case, case.key, case.does
        self._answers: list[Answer] = []

    def begin(self, scene: Scene) -> None:
        times = 2 if self.case.raises and self.case.events else 1
        self._answers = [scene.door.lab(self.case.key) for _ in range(times)]

    def mend(self, scene: Scene) -> None:
        """Nothing was stopped."""

    def follow(self, scene: Scene) -> Iterator[Line]:
        first = self._answers[0]
        yield self._page(first)
        if self.case.key in _NOTED:
            yield self._noted(scene, first)
        if not self.case.events:
            yield from self._nothing(scene, first)
            return
        if self.case.events_at_most:
            yield self._at_most(scene, first)
        yield from follow_event(scene, self._wanted(scene, first), [asked_of(a) for a in self._answers])
        yield self._left_clean(scene, first)

    def _wanted(self, scene: Scene, answer: Answer) -> Wanted:
        case = self.case
        came = len(scene.watch.of_request(answer.request_id)) if case.events_at_most else case.events
        return Wanted(case.key, case.category, case.severity, case.group, case.handled, came)

    def _page(self, answer: Answer) -> Line:
        """What the visitor gets."""
        if not self.case.raises:
            holds = answer.status == 302 and answer.headers.get("location", "").startswith(f"{LAB}arrived/")
            return judged(self.name, "page", "302 to what arrived", str(answer.status), holds, answer.took_s)
        return page_line(self.name, answer, self.case.status)

    def _noted(self, scene: Scene, answer: Answer) -> Line:
        note = _NOTED[self.case.key]
        holds = scene.watch.wait(
            lambda: note in scene.door.record_of(self.case.key, answer.request_id), scene.patience.stored_s
        )
        return judged(self.name, "attempts", note, note if holds else "not in the record", bool(holds))

    def _nothing(self, scene: Scene, answer: Answer) -> Iterator[Line]:
        """What is no error is answered so, and makes no event."""
        if self.case.transaction:
            yield self._transaction(scene, answer)
        if not self.case.transaction and self.case.key not in _NOTED:
            note = f"answered with {self.case.status}"
            record = scene.door.record_of(self.case.key, answer.request_id)
            yield judged(
                self.name, "answer", note, note if note in record else "not in the record", note in record
            )
        yield exactly_as_many(scene, self.name, asked_of(answer), 0)

    def _transaction(self, scene: Scene, answer: Answer) -> Line:
        """What is slow is seen where the time went: in a sample, or in a finding about its queries."""

        def shown() -> str:
            for row in scene.api.transactions(LAB):
                for sample in row["slowest"]:
                    began = seconds_of(sample["beganAt"])
                    if (
                        self.case.key == "slow"
                        and sample["durationMs"] >= SLOW_MS
                        and began >= answer.asked_at - 1
                    ):
                        return f"{sample['durationMs']:.0f} ms, in a sample"
                for finding in row["findings"]:
                    if self.case.key == finding["kind"].replace("_", "-") and _is_since(finding, answer):
                        return f"found: {finding['statement']}"
            return ""

        scene.say(f"{self.name}: waiting for its transaction")
        seen = scene.watch.wait(shown, scene.patience.stored_s)
        expected = "a sample that shows it" if self.case.key == "slow" else "a finding about its queries"
        return judged(self.name, "transaction", expected, seen or "none", bool(seen))

    def _at_most(self, scene: Scene, answer: Answer) -> Line:
        """The first of a flood, and how few of it."""

        def some() -> bool:
            return bool(scene.watch.of_request(answer.request_id))

        scene.watch.wait(some, scene.patience.stored_s)
        scene.watch.wait(lambda: False, scene.patience.settle_s)
        found = len(scene.watch.of_request(answer.request_id))
        expected = f"1 to {self.case.events} of the flood"
        return judged(self.name, "thinned", expected, counted(found), 1 <= found <= self.case.events)

    def _left_clean(self, scene: Scene, answer: Answer) -> Line:
        """The application's own scrubber: what left the process, before the monitor's had a look at it."""
        record = scene.door.record_of(self.case.key, answer.request_id)
        shown = answer.canary.lower() in record.lower()
        if "event_id" not in record and not shown:
            return judged(self.name, "left clean", "no canary in what left", "nothing is recorded", False)
        seen = "the canary" if shown else "no canary in what left"
        return judged(self.name, "left clean", "no canary in what left", seen, not shown)


def _is_since(finding: Json, answer: Answer) -> bool:
    return seconds_of(finding["lastSeen"]) >= answer.asked_at - 1


def laboratory_drills() -> list[LaboratoryDrill]:
    return [LaboratoryDrill(case) for case in CASES]
