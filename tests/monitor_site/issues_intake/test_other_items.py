"""What comes with events, and what becomes one: attachments, minidumps, browsers' reports."""

from __future__ import annotations

import time
from uuid import uuid4

import orjson
import pytest

from monitor.digest.payloads import payload_store
from monitor.events import Event
from monitor.ingest.spool import AsideShelf
from monitor.issues import attachments
from monitor.issues.models import Attachment, Issue, StoredEvent
from monitor.protocol.minidump import envelope_from_minidump
from monitor.protocol.security import envelope_from_reports
from monitor.stats.models import OutcomeCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_intake.failing import failure

pytestmark = pytest.mark.django_db
DUMP = b"MDMP" + bytes(200)


def events() -> list[Event]:
    rows = StoredEvent.objects.order_by("pk")
    return [Event.from_json(payload_store().read(row.block_id, row.slot)) for row in rows]


def file(name: str = "river.csv", kind: str = "event.attachment") -> dict[str, str]:
    return {"type": "attachment", "filename": name, "content_type": "text/csv", "attachment_type": kind}


def test_an_attachment_is_kept_beside_its_event(deliver: Delivery) -> None:
    event_id = uuid4().hex
    deliver(deliver.envelope(failure(), (file(), b"date,discharge"), event_id=event_id))
    found = Attachment.objects.get()
    assert (bytes(found.uid).hex(), found.name, found.content_type, found.size) == (
        event_id,
        "river.csv",
        "text/csv",
        14,
    )
    assert payload_store().read(found.block_id, found.slot) == b"date,discharge"
    assert OutcomeCount.objects.get(category="attachment").quantity == 14


def test_an_attachment_that_comes_again_is_kept_once(deliver: Delivery) -> None:
    envelope = deliver.envelope(failure(), (file(), b"one"), (file("other.csv"), b"two"))
    deliver(envelope)
    deliver(envelope, envelope)
    assert sorted(Attachment.objects.values_list("name", flat=True)) == ["other.csv", "river.csv"]


def test_an_attachment_may_come_before_its_event(deliver: Delivery) -> None:
    event_id = uuid4().hex
    deliver(deliver.envelope((file(), b"one"), event_id=event_id))
    deliver(failure(event_id=event_id))
    assert bytes(Attachment.objects.get().uid) == bytes(StoredEvent.objects.get().uid)


def test_one_that_is_too_large_is_counted_and_not_kept(
    deliver: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "LARGEST", 5)
    deliver(deliver.envelope(failure(), (file(), b"six by")))
    assert not Attachment.objects.exists()
    counted = OutcomeCount.objects.get(category="attachment")
    assert (counted.outcome, counted.reason, counted.quantity) == ("not_kept", "too_large", 6)


def test_the_name_of_a_file_is_one_line_of_bounded_length(deliver: Delivery) -> None:
    deliver(deliver.envelope(failure(), (file("a\nb\x00" + "x" * 500), b"one")))
    assert Attachment.objects.get().name == "ab" + "x" * 198


def form(**fields: str) -> tuple[bytes, str]:
    parts = [
        f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    dump = (
        b'--xx\r\nContent-Disposition: form-data; name="upload_file_minidump"; filename="crash.dmp"\r\n\r\n'
    )
    return "".join(parts).encode() + dump + DUMP + b"\r\n--xx--\r\n", "multipart/form-data; boundary=xx"


def test_a_minidump_becomes_an_event(deliver: Delivery) -> None:
    body, content_type = form(sentry=orjson.dumps({"release": "native@1", "tags": {"gauge": "Inn"}}).decode())
    event_id, envelope = envelope_from_minidump(body, content_type)
    deliver(envelope)
    deliver(envelope)
    issue = Issue.objects.get()
    assert (issue.times, issue.level, issue.platform, issue.handled) == (1, "fatal", "native", False)
    (event,) = events()
    assert (event.event_id, event.release, event.tags["gauge"]) == (event_id, "native@1", "Inn")
    assert Attachment.objects.get().kind == "event.minidump"


def test_fields_of_a_crash_reporter_are_read(deliver: Delivery) -> None:
    body, content_type = form(
        **{"sentry[environment]": "field", "sentry[tags][build]": "7", "annotation": "x"}
    )
    deliver(envelope_from_minidump(body, content_type)[1])
    (event,) = events()
    assert (event.environment, event.tags["build"], event.extra) == ("field", "7", {"annotation": "x"})


def test_a_minidump_that_comes_with_its_event_makes_no_second_one(deliver: Delivery) -> None:
    deliver(deliver.envelope((file("crash.dmp", "event.minidump"), DUMP), failure()))
    assert Issue.objects.get().type == "ValueError"
    assert Attachment.objects.count() == 1


def test_form_data_that_is_no_json_takes_nothing_with_it(deliver: Delivery) -> None:
    deliver(deliver.envelope((file("crash.dmp", "event.minidump"), DUMP), ("form_data", b"{")))
    assert Issue.objects.get().times == 1
    (aside,) = AsideShelf(deliver.spool).records()
    assert aside.record is not None
    assert [item.type for item in aside.record.envelope().items] == ["form_data"]


def report(directive: str) -> dict[str, object]:
    return {
        "csp-report": {
            "document-uri": "https://hydroml.example/projects/7/",
            "effective-directive": directive,
            "blocked-uri": "https://evil.example/x.js",
        }
    }


def test_each_of_several_reports_in_one_envelope_is_an_event(deliver: Delivery) -> None:
    body = orjson.dumps(
        [
            {"type": "csp-violation", "url": "https://h.example/", "body": {"effectiveDirective": one}}
            for one in ("img-src", "script-src", "img-src")
        ]
    )
    _, envelope = envelope_from_reports(body, "application/reports+json", "sentry_environment=production")
    deliver(envelope)
    deliver(envelope)
    found = Issue.objects.order_by("culprit").values_list("culprit", "times")
    assert list(found) == [("img-src", 2), ("script-src", 1)]
    assert {event.environment for event in events()} == {"production"}
    assert OutcomeCount.objects.get(outcome="digested").category == "security"


def test_a_report_of_the_old_kind(deliver: Delivery) -> None:
    _, envelope = envelope_from_reports(orjson.dumps(report("script-src")), "application/csp-report", "")
    deliver(envelope)
    assert Issue.objects.get().title == "Blocked 'script-src' from 'evil.example'"


def test_a_network_error(deliver: Delivery) -> None:
    body = orjson.dumps(
        [
            {
                "type": "network-error",
                "url": "https://h.example/",
                "age": 5,
                "body": {"type": "tcp.timed_out", "phase": "connection"},
            }
        ]
    )
    _, envelope = envelope_from_reports(body, "application/reports+json", "", network=True)
    deliver(envelope, received=time.time())
    assert Issue.objects.get().title == "Network error tcp.timed_out in phase connection"
