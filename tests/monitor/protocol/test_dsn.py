import pytest

from monitor.protocol import ProtocolError, parse_dsn

KEY = "a" * 32


@pytest.mark.parametrize(
    ("text", "host", "port", "path", "project_id"),
    [
        (f"https://{KEY}@o1.ingest.de.sentry.io/42", "o1.ingest.de.sentry.io", 443, "", 42),
        (f"http://{KEY}@127.0.0.1:8001/1", "127.0.0.1", 8001, "", 1),
        (f"http://{KEY}:secret@[::1]:8001/behind/a/proxy/7", "::1", 8001, "/behind/a/proxy", 7),
    ],
)
def test_a_dsn_is_read_and_written_back(text, host, port, path, project_id):
    dsn = parse_dsn(text)

    assert (dsn.host, dsn.port, dsn.path, dsn.project_id) == (host, port, path, project_id)
    assert str(dsn) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://your-sentry-dsn@sentry.io/project-id",
        f"ftp://{KEY}@host/1",
        "https://host/1",
        f"https://{KEY}@/1",
        f"https://{KEY}@host/",
        f"https://{KEY}@host/0",
        f"https://{KEY}@host/-1",
        f"https://{KEY}@host/٣",
        f"https://{KEY}@host/99999999999999999999",
        f"https://{KEY}@host:99999/1",
        f"https://{KEY}@[::1/1",
        "https://a\x00b@host/1",
    ],
)
def test_what_is_no_dsn_is_refused_without_repeating_the_key(text):
    with pytest.raises(ProtocolError) as raised:
        parse_dsn(text)

    assert KEY not in raised.value.detail
