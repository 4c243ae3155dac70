"""Finding releases that break their budget, and deciding on them. Carrying it out is calling.py's."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.urls import reverse

from monitor.access.audit import Actor, record
from monitor.access.models import User
from monitor.alerts.links import absolute, incident_url
from monitor.alerts.messages import Kind, Link, Message
from monitor.alerts.outbox import queue
from monitor.incidents.journal import write
from monitor.incidents.models import OPEN_STATES, Incident
from monitor.incidents.services import open_by_process
from monitor.incidents.telling import thread_of
from monitor.projects.models import Project
from monitor.releases.models import Deploy
from monitor.releases.rollback import words
from monitor.releases.rollback.evidence import Evidence, evidence_of, is_current
from monitor.releases.rollback.models import Call, Rollback, State
from monitor.rota.selectors import contacts
from monitor.site.strategy_file import current_strategy
from strategy.model.service_levels import Rollback as Rules

WATCH_EVERY_S = 10.0
_SEVERITY = "P1"
_BY = "rollback"
_AFTER_ALL_S = 86_400
"""Confirmed after a day, it would take back what nobody looks at any more."""


class RollbackError(ValueError):
    """What cannot be decided, in words for who asked."""


def watch(now: float) -> None:
    """The clock job: each release that was deployed within `[rollback] watch`, until it has been said of it."""
    strategy = current_strategy()
    rules = strategy.rollback
    if not rules.enabled:
        return
    environments = [name for name, one in strategy.environments.items() if one.alerts]
    lately = Deploy.objects.filter(
        environment__in=environments,
        finished_at__gte=_moment(now - rules.watch_s),
        finished_at__lte=_moment(now),
    )
    for deploy in lately.select_related("release").order_by("finished_at", "pk"):
        for project in deploy.release.projects.all():
            _look_at(deploy, project, rules, now)
    _dismiss_old(now)


def _look_at(deploy: Deploy, project: Project, rules: Rules, now: float) -> None:
    place = {"project": project, "environment": deploy.environment, "release": deploy.release}
    if Rollback.objects.filter(**place).exists() or not is_current(deploy, project, now):
        return
    evidence = evidence_of(deploy, project, rules, now)
    if evidence.broken:
        found(deploy, project, rules, evidence, now)


def found(deploy: Deploy, project: Project, rules: Rules, evidence: Evidence, now: float) -> Rollback | None:
    """Keep it, tell of it, and, in automatic mode, have it carried out. None where it was found before."""
    state = {"dry_run": State.SAID, "confirm": State.WAITING}.get(rules.mode, State.DUE)
    with transaction.atomic():
        rollback, is_new = Rollback.objects.get_or_create(
            project=project,
            environment=deploy.environment,
            release=deploy.release,
            defaults={
                "previous": evidence.previous,
                "deployed_at": deploy.finished_at,
                "found_at": _moment(now),
                "mode": rules.mode,
                "evidence": evidence.as_json(rules),
                "state": state,
            },
        )
        if not is_new:
            return None
        rollback.deployed_at, rollback.found_at = deploy.finished_at, _moment(now)
        rollback.incident = _incident_of(rollback, now)
        rollback.save(update_fields=["incident"])
        said = f"{words.title(rollback)}: {words.why(rollback.evidence)} {words.what(rollback)}"
        write(rollback.incident, "rollback", said, now, rollback=rollback.pk)
        record(_BY, "rollback.found", rollback, project, mode=rules.mode)
        _tell(rollback, rules, now)
        if state == State.DUE:
            plan_calls(rollback, rules, now)
    return rollback


def confirm(rollback: Rollback, by: User, now: float, *, actor: Actor | None = None) -> None:
    """Once. Raises RollbackError for who may not, what is decided, and what is past."""
    rules = current_strategy().rollback
    if not may_decide(by, now):
        raise RollbackError(f"Only {_roles(rules)} may confirm a rollback; the rota says who that is.")
    with transaction.atomic():
        fresh = Rollback.objects.select_related("release").get(pk=rollback.pk)
        deploy = (
            Deploy.objects.filter(release=fresh.release, environment=fresh.environment)
            .order_by("-finished_at")
            .first()
        )
        if deploy is None or not is_current(deploy, fresh.project, now):
            raise RollbackError(
                "Another release has been deployed there since: there is nothing to take back."
            )
        _decide(fresh, State.DUE, by, now)
        record(actor or by, "rollback.confirmed", fresh, fresh.project)
        _note(fresh, "Confirmed: it is taken back.", by, now)
        plan_calls(fresh, rules, now)


def dismiss(rollback: Rollback, by: User, now: float, *, actor: Actor | None = None) -> None:
    """It stays as it is. Raises RollbackError."""
    if not may_decide(by, now):
        raise RollbackError("You may not decide on a rollback; the rota says who does.")
    with transaction.atomic():
        fresh = Rollback.objects.select_related("release").get(pk=rollback.pk)
        _decide(fresh, State.DISMISSED, by, now)
        record(actor or by, "rollback.dismissed", fresh, fresh.project)
        _note(fresh, "Dismissed: the release stays.", by, now)


def may_decide(user: User, now: float) -> bool:
    """Whoever holds a role of `confirmed_by`; where nobody with an account does, admins."""
    roles = current_strategy().rollback.confirmed_by
    if not user.may_change:
        return False
    if not roles:
        return True
    holders = {contact.user_id for contact in contacts(roles, now)} - {None}
    return user.pk in holders or (not holders and user.is_admin)


def plan_calls(rollback: Rollback, rules: Rules, now: float) -> None:
    """Rows for what is to be called. With nothing to call it has failed, and says so."""
    kinds = [Call.Kind.WEBHOOK] if rules.url else []
    kinds += [Call.Kind.COMMAND] if rules.command else []
    if not kinds:
        rollback.state, rollback.ended_at = State.FAILED, _moment(now)
        rollback.problem = "There is nothing to call: [rollback] has neither url nor command."
        rollback.save(update_fields=["state", "ended_at", "problem"])
        _note(rollback, rollback.problem, None, now)
        return
    for kind in kinds:
        Call.objects.get_or_create(rollback=rollback, kind=kind, defaults={"not_before": _moment(now)})


def _decide(rollback: Rollback, state: State, by: User, now: float) -> None:
    # Conditional: of two who click at once, one decides.
    changed = Rollback.objects.filter(pk=rollback.pk, state=State.WAITING).update(
        state=state, decided_by=by, decided_at=_moment(now)
    )
    if not changed:
        raise RollbackError(f"This was decided already: {rollback.get_state_display().lower()}.")
    rollback.refresh_from_db()


def _dismiss_old(now: float) -> None:
    old = Rollback.objects.filter(state=State.WAITING, found_at__lt=_moment(now - _AFTER_ALL_S))
    for rollback in old.select_related("release"):
        with transaction.atomic():
            changed = Rollback.objects.filter(pk=rollback.pk, state=State.WAITING).update(
                state=State.DISMISSED, ended_at=_moment(now), problem="Nobody confirmed it within a day."
            )
            if changed:
                _note(rollback, "Nobody confirmed it within a day: the release stays.", None, now)


def _incident_of(rollback: Rollback, now: float) -> Incident:
    """The most severe that is open there; or a new one."""
    here = Incident.objects.filter(
        project=rollback.project, environment=rollback.environment, state__in=OPEN_STATES
    )
    incident = here.order_by("severity", "-detected_at").first()
    if incident is not None:
        return incident
    return open_by_process(
        rollback.project,
        title=f"{rollback.release.version} breaks its budget",
        severity=_SEVERITY,
        now=now,
        by=_BY,
        environment=rollback.environment,
        release=rollback.release.version,
        started_at=rollback.deployed_at.timestamp(),
    )


def _tell(rollback: Rollback, rules: Rules, now: float) -> None:
    strategy = current_strategy()
    incident = rollback.incident
    assert incident is not None  # noqa: S101 - it was just set
    page = absolute(reverse("releases:detail", args=[rollback.release.version]))
    message = Message(
        kind=Kind.ROLLBACK,
        title=words.title(rollback),
        thread=thread_of(incident),
        at=now,
        severity=incident.severity,
        environment=rollback.environment,
        project=rollback.project.slug,
        text=f"{words.why(rollback.evidence)} {words.what(rollback)}",
        facts=(("Release", rollback.release.version), ("Back to", rollback.previous or "not known")),
        links=(
            Link("release", "The release", page),
            Link("incident", f"Incident #{incident.number}", incident_url(incident.number)),
        ),
        details={"rollback": rollback.pk, "mode": rollback.mode, "evidence": rollback.evidence},
    )
    severity = strategy.severities.get(incident.severity) or strategy.severities[_SEVERITY]
    queue(
        message,
        channels=severity.channels,
        once=f"rollback:{rollback.pk}",
        now=now,
        recipients=rules.confirmed_by or severity.recipients,
        incident=incident,
    )


def _note(rollback: Rollback, text: str, by: User | None, now: float) -> None:
    if rollback.incident is not None:
        write(rollback.incident, "rollback", text, now, by=by, rollback=rollback.pk)


def _roles(rules: Rules) -> str:
    titles = [current_strategy().roles[name].title for name in rules.confirmed_by]
    return " or ".join(titles) or "members"


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
