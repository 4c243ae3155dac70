"""Who works with the generated monitor, and what they did with issues meanwhile. Nobody can log in as one of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from django.db import transaction

from monitor.access.models import Role, User
from monitor.history.faults import RETURNED
from monitor.history.story import Story
from monitor.issues.models import Activity, Issue, Status
from monitor.projects.models import Project

DOMAIN = "generated.example"
_NAMES = (
    ("ines", "Ines Ortner"),
    ("jakob", "Jakob Lang"),
    ("petra", "Petra Novak"),
    ("milan", "Milan Kovač"),
)
_DAY_S = 86_400


def make_people(project: Project) -> list[User]:
    """Members without a password. Those that are there already stay as they are."""
    people = []
    for short, name in _NAMES:
        user, is_new = User.objects.get_or_create(
            email=f"{short}@{DOMAIN}", defaults={"name": f"{name} (generated)", "role": Role.MEMBER}
        )
        if is_new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        user.projects.add(project)
        people.append(user)
    return people


def work_on_issues(story: Story, project: Project, people: list[User], day_ends: float, seed: int) -> None:
    """A working day's triage: what is new is looked at, some of it mended, a little ignored."""
    chance = random.Random(f"{seed}:people:{day_ends}")  # noqa: S311
    morning = day_ends - _DAY_S
    with transaction.atomic():
        if morning <= story.returned_resolved_at < day_ends:
            _resolve_returned(story, project, people[0])
        if story.calendar.busyness(day_ends - _DAY_S / 2) < 0.3:
            return
        open_ones = Issue.objects.filter(
            project=project, status=Status.UNRESOLVED, last_seen__lt=day_ends - 3600
        )
        for issue in open_ones.order_by("pk"):
            _maybe_act(issue, chance, people, day_ends - chance.randint(1800, 6 * 3600))


def _maybe_act(issue: Issue, chance: random.Random, people: list[User], at: float) -> None:
    user = chance.choice(people)
    if issue.assigned_to_id is None and chance.random() < 0.3:
        issue.assigned_to = user
        issue.save(update_fields=["assigned_to"])
        _note(issue, at, user, "assigned", to=user.pk, name=str(user))
    if at < issue.last_seen.timestamp():
        return
    roll = chance.random()
    if issue.severity in ("P3", "P4") and roll < 0.06:
        issue.status, issue.status_changed_at = Status.IGNORED, _moment(at)
        issue.save(update_fields=["status", "status_changed_at"])
        _note(issue, at, user, "ignored")
    elif issue.assigned_to_id and roll < 0.12 and issue.type != RETURNED.type:
        _resolve(issue, at, user, issue.last_release)
    elif roll > 0.98:
        text = "Seen with one agency's files only. We write to them. (Generated.)"
        _note(issue, at, user, "comment", text=text)


def _resolve_returned(story: Story, project: Project, user: User) -> None:
    issue = Issue.objects.filter(project=project, type=RETURNED.type).first()
    if issue is not None:
        _resolve(issue, story.returned_resolved_at + 60, user, story.release_at(story.returned_resolved_at))


def _resolve(issue: Issue, at: float, user: User, release: str) -> None:
    issue.status, issue.status_changed_at, issue.resolved_in_release = Status.RESOLVED, _moment(at), ""
    issue.save(update_fields=["status", "status_changed_at", "resolved_in_release"])
    _note(issue, at, user, "resolved")


def _note(issue: Issue, at: float, user: User, kind: str, **data: object) -> None:
    Activity.objects.create(issue=issue, at=_moment(at), user=user, kind=kind, data=data)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
