"""From the variables of an address to what they name, seen with the eyes of the caller: a stranger finds nothing."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import Http404

from monitor.access.models import User
from monitor.access.permissions import visible_projects
from monitor.alerts.models import Episode
from monitor.alerts.selectors import episode_for
from monitor.api.calls import Call
from monitor.api.errors import ApiError, not_found
from monitor.api.parameters import number_in
from monitor.crons.models import CronMonitor
from monitor.incidents.models import Incident
from monitor.incidents.selectors import incident_for
from monitor.issues.detail.selectors import issue_for
from monitor.issues.models import Issue, Merge
from monitor.projects.models import Project
from monitor.protocol.envelope import normalise_event_id

ORGANIZATION_ID = "1"
_SHORT_ID = re.compile(r"(?P<slug>[\w-]+)-(?P<number>\d{1,9})", re.ASCII)


def resolve(call: Call, variables: dict[str, str]) -> dict[str, Any]:
    """The handler's arguments. Raises ApiError (404)."""
    given: dict[str, Any] = dict(variables)
    if "organization_id_or_slug" in given:
        _require_organization(given.pop("organization_id_or_slug"))
    if "project_id_or_slug" in given:
        given["project"] = project_called(call.user, given.pop("project_id_or_slug"))
    if "issue_id" in given:
        given["issue"] = issue_called(call.user, given.pop("issue_id"))
    if "incident_number" in given:
        given["incident"] = _incident_called(call.user, given.pop("incident_number"))
    if "alert_id" in given:
        given["episode"] = _episode_called(call.user, given.pop("alert_id"))
    if "monitor_id_or_slug" in given:
        projects = [given["project"]] if "project" in given else call.projects
        given["cron"] = _cron_called(projects, given.pop("monitor_id_or_slug"))
        given.pop("project", None)
    return given


def _require_organization(name: str) -> None:
    if name not in (settings.ORGANIZATION, ORGANIZATION_ID):
        raise not_found(f"There is no organization {name[:60]}; this monitor's is {settings.ORGANIZATION}.")


def project_called(user: User, name: str) -> Project:
    """By short name or number."""
    number = number_in(name)
    projects = visible_projects(user)
    found = projects.filter(slug=name).first() or (projects.filter(pk=number).first() if number else None)
    if found is None:
        raise not_found(f"You have no project {name[:60]}.")
    return found


def issue_called(user: User, name: str) -> Issue:
    """By number or short id, also one that has been merged into another since."""
    number = number_in(name)
    if number is None and (match := _SHORT_ID.fullmatch(name)):
        project = visible_projects(user).filter(slug=match["slug"].lower()).first()
        found = Issue.objects.filter(project=project, number=int(match["number"])).values_list(
            "pk", flat=True
        )
        number = found.first() if project else None
    elif number is not None:
        into = Merge.objects.filter(source_id=number).values_list("issue_id", flat=True).first()
        number = into or number
    if number is None:
        raise not_found(f"There is no issue {name[:60]}, or not for you.")
    try:
        return issue_for(user, number)
    except Http404 as error:
        raise not_found(str(error)) from error


def event_id_in(text: str) -> bytes:
    """16 bytes. Raises ApiError (404) for what is no event id."""
    found = normalise_event_id(text)
    if found is None:
        raise not_found(f"{text[:60]!r} is no event id: it has 32 hexadecimal digits.")
    return bytes.fromhex(found)


def _incident_called(user: User, name: str) -> Incident:
    try:
        return incident_for(user, number_in(name) or 0)
    except Http404 as error:
        raise not_found(f"You have no incident {name[:60]}.") from error


def _episode_called(user: User, name: str) -> Episode:
    try:
        return episode_for(user, number_in(name) or 0)
    except Http404 as error:
        raise not_found(f"You have no alert {name[:60]}.") from error


def _cron_called(projects: list[Project], name: str) -> CronMonitor:
    crons = CronMonitor.objects.filter(project__in=projects).select_related("project")
    found = list(crons.filter(slug=name)[:2])
    if len(found) > 1:
        slugs = ", ".join(sorted(one.project.slug for one in found))
        raise ApiError(400, f"Several projects ({slugs}) have a monitor {name[:60]}: name one by ?project=.")
    number = number_in(name)
    if not found and number is not None:
        found = list(crons.filter(pk=number))
    if not found:
        raise not_found(f"You have no monitor {name[:60]}.")
    return found[0]
