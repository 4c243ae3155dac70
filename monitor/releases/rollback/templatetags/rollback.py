"""The part of a page that says of a release, or in an incident, that it should be taken back."""

import time
from typing import Any

from django import template

from monitor.access.models import User
from monitor.access.permissions import visible_projects
from monitor.incidents.models import Incident
from monitor.releases.models import Release
from monitor.releases.rollback import services, words
from monitor.releases.rollback.models import Rollback

register = template.Library()


@register.inclusion_tag("rollback/_part.html", takes_context=True)
def rollbacks(context: dict[str, Any], of: Release | Incident) -> dict[str, Any]:
    """{% load rollback %}{% rollbacks release %} or {% rollbacks incident %}; nothing where there is none."""
    request = context["request"]
    user = request.user
    found = Rollback.objects.filter(project__in=visible_projects(user))
    found = found.filter(incident=of) if isinstance(of, Incident) else found.filter(release=of)
    rows = list(
        found.select_related("release", "incident", "decided_by", "project")
        .prefetch_related("calls")
        .order_by("-found_at")
    )
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "rows": [(one, words.why(one.evidence), words.what(one)) for one in rows],
        "may_decide": bool(rows) and isinstance(user, User) and services.may_decide(user, time.time()),
        "of_incident": isinstance(of, Incident),
    }
