"""What was done with issues, written down twice: for the issue's own page (Activity) and for the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from monitor.access.audit import Actor, record, user_behind
from monitor.issues.models import Activity, Issue
from monitor.projects.models import Project

CHUNK = 500
_NAMED = 20
_LISTED = 1000


class ActionError(Exception):
    """What was asked for can't be done with these issues; the message says why, for whoever asked."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An issue as a journal names it."""

    id: int
    number: int
    title: str
    project: Project

    @property
    def short_id(self) -> str:
        return f"{self.project.slug.upper()}-{self.number}"


def subject_of(issue: Issue) -> Subject:
    return Subject(issue.pk, issue.number, issue.title, issue.project)


def chunks(ids: list[int]) -> Iterator[list[int]]:
    """Few enough for one statement."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def subjects(ids: list[int]) -> list[Subject]:
    """Those of the issues that exist."""
    return [
        subject_of(issue)
        for chunk in chunks(ids)
        for issue in Issue.objects.filter(pk__in=chunk)
        .only("number", "title", "project")
        .select_related("project")
    ]


def note(
    by: Actor,
    kind: str,
    about: Iterable[Subject],
    *,
    at: datetime,
    data: Mapping[str, Any] | None = None,
    data_of: Callable[[Subject], Mapping[str, Any]] | None = None,
) -> None:
    """An Activity for each issue; `data_of` adds what differs. In the transaction of what it tells of."""
    user = user_behind(by)
    told = list(about)
    Activity.objects.bulk_create(
        [
            Activity(
                issue_id=one.id,
                at=at,
                user=user,
                kind=kind,
                data={**(data or {}), **(data_of(one) if data_of else {})},
            )
            for one in told
        ],
        batch_size=CHUNK,
    )
    audit(by, f"issue.{kind}", told, **(data or {}))


def audit(by: Actor, action: str, about: Iterable[Subject], **details: Any) -> None:
    """One entry for each project, however many issues: ten thousand entries would hide the others."""
    for _, group in groupby(sorted(about, key=_place), key=lambda one: one.project.pk):
        told = list(group)
        if len(told) > 1:
            details = {**details, "count": len(told), "issues": [one.id for one in told[:_LISTED]]}
        else:
            details = {**details, "issue": told[0].id}
        record(by, action, _words(told), told[0].project, **details)


def _place(one: Subject) -> tuple[int, int]:
    return one.project.pk, one.number


def _words(told: list[Subject]) -> str:
    if len(told) == 1:
        return f"{told[0].short_id} {told[0].title}"
    named = ", ".join(one.short_id for one in told[:_NAMED])
    return f"{len(told):,} issues: {named}{' …' if len(told) > _NAMED else ''}"
