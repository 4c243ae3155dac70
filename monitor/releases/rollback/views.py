"""Deciding on a rollback: one button each, from the page of the release or of the incident."""

from __future__ import annotations

import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from monitor.access.models import User
from monitor.access.permissions import require_change, visible_projects
from monitor.releases.rollback import services
from monitor.releases.rollback.models import Rollback, State
from monitor.site.returning import next_address


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """`action` is confirm or dismiss; then back to where one was."""
    seen = Rollback.objects.filter(project__in=visible_projects(request.user)).select_related("release")
    rollback = get_object_or_404(seen, pk=pk)
    require_change(request.user)
    assert isinstance(request.user, User)  # noqa: S101 - who may change is a user
    act = {"confirm": services.confirm, "dismiss": services.dismiss}.get(request.POST.get("action", ""))
    try:
        if act is None:
            messages.error(request, "Nothing was done: confirm it, or dismiss it.")
        else:
            act(rollback, request.user, time.time(), actor=request)
            rollback.refresh_from_db()
            if rollback.state == State.FAILED:
                messages.error(request, rollback.problem)
            else:
                done = "It is taken back now." if act is services.confirm else "The release stays."
                messages.success(request, done)
    except services.RollbackError as error:
        messages.error(request, str(error))
    release = reverse("releases:detail", args=[rollback.release.version])
    return HttpResponseRedirect(next_address(request, release))
