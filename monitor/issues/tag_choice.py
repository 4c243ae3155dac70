"""Which tags of an event are kept: what it was tagged with, and what Sentry derives from the rest of it."""

from monitor.events.model import Event

MAX_VALUE = 200
NEVER = frozenset(
    {
        "request_id", "error_id", "event_id", "trace", "trace_id", "trace.span", "trace.ctx", "span_id", "replayId",
        "replay_id", "profile_id", "celery_task_id", "task_id", "session_id", "suppressed", "user", "url",
    }
)  # fmt: skip
"""Ids say nothing about an issue, and each would be a row. The error id has a column; users are counted by themselves."""

NAMED_CONTEXTS = ("browser", "os", "runtime", "device", "client_os")


def tags_of(event: Event) -> dict[str, str]:
    """Of a scrubbed event. An event's own tag wins over a derived one of the same name."""
    found: dict[str, str] = {"level": event.level}
    for key in ("environment", "release", "transaction", "logger", "server_name", "dist"):
        value = getattr(event, key)
        if value:
            found[key] = value[:MAX_VALUE]
    if event.handled is not None:
        found["handled"] = "yes" if event.handled else "no"
    for exception in event.exceptions[-1:]:
        mechanism = exception.get("mechanism", {}).get("type")
        if mechanism:
            found["mechanism"] = str(mechanism)[:MAX_VALUE]
    for name in NAMED_CONTEXTS:
        context = event.contexts.get(name)
        if context and type(context.get("name")) is str and context["name"]:
            version = context.get("version")
            text = f"{context['name']} {version}" if type(version) is str and version else context["name"]
            found[name] = text[:MAX_VALUE]
    for key, value in event.tags.items():
        if key not in NEVER:
            found[key] = value
    return found
