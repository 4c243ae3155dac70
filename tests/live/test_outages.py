"""Valkey, broker and cache in one, stopped under a running HydroML: pages say so, an upload waits and is then processed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.valkey import Valkey
from tests.live.system import LiveSystem, live_system, wait_for
from tests.live.visitor import Visitor
from tests.own_valkey import own_valkey

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A server of this test's own: the others go on with theirs."""
    with own_valkey() as server:
        yield server


@pytest.fixture
def own_live(valkey: Valkey, tmp_path: Path) -> Iterator[LiveSystem]:
    with live_system(tmp_path, REDIS_URL=valkey.url, JOB_LEASE_S="6") as system:
        yield system


def test_without_valkey_pages_work_and_say_so_and_an_upload_is_processed_when_it_is_back(
    own_live: LiveSystem, valkey: Valkey, catchment_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Visitor(own_live.address) as visitor:
        visitor.sign_up("ada@example.org")
        project = visitor.make_project("Outage")
        before = visitor.upload(project, catchment_file)
        visitor.wait_until_over(f"/data/{before}/")
        port = valkey.port
        valkey.stop()

        wait_for("a page says so", lambda: "the cache is away" in visitor.get(f"/projects/{project}/"))
        for path in ("/projects/", "/data/", f"/data/{before}/", "/experiments/", f"/projects/{project}/"):
            assert "Some things are slower: the cache is away." in visitor.get(path)
        answer = visitor.http.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")

        other = catchment_file.with_name("meanwhile.csv")
        other.write_bytes(catchment_file.read_bytes() + b"\n")
        meanwhile = visitor.upload(project, other)
        assert "Kept; waiting for the queue" in visitor.get(f"/data/{meanwhile}/")

        monkeypatch.setattr("stack.valkey.free_port", lambda: port)
        valkey.start()
        assert "Rows" in visitor.wait_until_over(f"/data/{meanwhile}/")
        wait_for("the page is as before", lambda: "the cache is away" not in visitor.get("/projects/"))
        assert [process.poll() for process in own_live.processes.values()] == [None, None, None]
