"""kill -9 of a worker and its children in the middle: the work is picked up by another, and the result is the same."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_tools.engine.process import process_file
from tests.live.system import LiveSystem, wait_for
from tests.live.visitor import Visitor

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def _worker_afterwards(live: LiveSystem) -> Iterator[None]:
    """Whatever a test does to the worker, the next test has one."""
    yield
    if "worker" not in live.processes:
        live.start_worker()


def job_of(live: LiveSystem, table: str, subject: str) -> dict[str, Any]:
    row = live.query(
        f"SELECT j.state, j.percent, j.attempt, j.error_message FROM {table} t JOIN jobs_job j ON j.id = t.job_id"
        " WHERE t.id = %s",
        subject,
    )[0]
    return dict(zip(("state", "percent", "attempt", "error"), row, strict=True))


def kill_worker_when_running(live: LiveSystem, table: str, subject: str) -> None:
    def running() -> bool:
        job = job_of(live, table, subject)
        assert job["state"] in ("queued", "running"), f"too quick to be killed: {job}"
        return job["state"] == "running" and job["percent"] > 0

    wait_for("the work is under way", running, every_s=0.02)
    live.kill("worker")


def wait_until_succeeded(live: LiveSystem, table: str, subject: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        job = job_of(live, table, subject)
        return job if job["state"] not in ("queued", "running") else None

    job = wait_for("the work is over", over)
    assert job["state"] == "succeeded", job
    return job


def test_processing_goes_on_with_another_worker_to_the_same_result(
    live: LiveSystem, visitor: Visitor, tmp_path: Path
) -> None:
    file = tmp_path / "hourly.csv"
    hours = pl.datetime_range(
        datetime(1800, 1, 1), datetime(1800, 1, 1) + timedelta(hours=1_999_999), "1h", eager=True
    )
    numbers = pl.int_range(2_000_000, eager=True)
    pl.DataFrame(
        {
            "time": hours.dt.strftime("%Y-%m-%d %H:%M"),
            "discharge_cfs": (numbers * 7919 % 10_007) / 10,
            "rain_mm": (numbers * 104_729 % 97 - 90).clip(0) / 10,
            "tmax": (numbers * 31 % 300) / 10,
            "tmin": (numbers * 37 % 250) / 10 - 5,
        }
    ).write_csv(file)
    expected = process_file(
        file,
        tmp_path / "own.parquet",
        original_name=file.name,
        report=lambda *_: None,
        should_stop=lambda: False,
    )
    source = visitor.upload(visitor.make_project("Killed"), file)
    kill_worker_when_running(live, "data_tools_datasource", source)
    live.start_worker()
    job = wait_until_succeeded(live, "data_tools_datasource", source)
    assert job["attempt"] == 2
    [(result, path)] = live.query(
        "SELECT result, parquet_path FROM data_tools_datasource WHERE id = %s", source
    )
    assert _timeless(result) == _timeless(expected.to_dict())
    kept = Path(live.env["DATA_ROOT"]) / path
    assert kept.read_bytes() == (tmp_path / "own.parquet").read_bytes()
    assert sorted(kept.parent.glob("*.parquet")) == [kept]


def test_training_goes_on_with_another_worker_to_the_same_result(
    live: LiveSystem, visitor: Visitor, catchment_file: Path
) -> None:
    project = visitor.make_project("Killed in training")
    source = visitor.upload(project, catchment_file)
    visitor.wait_until_over(f"/data/{source}/")
    forest = {"model": "random_forest", "parameters": "n_estimators = 300\nmin_samples_leaf = 2"}
    killed, undisturbed = visitor.train(project, source, **forest), ""
    kill_worker_when_running(live, "experiments_experiment", killed)
    live.start_worker()
    undisturbed = visitor.train(project, source, **forest)
    assert wait_until_succeeded(live, "experiments_experiment", killed)["attempt"] == 2
    assert wait_until_succeeded(live, "experiments_experiment", undisturbed)["attempt"] == 1
    assert _outcome(live, killed) == _outcome(live, undisturbed)


def test_a_search_over_two_workers_with_one_killed_gives_the_same_as_one_left_alone(
    live: LiveSystem, visitor: Visitor, catchment_file: Path
) -> None:
    project = visitor.make_project("Killed in a search")
    source = visitor.upload(project, catchment_file)
    visitor.wait_until_over(f"/data/{source}/")
    search = {"model": "hist_gradient_boosting", "trials": "6"}
    live.start_worker("second")
    try:
        killed = visitor.train(project, source, **search)
        wait_for(
            "a trial is under way",
            lambda: live.query(
                "SELECT 1 FROM experiments_trial t JOIN jobs_job j ON j.id = t.job_id"
                " WHERE t.experiment_id = %s AND j.state = 'running'",
                killed,
            ),
            every_s=0.02,
        )
        live.kill("second")
        wait_until_succeeded(live, "experiments_experiment", killed)
        alone = visitor.train(project, source, **search)
        wait_until_succeeded(live, "experiments_experiment", alone)
        assert _outcome(live, killed) == _outcome(live, alone)
    finally:
        if "second" in live.processes:
            live.kill("second")


def _outcome(live: LiveSystem, experiment: str) -> tuple[Any, ...]:
    [(result, path)] = live.query(
        "SELECT result, predictions_path FROM experiments_experiment WHERE id = %s", experiment
    )
    trials = live.query(
        "SELECT number, parameters, score FROM experiments_trial WHERE experiment_id = %s ORDER BY number",
        experiment,
    )
    return _timeless(result), (Path(live.env["DATA_ROOT"]) / path).read_bytes(), trials


def _timeless(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "duration_s"}
