"""The settings of a project that are texts which many write to: ownership, grouping, scrubbing.

Ours stand between two marked lines, or under names that begin with the project's; everything else is left as it is.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

from core.provisioning.marks import Mark
from core.provisioning.wanted import Json, Place, Wish
from core.registry import most_specific, resolve_classes, resolved_or_none
from strategy.model.class_names import ClassName
from strategy.model.strategy import Strategy

_NOT_IN_RUST = re.compile(r"\(\?[=!<]|\\[1-9]|\(\?P=")
"""Relay's regular expressions have no look-around and no back-references."""

_EVERYWHERE = (
    "($string || $number || $array || $object) && !(debug_meta.** || $frame.filename || $frame.abs_path)"
)


def ownership(strategy: Strategy, place: Place, wish: Wish) -> list[str]:
    """Lines of ownership rules, the weakest first: Sentry takes the last that fits.

    https://docs.sentry.io/product/issues/ownership-rules/
    """
    lines = []
    for category in strategy.categories.values():
        if slug := _team(category.owner, place, wish):
            lines.append(f"tags.category:{category.name} #{slug}")
    by_length = sorted(
        ((path, owner.name) for owner in strategy.owners.values() for path in owner.paths),
        key=lambda each: (len(each[0]), each),
    )
    for path, owner in by_length:
        if slug := _team(owner, place, wish):
            lines.append(f"path:{path} #{slug}")
    return lines


def _team(owner: str, place: Place, wish: Wish) -> str | None:
    slug = place.team_slugs.get(owner)
    if slug is None:
        why = "No team of the project has this name, and ownership names teams."
        wish.miss(
            f"owner {owner}", why, f"Add a team #{owner} to the project, or say --team {owner}=its-slug."
        )
    return slug


def fingerprint_rules(strategy: Strategy, wish: Wish) -> list[str]:
    """Lines of fingerprint rules, for events that did not come through `core`: those carry their fingerprint.

    A rule of the server wins over the SDK's, so each of these leaves events with a category alone. Sentry knows an
    exception by its bare name: one that two groups share (OperationalError) cannot be told apart, and is left out.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    rows: list[tuple[str, ClassName, str]] = []
    for rule in strategy.fingerprints:
        for name in rule.classes:
            groups[_bare(name)].add(rule.id)
            rows.append((rule.id, name, ", ".join(rule.fingerprint)))
    lines = []
    for rule_id, name, fingerprint in rows:
        if len(groups[_bare(name)]) > 1:
            others = ", ".join(sorted(groups[_bare(name)] - {rule_id}))
            why = f"Sentry knows {name.dotted} by its bare name, which {others} has too."
            wish.miss(f"fingerprint {rule_id}", why, "Events of core carry their fingerprint with them.")
        else:
            lines.append(f'!tags.category:"*" error.type:"{_bare(name)}" -> {fingerprint}')
    lines += _of_categories(strategy, set(groups))
    return list(dict.fromkeys(lines))


def _of_categories(strategy: Strategy, taken: set[str]) -> list[str]:
    """A category's fingerprint, for those of its classes whose bare name is nobody else's."""
    categories = resolve_classes(strategy)
    claims: dict[str, set[str]] = defaultdict(set)
    for known, claiming in categories.items():
        claims[known.__name__].add(claiming)
    lines = []
    for category in strategy.categories.values():
        for name in category.classes if category.fingerprint else ():
            cls = resolved_or_none(name)
            sole = cls is not None and claims[cls.__name__] == {most_specific(categories, cls)}
            if sole and _bare(name) not in taken:
                fingerprint = ", ".join(category.fingerprint or ())
                lines.append(f'!tags.category:"*" error.type:"{_bare(name)}" -> {fingerprint}')
    return lines


def _bare(name: ClassName) -> str:
    return name.dotted.rpartition(".")[2]


def stack_trace_rules() -> list[str]:
    """What stands between the server and the code that failed is not what failed."""
    return [
        "stack.abs_path:**/site-packages/** -app",
        "stack.module:core.decorators -group",
        "stack.module:core.middleware -group",
    ]


def pii_config(existing: str | None, strategy: Strategy, mark: Mark, wish: Wish) -> str:
    """Relay's advanced scrubbing with our rules in it: a second net, for what other senders of this project let through.

    https://docs.sentry.io/security-legal-pii/scrubbing/advanced-datascrubbing/
    """
    try:
        config: Json = json.loads(existing) if existing else {}
    except ValueError:
        config = {}
    prefix = f"{mark.project}:"
    rules = {name: rule for name, rule in (config.get("rules") or {}).items() if not name.startswith(prefix)}
    applications = _without(config.get("applications") or {}, prefix)
    strings = []
    for name, pattern in sorted(strategy.scrubbing.patterns.items()):
        if _NOT_IN_RUST.search(pattern):
            why = "Relay's regular expressions have no look-around and no back-references."
            wish.miss(f"scrubbing pattern {name}", why, "core takes it out before anything is sent.")
            continue
        replaced = {"method": "replace", "text": "[Filtered]"}
        rules[prefix + name] = {"type": "pattern", "pattern": pattern, "redaction": replaced}
        strings.append(prefix + name)
    if strings:
        applications["$string"] = [*applications.get("$string", []), *strings]
    if strategy.scrubbing.names:
        keys = "|".join(map(re.escape, strategy.scrubbing.names))
        rules[prefix + "names"] = {
            "type": "redact_pair",
            "keyPattern": f"(?i){keys}",
            "redaction": {"method": "remove"},
        }
        applications[_EVERYWHERE] = [*applications.get(_EVERYWHERE, []), prefix + "names"]
    return json.dumps(config | {"rules": rules, "applications": applications}, sort_keys=True)


def _without(applications: dict[str, list[Any]], prefix: str) -> dict[str, list[Any]]:
    """Each selector with everybody else's rules; one that had ours alone goes."""
    found = {}
    for selector, names in applications.items():
        kept = [name for name in names if not str(name).startswith(prefix)]
        if kept or not names:
            found[selector] = kept
    return found
