"""What the API shows, in the shape of what is sent: so that the two can be compared, and the difference printed."""

from __future__ import annotations

import json
import re
from typing import Any

from core.provisioning.alerts import ISSUE_STREAM
from core.provisioning.marks import Mark
from core.provisioning.wanted import Json, Wanted

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def as_sent(value: Any) -> Any:
    """Keys in snake case at every depth, whole numbers as such: requests and answers differ in both."""
    if isinstance(value, dict):
        return {
            _CAPITAL.sub(lambda found: "_" + found[1].lower(), key): as_sent(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [as_sent(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def comparable(wanted: Wanted) -> Json:
    """`wanted` as it would read once it is there."""
    body: Json = as_sent(wanted.body)
    for source in body.get("data_sources", ()):
        source.pop("query_type")  # an answer does not repeat it: the data set says it
        source["event_types"] = sorted(source["event_types"])
    if wanted.kind == "alert":
        body["monitors"] = sorted(wanted.monitors)
    return body


def seen(current: Json, like: Json, monitor_names: dict[str, str]) -> Json:
    """Of what the API shows, what `like` speaks of: Sentry adds ids, dates and defaults of its own."""
    shown: Json = as_sent(current)
    if "data_sources" in shown:
        shown["data_sources"] = [_query(each) for each in shown["data_sources"] or ()]
    if "detector_ids" in shown:
        ids = shown["detector_ids"] or ()
        shown["monitors"] = sorted(monitor_names.get(str(each), f"monitor {each}") for each in ids)
    if isinstance(shown.get("project"), dict):
        shown["project"] = shown["project"].get("slug")
    found: Json = _like(shown, like)
    return found


def _query(source: Json) -> Json:
    query = dict((source.get("query_obj") or {}).get("snuba_query") or {})
    query["event_types"] = sorted(query.get("event_types") or ())
    return query


def _like(value: Any, wanted: Any) -> Any:
    if isinstance(wanted, dict) and isinstance(value, dict):
        return {key: _like(value[key], each) for key, each in wanted.items() if key in value}
    if isinstance(wanted, list) and isinstance(value, list) and len(value) == len(wanted):
        return [_like(one, other) for one, other in zip(value, wanted, strict=True)]
    return value


def monitor_names(detectors: list[Json], mark: Mark, issue_stream: str | None) -> dict[str, str]:
    """Id of a monitor → our key for it."""
    found = {str(each["id"]): key for each in detectors if (key := mark.key(each["name"]))}
    return found | ({issue_stream: ISSUE_STREAM} if issue_stream else {})


def issue_stream_of(detectors: list[Json]) -> str | None:
    """The id of the monitor that Sentry makes for each project's issues; of its errors, where there is no other."""
    by_type = {each["type"]: str(each["id"]) for each in detectors}
    return by_type.get("issue_stream") or by_type.get("error")


def readable(document: Json) -> str:
    """As text, a line a value: what a diff is made of."""
    unpacked = {key: _unpacked(key, each) for key, each in document.items()}
    return json.dumps(unpacked, indent=2, sort_keys=True, ensure_ascii=False)


def _unpacked(key: str, value: Any) -> Any:
    if key == "relayPiiConfig" and isinstance(value, str) and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value.splitlines() if isinstance(value, str) and "\n" in value else value
