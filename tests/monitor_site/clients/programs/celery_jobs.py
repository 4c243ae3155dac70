"""A Celery worker, really consuming (from a broker in memory), one of whose tasks fails and one of which is a cron job."""

import sentry_sdk
from celery import Celery
from sentry_sdk.crons import monitor

sentry_sdk.init(traces_sample_rate=1.0)
app = Celery("jobs", broker="memory://", backend="cache+memory://")
app.conf.update(task_default_queue="trainings", worker_hijack_root_logger=False)


class TrainingDivergedError(Exception):
    pass


@app.task(name="jobs.train")
def train(run: int) -> None:
    raise TrainingDivergedError(f"the loss of run {run} is not a number")


@app.task(name="jobs.tidy")
@monitor("tidy-up", monitor_config={"schedule": {"type": "crontab", "value": "0 3 * * *"}, "timezone": "UTC"})
def tidy() -> int:
    return 3


def work() -> None:
    # The SDK comes first: it patches the worker's code before that is imported, as in `celery worker`.
    from celery.contrib.testing.worker import start_worker

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=60):
        assert tidy.delay().get(timeout=60) == 3
        failed = train.delay(run=4711)
        try:
            failed.get(timeout=60)
        except Exception as error:
            if "4711" not in str(error):
                raise
        else:
            raise AssertionError("it should have failed")
        sentry_sdk.flush(60)


work()
