import os

import pytest

from monitor.ingest.keyring import (
    KeyRingUnavailableError,
    ProjectKey,
    SnapshotKeyRing,
    publish_keys,
    read_keys,
)
from monitor.protocol import RateLimit

KEY = "a" * 32


@pytest.fixture
def now(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("monitor.ingest.keyring.time.monotonic", lambda: clock[0])
    return clock


def test_what_is_published_is_read_back(tmp_path):
    limit = RateLimit(1.5, ("error",), "project", "spike")
    keys = [
        ProjectKey(KEY, 7, is_active=False, origins=("https://example.org",), limits=(limit,)),
        ProjectKey("b", 8),
    ]
    publish_keys(tmp_path / "keys.json", keys)

    assert list(read_keys(tmp_path / "keys.json").values()) == keys
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_a_change_is_seen_within_a_second(tmp_path, now):
    path = tmp_path / "keys.json"
    ring = SnapshotKeyRing(path)
    with pytest.raises(KeyRingUnavailableError):
        ring.find(KEY)
    publish_keys(path, [ProjectKey(KEY, 1)])
    now[0] += 1.1
    assert ring.find(KEY).project_id == 1
    publish_keys(path, [ProjectKey("b" * 32, 2)])
    assert ring.find(KEY) is not None
    now[0] += 1.1

    assert ring.find(KEY) is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"keys":[{}]}', b'{"keys":[{"key":1,"project_id":"x"}]}', None]
)
def test_a_file_that_is_broken_or_gone_leaves_the_last_good_one(tmp_path, now, content):
    path = tmp_path / "keys.json"
    publish_keys(path, [ProjectKey(KEY, 1)])
    ring = SnapshotKeyRing(path)
    ring.find(KEY)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
        os.utime(path, (1, 1))
    now[0] += 1.1

    assert ring.find(KEY).project_id == 1
