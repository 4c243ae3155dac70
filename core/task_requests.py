"""What the worker's parent process learns of a task: a hard time limit, a child that was killed or lost.

The child can tell nothing then, and the parent only logs it, twice or three times and without the task's name. Celery
lets a task bring its own request class; this one makes each of these one event with the task's tags.
"""

from __future__ import annotations

from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery.exceptions import NotRegistered
from celery.signals import task_unknown
from celery.worker.request import Request

from core.sentry.same_failure import note_told
from core.sentry.task_scope import TaskFacts, in_workers_parent, report_outcome


class SentryRequest(Request):
    """Celery's request, reporting what only the parent sees."""

    _was_told = False
    _check_in_is_closed = False

    def on_timeout(self, soft: bool, timeout: float) -> None:
        if soft:
            super().on_timeout(soft, timeout)
            return
        # Cleanly raised, so that it has a place; Celery makes its own for its signals.
        with in_workers_parent(self._facts()):
            self._tell(TimeLimitExceeded(timeout))
            super().on_timeout(soft, timeout)
        self._close_check_in()

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> None:
        # Since Celery 5.3 it comes wrapped with its traceback.
        exc = getattr(exc_info.exception, "exc", exc_info.exception)
        if not isinstance(exc, (WorkerLostError, TimeLimitExceeded, SystemExit)):
            self._fail(exc_info, exc, send_failed_event=send_failed_event, return_ok=return_ok)
            return
        with in_workers_parent(self._facts()):
            if not any(getattr(self, f"_already_{how}", False) for how in ("cancelled", "revoked")):
                self._tell(exc if not isinstance(exc, SystemExit) else WorkerLostError(f"Exited: {exc}"))
            super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)
        if not self.task.reject_on_worker_lost:
            self._close_check_in()

    def _fail(self, exc_info: Any, exc: BaseException, **how: bool) -> None:
        """The task reported what its body raised. What Celery met around it, storing the result say, is told here."""
        if exc_info.internal:
            with in_workers_parent(self._facts()):
                self._tell(exc, is_loss=False)
        try:
            super().on_failure(exc_info, **how)
        except Exception as raised:
            # A boundary: of what is raised from here only a log line of billiard would tell.
            with in_workers_parent(self._facts()):
                self._tell(raised, is_loss=False)
            note_told(raised)
            raise

    def _tell(self, exc: BaseException, *, is_loss: bool = True) -> None:
        # A time limit comes here twice: when it is noticed, and when the child is gone.
        if not self._was_told:
            self._was_told = True
            report_outcome(exc, self._facts(), is_loss=is_loss)

    def _close_check_in(self) -> None:
        close = getattr(self.task, "close_check_in", None)
        if close is not None and not self._check_in_is_closed:
            self._check_in_is_closed = True
            close("error", run_id=self.id)

    def _facts(self) -> TaskFacts:
        context: Any = self.request_dict
        return TaskFacts(
            name=self.name,
            task_id=self.id,
            retries=int(context.get("retries") or 0),
            queue=str((self.delivery_info or {}).get("routing_key") or ""),
            request_id=str(context.get("request_id") or ""),
        )


@task_unknown.connect
def _tell_of_unknown(name: str = "", id: str = "", message: Any = None, **_: Any) -> None:
    """A message for a task that this worker does not have: dropped, and Celery only logs it."""
    delivery, headers = message.delivery_info or {}, message.headers or {}
    facts = TaskFacts(
        name=name,
        task_id=id,
        queue=str(delivery.get("routing_key") or ""),
        request_id=str(headers.get("request_id") or ""),
    )
    with in_workers_parent(facts):
        report_outcome(NotRegistered(name), facts)
