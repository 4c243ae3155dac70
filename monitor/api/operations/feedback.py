"""What users said, and what a page of one's own hands on."""

from __future__ import annotations

from typing import Any

from monitor.api.calls import Call
from monitor.api.errors import ApiError, field_error
from monitor.api.routing import operation
from monitor.api.shapes import feedback as shapes
from monitor.feedback.models import Feedback
from monitor.feedback.selectors import inbox
from monitor.feedback.services import submit
from monitor.projects.models import Project
from monitor.protocol.envelope import normalise_event_id

_PATH = "projects/{organization_id_or_slug}/{project_id_or_slug}/user-feedback/"


@operation(
    "GET",
    _PATH,
    scopes=("event:read",),
    summary="Feedback of a project, the newest first; without addresses",
    answer=f"[{shapes.FEEDBACK}]",
    query=("environment", "query", "cursor", "per_page"),
)
def list_feedback(call: Call, project: Project) -> Any:
    words = " ".join(call.query("query").split())[:200]
    return call.shaped(
        inbox([project], status="", environment=call.query("environment"), words=words), shapes.feedback
    )


@operation(
    "POST",
    _PATH,
    scopes=("event:write", "project:write"),
    summary="Hand on what a user said of an event",
    answer=shapes.FEEDBACK,
    body=shapes.NEW_FEEDBACK,
    other_statuses=(409,),
)
def create_feedback(call: Call, project: Project) -> Any:
    body = call.body
    if normalise_event_id(body["event_id"]) is None:
        raise field_error("event_id", f"This is {body['event_id'][:40]!r}; it must be 32 hexadecimal digits.")
    try:
        made = submit(
            project,
            comments=body["comments"],
            name=body["name"],
            email=body["email"],
            event_id=body["event_id"],
        )
    except ValueError as error:
        raise field_error("comments", str(error)) from error
    if made is None:
        raise ApiError(409, "The same was said of this event before.")
    return shapes.feedback(Feedback.objects.select_related("issue__project").get(pk=made.pk))
