import errno
import gzip
import json
import os
import shutil
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.ingest.keyring import KeyRingUnavailableError, ProjectKey
from monitor.ingest.spool import RecordMeta, SpoolReader, spool_depth
from monitor.protocol import RateLimit
from tests.monitor.ingest.receiving import AUTH, KEY, OTHER_KEY, call, counted, make_application, read_all

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
EVENT = b'{"event_id":"%b"}\n{"type":"event","length":15}\n{"message":"x"}\n' % ID.encode()
DSN_HEADER = b'{"event_id":"%b","dsn":"http://%b@monitor:8001/1"}\n{"type":"event"}\n{}\n' % (
    ID.encode(),
    KEY.encode(),
)
ENVELOPE = "/api/1/envelope/"


@pytest.fixture
def application(tmp_path):
    return make_application(tmp_path)


def test_an_envelope_is_in_the_spool_when_it_is_answered(application, tmp_path):
    packed = gzip.compress(EVENT)

    reply = call(application, ENVELOPE, packed, {**AUTH, "content-encoding": "gzip", "user-agent": "curl"})

    (record,) = read_all(tmp_path / "spool")
    assert (reply.status, reply.json) == (200, {"id": ID})
    assert record.body == packed
    assert (record.meta.project_id, record.meta.key, record.meta.event_id) == (1, KEY, ID)
    assert (record.meta.client, record.meta.remote_addr, record.meta.user_agent) == (
        "test/1.0",
        "127.0.0.1",
        "curl",
    )
    assert abs(record.meta.received_at - time.time()) < 60
    assert [item.payload for item in record.envelope().items] == [b'{"message":"x"}']
    assert counted(application) == {(1, "accepted", "", "error"): 1}


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (ENVELOPE, EVENT, AUTH),
        ("/api/1/envelope", EVENT, AUTH),
        ("//api//1/envelope/", EVENT, AUTH),
        (
            f"{ENVELOPE}?sentry_key={KEY}&sentry_version=7",
            EVENT,
            {"content-type": "text/plain;charset=UTF-8"},
        ),
        (ENVELOPE, EVENT, {"authorization": f"Sentry sentry_key={KEY}"}),
        (ENVELOPE, DSN_HEADER, {}),
        (ENVELOPE, DSN_HEADER, AUTH),
        ("/api/1/store/", b'{"event_id":"%b"}' % ID.encode(), AUTH),
        ("/api/store/", b'{"event_id":"%b"}' % ID.encode(), AUTH),
        ("/api/1/store/", EVENT, {**AUTH, "content-type": "application/x-sentry-envelope"}),
    ],
)
def test_an_event_is_taken_in_every_documented_way(application, tmp_path, path, body, headers):
    reply = call(application, path, body, headers)

    assert (reply.status, reply.json["id"]) == (200, ID)
    (record,) = read_all(tmp_path / "spool")
    assert record.envelope().event_id == ID


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "item"),
    [
        ("GET", f"/api/1/cron/nightly/{KEY}/?status=ok", b"", "", 202, "check_in"),
        ("POST", f"/api/1/cron/nightly/?status=ok&sentry_key={KEY}", b"", "", 202, "check_in"),
        ("POST", f"/api/1/cron/nightly/{KEY}", b'{"status":"error"}', "application/json", 202, "check_in"),
        (
            "POST",
            f"/api/1/security/?sentry_key={KEY}",
            b'{"csp-report":{}}',
            "application/csp-report",
            200,
            "raw_security",
        ),
        (
            "POST",
            f"/api/1/nel/?sentry_key={KEY}",
            b'[{"type":"network-error"}]',
            "application/reports+json",
            200,
            "nel",
        ),
        (
            "POST",
            f"/api/1/minidump/?sentry_key={KEY}",
            b"MDMP",
            "application/octet-stream",
            200,
            "attachment",
        ),
        ("GET", f"/api/1/store/?sentry_key={KEY}&sentry_data=%7B%7D", b"", "", 200, "event"),
    ],
)
def test_the_other_endpoints_put_an_envelope_into_the_spool(
    application, tmp_path, method, path, body, content_type, status, item
):
    reply = call(application, path, body, {"content-type": content_type}, method=method)

    assert reply.status == status
    (record,) = read_all(tmp_path / "spool")
    assert [found.type for found in record.envelope().items] == [item]


def length(size: int) -> dict[str, str]:
    return {**AUTH, "content-length": str(size)}


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "reason"),
    [
        (ENVELOPE, EVENT, {}, 401, "missing_auth"),
        ("/api/1/store/", b"{}", {}, 401, "missing_auth"),
        (ENVELOPE, EVENT, {"x-sentry-auth": "Sentry sentry_key=\xff"}, 401, "bad_auth"),
        (f"{ENVELOPE}?sentry_key={OTHER_KEY}", EVENT, AUTH, 401, "bad_auth"),
        (f"{ENVELOPE}?sentry_key={OTHER_KEY}", EVENT, {}, 403, "wrong_project"),
        (f"{ENVELOPE}?sentry_key=unknown", EVENT, {}, 403, "unknown_key"),
        (f"/api/2/envelope/?sentry_key={OTHER_KEY}", DSN_HEADER, {}, 401, "bad_auth"),
        ("/api/abc/envelope/", EVENT, AUTH, 400, "bad_project"),
        ("/api/99999999999999999999/envelope/", EVENT, AUTH, 400, "bad_project"),
        (ENVELOPE, b"", AUTH, 400, "empty_body"),
        (ENVELOPE, b"\x00\xff", AUTH, 400, "invalid_envelope"),
        (ENVELOPE, EVENT, {**AUTH, "content-encoding": "gzip"}, 400, "invalid_encoding"),
        (ENVELOPE, EVENT, {**AUTH, "content-encoding": "lzma"}, 415, "unsupported_encoding"),
        (ENVELOPE, EVENT, length(21_000_000), 413, "too_large"),
        (ENVELOPE, EVENT, length(10**30), 413, "too_large"),
        (ENVELOPE, b'{}\n{"type":"event","length":2000000}\n', AUTH, 413, "too_large"),
        ("/api/1/store/", b'{"a":', AUTH, 400, "invalid_json"),
        ("/api/1/cron/nightly/", b"", AUTH, 400, "invalid_check_in"),
        ("/api/1/security/", b"{}", {**AUTH, "content-type": "text/plain"}, 415, "unsupported_media_type"),
        (
            "/api/1/minidump/",
            b"nonsense",
            {**AUTH, "content-type": "application/x-dmp"},
            400,
            "invalid_minidump",
        ),
    ],
)
def test_what_is_refused_says_why_and_is_counted(application, tmp_path, path, body, headers, status, reason):
    reply = call(application, path, body, headers)

    assert reply.status == status
    assert reply.json["detail"]
    assert reply.headers["x-sentry-error"]
    assert read_all(tmp_path / "spool") == []
    ((_, outcome, counted_reason, _),) = counted(application)
    assert (outcome, counted_reason) == ("refused", reason)


def test_a_body_in_many_parts_is_stopped_when_it_has_passed_the_limit(application):
    reply = call(application, ENVELOPE, headers=AUTH, chunks=[bytes(1024 * 1024)] * 25)

    assert reply.status == 413


def test_large_bodies_at_once_are_bounded_in_memory(tmp_path):
    application = make_application(tmp_path, held_max_bytes=3 * 1024 * 1024)

    reply = call(application, ENVELOPE, headers=AUTH, chunks=[bytes(1024 * 1024)] * 5)

    assert (reply.status, reply.headers["retry-after"]) == (503, "5")


def test_what_is_no_endpoint_is_a_404_and_a_wrong_method_a_405(application):
    assert call(application, "/").status == 404
    assert call(application, "/api/0/projects/", headers=AUTH).status == 404
    reply = call(application, ENVELOPE, headers=AUTH, method="GET")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


def test_browsers_may_ask_first_and_may_read_the_answer(application):
    preflight = call(application, ENVELOPE, headers={"origin": "https://example.org"}, method="OPTIONS")
    refused = call(application, ENVELOPE, EVENT)

    assert preflight.status == 200
    assert "x-sentry-auth" in preflight.headers["access-control-allow-headers"]
    assert "POST" in preflight.headers["access-control-allow-methods"]
    for reply in (preflight, refused):
        assert reply.headers["access-control-allow-origin"] == "*"
        exposed = reply.headers["access-control-expose-headers"].split(",")
        assert exposed == ["x-sentry-error", "x-sentry-rate-limits", "retry-after"]


def test_a_key_may_be_bound_to_origins_and_switched_off(tmp_path):
    bound = ProjectKey(KEY, 1, origins=("https://*.example.org", "http://localhost:8000"))
    application = make_application(tmp_path, bound, ProjectKey(OTHER_KEY, 1, is_active=False))

    allowed = [
        call(application, ENVELOPE, EVENT, {**AUTH, "origin": origin}).status
        for origin in (
            "https://www.example.org",
            "http://localhost:8000",
            "https://example.com",
            "https://evilexample.org",
        )
    ]

    assert allowed == [200, 200, 403, 403]
    assert call(application, f"{ENVELOPE}?sentry_key={OTHER_KEY}", EVENT).status == 403


def test_unknown_items_are_counted_and_left_to_the_reader(application, tmp_path):
    body = EVENT + b'{"type":"hologram","length":2}\nhi\n'

    assert call(application, ENVELOPE, body, AUTH).status == 200

    assert [item.type for item in read_all(tmp_path / "spool")[0].envelope().items] == ["event", "hologram"]
    assert counted(application) == {
        (1, "accepted", "", "error"): 1,
        (1, "refused", "unknown_item_type", "unknown"): 1,
    }


def test_an_envelope_without_anything_known_is_accepted_and_not_kept(application, tmp_path):
    assert call(application, ENVELOPE, b"{}\n", AUTH).json == {}
    assert call(application, ENVELOPE, b'{}\n{"type":"hologram"}\nhi', AUTH).status == 200
    assert read_all(tmp_path / "spool") == []


def test_an_event_id_that_the_headers_lack_is_the_payloads(application, tmp_path):
    payload = json.dumps({"event_id": ID}).encode()

    reply = call(application, ENVELOPE, b'{}\n{"type":"event"}\n' + payload, AUTH)
    made_up = call(application, ENVELOPE, b'{}\n{"type":"event"}\nno json', AUTH)

    assert reply.json == {"id": ID}
    assert len(made_up.json["id"]) == 32
    assert {record.meta.event_id for record in read_all(tmp_path / "spool")} == {ID, made_up.json["id"]}


def test_what_a_rate_limit_takes_is_left_out_told_and_counted(tmp_path):
    limit = RateLimit(time.time() + 60, ("transaction",), "project", "quota")
    application = make_application(tmp_path, ProjectKey(KEY, 1, limits=(limit,)))
    body = b'{}\n{"type":"session"}\n{}\n{"type":"transaction"}\n{}\n{"type":"profile"}\n{}\n'

    reply = call(application, ENVELOPE, body, AUTH)

    assert reply.status == 200
    assert reply.headers["x-sentry-rate-limits"] in (
        "60:transaction:project:quota",
        "59:transaction:project:quota",
    )
    (record,) = read_all(tmp_path / "spool")
    assert [item.type for item in record.envelope().items] == ["session"]
    assert counted(application) == {
        (1, "accepted", "", "session"): 1,
        (1, "refused", "rate_limited", "transaction"): 1,
        (1, "refused", "rate_limited", "profile"): 1,
    }


def test_when_nothing_is_left_the_answer_is_429_with_both_headers(tmp_path):
    limit = RateLimit(time.time() + 60)
    application = make_application(tmp_path, ProjectKey(KEY, 1, limits=(limit,)))

    reply = call(application, ENVELOPE, EVENT, AUTH)
    check_in = call(application, f"/api/1/cron/nightly/{KEY}/?status=ok")

    assert (reply.status, check_in.status) == (429, 202)
    assert int(reply.headers["retry-after"]) in (59, 60)
    assert reply.headers["x-sentry-rate-limits"].endswith("::key")
    assert read_all(tmp_path / "spool") == []


def test_without_keys_yet_senders_are_asked_to_come_again(tmp_path):
    application = make_application(tmp_path)

    class NoKeys:
        def find(self, key):
            raise KeyRingUnavailableError("none")

    application._keys = NoKeys()

    assert call(application, ENVELOPE, EVENT, AUTH).status == 503
    assert call(application, "/api/relay/healthcheck/ready/", method="GET").status == 503
    assert call(application, "/api/relay/healthcheck/live/", method="GET").status == 200


def test_a_full_spool_answers_503_with_a_time_and_counts(tmp_path):
    application = make_application(tmp_path, spool_max_bytes=2000)
    replies = [call(application, ENVELOPE, EVENT, AUTH) for _ in range(20)]

    statuses = [reply.status for reply in replies]
    taken = statuses.count(200)
    assert 0 < taken < 20
    assert statuses == [200] * taken + [503] * (20 - taken)
    assert replies[-1].headers["retry-after"] == "30"
    assert len(read_all(tmp_path / "spool")) == taken
    found = counted(application)
    assert found[1, "refused", "spool_full", "error"] == 20 - taken


def test_a_disk_that_takes_half_a_record_leaves_the_others_sound(application, tmp_path, monkeypatch):
    def half(descriptor, buffers):
        return write(descriptor, buffers[0][:10])

    def no_space(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    write = os.write
    application.writer.append(RecordMeta(1, 0.0), EVENT)
    with monkeypatch.context() as full:
        full.setattr("monitor.ingest.spool.writer.os.writev", half)
        full.setattr("monitor.ingest.spool.writer.os.write", no_space)
        refused = call(application, ENVELOPE, EVENT, AUTH)
    assert call(application, ENVELOPE, EVENT, AUTH).status == 200

    assert (refused.status, refused.headers["retry-after"]) == (503, "30")
    with SpoolReader(tmp_path / "spool") as reader:
        batch = reader.claim()
    assert batch is not None
    assert len(batch.records) == 2
    assert batch.damages == []


def test_a_spool_that_cannot_be_written_answers_503_until_it_can(application, tmp_path):
    spool = tmp_path / "spool"
    spool.write_text("in the way")

    refused = call(application, ENVELOPE, EVENT, AUTH)
    spool.unlink()
    taken = call(application, ENVELOPE, EVENT, AUTH)

    assert (refused.status, taken.status) == (503, 200)
    assert counted(application)[1, "refused", "spool_unavailable", "error"] == 1


def test_a_spool_that_was_removed_under_it_is_made_again(application, tmp_path):
    assert call(application, ENVELOPE, EVENT, AUTH).status == 200
    application.writer.append(read_all(tmp_path / "spool")[0].meta, b"into the open segment")
    shutil.rmtree(tmp_path / "spool")

    assert call(application, ENVELOPE, EVENT, AUTH).status == 200
    assert len(read_all(tmp_path / "spool")) == 1


def test_what_was_counted_goes_through_the_spool_once(application, tmp_path):
    call(application, ENVELOPE, EVENT, AUTH)
    call(application, ENVELOPE, EVENT)

    application.flush_counts()
    application.flush_counts()

    (record,) = read_all(tmp_path / "spool", kind="counts")
    assert {(one.project_id, one.outcome, one.reason, one.quantity) for one in record.counts()} == {
        (1, "accepted", "", 1),
        (0, "refused", "missing_auth", 1),
    }


def test_with_fsync_the_answer_waits_for_the_disk(tmp_path, monkeypatch):
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(
        "monitor.ingest.spool.writer.os.fdatasync", lambda number: (synced.append(number), real(number))
    )
    application = make_application(tmp_path, fsync="always")

    assert call(application, ENVELOPE, EVENT, AUTH).status == 200

    assert synced
    application.writer.close()
    assert len(read_all(tmp_path / "spool")) == 1


def test_a_disk_that_fails_to_sync_is_a_503(tmp_path, monkeypatch):
    def fails(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("monitor.ingest.spool.writer.os.fdatasync", fails)
    application = make_application(tmp_path, fsync="always")

    assert call(application, ENVELOPE, EVENT, AUTH).status == 503


segments = st.sampled_from(
    ["api", "1", "2", "store", "envelope", "cron", "nightly", "security", "minidump", "nel", "", "x"]
)
odd_headers = st.dictionaries(
    st.sampled_from(
        ["x-sentry-auth", "authorization", "content-encoding", "content-type", "origin", "content-length"]
    ),
    st.one_of(
        st.sampled_from(
            [*AUTH.values(), "gzip", "br", "zstd", "gzip, br", "application/json", "application/csp-report"]
        ),
        st.text(st.characters(max_codepoint=255), max_size=30),
    ),
)
bodies = st.one_of(
    st.binary(max_size=80),
    st.binary(max_size=80).map(lambda tail: EVENT + tail),
    st.sampled_from(
        [EVENT, gzip.compress(EVENT), b"{" * 5000, b'{"a":"\\ud800"}', b'{"status":"ok","duration":1e999}']
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(segments, max_size=6),
    st.text(st.characters(max_codepoint=255), max_size=40).map(lambda text: text.replace("?", "")),
    bodies,
    odd_headers,
    st.sampled_from(["POST", "GET", "PUT"]),
    st.booleans(),
)
def test_no_request_whatever_gives_a_server_error(
    application, path, query, body, headers, method, authorised
):
    given_headers = {**headers, **(AUTH if authorised else {})}

    reply = call(application, f"/{'/'.join(path)}?{query}", body, given_headers, method=method)

    assert reply.status < 500
    assert spool_depth(application.writer.spool).bytes >= 0
