"""The SDK's hooks: ignored? → classified → thinned → scrubbed → capped. Total: on its own failure a skeleton goes out.

The order is bought from the SDK's client. A report costs most in serialising, so what is not to be sent is dropped
in `prepare`, an event processor that runs before: `error_sampler` and `before_send` come after it, `ignore_errors`
knows no strategy. Scrubbing comes last, in `before_send`, on what the serialiser made, so that it sees exactly what
leaves and never the caller's objects.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

from core.sentry import counters, same_failure
from core.sentry.classify import Classification, Classifier, cause_chain, get_classifier
from core.sentry.frame_locals import Frames, locals_of
from core.sentry.plain import Shape, plain
from core.sentry.sampling import FloodGate
from core.sentry.scrubbing import secrets_of
from core.sentry.scrubbing.event import EventScrubber, Json
from core.sentry.scrubbing.known import KnownValues
from core.sentry.scrubbing.text import TextScrubber
from core.sentry.set_aside import put_back, set_aside
from core.sentry.skeleton import event_skeleton, transaction_skeleton
from core.sentry.source import SourceLines

logger = logging.getLogger("core.sentry")

Observer = Callable[[str, Classification, Mapping[str, Any], Mapping[str, Any]], None]

_CLASSIFICATION = "core.classification"
_SET_ASIDE = "core.set_aside"
_UNANSWERED_BY = frozenset({"django", "wsgi", "asgi", "starlette", "drf"})
_PASSED_THROUGH = frozenset({"check_in", "feedback"})
_MAX_MESSAGE = 8192
# Where a message has no exception, its logger tells what it is about; the longest prefix wins.
_LOGGER_CATEGORIES = {
    "celery": "queue",
    "kombu": "queue",
    "billiard": "resources",
    "multiprocessing": "resources",
    "django.security": "security",
    "django.db": "database",
    "django.template": "programming",
    "gunicorn": "resources",
    "py.warnings": "maintenance",
    "asyncio": "programming",
}

# They log an exception because nobody asked for it.
_LOGGERS_OF_THE_UNHANDLED = frozenset({"asyncio", "concurrent.futures", "celery.backends.base"})

_observers: list[Observer] = []


def add_observer(observer: Observer) -> None:
    """Let `observer(outcome, classification, event, hint)` see each event; outcome: sent, ignored, expected, thinned."""
    _observers.append(observer)


class Filters:
    """The hooks of one set-up. Thread-safe."""

    def __init__(
        self,
        *,
        classifier: Callable[[], Classifier] = get_classifier,
        scrubber: EventScrubber | Callable[[], EventScrubber] | None = None,
        gate: FloodGate | None = None,
        max_frame_locals: int = 20,
    ) -> None:
        self._classifier = classifier
        self._given = scrubber or EventScrubber(TextScrubber())
        self._gate = gate or FloodGate()
        self._max_frame_locals = max_frame_locals
        self._source: tuple[TextScrubber, SourceLines] | None = None

    @property
    def scrubber(self) -> EventScrubber:
        return self._given() if callable(self._given) else self._given

    def prepare(self, event: Json, hint: Json) -> Json | None:
        """An event processor: drops what is not to be sent before it costs anything, and makes the rest plain."""
        kind = event.get("type")
        if kind == "transaction":
            hint[_SET_ASIDE] = set_aside(event)
            return event
        if kind in _PASSED_THROUGH:
            return event
        if not self._admit(event, hint):
            return None
        hint[_SET_ASIDE] = set_aside(event)
        return event

    def before_send(self, event: Event | Json, hint: Hint | Json) -> Any:
        """Scrubs an error or a message; check-ins and feedback pass as they are."""
        raw: Json = dict(event)
        if raw.get("type") in _PASSED_THROUGH:
            return event
        try:
            return self._error(raw, hint)
        except Exception as problem:
            # A boundary: an event that cannot be scrubbed must not be sent raw, and must not be lost either.
            return event_skeleton(raw, _exception_of(hint), hint.get(_CLASSIFICATION), problem)

    def before_send_transaction(self, event: Event | Json, hint: Hint | Json) -> Any:
        """Scrubs a transaction with its spans."""
        raw: Json = dict(event)
        try:
            _drop_attachments(hint)
            put_back(raw, hint.pop(_SET_ASIDE, None))
            return self.scrubber.event(raw, self._known(hint))
        except Exception as problem:
            # As above.
            return transaction_skeleton(raw, problem)

    def before_breadcrumb(self, crumb: Json, hint: Hint | Json) -> Json | None:
        """Bounds what is kept in memory; scrubbing waits until an event needs the breadcrumb, which few do."""
        try:
            same_failure.tell_settled()
            message = crumb.get("message")
            if type(message) is str and len(message) > _MAX_MESSAGE:
                crumb["message"] = message[:_MAX_MESSAGE]
            return crumb
        except Exception:
            # A boundary: a breadcrumb that cannot be read is not worth an error.
            return None

    def before_send_log(self, log: Any, hint: Hint | Json) -> Any:
        """Scrubs a structured log."""
        return self._telemetry(dict(log), ("body",))

    def before_send_metric(self, metric: Any, hint: Hint | Json) -> Any:
        """Scrubs a metric's attributes."""
        return self._telemetry(dict(metric), ("name",))

    def scrub(self, value: Any) -> Any:
        """A plain, scrubbed, capped copy of anything."""
        scrubber = self.scrubber
        shape = Shape(
            depth=scrubber.limits.depth, breadth=scrubber.limits.breadth, string=scrubber.text.max_string
        )
        return scrubber.value(plain(value, shape), self._known({}))

    def _error(self, event: Json, hint: Any) -> Json | None:
        if _CLASSIFICATION not in hint and not self._admit(event, hint):
            return None
        found: Classification = hint[_CLASSIFICATION]
        put_back(event, hint.pop(_SET_ASIDE, None))
        _drop_attachments(hint)
        exc = _exception_of(hint)
        frames = Frames.of(exc) if exc is not None else None
        event = self._with_frames(event, frames)
        known = self._known(hint, frames, event)
        clean = self.scrubber.event(event, known)
        # Made by the strategy, not by the request: put in after scrubbing, and the level is left alone.
        clean["tags"] = {**(clean.get("tags") or {}), "category": found.category, "severity": found.severity}
        if found.fingerprint and not clean.get("fingerprint"):
            clean["fingerprint"] = list(found.fingerprint)
        _observe("sent", found, clean, hint)
        return clean

    def _admit(self, event: Json, hint: Any) -> bool:
        """Whether `event` is to be sent. Leaves the classification in the hint, and `suppressed` in the tags."""
        exc = _exception_of(hint)
        unanswered = _is_unanswered(event)
        if same_failure.is_told(exc, is_unanswered=unanswered):
            counters.count("suppressed", reason="same_failure", category="error")
            same_failure.count_crash(event)
            return False
        if event.get("logger") in _LOGGERS_OF_THE_UNHANDLED:
            _mark_unhandled(event)
        found = self._classify(event, exc)
        if (found.ignored or found.expected) and exc is not None and not unanswered:
            outcome = "ignored" if found.ignored else "expected"
            counters.count("suppressed", reason=outcome, category="error")
            _observe(outcome, found, event, hint)
            return False
        if same_failure.wait_for_outcome(hint.get("log_record"), exc):
            return False
        same_failure.absorb(exc)
        same_failure.note_told(exc)
        suppressed = self._gate.admit(_flood_key(event, exc), severity=found.severity)
        if suppressed is None:
            counters.count("suppressed", reason="flood", category="error")
            _count_in_session(event)
            _observe("thinned", found, event, hint)
            return False
        hint[_CLASSIFICATION] = found
        tags = dict(event.get("tags") or {})
        if suppressed:
            tags["suppressed"] = str(suppressed)
        if unanswered and (found.ignored or found.expected):
            tags["unanswered"] = "true"
        event["tags"] = tags
        return True

    def _classify(self, event: Json, exc: BaseException | None) -> Classification:
        classifier = self._classifier()
        tags = event.get("tags")
        named = tags.get("category") if isinstance(tags, dict) else None
        if named:
            return classifier.of_category(str(named))
        if exc is not None:
            return classifier.classify(exc)
        return classifier.of_category(_category_of_logger(str(event.get("logger") or "")))

    def _known(self, hint: Any, frames: Frames | None = None, event: Json | None = None) -> KnownValues:
        names = self.scrubber.text.names
        found = secrets_of.of_task(names)
        request = secrets_of.current_request() or (frames.request() if frames else None)
        if request is not None:
            found += secrets_of.of_request(request, names)
        if frames is not None:
            found += frames.secrets(names)
        if event is not None:
            found += secrets_of.of_log_entry(event.get("logentry"), names)
        return KnownValues.of(found)

    def _with_frames(self, event: Json, frames: Frames | None) -> Json:
        """The event with source and locals in its frames."""
        source = self._source_lines()
        for section in ("exception", "threads"):
            for value in (event.get(section) or {}).get("values") or ():
                for frame in (value.get("stacktrace") or {}).get("frames") or ():
                    if "context_line" not in frame:
                        source.add_to(frame)
                        frame["source_is_clean"] = True
                    if frames is not None and frame.get("in_app"):
                        place = (frame.get("abs_path"), frame.get("function"), frame.get("lineno"))
                        taken = frames.take(place)
                        if taken is not None:
                            taken.shown = True
                            frame["vars"] = locals_of(taken, limit=self._max_frame_locals)
        return event

    def _source_lines(self) -> SourceLines:
        text = self.scrubber.text
        if self._source is None or self._source[0] is not text:
            self._source = (text, SourceLines(text))
        return self._source[1]

    def _telemetry(self, item: Json, texts: tuple[str, ...]) -> Json | None:
        try:
            attributes = item.get("attributes") or {}
            ours = {name: plain(value) for name, value in attributes.items() if not _is_sdk_attribute(name)}
            parts = {name: item[name] for name in texts if type(item.get(name)) is str}
            # In one go, because an attribute tells which word of the body is a secret.
            clean = self.scrubber.value(
                {"attributes": ours, "texts": parts}, self._known({}, event=_as_entry(attributes))
            )
            own = {name: value for name, value in attributes.items() if _is_sdk_attribute(name)}
            item["attributes"] = own | clean["attributes"]
            return {**item, **clean["texts"]}
        except Exception as problem:
            # A boundary: better no log line than a raw one.
            logger.warning("A log or metric was not sent: scrubbing failed with %s.", type(problem).__name__)
            return None


def _as_entry(attributes: Mapping[str, Any]) -> Json:
    """A structured log's template and parameters, as an event's log entry has them."""
    prefix = "sentry.message.parameter."
    params = {
        name.removeprefix(prefix): value for name, value in attributes.items() if name.startswith(prefix)
    }
    listed = [params[str(place)] for place in range(len(params)) if str(place) in params]
    return {"logentry": {"message": attributes.get("sentry.message.template"), "params": listed or params}}


def _is_sdk_attribute(name: str) -> bool:
    return name.startswith("sentry.") and not name.startswith("sentry.message.")


def _exception_of(hint: Any) -> BaseException | None:
    exc_info = hint.get("exc_info") if hint else None
    exc = exc_info[1] if exc_info else None
    return exc if isinstance(exc, BaseException) else None


def _is_unanswered(event: Json) -> bool:
    """Whether it went past every handler and the visitor got a 500: then it is an error, whatever its class."""
    values = (event.get("exception") or {}).get("values") or [{}]
    mechanism = values[-1].get("mechanism") or {}
    return mechanism.get("handled") is False and mechanism.get("type") in _UNANSWERED_BY


def _mark_unhandled(event: Json) -> None:
    for value in (event.get("exception") or {}).get("values") or ():
        value["mechanism"] = {**(value.get("mechanism") or {}), "handled": False}


def _category_of_logger(name: str) -> str:
    fitting = [prefix for prefix in _LOGGER_CATEGORIES if name == prefix or name.startswith(prefix + ".")]
    return _LOGGER_CATEGORIES[max(fitting, key=len)] if fitting else "uncategorised"


def _flood_key(event: Json, exc: BaseException | None) -> Hashable:
    """What counts as the same error: classes and every place of the traceback, or a message's logger and template."""
    if exc is None:
        entry = event.get("logentry") or {}
        template = entry.get("message") or event.get("message") or _custom_type(event)
        return ("message", event.get("logger"), str(template)[:200], event.get("level"))
    places: list[Any] = []
    traceback = exc.__traceback__
    while traceback is not None and len(places) < 100:
        places.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return hash((tuple(map(type, cause_chain(exc))), tuple(places)))


def _custom_type(event: Json) -> str:
    values = (event.get("exception") or {}).get("values") or [{}]
    return str(values[-1].get("type"))


def _drop_attachments(hint: Any) -> None:
    # Nothing can look into a file, so none is sent. The SDK reads the hint again after this hook.
    if hint.get("attachments"):
        hint["attachments"] = []


def _count_in_session(event: Json) -> None:
    """A thinned error still errs or crashes its session; the SDK only counts events that it sends."""
    session = sentry_sdk.get_isolation_scope()._session
    if session is None:
        return
    values = (event.get("exception") or {}).get("values") or ()
    crashed = any((value.get("mechanism") or {}).get("handled") is False for value in values)
    session.update(status="crashed" if crashed else None, errors=session.errors + (1 if values else 0))


def _observe(outcome: str, found: Classification, event: Json, hint: Any) -> None:
    for observer in _observers:
        try:
            observer(outcome, found, event, hint)
        except Exception:
            # A boundary: who counts must not stop what is counted.
            logger.exception("An observer of events failed.")


_active: Filters | None = None


def set_filters(filters: Filters) -> None:
    """Make `filters` the ones of this process; called by setup_sentry."""
    global _active
    _active = filters


def get_filters() -> Filters:
    """The filters of this process; before setup_sentry, ones with the scrubber's own rules."""
    global _active
    if _active is None:
        _active = Filters()
    return _active
