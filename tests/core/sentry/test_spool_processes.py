"""The spool across processes that are killed, forked and started again: real ones, a few seconds in all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.receiver import Receiver
from bench.spool import run_outage, start, wait_for_lines
from core.sentry.spool import spool_status

PATIENCE_S = 60.0


def test_nothing_is_lost_when_the_application_is_killed_in_the_middle_of_an_outage(tmp_path: Path) -> None:
    """Killed with -9, started again, ended during the outage, started a third time: all arrive, each stored once."""
    outages = ("away", "hanging")
    with ThreadPoolExecutor(len(outages)) as pool:
        places = {outage: tmp_path / outage for outage in outages}
        for place in places.values():
            place.mkdir()
        outcomes = pool.map(
            lambda outage: run_outage(outage, "spool", count=60, seconds=1.0, directory=places[outage]),
            outages,
        )
        for outcome in outcomes:
            assert (outcome.returned, outcome.missing, outcome.left_in_spool) == (61, 0, 0), outcome
    for place in places.values():
        status = spool_status(place / "spool")
        captured, delivered = status.total("captured")["error"], status.total("delivered")["error"]
        assert captured - delivered in (-1, 0, 1), "kill -9 cost more than the count in hand"
        assert not status.total("dropped")


def test_forked_children_send_their_own_and_never_what_the_parent_captured(tmp_path: Path) -> None:
    """As under gunicorn's preload: the parent is sending when it forks. Children end with os._exit, as workers do."""
    ids, spool = tmp_path / "ids", tmp_path / "spool"
    ids.touch()
    with Receiver("slow", slow_s=0.02) as host:
        application = start(host, spool, ids, count=15, transactions=5, forks=3, stay=True)
        wait_for_lines(ids, 60)
        missing = host.wait_for(set(ids.read_text().split()), PATIENCE_S)
        application.communicate()
        assert application.returncode == 0
        assert not missing, "the parent looks after what its children left"
        assert len(host.stored) == 65
        of_the_parent = ids.read_text().split()[:15]
        assert {host.stored[event_id] for event_id in of_the_parent} == {1}
        # A child that ends in the middle of a request leaves one envelope that nobody knows the host has.
        assert sum(host.stored.values()) <= 65 + 3
        assert host.items["transaction"] == 5, "a child sent what its parent had queued"
    assert spool_status(spool).queued == {}
    assert spool_status(spool).total("captured")["error"] == 60


def test_several_living_processes_share_a_directory_without_sending_anything_twice(tmp_path: Path) -> None:
    ids, spool = tmp_path / "ids", tmp_path / "spool"
    ids.touch()
    with Receiver("slow", slow_s=0.01) as host:
        applications = [start(host, spool, ids, count=40, stay=True) for _ in range(2)]
        wait_for_lines(ids, 80)
        assert not host.wait_for(set(ids.read_text().split()), PATIENCE_S)
        for application in applications:
            application.communicate()
        assert set(host.stored.values()) == {1}
    assert spool_status(spool).total("captured")["error"] == 80
