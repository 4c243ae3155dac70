"""/api/error-feedback/: takes a visitor's words from an error page, keeps them on disk, and sees that support gets them.

Without a session, the database or Redis, because the page is shown when those are away. What stands against misuse
instead: a signed token that only our page carries, a field that only robots fill in, and limits of its own.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.error_answers import HTML, PROBLEM, answer, wanted_type
from core.error_settings import error_page_settings
from core.feedback_store import Feedback, FeedbackFullError, FeedbackStore
from core.feedback_tokens import TokenError, read_token
from core.rate_limit import client_address
from core.request_facts import facts_of
from core.sentry import counters, send_feedback

logger = logging.getLogger(__name__)

MAX_BYTES = 32_768
MAX_MESSAGE, MAX_NAME, MAX_EMAIL = 4000, 100, 254
PER_ERROR = 5
PER_ADDRESS, ADDRESS_WINDOW_S = 10, 600.0
KEEP_DAYS = 90


class RefusedError(Exception):
    """The words cannot be taken; the text tells the visitor why and what to do."""

    def __init__(self, status: int, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


@csrf_exempt
@require_POST
def error_feedback(request: HttpRequest) -> HttpResponse:
    """View: 201 when the words are kept, as a page or as JSON."""
    try:
        given = _given(request)
        if given.get("website"):
            # A robot is told that all went well, so that it does not try again.
            counters.count("refused", reason="honeypot", category="feedback")
        else:
            _take(request, given)
    except RefusedError as refused:
        return _refuse(request, refused)
    if wanted_type(request) != HTML:
        message = _("Thank you. Your words are kept with this error.")
        return JsonResponse({"success": True, "message": message}, status=201)
    return answer(request, 201, template="core/feedback_kept.html")


def deliver_feedback() -> dict[str, int]:
    """Tell support of what is waiting. Gives how many were told, are still waiting, and were forgotten for age."""
    store, told = FeedbackStore(), 0
    store.lock_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(store.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = list(store.waiting())
        for path, feedback in waiting:
            known = _attach(feedback)
            if known != feedback:
                store.replace(path, known)
            if not _mail(known):
                break
            store.settle(path)
            told += 1
        return {"told": told, "waiting": len(waiting) - told, "forgotten": store.forget(KEEP_DAYS * 86400)}
    finally:
        os.close(lock)


def _take(request: HttpRequest, given: Mapping[str, str]) -> None:
    try:
        subject = read_token(given.get("token", ""))
    except TokenError as error:
        raise RefusedError(403, str(error)) from None
    feedback = Feedback(
        error_id=subject.error_id,
        event_id=subject.event_id,
        message=_message(given),
        name=given.get("name", "").strip()[:MAX_NAME],
        email=_email(given),
        written_at=time.time(),
    )
    store = FeedbackStore()
    _limit(request, store, subject.error_id)
    try:
        path = store.keep(feedback)
        store.replace(path, _attach(feedback))
    except (OSError, FeedbackFullError) as error:
        logger.exception("Feedback could not be kept: %s", type(error).__name__)
        raise RefusedError(
            503, _("Your words could not be kept. Please write to support instead."), retry_after_s=60
        ) from None


def _attach(feedback: Feedback) -> Feedback:
    """With the id of the feedback event, once there is one."""
    if feedback.feedback_id is not None:
        return feedback
    feedback_id = send_feedback(
        feedback.message,
        event_id=feedback.event_id,
        name=feedback.name or None,
        contact_email=feedback.email or None,
    )
    return replace(feedback, feedback_id=feedback_id)


def _mail(feedback: Feedback) -> bool:
    """Whether support has it, or there is nobody to tell."""
    support = error_page_settings().support_email
    if not support:
        return True
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(feedback.written_at))
    sender = (
        " ".join(filter(None, (feedback.name, f"<{feedback.email}>" if feedback.email else ""))) or "unnamed"
    )
    body = (
        f"About error {feedback.error_id} (event {feedback.event_id or 'never sent'}), written {when} by {sender}:\n\n"
        f"{feedback.message}\n\nmanage.py lookup_error {feedback.error_id} says what is known of it."
    )
    message = EmailMessage(
        f"Feedback on error {feedback.error_id}",
        body,
        to=[support],
        reply_to=[feedback.email] if feedback.email else None,
    )
    try:
        message.send()
    except Exception as error:
        # A boundary: whatever a mail backend raises, the words wait on disk for the next time.
        logger.warning("Support could not be told of feedback by mail (%s); it waits.", type(error).__name__)
        return False
    return True


def _given(request: HttpRequest) -> Mapping[str, str]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise RefusedError(
            413, _("That is too long: at most %(most)s characters are taken.") % {"most": MAX_MESSAGE}
        )
    if request.content_type == "application/json":
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            raise RefusedError(400, "The body is not JSON.") from None
        if not isinstance(body, dict):
            raise RefusedError(400, 'The body must be an object, as in {"token": "…", "message": "…"}.')
        return {str(name): value for name, value in body.items() if isinstance(value, str)}
    return {name: str(value) for name, value in request.POST.items()}


def _message(given: Mapping[str, str]) -> str:
    message = given.get("message", "").strip()
    if not message:
        raise RefusedError(
            400, _("Nothing was written. Go back and say what you were doing when it happened.")
        )
    if len(message) > MAX_MESSAGE:
        raise RefusedError(
            400,
            _("That is too long: at most %(most)s characters are taken, it has %(length)s.")
            % {"most": MAX_MESSAGE, "length": len(message)},
        )
    return message


def _email(given: Mapping[str, str]) -> str:
    email = given.get("email", "").strip()
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        email = email[:MAX_EMAIL]
        raise RefusedError(
            400, _("“%(email)s” is no email address. Correct it, or leave it out.") % {"email": email}
        ) from None
    return email


def _limit(request: HttpRequest, store: FeedbackStore, error_id: str) -> None:
    if store.count_of(error_id) >= PER_ERROR:
        raise RefusedError(429, _("Enough has been written about this error. Thank you."), retry_after_s=3600)
    wait_s = _addresses.wait_s(client_address(request))
    if wait_s:
        raise RefusedError(429, _("Too much was sent at once. Wait, then send again."), retry_after_s=wait_s)


def _refuse(request: HttpRequest, refused: RefusedError) -> HttpResponse:
    kind = wanted_type(request)
    if kind in (HTML, PROBLEM):
        return answer(
            request, refused.status, message=str(refused), retry_after_s=refused.retry_after_s, as_type=kind
        )
    facts_of(request).is_answered = True
    body: dict[str, Any] = {"success": False, "error": str(refused), "message": str(refused)}
    response = JsonResponse(body, status=refused.status)
    if refused.retry_after_s:
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response


class _Addresses:
    """When each address wrote last, in this process alone: Redis may be what is away."""

    def __init__(self, capacity: int = 2048) -> None:
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._capacity = capacity
        self._lock = threading.Lock()

    def wait_s(self, address: str) -> int:
        """0 when it may write (which is noted), else the seconds until it may."""
        now = time.monotonic()
        with self._lock:
            times = self._times.setdefault(address, deque())
            self._times.move_to_end(address)
            while times and now - times[0] >= ADDRESS_WINDOW_S:
                times.popleft()
            if len(times) >= PER_ADDRESS:
                return int(ADDRESS_WINDOW_S - (now - times[0])) + 1
            times.append(now)
            if len(self._times) > self._capacity:
                self._times.popitem(last=False)
        return 0

    def clear(self) -> None:
        with self._lock:
            self._times.clear()


_addresses = _Addresses()
