"""Whatever an SDK of any language and age sends, made one typed event. Nothing here raises; what is wrong is remarked."""

from __future__ import annotations

import re
import uuid
from typing import Any

from monitor.events.clock import event_time, seconds_of
from monitor.events.exceptions import exceptions_of, threads_of
from monitor.events.frames import stacktrace_of
from monitor.events.headline import set_headline
from monitor.events.labels import error_id_of, fingerprint_of, level_of, suppressed_of, tags_of
from monitor.events.model import Event, Json, Thread
from monitor.events.surroundings import breadcrumbs_of, request_of, user_key_of, user_of
from monitor.events.values import (
    Remarks,
    bounded,
    cut,
    is_storable,
    repaired,
    table_of,
    text_of,
    values_of,
)

MAX_SPANS = 1000
_MAX_LABEL = 200
_EVENT_ID = re.compile(r"[0-9a-f]{32}")
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[sdrifgx]|\{(\w*)\}")

# The names of the /store/ endpoint's first years.
_OLD_NAMES = {
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.Contexts": "contexts",
    "sentry.interfaces.Sdk": "sdk",
    "sentry.interfaces.threads": "threads",
}
# Read by name below, or known to be of no use: `_meta` quotes what a sender cut away, `project` and `key_id` are ours.
_READ = frozenset(
    {
        "event_id", "type", "timestamp", "start_timestamp", "level", "platform", "logger", "transaction", "release",
        "environment", "dist", "server_name", "message", "logentry", "exception", "threads", "stacktrace",
        "breadcrumbs", "request", "user", "contexts", "tags", "extra", "fingerprint", "checksum", "sdk", "modules",
        "spans", "measurements", "transaction_info", "culprit", "site", "_meta", "project", "key_id", "received",
        "version", "errors",
    }
)  # fmt: skip


def normalise(raw: Json, *, received: float, event_id: str | None = None, user_salt: bytes = b"") -> Event:
    """The event in `raw`, which becomes the event's own and is changed.

    `received` is when it came, in seconds; `event_id` the envelope's, which wins; `user_salt` keeps `user_key` from
    being guessed. Apply `scrub` before anything of it is stored: this only gives the parts their shape.
    """
    remarks = Remarks()
    if not is_storable(raw):
        mended = repaired(raw, remarks)
        raw = mended if type(mended) is dict else {}
    for old, new in _OLD_NAMES.items():
        if old in raw and raw.get(new) is None:
            raw[new] = raw.pop(old)
    event = _headed(raw, received, event_id, remarks)
    _put_labels(event, raw, remarks)
    _put_failure(event, raw, remarks)
    _put_surroundings(event, raw, remarks, user_salt)
    if "spans" in raw or event.kind == "transaction":
        _put_trace(event, raw, remarks)
    for name, part in raw.items():
        if name not in _READ and part is not None:
            event.other[name[:_MAX_LABEL]] = bounded(part, remarks, name)
    if type(raw.get("errors")) is list:
        # What the sender's own processing found, e.g. a source map that was missing.
        event.other["errors"] = bounded(raw["errors"], remarks, "errors")
    set_headline(event)
    event.remarks = list(remarks)
    return event


def _headed(raw: Json, received: float, event_id: str | None, remarks: Remarks) -> Event:
    kind = raw.get("type")
    if type(kind) is not str or not kind or len(kind) > 40 or kind in ("event", "error", "default"):
        kind = "error" if raw.get("exception") else "default"
    return Event(
        event_id=_event_id(event_id, raw.get("event_id"), remarks),
        kind=kind,
        timestamp=event_time(raw.get("timestamp"), received, remarks),
        received=received,
        level=level_of(raw.get("level"), remarks, "info" if kind == "transaction" else "error"),
        platform=(text_of(raw.get("platform"), remarks, "platform", limit=64) or "other").lower(),
    )


def _event_id(given: str | None, sent: Any, remarks: Remarks) -> str:
    for candidate in (given, sent):
        if type(candidate) is str:
            compact = candidate.replace("-", "").lower()
            if _EVENT_ID.fullmatch(compact):
                return compact
    if sent is not None:
        remarks.wrong_type("event_id", sent, "32 hexadecimal digits")
    return uuid.uuid4().hex


def _put_labels(event: Event, raw: Json, remarks: Remarks) -> None:
    for name in ("logger", "transaction", "release", "environment", "dist", "server_name"):
        part = raw.get(name)
        if part is not None:
            text = text_of(part, remarks, name, limit=_MAX_LABEL)
            setattr(event, name, text.strip() or None if text else None)
    culprit = raw.get("culprit")
    if culprit is not None:
        event.culprit = text_of(culprit, remarks, "culprit", limit=_MAX_LABEL) or ""
    event.tags = tags_of(raw.get("tags"), remarks)
    site = raw.get("site")
    if site is not None and "site" not in event.tags:
        event.tags |= tags_of({"site": site}, remarks)
    event.extra = table_of(raw.get("extra"), remarks, "extra")
    event.fingerprint = fingerprint_of(raw.get("fingerprint"), raw.get("checksum"), remarks)
    event.suppressed = suppressed_of(event.tags, event.extra, remarks)
    event.error_id = error_id_of(event.tags)
    event.sdk = table_of(raw.get("sdk"), remarks, "sdk")
    for name in ("name", "version"):
        if name in event.sdk and type(event.sdk[name]) is not str:
            event.sdk[name] = text_of(event.sdk[name], remarks, f"sdk.{name}", limit=_MAX_LABEL) or ""
    modules = raw.get("modules")
    if modules is not None:
        event.modules = table_of(modules, remarks, "modules")
        for name, version in event.modules.items():
            if type(version) is not str:
                event.modules[name] = text_of(version, remarks, "modules") or ""


def _put_failure(event: Event, raw: Json, remarks: Remarks) -> None:
    _put_message(event, raw, remarks)
    if raw.get("exception") is not None:
        event.exceptions = exceptions_of(raw["exception"], event.platform, remarks)
        if event.kind == "error" and not event.exceptions:
            event.kind = "default"
    if raw.get("threads") is not None:
        event.threads = threads_of(raw["threads"], event.platform, remarks)
    if raw.get("stacktrace") is not None:
        trace = stacktrace_of(raw["stacktrace"], event.platform, remarks, "stacktrace")
        if trace is not None and len(event.exceptions) == 1 and "stacktrace" not in event.exceptions[0]:
            event.exceptions[0]["stacktrace"] = trace
        elif trace is not None:
            event.threads.append(Thread(current=True, stacktrace=trace))


def _put_message(event: Event, raw: Json, remarks: Remarks) -> None:
    entry = raw.get("logentry")
    message = raw.get("message")
    if entry is None and type(message) is dict:
        # Some SDKs put the interface under the name of the text.
        entry, message = message, None
    if type(entry) is dict:
        event.template = text_of(entry.get("message"), remarks, "logentry.message")
        event.params = _params(entry.get("params"), remarks)
        event.message = text_of(entry.get("formatted"), remarks, "logentry.formatted")
        if event.message is None and event.template is not None:
            event.message = cut(filled_in(event.template, event.params), remarks, "logentry.formatted")
    elif entry is not None:
        event.message = text_of(entry, remarks, "logentry")
    if event.message is None:
        event.message = text_of(message, remarks, "message")


def _params(raw: Any, remarks: Remarks) -> list[Any] | Json | None:
    if raw is None or raw == [] or raw == {}:
        return None
    found = bounded(raw, remarks, "logentry.params")
    return found if type(found) in (list, dict) else [found]


def filled_in(template: str, params: list[Any] | Json | None) -> str:
    """`template` with `params` in the place of its %s, %(name)s or {}; one that is missing stays as it is."""
    if not params:
        return template
    places = iter(params) if type(params) is list else iter(())

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if isinstance(params, dict):
            found = params.get(name, match[0]) if name else match[0]
        elif name and name.isdigit() and len(name) < 4:
            found = params[int(name)] if int(name) < len(params) else match[0]
        else:
            found = next(places, match[0])
        return found if type(found) is str else str(found)

    return _PLACEHOLDER.sub(value, template)


def _put_surroundings(event: Event, raw: Json, remarks: Remarks, user_salt: bytes) -> None:
    if raw.get("breadcrumbs") is not None:
        event.breadcrumbs = breadcrumbs_of(raw["breadcrumbs"], remarks)
    event.request = request_of(raw.get("request"), remarks)
    event.user = user_of(raw.get("user"), remarks)
    event.user_key = user_key_of(event.user, user_salt)
    contexts = table_of(raw.get("contexts"), remarks, "contexts")
    for name, context in contexts.items():
        if type(context) is dict:
            event.contexts[name] = context
        elif context is not None:
            event.contexts[name] = table_of(context, remarks, f"contexts.{name}")
    trace = event.contexts.get("trace")
    if trace:
        event.trace_id = _hexadecimal(trace.get("trace_id"))
        event.span_id = _hexadecimal(trace.get("span_id"))


def _hexadecimal(value: Any) -> str | None:
    if type(value) is not str or not 8 <= len(value) <= 36:
        return None
    compact = value.replace("-", "").lower()
    return compact if compact.isalnum() and compact.isascii() else None


def _put_trace(event: Event, raw: Json, remarks: Remarks) -> None:
    """Start, spans and measurements of a transaction; all are moved together when its clock was wrong."""
    ended = seconds_of(raw.get("timestamp"))
    shift = event.timestamp - ended if ended is not None else 0.0
    start = seconds_of(raw.get("start_timestamp"))
    if start is not None:
        if start + shift <= event.timestamp:
            event.start_timestamp = start + shift
        else:
            remarks.add("invalid_data", "start_timestamp", "after the end", raw.get("start_timestamp"))
            event.start_timestamp = event.timestamp
    spans = values_of(raw.get("spans"), remarks, "spans")
    if len(spans) > MAX_SPANS:
        remarks.add("value_too_long", "spans", f"{len(spans)} spans, {MAX_SPANS} kept")
        del spans[MAX_SPANS:]
    for span in spans:
        if type(span) is not dict:
            remarks.wrong_type("spans", span, "an object")
            continue
        for name in ("start_timestamp", "timestamp"):
            seconds = seconds_of(span.get(name))
            if seconds is None:
                span.pop(name, None)
            else:
                span[name] = seconds + shift
        event.spans.append(bounded(span, remarks, "spans"))
    event.measurements = table_of(raw.get("measurements"), remarks, "measurements")
    event.transaction_info = table_of(raw.get("transaction_info"), remarks, "transaction_info")
