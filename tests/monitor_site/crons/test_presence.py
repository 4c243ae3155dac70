"""When the receiving end was there: what its processes leave behind, and what is made of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.crons.watching import Stretch, gaps_in
from monitor.ingest.application import IngestApplication
from monitor.ingest.keyring import SnapshotKeyRing
from monitor.ingest.presence import BREAK_S, PresenceFile, presences, sweep_presences
from monitor.ingest.settings import IngestSettings


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_where_nobody_was_nothing_is_found(tmp_path: Path) -> None:
    assert presences(tmp_path / "none") == []


def test_a_process_is_there_from_its_first_to_its_last_sign_of_life(tmp_path: Path, clock: Clock) -> None:
    process = PresenceFile(tmp_path, clock=clock)
    for clock.now in (1000.0, 1005.0, 1010.0):
        process.beat()
    (found,) = presences(tmp_path)
    assert (found.since, found.last) == (1000, 1010)


@pytest.mark.parametrize("then", [1000 + BREAK_S, 10**9, 500.0])
def test_after_a_sleep_or_a_jump_of_the_clock_the_time_begins_anew(
    tmp_path: Path, clock: Clock, then: float
) -> None:
    process = PresenceFile(tmp_path, clock=clock)
    process.beat()
    clock.now = then
    process.beat()
    (found,) = presences(tmp_path)
    assert found.since == then


def test_what_could_not_be_received_interrupts_it(tmp_path: Path, clock: Clock) -> None:
    process = PresenceFile(tmp_path, clock=clock)
    process.beat()
    process.interrupt()
    clock.now = 1005
    process.beat()
    assert [found.since for found in presences(tmp_path)] == [1005]


def test_a_spool_that_cannot_be_written_stops_nobody(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "spool").write_text("a file")
    PresenceFile(tmp_path / "spool", clock=clock).beat()


def test_the_files_of_processes_long_gone_are_removed(tmp_path: Path, clock: Clock) -> None:
    PresenceFile(tmp_path, clock=clock).beat()
    clock.now = 2000
    PresenceFile(tmp_path, clock=clock).beat()
    sweep_presences(tmp_path, 1500)
    assert [found.last for found in presences(tmp_path)] == [2000]


@pytest.mark.parametrize(
    ("covered", "gaps"),
    [
        ([], [(0, 100)]),
        ([(-50, 200)], []),
        ([(-50, 40), (60, 200)], [(40, 60)]),
        ([(60, 200), (-50, 40)], [(40, 60)]),
        ([(-50, 90), (10, 20), (95, 100)], [(90, 95)]),
        ([(10, 20), (20.5, 80)], [(0, 10), (80, 100)]),
        ([(-50, -20), (200, 300)], [(0, 100)]),
    ],
)
def test_what_is_not_covered_is_a_gap(
    covered: list[tuple[float, float]], gaps: list[tuple[float, float]]
) -> None:
    assert gaps_in(Stretch(0, 100), [Stretch(*one) for one in covered]) == gaps


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[IngestApplication]:
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    application = IngestApplication(
        IngestSettings(spool=tmp_path / "spool", keys_file=keys), SnapshotKeyRing(keys)
    )
    yield application
    application.writer.close()


def test_the_receiving_end_leaves_a_sign_of_life_when_it_starts(receiving: IngestApplication) -> None:
    async def live() -> None:
        messages: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        started = asyncio.Event()

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "lifespan.startup.complete":
                started.set()

        task = asyncio.create_task(receiving({"type": "lifespan"}, messages.get, send))
        await messages.put({"type": "lifespan.startup"})
        await started.wait()
        assert len(presences(receiving.writer.spool)) == 1
        await messages.put({"type": "lifespan.shutdown"})
        await task

    asyncio.run(live())
