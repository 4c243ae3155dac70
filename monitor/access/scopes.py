"""What a token may be allowed, in Sentry's names, so that its clients' documentation holds here."""

from monitor.access.models import ApiToken

SCOPES: dict[str, str] = {
    "project:read": "See projects, releases and crons",
    "project:write": "Make and change projects, their keys and crons",
    "project:releases": "Make releases and deploys, set commits",
    "event:read": "See issues and events",
    "event:write": "Resolve, ignore, assign and comment on issues",
    "event:admin": "Delete and merge issues",
    "org:read": "See the organization, statistics and quotas",
    "org:ci": "What a build needs: releases, deploys, commits",
    "alerts:read": "See alert rules and incidents",
    "alerts:write": "Acknowledge, mute and change alerts and incidents",
    "member:read": "See who the users are",
    "metrics:read": "Read /metrics",
}
_STEPS = ("read", "write", "admin")
_READS = frozenset(name for name in SCOPES if name.endswith(":read"))


def granted(token: ApiToken) -> frozenset[str]:
    """What the token may do now: its scopes with what they include, but never more than its user may."""
    found: set[str] = set()
    for scope in token.scopes:
        area, _, step = str(scope).partition(":")
        lower = _STEPS[: _STEPS.index(step) + 1] if step in _STEPS else (step,)
        found.update(name for one in lower if (name := f"{area}:{one}") in SCOPES)
    if "org:ci" in found:
        found.add("project:releases")
    return frozenset(found) if token.user.may_change else frozenset(found) & _READS


def allowed_for(*, may_change: bool) -> dict[str, str]:
    """The scopes that a user may give to a token, with their meaning."""
    return {name: text for name, text in SCOPES.items() if may_change or name in _READS}
