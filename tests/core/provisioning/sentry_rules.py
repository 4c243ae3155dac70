"""What Sentry refuses although the schema allows it: what the published descriptions list, and grammars of its texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.core.provisioning.published_requests import described

Json = dict[str, Any]
_WORKFLOWS = "/api/0/organizations/{organization_id_or_slug}/workflows/"
_TYPES = re.compile(r'"type":\s*"(\w+)"')
_INTERVALS = {"1min", "5min", "15min", "1h", "1d", "1w", "30d"}
_DELTAS = {300, 900, 3600, 86400, 604800, 2592000}
_CRASH_WINDOWS = {1800, 3600, 7200, 14400, 43200, 86400}
_MATCHES = {"co", "nc", "eq", "ne", "sw", "ew", "is", "ns"}
# src/sentry/issues/ownership/grammar.py and src/sentry/grouping/fingerprinting/parser.py of getsentry/sentry.
_OWNERSHIP = re.compile(r"(?:url|path|module|codeowners|tags\.[^:]+):(?:\"[^\"]*\"|\S+)((?:\s+\S+)+)")
_VALUE = r'(?:"(?:[^"\\]|\\.)*"|\{\{\s*[\w.]+\s*\}\}|[^\s,{]+)'
_FINGERPRINT = re.compile(rf'(?:!?[\w.-]+:(?:"[^"]*"|\S+)\s+)+->\s*{_VALUE}(?:\s*,\s*{_VALUE})*')
_STACK_RULE = re.compile(r'(?:!?[\w.]+:(?:"[^"]*"|\S+)\s+)+(?:[+-](?:app|group)\s*)+')


def refusals(template: str, body: Json, host: Any) -> list[str]:
    """Why Sentry would answer 400."""
    if template.endswith(("/detectors/", "/detectors/{detector_id}/")):
        return list(_detector(body, host))
    if "/workflows/" in template:
        return list(_workflow(body, host))
    if template.endswith("/ownership/"):
        return list(_ownership(body, host))
    if template.endswith("/{project_id_or_slug}/"):
        return list(_project(body))
    return []


def _detector(body: Json, host: Any) -> Iterator[str]:
    [source] = body["data_sources"]
    conditions = body["condition_group"]["conditions"]
    if {each["type"] for each in conditions} - {"gt", "gte", "lt", "lte"} or len(conditions) > 3:
        yield "unsupported conditions"
    if {each["conditionResult"] for each in conditions} - {75, 50, 0}:
        yield "unsupported condition result"
    if any(not isinstance(each["comparison"], int | float) for each in conditions):
        yield "a valid number is required"
    if source["environment"] not in host.environments:
        yield f"environment {source['environment']} does not exist"
    kinds = {
        "events": (0, {"error", "default"}, range(60, 86401, 60)),
        "events_analytics_platform": (1, {"trace_item_span"}, range(60, 86401, 60)),
        "metrics": (2, set(), _CRASH_WINDOWS),
    }
    query_type, event_types, windows = kinds[source["dataset"]]
    if source["queryType"] != query_type or set(source["eventTypes"]) != event_types:
        yield f"{source['dataset']} has query type {query_type} and {event_types}"
    if source["timeWindow"] not in windows:
        yield f"invalid time window {source['timeWindow']}"
    if "release:latest" in source["query"]:
        yield "unsupported query: release:latest"
    if body["config"]["detectionType"] == "percent" and body["config"]["comparisonDelta"] not in _DELTAS:
        yield "invalid comparison delta"


def _workflow(body: Json, host: Any) -> Iterator[str]:
    triggers = set(_TYPES.findall(described(_WORKFLOWS, "post", "triggers")))
    filters = set(_TYPES.findall(described(_WORKFLOWS, "post", "action_filters")))
    if body["environment"] not in host.environments:
        yield f"environment {body['environment']} does not exist"
    if body["config"]["frequency"] not in {0, 5, 10, 30, 60, 180, 720, 1440}:
        yield f"invalid frequency {body['config']['frequency']}"
    if unknown := {each["type"] for each in body["triggers"]["conditions"]} - triggers:
        yield f"unknown triggers {unknown}"
    if unknown_ids := set(body["detector_ids"]) - {int(each["id"]) for each in host.detectors.values()}:
        yield f"some detectors do not exist: {unknown_ids}"
    for group in body["action_filters"]:
        if group["logicType"] not in {"any-short", "all", "none"} or not group["actions"]:
            yield "a group of filters needs a logic and an action"
        for each in [*group["conditions"], *group["actions"]]:
            if each["type"] not in filters:
                yield f"unknown type {each['type']}"
        for each in group["conditions"]:
            compared = each["comparison"]
            if each["type"] == "event_frequency_count" and (
                compared["interval"] not in _INTERVALS or compared["value"] < 1
            ):
                yield f"invalid frequency {compared}"
            if each["type"] == "tagged_event" and compared["match"] not in _MATCHES:
                yield f"invalid match {compared}"


def _ownership(body: Json, host: Any) -> Iterator[str]:
    teams = {f"#{each['slug']}" for each in host.project["teams"]}
    for line in _rules(body["raw"]):
        found = _OWNERSHIP.fullmatch(line)
        if found is None:
            yield f"parse error: {line}"
        elif unknown := {each for each in found[1].split() if each.startswith("#")} - teams:
            yield f"invalid rule owners: {unknown}"


def _project(body: Json) -> Iterator[str]:
    for line in _rules(body.get("fingerprintingRules", "")):
        if not _FINGERPRINT.fullmatch(line):
            yield f"fingerprintingRules: invalid syntax: {line}"
    for line in _rules(body.get("groupingEnhancements", "")):
        if not _STACK_RULE.fullmatch(line):
            yield f"groupingEnhancements: invalid syntax: {line}"
    config = json.loads(body.get("relayPiiConfig", "{}"))
    for names in config.get("applications", {}).values():
        if unknown := {each for each in names if not each.startswith("@")} - set(config["rules"]):
            yield f"relayPiiConfig: unknown rules {unknown}"


def _rules(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
