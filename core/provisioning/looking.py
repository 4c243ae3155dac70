"""What must be known, and allowed, before anything is compared: organisation, project, scopes, teams, integrations."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.provisioning.api import SentryApi, SentryApiError
from core.provisioning.wanted import Json, Place, Wish
from strategy.model.strategy import Strategy

SCOPES: dict[str, str] = {
    "org:read": "to look at the organisation, its teams, integrations and dashboards",
    "project:read": "to look at the project",
    "project:write": "ownership rules and settings",
    "alerts:read": "to look at monitors and alerts",
    "alerts:write": "monitors, alerts and cron monitors",
}
RELEASE_SCOPE = {"project:releases": "releases and deploys"}


def look(
    api: SentryApi,
    strategy: Strategy,
    organization: str,
    project: str,
    teams: Mapping[str, str],
    scopes: Collection[str],
) -> tuple[Place, Wish]:
    """The place, and what is missing there. Raises SentryApiError with the way out when it cannot work."""
    _check_scopes(api.get(f"organizations/{organization}/", detailed="0"), scopes)
    found = api.get(f"projects/{organization}/{project}/")
    wish = Wish()
    environments = tuple(
        each["name"] for each in api.get_all(f"projects/{organization}/{project}/environments/")
    )
    _check_environments(strategy, environments, project)
    answering = {each["slug"]: each["id"] for each in found.get("teams") or ()}
    slugs = {owner: teams.get(owner, owner) for owner in strategy.owners}
    for owner, slug in teams.items():
        if owner not in strategy.owners or slug not in answering:
            known = ", ".join(sorted(answering)) or "no team"
            raise SentryApiError(
                f"--team {owner}={slug}: strategy.toml has no such owner, or the project no such team ({known})."
            )
    place = Place(
        organization=organization,
        project=project,
        project_id=int(found["id"]),
        environments=environments,
        teams={owner: answering[slug] for owner, slug in slugs.items() if slug in answering},
        team_slugs={owner: slug for owner, slug in slugs.items() if slug in answering},
        integrations=_integrations(api, organization),
    )
    return place, wish


def _check_scopes(organization: Json, scopes: Collection[str]) -> None:
    granted = organization.get("access")
    if granted is None:
        return  # an older Sentry: the first request that is refused says so
    # project:admin may what project:write may.
    missing = [
        scope
        for scope in scopes
        if scope not in granted and f"{scope.partition(':')[0]}:admin" not in granted
    ]
    if missing:
        raise SentryApiError(
            f"SENTRY_AUTH_TOKEN lacks {', '.join(missing)}. Nothing was changed. Add them to the internal integration "
            "under Settings, Developer Settings: `provision_sentry --scopes` says what each is for."
        )


def _check_environments(strategy: Strategy, environments: Collection[str], project: str) -> None:
    """Sentry refuses a rule for an environment that it has never heard of."""
    named = {each.name for each in strategy.environments.values() if each.alerts}
    named |= {name for rule in strategy.alerts if rule.enabled for name in rule.environments}
    if missing := sorted(named - set(environments)):
        known = ", ".join(sorted(environments)) or "none"
        raise SentryApiError(
            f"{project} knows no environment {', '.join(missing)} (it knows: {known}). Sentry learns of one by the first "
            f"event: SENTRY_ENVIRONMENT={missing[0]} manage.py verify_sentry, with the project's DSN."
        )


def _integrations(api: SentryApi, organization: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for each in api.get_all(f"organizations/{organization}/integrations/", includeConfig="true"):
        if each.get("status") == "active":
            found.setdefault(str((each.get("provider") or {}).get("key")), each)
    return found
