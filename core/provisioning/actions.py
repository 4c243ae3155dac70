"""Channels of the strategy as actions of an alert: through the organisation's own integrations, never with our secrets.

Mail goes to whoever owns the issue (ownership rules), as Sentry does it; where nobody does, to the project's members.
"""

from __future__ import annotations

from collections.abc import Callable

from core.provisioning.wanted import Json, Place, Wish
from strategy.model.alerting import AlertRule, Channel
from strategy.model.strategy import Strategy

_PRIORITIES = {"P0": "critical", "P1": "error", "P2": "warning", "P3": "info", "P4": "info"}
# A kind of channel, and what the organisation must have installed for it.
_PROVIDERS = {"slack": "slack", "pagerduty": "pagerduty", "github": "github"}


def actions_of(strategy: Strategy, rule: AlertRule, place: Place, wish: Wish) -> list[Json]:
    """What is done when `rule` fires. Mail where nothing else can be: an alert that tells nobody is none."""
    found = []
    for name in rule.channels or strategy.severities[rule.severity].channels:
        channel = strategy.channels[name]
        if channel.enabled and (action := _action(channel, rule, place, wish)):
            found.append(action)
    return found or [_mail()]


def _action(channel: Channel, rule: AlertRule, place: Place, wish: Wish) -> Json | None:
    if channel.kind == "email":
        return _mail()
    provider = _PROVIDERS.get(channel.kind)
    if provider is None:
        why = f"The published API has no action for a channel of kind {channel.kind}."
        wish.miss(
            f"channel {channel.name}",
            why,
            "Mail, and whatever else the severity names.",
        )
        return None
    integration = place.integrations.get(provider)
    if integration is None:
        why = f"The organisation has no active {provider} integration."
        wish.miss(
            f"channel {channel.name}", why, "Install it under Settings, Integrations, and run this again."
        )
        return None
    return _MAKERS[channel.kind](channel, rule, integration, wish)


def _slack(channel: Channel, rule: AlertRule, integration: Json, wish: Wish) -> Json | None:
    if not channel.to:
        wish.miss(f"channel {channel.name}", "It names no Slack channel.", "Set `to` or its variable.")
        return None
    target = {
        "targetType": "specific",
        "targetIdentifier": "",
        "targetDisplay": channel.to[0].removeprefix("#"),
    }
    return _connected("slack", integration, target, {})


def _pagerduty(channel: Channel, rule: AlertRule, integration: Json, wish: Wish) -> Json | None:
    services = (integration.get("configData") or {}).get("service_table") or []
    if not services:
        why = "The PagerDuty integration has no service."
        wish.miss(
            f"channel {channel.name}", why, "Add one in the integration's settings, and run this again."
        )
        return None
    service = services[0]
    target = {
        "targetType": "specific",
        "targetIdentifier": str(service["id"]),
        "targetDisplay": str(service.get("service") or service.get("service_name") or ""),
    }
    return _connected("pagerduty", integration, target, {"priority": _PRIORITIES[rule.severity]})


def _github(channel: Channel, rule: AlertRule, integration: Json, wish: Wish) -> Json | None:
    if not channel.to:
        wish.miss(f"channel {channel.name}", "It names no repository.", "Set `to` or its variable.")
        return None
    fields = {"assignee": "", "integration": str(integration["id"]), "labels": [], "repo": channel.to[0]}
    target = {"targetType": "specific", "targetIdentifier": "", "targetDisplay": ""}
    return _connected("github", integration, target, {"additional_fields": fields, "dynamic_form_fields": []})


def _connected(kind: str, integration: Json, target: Json, data: Json) -> Json:
    return {
        "type": kind,
        "integrationId": str(integration["id"]),
        "config": target,
        "data": data,
        "status": "active",
    }


def _mail() -> Json:
    return {
        "type": "email",
        "integrationId": None,
        "data": {"fallthroughType": "ActiveMembers"},
        "config": {"targetType": "issue_owners", "targetDisplay": None, "targetIdentifier": ""},
        "status": "active",
    }


_MAKERS: dict[str, Callable[[Channel, AlertRule, Json, Wish], Json | None]] = {
    "slack": _slack,
    "pagerduty": _pagerduty,
    "github": _github,
}
