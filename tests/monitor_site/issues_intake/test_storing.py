"""An event on its whole way: into its issue, its counts, its payload, and the facts that other rooms hear of."""

from __future__ import annotations

import pytest

from monitor.digest.payloads import payload_store
from monitor.events import Event
from monitor.issues.models import Issue, StoredEvent
from tests.monitor_site.delivering import Delivery

pytestmark = pytest.mark.django_db


def failure(kind: str = "ValueError", **more: object) -> dict[str, object]:
    frame = {
        "module": "river.pipeline",
        "function": kind.lower(),
        "filename": "river/pipeline.py",
        "in_app": True,
    }
    return {
        "platform": "python",
        "exception": {"values": [{"type": kind, "value": "no discharge", "stacktrace": {"frames": [frame]}}]},
        **more,
    }


def test_an_event_becomes_an_issue_with_a_payload(deliver: Delivery) -> None:
    (event_id,) = deliver(failure(tags={"category": "data_quality", "severity": "P2"}, release="r@1"))
    issue = Issue.objects.get()
    assert (issue.title, issue.number, issue.times, issue.stored) == ("ValueError: no discharge", 1, 1, 1)
    assert (issue.category, issue.severity, issue.first_release) == ("data_quality", "P2", "r@1")
    row = StoredEvent.objects.get()
    assert row.event_id == event_id
    event = Event.from_json(payload_store().read(row.block_id, row.slot))
    assert event.event_id == event_id
    assert event.exceptions[0]["value"] == "no discharge"
