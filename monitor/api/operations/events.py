"""Events: those of a project or an issue, one of them whole, and the files that came with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from monitor.access.audit import record
from monitor.access.permissions import visible_projects
from monitor.api.calls import Answer, Call
from monitor.api.errors import ApiError, not_found
from monitor.api.named import event_id_in
from monitor.api.operations.issues import both_addresses
from monitor.api.parameters import number_in
from monitor.api.routing import operation
from monitor.api.shapes import event as shapes
from monitor.digest.payloads import PayloadLostError, payload_store
from monitor.events.model import Event
from monitor.issues.detail.navigation import navigation_from, newest_event, oldest_event
from monitor.issues.detail.presentation import read_event
from monitor.issues.models import Attachment, Issue, SampledEvent, StoredEvent, sampled_key
from monitor.projects.models import Project

READ = ("event:read",)
_OF_PROJECT = "projects/{organization_id_or_slug}/{project_id_or_slug}/events/"
_QUERY = ("environment", "statsPeriod", "start", "end", "full", "cursor", "per_page")
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def _listed(call: Call, events: QuerySet[StoredEvent]) -> list[Any]:
    if call.query("environment"):
        events = events.filter(environment=call.query("environment"))
    if call.period is not None:
        events = events.filter(timestamp__gte=call.period[0], timestamp__lte=call.period[1])
    rows = call.paged(events.select_related("issue__project", "hash"))
    whole = call.query("full") in ("1", "true")
    return [_row(one, read_event(one), whole=whole) for one in rows]


def _row(one: StoredEvent, event: Event | None, *, whole: bool) -> Any:
    if whole and event is not None:
        detail = shapes.event_detail(one, event, newer=None, older=None)
        return {**detail, "event.type": detail["type"]}
    return shapes.listed_event(one, event)


@operation(
    "GET",
    _OF_PROJECT,
    scopes=READ,
    summary="Events of a project, the last received first",
    answer=f"[{shapes.LISTED_EVENT}]",
    query=_QUERY,
)
def list_project_events(call: Call, project: Project) -> Any:
    # By row, which is the order of receipt: no index holds the events of a project by time.
    return _listed(call, StoredEvent.objects.filter(project=project).order_by("-pk"))


def _of_issue(call: Call, issue: Issue) -> Any:
    return _listed(call, StoredEvent.objects.filter(issue=issue).order_by("-timestamp", "-pk"))


def whole_event(stored: StoredEvent) -> dict[str, Any]:
    """Raises ApiError (404) where the payload is past its time."""
    event = _payload(stored)
    places = navigation_from(stored.issue, stored)
    return shapes.event_detail(stored, event, newer=places.newer, older=places.older)


def _payload(stored: StoredEvent) -> Event:
    event = read_event(stored)
    if event is None:
        raise not_found(f"The payload of {stored.event_id} is not kept any more.")
    return event


def _stored(projects: Sequence[Project] | QuerySet[Project], event_id: str) -> StoredEvent:
    uid = event_id_in(event_id)
    events = StoredEvent.objects.select_related("issue__project", "hash", "project")
    found = events.filter(uid=uid, project__in=projects).first()
    if found is None:
        raise not_found(
            f"There is no event {event_id[:60]}, or not for you; of a flood, some are counted only."
        )
    return found


def _one_of_issue(call: Call, issue: Issue, event_id: str) -> Any:
    if event_id in ("latest", "recommended", "oldest"):
        found = oldest_event(issue) if event_id == "oldest" else newest_event(issue)
        if found is None:
            raise not_found(f"No event of {issue.short_id} is kept any more.")
    else:
        found = _stored([issue.project], event_id)
        if found.issue_id != issue.pk:
            raise not_found(f"The event {event_id[:60]} is not one of {issue.short_id}.")
    found.issue = issue
    return whole_event(found)


@operation("GET", f"{_OF_PROJECT}{{event_id}}/", scopes=READ, summary="An event", answer=shapes.EVENT)
def event(call: Call, project: Project, event_id: str) -> Any:
    return whole_event(_stored([project], event_id))


@operation(
    "GET",
    f"{_OF_PROJECT}{{event_id}}/json/",
    scopes=READ,
    summary="An event as it is kept: normalised and scrubbed",
    answer="object",
)
def event_json(call: Call, project: Project, event_id: str) -> Any:
    stored = _stored([project], event_id)
    kept = _payload(stored).to_dict()
    _note(call, stored, "json")
    return kept


@operation(
    "GET",
    "organizations/{organization_id_or_slug}/eventids/{event_id}/",
    scopes=READ,
    summary="Project and issue of an event",
    answer=shapes.RESOLVED_EVENT,
)
def resolve_event_id(call: Call, event_id: str) -> Any:
    visible = visible_projects(call.user)
    uid = event_id_in(event_id)
    sampled = SampledEvent.objects.filter(pk=sampled_key(uid), issue__project__in=visible).first()
    if sampled is not None and not StoredEvent.objects.filter(uid=uid).exists():
        raise ApiError(
            404, f"A flood has left this event's payload out; it counts with issue {sampled.issue_id}."
        )
    stored = _stored(visible, event_id)
    return {
        "organizationSlug": settings.ORGANIZATION,
        "projectSlug": stored.project.slug,
        "groupId": str(stored.issue_id),
        "eventId": stored.event_id,
        "event": whole_event(stored),
    }


@operation(
    "GET",
    f"{_OF_PROJECT}{{event_id}}/attachments/",
    scopes=READ,
    summary="Files that came with an event",
    answer=f"[{shapes.ATTACHMENT}]",
    query=("cursor", "per_page"),
)
def list_attachments(call: Call, project: Project, event_id: str) -> Any:
    rows = Attachment.objects.filter(uid=event_id_in(event_id), project=project).order_by("pk")
    return call.shaped(rows, shapes.attachment)


@operation(
    "GET",
    f"{_OF_PROJECT}{{event_id}}/attachments/{{attachment_id}}/",
    scopes=READ,
    summary="About a file; with ?download=1 the file",
    answer=shapes.ATTACHMENT,
    query=("download",),
    files=True,
)
def attachment(call: Call, project: Project, event_id: str, attachment_id: str) -> Any:
    rows = Attachment.objects.filter(uid=event_id_in(event_id), project=project)
    found = rows.filter(pk=number_in(attachment_id) or 0).first()
    if found is None:
        raise not_found("The event has no such file.")
    if "download" not in call.request.GET:
        return shapes.attachment(found)
    try:
        content = payload_store().read(found.block_id, found.slot)
    except PayloadLostError as error:
        raise not_found(str(error)) from error
    record(
        call.token,
        "event.exported",
        f"event {event_id} of {project.slug}",
        project,
        form="attachment",
        name=found.name,
    )
    name = _UNSAFE_IN_NAME.sub("_", found.name).strip("._") or "attachment"
    return Answer(content=content, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _note(call: Call, stored: StoredEvent, form: str) -> None:
    target = f"{stored.issue.short_id} event {stored.event_id}"
    record(call.token, "event.exported", target, stored.project, form=form, issue=stored.issue_id)


both_addresses(
    "GET",
    "events/",
    "events",
    _of_issue,
    scopes=READ,
    summary="Events of an issue, the newest first",
    answer=f"[{shapes.LISTED_EVENT}]",
    query=_QUERY,
)
both_addresses(
    "GET",
    "events/{event_id}/",
    "event",
    _one_of_issue,
    scopes=READ,
    summary="An event of an issue: by its id, latest or oldest",
    answer=shapes.EVENT,
)
