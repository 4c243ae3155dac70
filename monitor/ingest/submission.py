"""From a request to what goes into the spool: who sends, whether it is sound, and how it is answered."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from uuid import uuid4

from monitor.ingest.admission import admit, sort_items
from monitor.ingest.answers import Answer, accepted, answer, rate_limit_headers
from monitor.ingest.keyring import KeyRing, ProjectKey
from monitor.ingest.request import Request
from monitor.ingest.spool.record import RecordMeta
from monitor.protocol import (
    Credentials,
    EnvelopeScanner,
    Limits,
    ProtocolError,
    RateLimit,
    Reason,
    decode,
    decode_whole,
    load_json,
    parse_content_encoding,
    parse_dsn,
    parse_envelope,
    read_credentials,
)
from monitor.protocol.auth import missing_credentials
from monitor.protocol.check_ins import envelope_from_check_in
from monitor.protocol.dsn import parse_project_id
from monitor.protocol.envelope import normalise_event_id
from monitor.protocol.minidump import envelope_from_minidump, hyphenated
from monitor.protocol.security import envelope_from_reports
from monitor.protocol.store import PIXEL, envelope_from_store

ENVELOPE_TYPE = "application/x-sentry-envelope"
_CHUNKS_A_TURN = 16
"""After so many, a megabyte, others get their turn: unpacking 100 MB takes a fifth of a second."""
_PEEK_MAX = 4 * 1024 * 1024
_USER_AGENT_MAX = 200


@dataclass(slots=True)
class Submission:
    """One request on its way; `project_id` is 0 until its key is found to be good."""

    request: Request
    keys: KeyRing
    limits: Limits
    project_id: int = 0
    key: ProjectKey | None = None
    credentials: Credentials | None = None
    event_id: str | None = None
    body: bytes = b""
    encodings: tuple[str, ...] = ()
    skipped: tuple[int, ...] = ()
    taken: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    active: list[RateLimit] = field(default_factory=list)
    answer: Answer | None = None

    def authenticate(self, path_key: str | None = None) -> None:
        """From everything but the body. Raises ProtocolError, KeyRingUnavailableError."""
        self.credentials = read_credentials(self.request.headers, self.request.query, path_key)
        if self.credentials is not None:
            self._admit(self.credentials)

    def require_credentials(self) -> None:
        if self.credentials is None:
            raise missing_credentials()

    @property
    def has_content(self) -> bool:
        """Whether anything of it is to be kept."""
        return self.taken.total() > 0

    def meta(self, received_at: float) -> RecordMeta:
        return RecordMeta(
            project_id=self.project_id,
            received_at=received_at,
            key=self.key.key if self.key else "",
            event_id=self.event_id,
            encodings=self.encodings,
            client=self.credentials.client if self.credentials else "",
            remote_addr=self.request.remote_addr,
            user_agent=self.request.header("user-agent")[:_USER_AGENT_MAX],
            skipped=self.skipped,
        )

    async def take_envelope(self, body: bytes) -> None:
        """Look through the envelope, and keep its bytes as they came."""
        encodings = parse_content_encoding(self.request.header("content-encoding"))
        if not body:
            raise ProtocolError(Reason.EMPTY_BODY, "Empty request body: there is no envelope in it.")
        scanner = EnvelopeScanner(self.limits)
        checked = False
        for number, chunk in enumerate(decode(body, encodings, self.limits.envelope), 1):
            scanner.feed(chunk)
            if not checked and scanner.headers is not None:
                self._check_headers(scanner.headers)
                checked = True
            if number % _CHUNKS_A_TURN == 0:
                await asyncio.sleep(0)
        scanner.finish()
        if not checked:
            self._check_headers(scanner.headers or {})
        self.event_id = scanner.event_id
        if self.event_id is None and any(span.type.needs_event_id for span in scanner.spans):
            self.event_id = _event_id_of_payload(body, encodings, self.limits) or uuid4().hex
        self._keep(body, encodings, scanner)

    def take_made(self, made: tuple[str, bytes]) -> None:
        """An envelope of our own making, from one of the other endpoints."""
        self.event_id, body = made
        scanner = EnvelopeScanner(self.limits)
        scanner.feed(body)
        scanner.finish()
        self._keep(body, (), scanner)

    def refuse_if_limited(self) -> None:
        """Nothing is left, because of rate limits. Raises ProtocolError (rate_limited)."""
        if self.limited and not self.has_content:
            raise ProtocolError(
                Reason.RATE_LIMITED,
                f"Project {self.project_id} takes none of {', '.join(sorted(self.limited))} for now.",
            )

    def rate_limit_headers(self, *, retry: bool = False) -> list[tuple[bytes, bytes]]:
        return rate_limit_headers(self.active, time.time(), retry=retry) if self.active else []

    def _check_headers(self, headers: dict[str, object]) -> None:
        """The envelope's own DSN: the only credentials, or the same as the others."""
        text = headers.get("dsn")
        if isinstance(text, str) and text:
            dsn = parse_dsn(text)
            if self.credentials is None:
                self.credentials = Credentials(dsn.public_key)
                self._admit(self.credentials)
            elif dsn.public_key != self.credentials.key:
                raise ProtocolError(
                    Reason.BAD_AUTH, "The dsn of the envelope header has another key than the request."
                )
            if self.key is not None and dsn.project_id != self.key.project_id:
                raise ProtocolError(
                    Reason.WRONG_PROJECT,
                    "The dsn of the envelope header has another project than the request.",
                )
        self.require_credentials()

    def _admit(self, credentials: Credentials) -> None:
        path = self.request.path
        named = parse_project_id(path[1]) if path[1] != "store" else None
        self.key = admit(self.keys, credentials, named, self.request.header("origin"))
        self.project_id = self.key.project_id

    def _keep(self, body: bytes, encodings: tuple[str, ...], scanner: EnvelopeScanner) -> None:
        found = sort_items(scanner.spans, self.key.limits if self.key else (), time.time())
        self.body, self.encodings, self.skipped = body, encodings, tuple(found.skipped)
        self.taken, self.limited = found.taken, found.limited
        self.unknown, self.active = found.unknown, found.active


async def take_envelope(submission: Submission, body: bytes) -> None:
    await submission.take_envelope(body)
    submission.refuse_if_limited()
    submission.answer = accepted(submission.event_id, submission.rate_limit_headers())


async def take_store(submission: Submission, body: bytes) -> None:
    request = submission.request
    if request.header("content-type").startswith(ENVELOPE_TYPE):
        await take_envelope(submission, body)
        return
    if request.method == "GET":
        payload = _query_value(request.query, "sentry_data")
    else:
        payload = _unpacked(submission, body, submission.limits.event)
    submission.take_made(envelope_from_store(payload, submission.limits.event))
    submission.refuse_if_limited()
    extra = submission.rate_limit_headers()
    if request.method == "GET":
        submission.answer = answer(200, PIXEL, b"image/gif", extra)
    else:
        submission.answer = accepted(submission.event_id, extra)


async def take_reports(submission: Submission, body: bytes) -> None:
    request = submission.request
    payload = _unpacked(submission, body, submission.limits.event)
    network = request.path[2] == "nel"
    made = envelope_from_reports(payload, request.header("content-type"), request.query, network=network)
    submission.take_made(made)
    submission.refuse_if_limited()
    submission.answer = answer(200, b"", extra=submission.rate_limit_headers())


async def take_check_in(submission: Submission, body: bytes) -> None:
    request = submission.request
    payload = _unpacked(submission, body, submission.limits.event)
    made = envelope_from_check_in(request.path[3], request.query, payload, request.header("content-type"))
    submission.take_made(made)
    # Never 429: curl in a crontab would call it a failure of the job.
    submission.answer = answer(202, b"")


async def take_minidump(submission: Submission, body: bytes) -> None:
    payload = _unpacked(submission, body, submission.limits.minidump)
    submission.take_made(envelope_from_minidump(payload, submission.request.header("content-type")))
    # Never 429 here either: crash reporters come again and again.
    submission.answer = answer(200, hyphenated(submission.event_id or "").encode(), b"text/plain")


def _unpacked(submission: Submission, body: bytes, limit: int) -> bytes:
    return decode_whole(body, parse_content_encoding(submission.request.header("content-encoding")), limit)


def _query_value(query: str, name: str) -> bytes:
    values = parse_qs(query, max_num_fields=100, errors="replace").get(name, [""])
    return values[0].encode("utf-8", "replace")


def _event_id_of_payload(body: bytes, encodings: tuple[str, ...], limits: Limits) -> str | None:
    """SDKs must put it into the envelope's headers. For those that forget, so that a retry is known for one."""
    try:
        whole = decode_whole(body, encodings, min(_PEEK_MAX, limits.envelope))
        for item in parse_envelope(whole, limits).items:
            if item.kind.needs_event_id and item.kind.limit == "event":
                payload = load_json(item.payload)
                return normalise_event_id(payload.get("event_id")) if isinstance(payload, dict) else None
    except ProtocolError:
        return None
    return None
