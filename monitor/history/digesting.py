"""Events, whole transactions and feedback of the month, day by day through a spool and the real digest."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from monitor.digest.spooled import digest_spool
from monitor.history.calendar import DAY_S
from monitor.history.figures import duration_s
from monitor.history.payloads import ENVIRONMENT, event_of, hexadecimal, transaction_of
from monitor.history.story import Story
from monitor.history.traffic import Occurrence, Traffic
from monitor.ingest.spool import RecordMeta, SpoolWriter
from monitor.protocol import serialise_envelope

_KEY = "0" * 32
_WHOLE_A_DAY = 10
_SAYS_SOMETHING = 0.02
_WORDS = (
    "I clicked on the experiment and it was gone. Is my training lost?",
    "Upload stopped at 80 % and then this page.",
    "It happens each time when I compare with the persistence model.",
    "The same file worked last week.",
    "Third time today. I can wait, but please tell me whether to try again.",
)
_Sent = tuple[float, str, bytes]
"""When it was received, the event id, the envelope."""


def digest_history(
    story: Story, traffic: Traffic, project_id: int, seed: int, after_day: Callable[[float], None]
) -> int:
    """The number of records. `after_day` is called with the end of each day, in seconds since 1970."""
    chance = random.Random(f"{seed}:payloads")  # noqa: S311
    sent = sorted(_all(traffic, chance), key=lambda one: one[0])
    digested, place = 0, 0
    with tempfile.TemporaryDirectory(prefix="make-history-") as directory:
        day_ends = story.calendar.since + DAY_S
        while day_ends <= story.calendar.until + 1:
            day = []
            while place < len(sent) and sent[place][0] < day_ends:
                day.append(sent[place])
                place += 1
            digested += _digest(Path(directory), day, project_id)
            after_day(day_ends)
            day_ends += DAY_S
    return digested


def _digest(spool: Path, day: list[_Sent], project_id: int) -> int:
    if not day:
        return 0
    writer = SpoolWriter(spool, min_free_bytes=0)
    for received, event_id, body in day:
        meta = RecordMeta(
            project_id=project_id,
            received_at=received,
            key=_KEY,
            event_id=event_id,
            client="make_history/1",
        )
        writer.append(meta, body)
    writer.close()
    return digest_spool(spool)


def _all(traffic: Traffic, chance: random.Random) -> Iterator[_Sent]:
    for one in traffic.occurrences:
        yield from _event(one, chance)
    step = max(len(traffic.served) // (_WHOLE_A_DAY * 30), 1)
    for row in traffic.served[::step]:
        payload = transaction_of(row, duration_s(row, chance), chance)
        yield payload["timestamp"] + 0.4, payload["event_id"], _envelope("transaction", payload)


def _event(one: Occurrence, chance: random.Random) -> Iterator[_Sent]:
    payload = event_of(one, chance)
    event_id = payload["event_id"]
    yield one.at + chance.uniform(0.05, 0.6), event_id, _envelope("event", payload)
    if one.fault.fails_request and chance.random() < _SAYS_SOMETHING:
        feedback = _feedback(one, event_id, chance)
        yield one.at + chance.uniform(20, 90), feedback["event_id"], _envelope("feedback", feedback)


def _feedback(one: Occurrence, event_id: str, chance: random.Random) -> dict[str, Any]:
    return {
        "event_id": hexadecimal(chance, 32),
        "timestamp": one.at + 15,
        "platform": "python",
        "release": one.release,
        "environment": ENVIRONMENT,
        "contexts": {
            "feedback": {
                "message": f"{chance.choice(_WORDS)} (generated)",
                "name": f"Visitor {one.user}",
                "associated_event_id": event_id,
            }
        },
    }


def _envelope(kind: str, payload: dict[str, Any]) -> bytes:
    return serialise_envelope({"event_id": payload["event_id"]}, [({"type": kind}, orjson.dumps(payload))])
