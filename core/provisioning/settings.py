"""Settings of the project itself, as one document that is compared and written as a whole."""

from __future__ import annotations

from core.provisioning import texts
from core.provisioning.marks import Mark
from core.provisioning.wanted import Json, Place, Wish
from strategy.model.strategy import Strategy

TAGS = ("category", "severity", "error_id", "request_id", "component", "service", "app_name", "task_name")

READ_BACK = frozenset(
    {
        "dataScrubber", "dataScrubberDefaults", "scrubIPAddresses", "relayPiiConfig", "fingerprintingRules",
        "groupingEnhancements",
    }
)  # fmt: skip
"""In the published answer and not among the published parameters: Sentry's own settings page writes them by the same
request. Whether this Sentry took them is seen by reading them back."""


def settings_wish(current: Json, strategy: Strategy, place: Place, wish: Wish) -> Json:
    """What `current`, the project as the API shows it, is to say. Only ever adds to a list, only ever switches on."""
    mark = Mark(place.project)
    return {
        "resolveAge": max(1, round(strategy.retention.stale_issue_s / 3600)),
        "highlightTags": list(dict.fromkeys([*(current.get("highlightTags") or []), *TAGS])),
        "dataScrubber": True,
        "dataScrubberDefaults": True,
        "scrubIPAddresses": True,
        "relayPiiConfig": texts.pii_config(current.get("relayPiiConfig"), strategy, mark, wish),
        "fingerprintingRules": mark.with_block(
            current.get("fingerprintingRules") or "", texts.fingerprint_rules(strategy, wish)
        ),
        "groupingEnhancements": mark.with_block(
            current.get("groupingEnhancements") or "", texts.stack_trace_rules()
        ),
    }


def ownership_wish(current: Json, strategy: Strategy, place: Place, wish: Wish) -> Json:
    """Our lines of the ownership rules; how issues are assigned is left as it is."""
    raw = current.get("raw") or ""
    return {"raw": Mark(place.project).with_block(raw, texts.ownership(strategy, place, wish))}
