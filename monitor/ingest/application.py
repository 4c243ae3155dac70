"""The ASGI application in front of the spool. What it answers with 200 is in the spool; nothing it is sent gives a 500."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic, time

from monitor.ingest.answers import (
    Answer,
    answer,
    method_not_allowed,
    not_found,
    preflight,
    refusal,
    retry_after,
)
from monitor.ingest.commit import GroupCommit
from monitor.ingest.counters import NO_PROJECT, OutcomeCounters, dump_counts
from monitor.ingest.keyring import KeyRing, KeyRingUnavailableError
from monitor.ingest.pace import pause_s
from monitor.ingest.presence import BEAT_EVERY_S, PresenceFile
from monitor.ingest.request import BodyReader, ClientGoneError, Receive, Request, Scope, Send
from monitor.ingest.settings import IngestSettings
from monitor.ingest.spool import RecordMeta, SpoolError, SpoolFullError, SpoolWriter
from monitor.ingest.submission import (
    Submission,
    take_check_in,
    take_envelope,
    take_minidump,
    take_reports,
    take_store,
)
from monitor.protocol import DEFAULT_LIMITS, Limits, ProtocolError, Reason

logger = logging.getLogger(__name__)

Take = Callable[[Submission, bytes], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

_POST = ("POST",)
_GET_OR_POST = ("GET", "POST")
_ENDPOINTS: dict[str, tuple[Take, tuple[str, ...]]] = {
    "envelope": (take_envelope, _POST),
    "store": (take_store, _GET_OR_POST),
    "security": (take_reports, _POST),
    "csp-report": (take_reports, _POST),
    "nel": (take_reports, _POST),
    "minidump": (take_minidump, _POST),
    "cron": (take_check_in, _GET_OR_POST),
}
_OVERLOADED_RETRY_S = 5
_COMPLAIN_EVERY_S = 10.0


class IngestApplication:
    """One for each process. `fallback` gets what is none of Sentry's endpoints: the pages, when they share the process."""

    def __init__(
        self,
        settings: IngestSettings,
        keys: KeyRing,
        *,
        limits: Limits = DEFAULT_LIMITS,
        fallback: AsgiApplication | None = None,
    ) -> None:
        self.counters = OutcomeCounters()
        self.presence = PresenceFile(settings.spool)
        self.writer = SpoolWriter(
            settings.spool,
            max_bytes=settings.spool_max_bytes,
            min_free_bytes=settings.min_free_bytes,
            durable=settings.fsync == "always",
        )
        self._settings = settings
        self._keys = keys
        self._limits = limits
        self._fallback = fallback
        self._complain_again_at = 0.0
        self._commit = GroupCommit(self.writer) if settings.fsync == "always" else None
        self._bodies = BodyReader(
            max_bytes=limits.request,
            held_max_bytes=settings.held_max_bytes,
            timeout_s=settings.body_timeout_s,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request.from_scope(scope)
        take = _route(request.path)
        if take is None and self._fallback is not None and request.path[:2] != ["api", "relay"]:
            await self._fallback(scope, receive, send)
            return
        try:
            given = await self._answer(request, take, receive)
        except ClientGoneError:
            return
        await send({"type": "http.response.start", "status": given.status, "headers": given.headers})
        await send({"type": "http.response.body", "body": given.body})

    async def _answer(
        self, request: Request, take: "tuple[Take, tuple[str, ...]] | None", receive: Receive
    ) -> Answer:
        if take is None:
            return self._health(request) if request.path[:3] == _HEALTH else not_found("/".join(request.path))
        if request.method == "OPTIONS":
            return preflight()
        handler, methods = take
        if request.method not in methods:
            return method_not_allowed(request.method, " or ".join(methods))
        submission = Submission(request, self._keys, self._limits)
        try:
            await self._take(submission, handler, receive)
        except ProtocolError as error:
            return self._refuse(submission, error)
        except KeyRingUnavailableError as error:
            return self._unavailable(submission, Reason.OVERLOADED, str(error), _OVERLOADED_RETRY_S)
        except SpoolError as error:
            reason = Reason.SPOOL_FULL if isinstance(error, SpoolFullError) else Reason.SPOOL_UNAVAILABLE
            self._complain(error)
            self.presence.interrupt()
            return self._unavailable(submission, reason, str(error), error.retry_after_s)
        except ClientGoneError:
            raise
        # The boundary: an error of ours is not the sender's fault, and it is asked to come again.
        except Exception:
            logger.exception("submission_failed")
            return self._unavailable(submission, Reason.INTERNAL, "The monitor failed.", _OVERLOADED_RETRY_S)
        if submission.answer is None:
            raise RuntimeError(f"{handler.__name__} has left no answer.")
        return submission.answer

    async def _take(self, submission: Submission, handler: Take, receive: Receive) -> None:
        request = submission.request
        submission.authenticate(request.path[4] if len(request.path) > 4 else None)
        if handler is not take_envelope:
            submission.require_credentials()
        body = await self._bodies.read(request, receive)
        await handler(submission, body)
        if submission.has_content:
            await self._keep(submission.meta(round(time(), 3)), submission.body)
        self.counters.accepted(submission.project_id, submission.taken)
        self._count_left_out(submission)

    async def _keep(self, meta: RecordMeta, body: bytes) -> None:
        self.writer.append(meta, body)
        if self.writer.records == 1:
            asyncio.get_running_loop().call_later(self._settings.rotate_after_s, self._rotate)
        if self._commit is not None:
            await self._commit.wait()
        if pause := pause_s(self.writer.late_s):
            await asyncio.sleep(pause)

    def _rotate(self) -> None:
        self.writer.rotate()
        if self._commit is not None:
            task = asyncio.ensure_future(self._commit.wait())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _refuse(self, submission: Submission, error: ProtocolError) -> Answer:
        if error.reason is Reason.RATE_LIMITED:
            self._count_left_out(submission)
            return refusal(error, submission.rate_limit_headers(retry=True))
        self.counters.refused(submission.project_id, error.reason)
        extra = [retry_after(_OVERLOADED_RETRY_S)] if error.status == 503 else []
        return refusal(error, extra)

    def _unavailable(self, submission: Submission, reason: Reason, detail: str, retry_s: int) -> Answer:
        self.counters.refused(submission.project_id, reason, submission.taken)
        return refusal(ProtocolError(reason, detail), [retry_after(retry_s)])

    def _complain(self, error: SpoolError) -> None:
        """Thousands of events a second must not become thousands of lines."""
        if monotonic() >= self._complain_again_at:
            self._complain_again_at = monotonic() + _COMPLAIN_EVERY_S
            logger.warning("The spool takes nothing: %s", error)

    def _count_left_out(self, submission: Submission) -> None:
        if submission.limited:
            self.counters.refused(submission.project_id, Reason.RATE_LIMITED, submission.limited)
        if submission.unknown:
            unknown = {"unknown": submission.unknown}
            self.counters.refused(submission.project_id, Reason.UNKNOWN_ITEM_TYPE, unknown)

    def _health(self, request: Request) -> Answer:
        """Relay's own addresses: live is whether it answers, ready whether it would take an event."""
        if request.path[3:] == ["live"]:
            return answer(200, b'{"is_healthy":true}')
        try:
            self._keys.find("")
            spool = self._settings.spool
            usable = os.access(spool if spool.exists() else spool.absolute().parent, os.W_OK | os.X_OK)
        except KeyRingUnavailableError:
            usable = False
        return answer(200, b'{"is_healthy":true}') if usable else answer(503, b'{"is_healthy":false}')

    async def _live(self, receive: Receive, send: Send) -> None:
        tasks: list[asyncio.Task[None]] = []
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.presence.beat()
                tasks = [asyncio.create_task(self._write_counts()), asyncio.create_task(self._beat())]
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                for task in tasks:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                self.flush_counts()
                with suppress(SpoolError):
                    self.writer.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            self.presence.beat()

    async def _write_counts(self) -> None:
        while True:
            await asyncio.sleep(self._settings.counts_every_s)
            self.flush_counts()

    def flush_counts(self) -> None:
        """Into the spool; what it does not take is kept for the next time."""
        counts = self.counters.take()
        if not counts:
            return
        try:
            self.writer.append(RecordMeta(NO_PROJECT, round(time(), 3), kind="counts"), dump_counts(counts))
        except SpoolError:
            self.counters.give_back(counts)
        else:
            self._rotate()


_HEALTH = ["api", "relay", "healthcheck"]


def _route(path: list[str]) -> tuple[Take, tuple[str, ...]] | None:
    """`/api/<project>/<endpoint>/`, with or without the slash; `/api/store/`; `/api/<project>/cron/<slug>[/<key>]/`."""
    if len(path) < 2 or path[0] != "api" or path[1] in ("0", "relay"):
        return None
    if len(path) == 2:
        return _ENDPOINTS["store"] if path[1] == "store" else None
    if path[2] == "cron":
        return _ENDPOINTS["cron"] if len(path) in (4, 5) else None
    return _ENDPOINTS.get(path[2]) if len(path) == 3 else None
