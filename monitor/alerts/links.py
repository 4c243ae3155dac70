"""Addresses for messages: whole, as mail and chat need them, from MONITOR_PUBLIC_URL."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from monitor.site.runbooks import name_of


def issue_url(issue_id: int) -> str:
    return absolute(reverse("issues:detail", args=[issue_id]))


def incident_url(number: int) -> str:
    return absolute(reverse("incidents:detail", args=[number]))


def episode_url(pk: int) -> str:
    return absolute(reverse("alerts:episode", args=[pk]))


def rule_url(rule_id: str) -> str:
    return absolute(reverse("alerts:rule", args=[rule_id]))


def runbook_url(runbook: str) -> str:
    """`runbook` is a file as the strategy names it, `docs/runbooks/database.md`, or its name; empty for other files."""
    name = name_of(runbook) if "/" in runbook else runbook
    return absolute(reverse("alerts:runbook", args=[name])) if name else ""


def absolute(path: str) -> str:
    """`path` begins with a slash."""
    return f"{settings.PUBLIC_URL}{path}"
