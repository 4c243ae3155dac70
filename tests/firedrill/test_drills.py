"""What single drills take for granted, and what not: a monitor that answers as it is told stands in for the real one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from core.firedrill.drills import releases
from core.firedrill.drills.releases import FAILURES, BadRelease
from core.firedrill.drills.schedule import BeatStopped
from core.firedrill.front_door import Answer
from core.firedrill.lines import Verdict
from core.firedrill.scene import Patience
from core.firedrill.watching import Seen

BEGAN_AT = 1_796_036_400.0


def once(probe: Callable[[], Any], within_s: float) -> Any:
    """Waits for nothing."""
    return probe()


def beat_scene(*check_ins_at: float) -> Any:
    def check_ins(slug: str) -> list[dict[str, str]]:
        return [
            {"status": "ok", "dateAdded": datetime.fromtimestamp(at, UTC).isoformat()} for at in check_ins_at
        ]

    monitor = {"slug": "every-minute", "status": "active", "config": {"schedule": [1, "minute"]}}
    stopped: list[str] = []
    return SimpleNamespace(
        began_at=BEGAN_AT,
        api=SimpleNamespace(cron_monitors=lambda: [monitor], check_ins=check_ins),
        watch=SimpleNamespace(wait=once),
        control=SimpleNamespace(stop=stopped.append, stopped=stopped),
        patience=Patience(),
        say=lambda what: None,
    )


def test_a_check_in_from_before_the_drill_says_nothing_of_beat_as_it_is_now() -> None:
    """It is there as well when beat ended an hour ago."""
    drill, scene = BeatStopped(), beat_scene(BEGAN_AT - 3600, BEGAN_AT - 1)
    drill.begin(scene)
    assert [(line.check, line.verdict) for line in drill.follow(scene)] == [("check-in", Verdict.WRONG)]
    assert scene.control.stopped == []


def test_beat_is_stopped_once_it_has_checked_in() -> None:
    scene = beat_scene(BEGAN_AT - 3600, BEGAN_AT + 1)
    BeatStopped().begin(scene)
    assert scene.control.stopped == ["beat"]


class ReleaseDoor:
    """A release of which each request fails, and is in the monitor at once."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene

    def is_ready(self) -> bool:
        return True

    def lab(self, kind: str) -> Answer:
        number = len(self._scene.events)
        tags = {
            "release": self._scene.releases[-1],
            "environment": "staging",
            "request_id": f"drill-1-bad-{number}",
        }
        row = {
            "eventID": f"{number}",
            "groupID": "1",
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        self._scene.events.append(Seen(row, BEGAN_AT))
        return Answer(500, "", {}, tags["request_id"], "k", BEGAN_AT, 0.1)


def release_scene() -> Any:
    scene = SimpleNamespace(run="1", events=[], releases=[], deploys=[], patience=Patience())
    scene.control = SimpleNamespace(can_deploy=True, deploy=lambda release: "http://other")
    scene.api = SimpleNamespace(
        make_release=scene.releases.append,
        deploy=lambda version, environment: scene.deploys.append((environment, len(scene.events))),
    )
    scene.watch = SimpleNamespace(
        wait=once,
        events=lambda: list(scene.events),
        of_request=lambda wanted: [seen for seen in scene.events if seen.tag("request_id") == wanted],
    )
    return scene


def test_a_deploy_is_of_the_environment_in_which_the_release_says_that_it_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also when nothing else has failed in this drill; announced before those failures that are to count."""
    drill, scene = BadRelease(), release_scene()
    monkeypatch.setattr(releases, "FrontDoor", lambda address, run: ReleaseDoor(scene))
    drill.begin(scene)
    assert scene.deploys == [("staging", 1)]
    assert len(scene.events) == 1 + FAILURES
    stored = next(drill.follow(scene))
    assert (stored.check, stored.verdict, stored.seen) == ("stored", Verdict.RIGHT, f"{FAILURES} events")


def test_a_release_whose_failure_is_not_told_is_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    drill, scene = BadRelease(), release_scene()
    scene.watch.of_request = lambda wanted: []
    monkeypatch.setattr(releases, "FrontDoor", lambda address, run: ReleaseDoor(scene))
    with pytest.raises(LookupError, match="no event of it came"):
        drill.begin(scene)
    assert scene.deploys == []
