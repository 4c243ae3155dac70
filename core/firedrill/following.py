"""The way of one event, step by step: stored, told apart, handled, grouped, once, without a secret, told to people."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from core.firedrill.alerts import follow_alerts
from core.firedrill.expectations import Cause, expected_fingerprint, is_grouped_so
from core.firedrill.front_door import Answer
from core.firedrill.lines import STORED, Line, judged
from core.firedrill.scene import Once, Scene
from core.firedrill.watching import Seen


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to come of a cause. `handled` None: it says nothing of it."""

    drill: str
    category: str
    severity: str
    group: str
    handled: bool | None = False
    events: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """Of one request: its id, its canary, when it was asked, and the event's id where its page shows one."""

    request_id: str
    canary: str
    asked_at: float
    event_id: str = ""


def asked_of(answer: Answer) -> Asked:
    return Asked(answer.request_id, answer.canary, answer.asked_at, answer.event_id)


def page_line(drill: str, answer: Answer, status: int) -> Line:
    """What the visitor gets: the status, the ids that support asks for, a form for what they want to say."""
    wanted = {
        "error id": bool(answer.error_id),
        "event id": bool(answer.event_id),
        "request id": answer.request_id in answer.text,
        "form": bool(answer.feedback_form.get("token")),
    }
    if status == httpx.codes.SERVICE_UNAVAILABLE:
        wanted["Retry-After"] = "retry-after" in answer.headers
    missing = [name for name, there in wanted.items() if not there]
    told = f"without {', '.join(missing)}" if missing else answer.error_id
    expected = f"{status} with {', '.join(wanted)}"
    holds = answer.status == status and not missing
    return judged(drill, "page", expected, f"{answer.status}, {told}", holds, answer.took_s)


def find(scene: Scene, wanted: Wanted, asked: Asked) -> tuple[Line, Seen | None]:
    """Whether it is stored; by the id that the visitor saw, else by the request's."""

    def probe() -> Seen | None:
        found = scene.watch.of_request(asked.request_id)
        return next((seen for seen in found if asked.event_id in ("", seen.event_id)), None)

    scene.say(f"{wanted.drill}: waiting for its event")
    seen = scene.watch.wait(probe, scene.patience.stored_s)
    expected = f"event {asked.event_id[:8]}… in the monitor" if asked.event_id else "its event in the monitor"
    if seen is None:
        why = scene.watch.problem or f"none after {scene.patience.stored_s:.0f} s"
        return judged(wanted.drill, STORED, expected, why, False), None
    seconds = max(0.0, seen.first_at - asked.asked_at)
    return judged(wanted.drill, STORED, expected, seen.what["title"][:60], True, seconds), seen


def follow_event(scene: Scene, wanted: Wanted, asked: Sequence[Asked]) -> Iterator[Line]:
    """Every step of the first one; of the others, that they are in the same group."""
    line, first = find(scene, wanted, asked[0])
    yield line
    if first is None:
        return
    kept = scene.api.kept_event(first.event_id) or {}
    yield from _told_apart(wanted, first)
    yield _handled(scene, wanted, first)
    yield from _grouped(scene, wanted, first, kept, asked[1:])
    yield exactly_as_many(scene, wanted.drill, asked[0], wanted.events)
    yield no_canary(scene, wanted.drill, first, asked[0].canary)
    cause = Cause(wanted.category, wanted.severity, wanted.events * len(asked))
    yield from follow_alerts(scene, wanted.drill, cause, first, asked[0].asked_at)


def _told_apart(wanted: Wanted, seen: Seen) -> Iterator[Line]:
    for name, expected in (("category", wanted.category), ("severity", wanted.severity)):
        found = seen.tag(name)
        yield judged(wanted.drill, name, expected, found or "no tag", found == expected)


def _handled(scene: Scene, wanted: Wanted, seen: Seen) -> Line:
    words = {True: "handled", False: "unhandled", None: "not said"}
    found = handled_flag(scene.api.event(seen.event_id) or {})
    return judged(wanted.drill, "handled", words[wanted.handled], words[found], found is wanted.handled)


def handled_flag(event: dict[str, Any]) -> bool | None:
    """Of the exception that was raised last, in the shape in which Sentry publishes events."""
    for entry in event.get("entries", ()):
        if entry.get("type") == "exception":
            mechanism = entry["data"]["values"][-1].get("mechanism") or {}
            found = mechanism.get("handled")
            return found if isinstance(found, bool) else None
    return None


def _grouped(
    scene: Scene, wanted: Wanted, first: Seen, kept: dict[str, Any], others: Sequence[Asked]
) -> Iterator[Line]:
    fingerprint = kept.get("fingerprint")
    expected = expected_fingerprint(scene.strategy, wanted.group, wanted.category)
    said = " / ".join(expected) if expected else f"by {wanted.group}"
    found = " / ".join(map(str, fingerprint)) if fingerprint else "by stack"
    holds = is_grouped_so(fingerprint, scene.strategy, wanted.group, wanted.category)
    yield judged(wanted.drill, "group", said, said if holds else found, holds)
    for asked in others:
        _, seen = find(scene, wanted, asked)
        same = seen is not None and seen.issue_id == first.issue_id
        again = "not stored" if seen is None else ("the same issue" if same else "another issue")
        yield judged(wanted.drill, "same again", "the same issue", again, same)


def exactly_as_many(scene: Scene, drill: str, asked: Asked, events: int) -> Line:
    """After a while in which another one would have come; it is looked at again when the drill is over."""
    scene.only_once.append(Once(drill, asked.request_id, events))
    found = scene.watch.of_request(asked.request_id)
    since = max((seen.first_at for seen in found), default=asked.asked_at)
    left_s = scene.patience.settle_s - (time.time() - since)
    scene.watch.wait(lambda: len(scene.watch.of_request(asked.request_id)) > events, left_s)
    came = len(scene.watch.of_request(asked.request_id))
    return judged(drill, "exactly", counted(events), counted(came), came == events)


def no_canary(scene: Scene, drill: str, seen: Seen, canary: str) -> Line:
    """Nowhere in all that the monitor keeps of it: payload, page, issue."""
    everything = [
        scene.api.kept_event(seen.event_id),
        scene.api.event(seen.event_id),
        scene.api.issue(seen.issue_id),
    ]
    places = places_of(canary, everything)
    return judged(drill, "no canary", "in no place", ", ".join(places[:3]) or "in no place", not places)


def places_of(canary: str, content: Any, path: str = "") -> list[str]:
    """Where it stands, as paths into the payload; whatever the case."""
    wanted = canary.lower()
    if isinstance(content, dict):
        return [
            place
            for key, value in content.items()
            for place in ([f"{path}.{key}"] if wanted in str(key).lower() else [])
            + places_of(canary, value, f"{path}.{key}")
        ]
    if isinstance(content, list):
        return [
            place
            for index, value in enumerate(content)
            for place in places_of(canary, value, f"{path}[{index}]")
        ]
    text = content if isinstance(content, str) else json.dumps(content)
    return [path.lstrip(".")] if wanted in text.lower() else []


def counted(number: int) -> str:
    return "1 event" if number == 1 else f"{number} events"
