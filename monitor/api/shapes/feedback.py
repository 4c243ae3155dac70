"""What users said. The contact address is not given out: its page writes down who has seen it."""

from __future__ import annotations

from typing import Any

from monitor.api.schemas import define
from monitor.api.shapes.times import iso
from monitor.feedback.models import Feedback

Json = dict[str, Any]
FEEDBACK = define(
    "Feedback",
    {
        "id": "str", "eventID": "str", "name": "str", "email": "str", "comments": "str", "dateCreated": "date",
        "event": "object", "issue": "object?", "user": "object?", "status": "=open|resolved|spam",
    },
)  # fmt: skip
NEW_FEEDBACK = define("NewFeedback", {"event_id": "str", "name": "str", "email": "str", "comments": "str"})


def feedback(of: Feedback) -> Json:
    """`issue` and its project have to be there."""
    event_id = of.event_id or ""
    issue = of.issue
    return {
        "id": of.feedback_id,
        "eventID": event_id,
        "name": of.name,
        "email": "",
        "comments": of.message,
        "dateCreated": iso(of.written),
        "event": {"eventID": event_id, "id": event_id or None},
        "issue": None
        if issue is None
        else {"id": str(issue.pk), "shortId": issue.short_id, "title": issue.title},
        "user": None,
        "status": of.status,
    }
