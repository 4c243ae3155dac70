"""Store bodies, browsers' reports, check-ins by curl, minidumps: each becomes an envelope."""

import base64
import contextlib
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.protocol import ProtocolError, RateLimit, format_rate_limits, parse_envelope
from monitor.protocol.check_ins import envelope_from_check_in
from monitor.protocol.minidump import envelope_from_minidump, hyphenated
from monitor.protocol.security import envelope_from_reports
from monitor.protocol.store import envelope_from_store

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
MIB = 1024 * 1024
JSON = json.dumps({"event_id": ID, "message": "hällo"}).encode()


@pytest.mark.parametrize(
    "body",
    [JSON, b"  " + JSON, base64.b64encode(JSON), base64.b64encode(zlib.compress(JSON)), zlib.compress(JSON)],
)
def test_a_store_body_becomes_an_event_whichever_way_it_is_wrapped(body):
    event_id, made = envelope_from_store(body, MIB)

    (item,) = parse_envelope(made).items
    assert (event_id, item.type, item.payload) == (ID, "event", JSON)


def test_a_store_body_of_a_transaction_or_a_report_becomes_that_item():
    kinds = {}
    for name in ("transaction", "csp", "hpkp", "default", "nonsense"):
        _, made = envelope_from_store(json.dumps({"type": name}).encode(), MIB)
        kinds[name] = parse_envelope(made).items[0].type

    assert kinds == {
        "transaction": "transaction",
        "csp": "security",
        "hpkp": "security",
        "default": "event",
        "nonsense": "event",
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"  ", 400), (b"[1]", 400), (b"{", 400), (b"%%%", 400), (b"{" + b" " * MIB + b"}", 413)],
)
def test_a_store_body_that_is_no_event_is_refused(body, status):
    with pytest.raises(ProtocolError) as raised:
        envelope_from_store(body, MIB)

    assert raised.value.status == status


def test_a_store_body_that_unpacks_past_the_limit_is_stopped():
    with pytest.raises(ProtocolError) as raised:
        envelope_from_store(base64.b64encode(zlib.compress(bytes(50 * MIB))), MIB)

    assert raised.value.status == 413


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_store_body_is_an_event_or_a_protocol_error(body):
    with contextlib.suppress(ProtocolError):
        envelope_from_store(body, MIB)


CSP = b'{"csp-report":{"document-uri":"https://example.org","violated-directive":"img-src"}}'


@pytest.mark.parametrize("content_type", ["application/csp-report", "application/json; charset=utf-8"])
def test_a_report_is_kept_as_the_browser_sent_it_with_release_and_environment(content_type):
    _, made = envelope_from_reports(
        CSP, content_type, "sentry_release=1.0&sentry_environment=live&sentry_key=x"
    )

    (item,) = parse_envelope(made).items
    assert (item.type, item.payload) == ("raw_security", CSP)
    assert (item.headers["sentry_release"], item.headers["sentry_environment"]) == ("1.0", "live")


def test_a_list_of_the_reporting_api_becomes_an_item_for_each():
    reports = json.dumps([{"type": "csp-violation"}, {"type": "network-error"}]).encode()

    _, made = envelope_from_reports(reports, "application/reports+json", "")

    assert [item.type for item in parse_envelope(made).items] == ["raw_security", "nel"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [(CSP, "text/html", 415), (b"", "application/csp-report", 400), (b"[1]", "application/json", 400)],
)
def test_what_is_no_report_is_refused(body, content_type, status):
    with pytest.raises(ProtocolError) as raised:
        envelope_from_reports(body, content_type, "")

    assert raised.value.status == status


def test_a_check_in_comes_from_the_query_or_from_json():
    _, by_query = envelope_from_check_in(
        "nightly", f"status=ok&duration=2.5&check_in_id={ID}&environment=live", b"", ""
    )
    body = json.dumps(
        {"status": "in_progress", "monitor_config": {"schedule": {}}, "monitor_slug": "other"}
    ).encode()
    _, by_json = envelope_from_check_in("nightly", "", body, "application/json")

    assert json.loads(parse_envelope(by_query).items[0].payload) == {
        "check_in_id": ID,
        "monitor_slug": "nightly",
        "status": "ok",
        "environment": "live",
        "duration": 2.5,
    }
    assert json.loads(parse_envelope(by_json).items[0].payload) == {
        "check_in_id": "0" * 32,
        "monitor_slug": "nightly",
        "status": "in_progress",
        "monitor_config": {"schedule": {}},
    }


@pytest.mark.parametrize(
    "query", ["", "status=fine", "status=ok&duration=x", "status=ok&duration=nan", "status=ok&check_in_id=1"]
)
def test_a_check_in_that_says_nothing_usable_is_refused(query):
    with pytest.raises(ProtocolError) as raised:
        envelope_from_check_in("nightly", query, b"", "")

    assert raised.value.status == 400


def form(**parts: bytes) -> bytes:
    body = b"preamble\r\n"
    for name, content in parts.items():
        filename = f'; filename="C:\\\\{name}.bin"' if name.startswith(("upload", "log")) else ""
        head = f'--XX\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + b"--XX--\r\n"


def test_a_minidump_form_becomes_attachments_and_form_data():
    dump, log = b"MDMP\x00\r\n--X\r\n\r\nmore", b""
    body = form(upload_file_minidump=dump, log=log, sentry=json.dumps({"event_id": ID}).encode())

    event_id, made = envelope_from_minidump(body, 'multipart/form-data; boundary="XX"')

    items = parse_envelope(made).items
    assert event_id == ID
    assert hyphenated(event_id) == "9ec79c33-ec99-42ab-8353-589fcb2e04dc"
    assert [(item.headers.get("attachment_type"), item.payload) for item in items[:2]] == [
        ("event.minidump", dump),
        ("event.attachment", log),
    ]
    assert items[0].headers["filename"] == "upload_file_minidump.bin"
    assert json.loads(items[2].payload) == [["sentry", json.dumps({"event_id": ID})]]


def test_a_bare_minidump_is_the_attachment():
    _, made = envelope_from_minidump(b"PMDM....", "application/octet-stream")

    assert parse_envelope(made).items[0].payload == b"PMDM...."


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nonsense", "application/octet-stream"),
        (form(log=b""), "multipart/form-data; boundary=XX"),
        (form(upload_file_minidump=b"no dump"), "multipart/form-data; boundary=XX"),
        (form(upload_file_minidump=b"MDMP"), "multipart/form-data"),
        (b"", "multipart/form-data; boundary=XX"),
        (b"--XX\r\n" * 5000, "multipart/form-data; boundary=XX"),
    ],
)
def test_what_is_no_minidump_is_refused(body, content_type):
    with pytest.raises(ProtocolError) as raised:
        envelope_from_minidump(body, content_type)

    assert raised.value.status == 400


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=10), st.sampled_from([b"--XX", b"\r\n", b"\r\n\r\n", b"--"])),
        max_size=12,
    )
)
def test_any_form_is_a_minidump_or_a_protocol_error(parts):
    with contextlib.suppress(ProtocolError):
        envelope_from_minidump(b"".join(parts), "multipart/form-data; boundary=XX")


def test_rate_limits_are_told_as_the_documentation_says():
    limits = [
        RateLimit(1060, ("transaction", "span"), "key", "quota"),
        RateLimit(2700.2, (), "organization"),
        RateLimit(999, ("error",)),
    ]

    assert format_rate_limits(limits, 1000) == "60:transaction;span:key:quota, 1701::organization"
