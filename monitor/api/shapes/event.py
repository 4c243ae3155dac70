"""Events: in lists what the table knows and the payload's headline, alone all that is kept of them."""

from __future__ import annotations

from typing import Any

import orjson

from monitor.api.schemas import define
from monitor.api.shapes.times import iso, iso_of
from monitor.events.model import Event, ExceptionValue, Frame, Stacktrace
from monitor.issues.models import Attachment, Issue, StoredEvent
from monitor.issues.tag_choice import tags_of

Json = dict[str, Any]
_FIELDS = {
    "id": "str", "groupID": "str?", "eventID": "str", "projectID": "str", "message": "str", "title": "str",
    "location": "str?", "culprit": "str?", "user": "object?", "tags": "[EventTag]", "platform": "str?",
    "dateCreated": "date", "crashFile": "str?", "metadata": "object",
}  # fmt: skip
define("EventTag", {"key": "str", "value": "str"})
LISTED_EVENT = define("ListedEvent", {**_FIELDS, "event.type": "str"})
EVENT = define(
    "Event",
    {
        **_FIELDS, "dateReceived": "date", "contexts": "object", "size": "int", "entries": "[object]", "dist": "str?",
        "sdk": "object?", "context": "object", "packages": "object", "type": "str", "errors": "[object]",
        "occurrence": "object?", "_meta": "object", "fingerprints": "[str]", "release": "object?", "userReport": "object?",
        "sdkUpdates": "[object]", "resolvedWith": "[str]", "nextEventID": "str?", "previousEventID": "str?",
    },
)  # fmt: skip
ATTACHMENT = define(
    "Attachment",
    {
        "id": "str", "event_id": "str", "type": "str", "name": "str", "mimetype": "str?", "dateCreated": "date",
        "size": "int", "headers": "object", "sha1": "str?",
    },
)  # fmt: skip
RESOLVED_EVENT = define(
    "ResolvedEvent",
    {"organizationSlug": "str", "projectSlug": "str", "groupId": "str", "eventId": "str", "event": "Event"},
)


def listed_event(of: StoredEvent, event: Event | None) -> Json:
    """Without a payload, which may be past its time, what the table and the issue know."""
    common = _common(of, of.issue, event)
    return {**common, "event.type": common.pop("type")}


def event_detail(
    of: StoredEvent, event: Event, *, newer: StoredEvent | None, older: StoredEvent | None
) -> Json:
    return {
        **_common(of, of.issue, event),
        "dateReceived": iso(of.received),
        "contexts": event.contexts,
        "size": len(orjson.dumps(event.to_dict())),
        "entries": entries(event),
        "dist": event.dist,
        "sdk": _sdk(event),
        "context": event.extra,
        "packages": event.modules,
        "errors": [
            {"type": remark["type"], "message": remark["reason"], "data": dict(remark)}
            for remark in event.remarks
        ],
        "occurrence": None,
        "_meta": {},
        "fingerprints": [of.hash.hash] if of.hash is not None else [],
        "release": {"version": of.release} if of.release else None,
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
        "nextEventID": newer.event_id if newer else None,
        "previousEventID": older.event_id if older else None,
    }


def _common(of: StoredEvent, issue: Issue, event: Event | None) -> Json:
    kind = issue.type if event is None else event.type
    value = issue.value if event is None else event.value
    title = issue.title if event is None else event.title
    message = title if event is None else (event.message or title)
    # All of them: ids, which are no tag of an issue, tell events apart.
    tags = {"level": of.level} if event is None else {**tags_of(event), **event.tags}
    return {
        "id": of.event_id,
        "groupID": str(of.issue_id),
        "eventID": of.event_id,
        "projectID": str(of.project_id),
        "message": message,
        "title": title,
        "location": None,
        "culprit": issue.culprit if event is None else event.culprit,
        "user": None if event is None else _user(event),
        "tags": [{"key": key, "value": text} for key, text in sorted(tags.items())],
        "platform": (issue.platform if event is None else event.platform) or "other",
        "dateCreated": iso(of.timestamp),
        "crashFile": None,
        "metadata": {"type": kind, "value": value} if kind else {"title": title},
        "type": "error" if kind else "default",
    }


def _user(event: Event) -> Json | None:
    """As it is kept: scrubbed."""
    if not event.user:
        return None
    known = ("id", "email", "username", "ip_address", "name")
    found: Json = {name: None if event.user.get(name) is None else str(event.user[name]) for name in known}
    rest = {name: value for name, value in event.user.items() if name not in (*known, "geo", "data")}
    return {**found, "geo": None, "data": rest or None}


def _sdk(event: Event) -> Json | None:
    if not event.sdk:
        return None
    return {"name": event.sdk.get("name"), "version": event.sdk.get("version")}


def entries(event: Event) -> list[Json]:
    """The parts of the page, in the shapes of Sentry's interfaces."""
    found: list[tuple[str, Json]] = []
    if event.exceptions:
        values = [_exception(one) for one in event.exceptions]
        system = any(one["stacktrace"] and one["stacktrace"]["hasSystemFrames"] for one in values)
        found.append(("exception", {"values": values, "hasSystemFrames": system, "excOmitted": None}))
    if event.message:
        found.append(
            ("message", {"formatted": event.message, "message": event.template, "params": event.params})
        )
    if event.threads:
        found.append(
            (
                "threads",
                {
                    "values": [
                        {**one, "stacktrace": _stacktrace(one.get("stacktrace"))} for one in event.threads
                    ]
                },
            )
        )
    if event.breadcrumbs:
        crumbs = [
            {**one, "timestamp": iso_of(one["timestamp"]) if "timestamp" in one else None}
            for one in event.breadcrumbs
        ]
        found.append(("breadcrumbs", {"values": crumbs}))
    if event.request:
        found.append(("request", _request(event)))
    return [{"type": name, "data": data} for name, data in found]


def _exception(one: ExceptionValue) -> Json:
    return {
        "type": one.get("type"),
        "value": one.get("value"),
        "module": one.get("module"),
        "mechanism": one.get("mechanism"),
        "threadId": one.get("thread_id"),
        "stacktrace": _stacktrace(one.get("stacktrace")),
        "rawStacktrace": None,
    }


def _stacktrace(trace: Stacktrace | None) -> Json | None:
    if trace is None:
        return None
    frames = [_frame(one) for one in trace.get("frames", [])]
    return {
        "frames": frames,
        "framesOmitted": None,
        "registers": trace.get("registers"),
        "hasSystemFrames": any(not one["inApp"] for one in frames),
    }


def _frame(one: Frame) -> Json:
    line = one.get("lineno")
    return {
        "filename": one.get("filename"),
        "absPath": one.get("abs_path"),
        "module": one.get("module"),
        "package": one.get("package"),
        "platform": one.get("platform"),
        "function": one.get("function"),
        "context": _context(one, line),
        "lineNo": line,
        "colNo": one.get("colno"),
        "inApp": one.get("in_app", False),
        "vars": one.get("vars"),
    }


def _context(one: Frame, line: int | None) -> list[tuple[int, str]]:
    """Numbers and texts of the lines around."""
    here = one.get("context_line")
    if line is None or here is None:
        return []
    before = one.get("pre_context", [])
    lines = [*before, here, *one.get("post_context", [])]
    return [(line - len(before) + place, text) for place, text in enumerate(lines)]


def _request(event: Event) -> Json:
    request = event.request or {}
    return {
        "method": request.get("method"),
        "url": request.get("url"),
        "query": request.get("query"),
        "headers": request.get("headers", []),
        "cookies": list((request.get("cookies") or {}).items()),
        "data": request.get("data"),
        "env": request.get("env"),
        "fragment": request.get("fragment"),
        "inferredContentType": None,
    }


def attachment(of: Attachment) -> Json:
    return {
        "id": str(of.pk),
        "event_id": bytes(of.uid).hex(),
        "type": of.kind,
        "name": of.name,
        "mimetype": of.content_type or None,
        "dateCreated": iso(of.received),
        "size": of.size,
        "headers": {"Content-Type": of.content_type or "application/octet-stream"},
        "sha1": None,
    }
