"""A digest that is behind makes senders wait a little, and one that is away makes nobody wait."""

import asyncio
import os
import time

import pytest

from monitor.ingest.pace import LONGEST_PAUSE_S, pause_s
from monitor.ingest.spool.segment import SEGMENTS
from tests.monitor.ingest.receiving import AUTH, call, make_application, read_all

ENVELOPE = b'{}\n{"type":"event"}\n{}\n'


@pytest.mark.parametrize(
    ("late_s", "wanted"),
    [(0.0, 0.0), (1.0, 0.0), (2.0, 0.02), (4.0, 0.06), (29.9, LONGEST_PAUSE_S), (30.0, 0.0), (7e5, 0.0)],
)
def test_the_further_behind_the_longer_up_to_a_bound(late_s: float, wanted: float) -> None:
    assert pause_s(late_s) == pytest.approx(wanted)


@pytest.mark.parametrize(("age_s", "waits"), [(0, False), (5, True), (600, False)])
def test_what_waits_in_the_spool_decides_and_the_envelope_is_in_it_before_anybody_waits(
    tmp_path, monkeypatch, age_s: int, waits: bool
) -> None:
    oldest = tmp_path / "spool" / SEGMENTS / "0000000000001-1-aa.segment"
    oldest.parent.mkdir(parents=True)
    oldest.touch()
    os.utime(oldest, (time.time() - age_s,) * 2)
    application = make_application(tmp_path)
    pauses: list[float] = []
    spooled: list[int] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        spooled.append(application.writer.records)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert call(application, "/api/1/envelope/", ENVELOPE, AUTH).status == 200
    assert [pause == pytest.approx(0.08, abs=0.02) for pause in pauses] == [True] * waits
    assert spooled == [1] * waits
    assert len(read_all(tmp_path / "spool")) == 1
