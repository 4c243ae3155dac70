"""Carries a plan out, one request a change. What was made stays made when a later one fails: the next run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from core.provisioning.alerts import ISSUE_STREAM
from core.provisioning.api import SentryApi, SentryApiError
from core.provisioning.plan import Change, Plan, collection, project_path
from core.provisioning.reading import readable
from core.provisioning.settings import READ_BACK
from core.provisioning.wanted import Json, Place, Wanted


def apply(api: SentryApi, plan: Plan) -> Iterator[tuple[Change, str | None]]:
    """Each change with what Sentry did not take of it, or None. Raises SentryApiError and stops there."""
    for change in plan.to_make:
        if change.wanted is not None and change.action == "create":
            made = api.post(_where_made(change.wanted, plan.place), _body(change.wanted, plan, {}))
            if change.kind == "monitor":
                plan.monitor_ids[change.key] = str(made["id"])
            yield change, None
        elif change.wanted is not None:
            api.put(_address(change, plan.place), _body(change.wanted, plan, change.current))
            yield change, None
        elif change.action == "delete":
            api.delete(_address(change, plan.place))
            yield change, None
        else:
            yield change, _write_document(api, change, plan.place)


def release(api: SentryApi, place: Place, version: str, environment: str | None) -> list[str]:
    """Make the release and, with `environment`, its deploy, where they are not there. Says what was made."""
    where, made = f"organizations/{place.organization}/releases/", []
    try:
        api.get(f"{where}{quote(version, safe='')}/")
    except SentryApiError as error:
        if error.status != 404:
            raise
        api.post(where, {"version": version, "projects": [place.project]})
        made.append(f"release {version}")
    if environment:
        deploys = f"{where}{quote(version, safe='')}/deploys/"
        if not any(each["environment"] == environment for each in api.get_all(deploys)):
            api.post(deploys, {"environment": environment, "projects": [place.project]})
            made.append(f"deploy of {version} to {environment}")
    return made


def _where_made(wanted: Wanted, place: Place) -> str:
    if wanted.kind == "monitor":
        return f"organizations/{place.organization}/projects/{place.project}/detectors/"
    return collection(wanted.kind, place)


def _address(change: Change, place: Place) -> str:
    name = change.current["slug"] if change.kind == "cron monitor" else change.current["id"]
    return f"{collection(change.kind, place)}{name}/"  # type: ignore[arg-type]


def _body(wanted: Wanted, plan: Plan, current: Json) -> Json:
    body = dict(wanted.body)
    if wanted.kind == "alert":
        body["detector_ids"] = [int(plan.monitor_ids[key]) for key in _known(wanted, plan)]
    # A group of conditions keeps its id; without it Sentry would leave the old one behind.
    for key, shown in (("triggers", "triggers"), ("condition_group", "conditionGroup")):
        group = current.get(shown)
        if key in body and isinstance(group, dict) and str(group.get("id", "")).isdigit():
            body[key] = {**body[key], "id": int(group["id"])}
    return body


def _known(wanted: Wanted, plan: Plan) -> list[str]:
    missing = [key for key in wanted.monitors if key not in plan.monitor_ids]
    if ISSUE_STREAM in missing:
        raise SentryApiError(
            f"{plan.place.project} has no monitor of its issues yet, and {wanted.name!r} is to listen to it: Sentry makes "
            "it with the project; open Monitors in Sentry once, or send a first event with manage.py verify_sentry."
        )
    if missing:
        raise SentryApiError(f"{wanted.name!r} listens to {', '.join(missing)}, which were not made.")
    return list(wanted.monitors)


def _write_document(api: SentryApi, change: Change, place: Place) -> str | None:
    path = project_path(place) + ("ownership/" if change.kind == "ownership" else "")
    after: Json = change.after or {}
    changed = {
        key: value for key, value in after.items() if _differs(key, (change.before or {}).get(key), value)
    }
    api.put(path, changed)
    if not READ_BACK & set(changed):
        return None
    now = api.get(path)
    ignored = [key for key in sorted(READ_BACK & set(changed)) if _differs(key, now.get(key), changed[key])]
    return (
        f"Sentry did not take {', '.join(ignored)}: set them on the project's settings page."
        if ignored
        else None
    )


def _differs(key: str, one: Any, other: Any) -> bool:
    return readable({key: one}) != readable({key: other})
