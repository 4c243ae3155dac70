"""The promise of the lease: work is done once, whatever dies, and what was done twice is kept once."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from core.errors import PipelineError, UserInputError
from core.request_facts import current_request_id
from jobs.errors import JobCancelledError, JobUnfinishedError, LeaseLostError
from jobs.lease import claim
from jobs.models import Job
from jobs.services import cancel_job, reap_jobs
from tests.core.worker import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

TASK = "tests.nothing"


@pytest.fixture
def job() -> Job:
    return Job.objects.create(task=TASK, subject_id=uuid.uuid4())


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The broker takes whatever it is given; what it was given is here."""
    sent: list[str] = []

    def take(task: str, args: list[str], headers: dict[str, str], retry: bool) -> None:
        sent.append(args[0])
        sent_for.append(headers.get("request_id", ""))

    sent_for.clear()
    monkeypatch.setattr("jobs.services.current_app.send_task", take)
    return sent


sent_for: list[str] = []
"""The requests on whose behalf `broker` was given something."""


def _let_lapse(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_expires_at=Now() - timedelta(seconds=1))


def test_only_one_of_two_claims_gets_the_job(job: Job) -> None:
    assert claim(job.id) is not None
    assert claim(job.id) is None


def test_many_workers_at_once_get_the_job_once(job: Job) -> None:
    got: list[object] = []

    def try_it() -> None:
        try:
            got.append(claim(job.id))
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in got if lease is not None]) == 1


def test_a_job_that_succeeds_is_over(job: Job) -> None:
    lease = claim(job.id)
    assert lease is not None
    with lease:
        lease.report("reading", 40)
        lease.succeed()
    job.refresh_from_db()
    assert (job.state, job.percent, job.lease_token) == (Job.State.SUCCEEDED, 100, None)


def test_the_users_error_fails_the_job_in_its_own_words_and_ends_there(job: Job) -> None:
    lease = claim(job.id)
    assert lease is not None
    with lease:
        raise UserInputError("Row 7 is not a number.")
    job.refresh_from_db()
    assert (job.state, job.error_message) == (Job.State.FAILED, "Row 7 is not a number.")


@pytest.mark.parametrize("error", [PipelineError("ours"), ValueError("a secret: hunter2")])
def test_our_own_error_fails_the_job_and_goes_on_to_whoever_reports(job: Job, error: Exception) -> None:
    lease = claim(job.id)
    assert lease is not None
    with pytest.raises(type(error)), lease:
        raise error
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "hunter2" not in job.error_message


def test_a_lost_database_connection_gives_the_job_back(job: Job, broker: list[str]) -> None:
    lease = claim(job.id)
    assert lease is not None
    with pytest.raises(OperationalError), lease:
        raise OperationalError("server closed the connection")
    reap_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert broker == [str(job.id)]


def test_a_worker_that_is_told_to_stop_gives_the_job_back(job: Job, broker: list[str]) -> None:
    lease = claim(job.id)
    assert lease is not None
    with pytest.raises(SystemExit), lease:
        raise SystemExit
    reap_jobs()
    assert broker == [str(job.id)]


def test_a_dead_workers_job_is_put_back_and_its_late_result_is_refused(job: Job, broker: list[str]) -> None:
    dead = claim(job.id)
    assert dead is not None
    _let_lapse(job)
    reap_jobs()
    assert broker == [str(job.id)]
    living = claim(job.id)
    assert living is not None
    with pytest.raises(LeaseLostError), transaction.atomic():
        dead.succeed()
    with living:
        living.succeed()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (Job.State.SUCCEEDED, 2)


def test_a_living_worker_keeps_its_job(
    job: Job, settings: Settings, broker: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = claim(job.id)
    assert lease is not None
    ended, pauses = lease._ended, []

    def wait_less(seconds: float, really_wait: Callable[[float], bool] = ended.wait) -> bool:
        pauses.append(seconds)
        return really_wait(0.05)

    monkeypatch.setattr(ended, "wait", wait_less)
    before = lease.job.lease_expires_at
    assert before is not None
    with lease:
        wait_for(lambda: Job.objects.filter(pk=job.pk, lease_expires_at__gt=before).exists(), "a renewal")
        assert reap_jobs() == 0
        lease.succeed()
    assert set(pauses) == {settings.JOB_LEASE_S / 3}
    assert broker == []


def test_a_job_that_kills_every_worker_fails_for_good(job: Job, settings: Settings) -> None:
    settings.JOB_MAX_ATTEMPTS = 2
    for _ in range(2):
        assert claim(job.id) is not None
        _let_lapse(job)
        reap_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, "worker_lost")


def test_cancelling_a_waiting_job_ends_it_at_once(job: Job) -> None:
    cancel_job(job)
    assert claim(job.id) is None
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_cancelling_a_running_job_reaches_its_worker(job: Job) -> None:
    lease = claim(job.id)
    assert lease is not None
    with lease:
        cancel_job(job)
        lease.report("reading", 10)
        assert lease.should_stop()
        with pytest.raises(JobCancelledError):
            lease.check()
        lease.check()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_a_task_that_forgets_to_end_its_job_is_a_bug_that_is_seen(job: Job) -> None:
    lease = claim(job.id)
    assert lease is not None
    with pytest.raises(JobUnfinishedError), lease:
        pass
    job.refresh_from_db()
    assert job.state == Job.State.FAILED


def test_a_job_the_broker_never_took_is_sent_later(
    monkeypatch: pytest.MonkeyPatch, broker: list[str]
) -> None:
    from kombu.exceptions import OperationalError as BrokerError

    from jobs.services import queue_job

    def away(*_: object, **__: object) -> None:
        raise BrokerError("Connection refused")

    with monkeypatch.context() as patch:
        patch.setattr("jobs.services.current_app.send_task", away)
        token = current_request_id.set("0123456789abcdef")
        job = queue_job(task=TASK, subject_id=uuid.uuid4())
        current_request_id.reset(token)
    assert Job.objects.get(pk=job.pk).sent_at is None
    Job.objects.update(created_at=Now() - timedelta(seconds=10))
    assert reap_jobs() == 1
    assert broker == [str(job.id)]
    assert sent_for == ["0123456789abcdef"], "what fails is found by the id of the request that wanted it"
    assert reap_jobs() == 0
