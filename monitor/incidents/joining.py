"""Which incident an alert's episode belongs to. One fault makes many alerts; people want one incident of it.

An episode joins the incident of its project and environment that is open, or that resolved itself within half an hour
(it was not over), when one of these holds; the first in this order, and of several incidents the most severe:

1. the same rule has an episode in it (another route, another feature); not for rules on single issues;
2. they share an issue, and it is no rule on effects;
3. one rule yields to the other in strategy.toml: they tell of the same fault, one more sharply;
4. they are of the same category;
5. one of the two watches effects (error rate, failing features, sessions, latency, budgets, all errors together) and so
   names no cause, and the incident was opened within the last hour: an outage fails requests, burns budgets and crashes
   sessions at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.alerts.models import Episode
from monitor.incidents.models import OPEN_STATES, Incident, State
from monitor.issues.models import Issue
from strategy import Strategy
from strategy.model.alerting import AlertRule

REOPENS_WITHIN_S = 1800
EFFECT_JOINS_WITHIN_S = 3600
RECURS_WITHIN_S = 30 * 86_400
EFFECTS = frozenset(
    {
        "error_rate", "feature_failures", "crash_free_sessions", "burn_rate", "slow_transactions", "latency_p95",
        "latency_growth", "failed_probe",
    }
)  # fmt: skip
"""What rules watch that tell that something is wrong, and not what."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an episode tells of, as far as joining goes."""

    rule: str
    categories: frozenset[str]
    issues: frozenset[int]
    is_effect: bool
    of_one_issue: bool


def rule_called(strategy: Strategy, name: str) -> AlertRule | None:
    """None for one that the file no longer has."""
    return next((rule for rule in strategy.alerts if rule.id == name), None)


def told_by(strategy: Strategy, episode: Episode) -> Told:
    rule = rule_called(strategy, episode.rule)
    issues = frozenset(one for one in episode.issues if isinstance(one, int))
    categories = set(rule.categories) if rule else set()
    if not categories and issues:
        found = Issue.objects.filter(pk__in=issues).values_list("category", flat=True)
        categories = set(found) - {"", "uncategorised"}
    return Told(episode.rule, frozenset(categories), issues, is_effect(rule), _is_of_one_issue(rule))


def _is_of_one_issue(rule: AlertRule | None) -> bool:
    return rule is not None and (rule.watches in {"new_issue", "regression"} or rule.per == "issue")


def is_effect(rule: AlertRule | None) -> bool:
    """Also of one that counts all events, whatever they are: its issues are all that went wrong in that minute."""
    if rule is None:
        return False
    is_broad = not (rule.categories or rule.severities or rule.tags) and rule.per == "all"
    return rule.watches in EFFECTS or (rule.watches == "events" and is_broad)


def incident_for(strategy: Strategy, episode: Episode, now: float) -> tuple[Incident, str] | None:
    """The incident that it joins, and why in words; None when it is a fault of its own."""
    told = told_by(strategy, episode)
    candidates = _candidates(episode, told, now)
    for why in ("rule", "issue", "yields", "category", "effect"):
        for candidate in candidates:
            words = _reason(why, strategy, told, candidate, now)
            if words:
                return candidate.incident, words
    return None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An incident that may be joined: the rules of its episodes, and its issues."""

    incident: Incident
    rules: frozenset[str]
    issues: frozenset[int]


def _candidates(episode: Episode, told: Told, now: float) -> list[_Candidate]:
    """The most severe first, of these the latest. As many questions for a hundred as for one."""
    here = Incident.objects.filter(project=episode.project_id, environment=episode.environment)
    found = here.filter(state__in=OPEN_STATES) | here.filter(
        state=State.RESOLVED, resolved_by_alerts=True, resolved_at__gte=now - REOPENS_WITHIN_S
    )
    incidents = list(found.order_by("severity", "-detected_at"))
    rules = {each.pk: {each.rule} - {""} for each in incidents}
    issues: dict[int, set[int]] = {each.pk: set() for each in incidents}
    for pk, rule, of_it in Episode.objects.filter(incident__in=incidents).values_list(
        "incident_id", "rule", "issues"
    ):
        rules[pk].add(rule)
        issues[pk].update(of_it)
    linked = Incident.issues.through.objects.filter(incident__in=incidents, issue__in=told.issues)
    for pk, issue in linked.values_list("incident_id", "issue_id"):
        issues[pk].add(issue)
    return [_Candidate(each, frozenset(rules[each.pk]), frozenset(issues[each.pk])) for each in incidents]


def _reason(why: str, strategy: Strategy, told: Told, candidate: _Candidate, now: float) -> str:
    incident = candidate.incident
    if why == "rule" and told.rule in candidate.rules and not told.of_one_issue:
        return "the same rule"
    if why == "issue" and not told.is_effect and told.issues & candidate.issues:
        return "the same issue"
    if why == "yields" and _same_fault(strategy, told.rule, candidate.rules):
        return "a rule of the same fault"
    if why == "category" and incident.category in told.categories:
        return "the same category"
    if why == "effect" and now - incident.detected_at.timestamp() <= EFFECT_JOINS_WITHIN_S:
        by_effect = is_effect(rule_called(strategy, incident.rule)) and not incident.category
        return "at the same time and place" if told.is_effect or by_effect else ""
    return ""


def _same_fault(strategy: Strategy, rule: str, others: Iterable[str]) -> bool:
    mine = rule_called(strategy, rule)
    for name in others:
        other = rule_called(strategy, name)
        if (mine and name in mine.yields_to) or (other and rule in other.yields_to):
            return True
    return False


def earlier_one(
    strategy: Strategy, incident: Incident, issues: Iterable[int], key: str = ""
) -> Incident | None:
    """The last incident before this one that it is a return of: within 30 days, at the same place, of the same issue;
    or, where neither has an issue, of the same rule and `key` (a job, a queue). Of effects nobody knows what returned."""
    if is_effect(rule_called(strategy, incident.rule)):
        return None
    since = incident.detected_at.timestamp() - RECURS_WITHIN_S
    before = Incident.objects.filter(
        project=incident.project_id,
        environment=incident.environment,
        resolved_at__isnull=False,
        detected_at__gte=since,
        detected_at__lte=incident.detected_at,
    ).exclude(pk=incident.pk)
    wanted = list(issues)
    if wanted:
        found = before.filter(issues__in=wanted)
    elif incident.rule:
        found = before.filter(rule=incident.rule, issues__isnull=True, episodes__key=key)
    else:
        return None
    return found.order_by("-detected_at").first()
