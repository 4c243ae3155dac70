"""A Sentry that keeps what it is told, and takes only what Sentry's published API describes.

Its own answers are held against the document as well: a double that answers what Sentry never would proves nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.core.provisioning.published_requests import (
    UnpublishedError,
    answer_problems,
    operation_of,
    problems,
)
from tests.core.provisioning.sentry_rules import refusals
from tests.monitor_site.api.published import document

Json = dict[str, Any]
ORG, PROJECT, PROJECT_ID, TOKEN = "acme", "hydroml", 4711, "sntrys_" + "t" * 40
_WHEN = "2026-11-29T09:00:00Z"
_PAGE = 3
_SCOPES = (
    "org:read",
    "project:read",
    "project:write",
    "alerts:read",
    "alerts:write",
    "project:releases",
    "team:read",
)


class SentryHost:
    """`with SentryHost() as host:`. `host.wrong` is what the document had against any request or answer."""

    def __init__(self) -> None:
        document()  # skips where it is absent
        self.detectors: dict[str, Json] = {}
        self.workflows: dict[str, Json] = {}
        self.monitors: dict[str, Json] = {}
        self.dashboards: dict[str, Json] = {}
        self.releases: dict[str, Json] = {}
        self.deploys: dict[str, list[Json]] = {}
        self.environments = ["production", "staging"]
        self.scopes = list(_SCOPES)
        self.integrations: list[Json] = []
        self.ownership: Json = {
            "raw": "", "fallthrough": True, "dateCreated": _WHEN, "lastUpdated": _WHEN, "isActive": True,
            "autoAssignment": "Auto Assign to Issue Owner", "codeownersAutoSync": True, "schema": None,
        }  # fmt: skip
        self.project = _project()
        self.ignores: set[str] = set()
        """Settings that this Sentry does not take."""
        self.answers_next: list[tuple[str, int, dict[str, str]]] = []
        """(method or *, status, headers) of answers that come before the real one."""
        self.wrong: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self._ids = iter(range(1000, 10**6))
        self.keep("detectors", {"name": "Issue Stream", "type": "issue_stream"})
        self.keep("detectors", {"name": "Error Monitor", "type": "error"})

    def keep(self, kind: str, body: Json) -> Json:
        """Store `body` as Sentry would show it."""
        number = str(next(self._ids))
        shown = _SHOWN[kind](number, body)
        getattr(self, kind)[shown["slug"] if kind == "monitors" else number] = shown
        return shown

    def writes(self) -> Counter[str]:
        """Requests that change something, by method."""
        return Counter(method for method, _ in self.asked if method != "GET")

    def __enter__(self) -> Self:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, answer, headers = host.answer(
                    self.command, self.path, body, self.headers.get("Authorization")
                )
                content = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 (http.server's names)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(
        self, method: str, address: str, body: Any, token: str | None
    ) -> tuple[int, Any, dict[str, str]]:
        self.asked.append((method, urlsplit(address).path))
        if self.answers_next and self.answers_next[0][0] in ("*", method):
            _, status, headers = self.answers_next.pop(0)
            return status, {"detail": "as told"}, headers
        if token != f"Bearer {TOKEN}":
            return 401, {"detail": "Invalid token"}, {}
        try:
            template, _, names = operation_of(method, address)
        except UnpublishedError as error:
            self.wrong.append(str(error))
            return 404, {"detail": "not published"}, {}
        found = problems(method, address, body)
        found += refusals(template, body, self) if body is not None and not found else []
        if found:
            self.wrong += [f"{method} {address}: {each}" for each in found]
            return 400, {"detail": found}, {}
        status, answer, headers = self._carry_out(method, template, names, body, address)
        # The answer published for cron monitors has no interval but of two numbers, and one environment in place of many.
        if "/monitors/" not in template:
            found = answer_problems(method, template, status, answer)
            self.wrong += [f"answer to {method} {address}: {each}" for each in found]
        return status, answer, headers

    def _carry_out(
        self, method: str, template: str, names: dict[str, str], body: Any, address: str
    ) -> tuple[int, Any, dict[str, str]]:
        if names["organization_id_or_slug"] != ORG or names.get("project_id_or_slug", PROJECT) != PROJECT:
            return 404, {"detail": "The requested resource does not exist"}, {}
        last = [part for part in template.split("/") if part][-1]
        if last in ("{organization_id_or_slug}", "teams", "integrations", "environments"):
            return 200, *self._fixed(last, address)
        if last in ("ownership", "{project_id_or_slug}"):
            return self._document(last, method, body)
        if "releases" in template:
            return self._release(method, template, names, body)
        kind = next(each for each in _SHOWN if f"/{each}/" in template)
        return self._object(kind, method, names, body, address)

    def _fixed(self, last: str, address: str) -> tuple[Any, dict[str, str]]:
        if last == "integrations":
            return self._page(self.integrations, address)
        if last == "environments":
            return [
                {"id": str(index), "name": name, "isHidden": False}
                for index, name in enumerate(self.environments)
            ], {}
        return _organization(self.scopes), {}

    def _document(self, last: str, method: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        held = self.ownership if last == "ownership" else self.project
        if method == "PUT":
            held.update({key: value for key, value in body.items() if key not in self.ignores})
        return (202 if method == "PUT" and last == "ownership" else 200), held, {}

    def _release(
        self, method: str, template: str, names: dict[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        version = names.get("version", "")
        if template.endswith("/deploys/"):
            if method == "GET":
                return 200, self.deploys.get(version, []), {}
            made = {
                "id": "1",
                "environment": body["environment"],
                "dateStarted": None,
                "dateFinished": _WHEN,
                "name": None,
                "url": None,
            }
            self.deploys.setdefault(version, []).append(made)
            return 201, made, {}
        if method == "POST":
            self.releases[body["version"]] = body
            return 201, None, {}
        return (200, None, {}) if version in self.releases else (404, {"detail": "no release"}, {})

    def _object(
        self, kind: str, method: str, names: dict[str, str], body: Any, address: str
    ) -> tuple[int, Any, dict[str, str]]:
        held = getattr(self, kind)
        name = next(
            (value for key, value in names.items() if key.endswith(("_id", "monitor_id_or_slug"))), None
        )
        if method == "POST":
            return 201, self.keep(kind, body), {}
        if name is None:
            rows = list(held.values())
            if kind == "dashboards":
                rows = [_listed_dashboard(row) for row in rows]
            paged = kind in ("monitors", "dashboards")
            return (200, *self._page(rows, address)) if paged else (200, rows, {})
        if name not in held:
            return 404, {"detail": "The requested resource does not exist"}, {}
        if method == "PUT":
            held[name] = _SHOWN[kind](held[name]["id"], body)
        if method == "DELETE":
            del held[name]
            return (202 if kind == "monitors" else 204), None, {}
        return 200, held[name], {}

    def _page(self, rows: list[Json], address: str) -> tuple[list[Json], dict[str, str]]:
        parts = urlsplit(address)
        start = int(parse_qs(parts.query).get("cursor", ["0"])[0])
        more = "true" if start + _PAGE < len(rows) else "false"
        query = "&".join(each for each in parts.query.split("&") if each and not each.startswith("cursor="))
        following = f"{self.url}{parts.path}?{query}{'&' if query else ''}cursor={start + _PAGE}"
        return rows[start : start + _PAGE], {
            "Link": f'<{following}>; rel="next"; results="{more}"; cursor="x"'
        }


def _detector(number: str, body: Json) -> Json:
    source = {
        key: value for key, value in (body.get("data_sources") or [{}])[0].items() if key != "queryType"
    }
    group = body.get("condition_group") or {}
    return {
        "id": number, "projectId": str(PROJECT_ID), "name": body["name"], "type": body["type"],
        "description": body.get("description"), "workflowIds": [], "owner": None, "createdBy": "1",
        "dateCreated": _WHEN, "dateUpdated": _WHEN, "enabled": body.get("enabled", True), "config": body.get("config", {}),
        "latestGroup": None,
        # Sentry gives event types back in an order of its own.
        "dataSources": [
            {"id": "1", "type": "snuba_query_subscription", "sourceId": "1", "organizationId": "1",
             "queryObj": {"id": "1", "status": 1, "subscription": None,
                          "snubaQuery": {"id": "1", **source, "eventTypes": source["eventTypes"][::-1]}}}
        ] if source else None,
        "conditionGroup": {"id": "77", "organizationId": "1", "logicType": group.get("logic_type", "any"), "actions": [],
                           "conditions": _numbered(group.get("conditions", []))},
    }  # fmt: skip


def _workflow(number: str, body: Json) -> Json:
    return {
        "id": number, "name": body["name"], "organizationId": "1", "createdBy": "1", "dateCreated": _WHEN,
        "dateUpdated": _WHEN, "enabled": body.get("enabled", True), "config": body.get("config", {}),
        "environment": body.get("environment"), "owner": None, "lastTriggered": None,
        "detectorIds": [str(each) for each in body.get("detector_ids", [])],
        "triggers": {"id": "88", "organizationId": "1", "logicType": body["triggers"]["logic_type"], "actions": [],
                     "conditions": _numbered(body["triggers"]["conditions"])},
        "actionFilters": [
            {"id": "99", "organizationId": "1", "logicType": each["logicType"],
             "conditions": _numbered(each["conditions"]), "actions": _numbered(each["actions"])}
            for each in body["action_filters"]
        ],
    }  # fmt: skip


def _numbered(rows: list[Json]) -> list[Json]:
    return [{"id": str(index), **row} for index, row in enumerate(rows)]


def _monitor(number: str, body: Json) -> Json:
    config = {"alert_rule_id": None, **body["config"]}
    if not isinstance(config["schedule"], str):
        config["schedule"] = list(config["schedule"])
    config["schedule_type"] = config.get("schedule_type", "crontab")
    return {
        "id": number, "name": body["name"], "slug": body["slug"], "status": body.get("status", "active"), "isMuted": False,
        "isUpserting": False, "config": config, "dateCreated": _WHEN, "environments": {}, "owner": None,
        "project": {"id": str(PROJECT_ID), "slug": PROJECT, "name": PROJECT},
    }  # fmt: skip


def _dashboard(number: str, body: Json) -> Json:
    widgets = [_widget(str(index), each) for index, each in enumerate(body.get("widgets", ()))]
    return {
        "id": number, "title": body["title"], "dateCreated": _WHEN, "createdBy": None, "widgets": widgets,
        "projects": body.get("projects", []), "period": body.get("period", "14d"), "filters": {}, "permissions": None,
        "isFavorited": False, "environment": [], "prebuiltId": None,
    }  # fmt: skip


def _widget(number: str, body: Json) -> Json:
    [query] = body["queries"]
    layout = body["layout"]
    return {
        "id": number, "title": body["title"], "description": None, "displayType": body["display_type"],
        "widgetType": body["widget_type"], "interval": body["interval"], "thresholds": None, "dateCreated": _WHEN,
        "dashboardId": "1", "limit": body.get("limit"), "axisRange": None, "datasetSource": None, "exploreUrls": None,
        "changedReason": None, "legendType": None,
        "layout": {"x": layout["x"], "y": layout["y"], "w": layout["w"], "h": layout["h"], "minH": layout["min_h"]},
        "queries": [
            {"id": "1", "widgetId": number, "name": query["name"], "fields": query["fields"], "onDemand": [],
             "aggregates": query["aggregates"], "columns": query["columns"], "fieldAliases": query["field_aliases"],
             "conditions": query["conditions"], "orderby": query["orderby"], "isHidden": False, "selectedAggregate": None,
             "linkedDashboards": []}
        ],
    }  # fmt: skip


def _author() -> Any:
    """The document's own example."""
    content = document()["paths"]["/api/0/organizations/{organization_id_or_slug}/dashboards/"]["get"][
        "responses"
    ]["200"]
    return next(iter(content["content"]["application/json"]["examples"].values()))["value"][0]["createdBy"]


def _listed_dashboard(row: Json) -> Json:
    return {
        "id": row["id"], "title": row["title"], "dateCreated": _WHEN, "createdBy": _author(), "environment": [],
        "filters": {},
        "lastVisited": None, "isFavorited": False, "permissions": None, "projects": row["projects"], "prebuiltId": None,
        "widgetDisplay": [each["displayType"] for each in row["widgets"]],
        "widgetPreview": [],
    }  # fmt: skip


_SHOWN = {"detectors": _detector, "workflows": _workflow, "monitors": _monitor, "dashboards": _dashboard}


def _project() -> Json:
    """The document's own example, renamed."""
    path = "/api/0/projects/{organization_id_or_slug}/{project_id_or_slug}/"
    content = document()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    example: Json = dict(next(iter(content["examples"].values()))["value"])
    teams = [
        {"id": str(index), "name": slug, "slug": slug}
        for index, slug in enumerate(("backend", "operations"), 30)
    ]
    return example | {"id": str(PROJECT_ID), "slug": PROJECT, "name": PROJECT, "teams": teams}


def _organization(scopes: list[str]) -> Json:
    path = "/api/0/organizations/{organization_id_or_slug}/"
    content = document()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    example: Json = dict(next(iter(content["examples"].values()))["value"])
    return example | {"slug": ORG, "access": scopes}


def integration(provider: str, config: Json | None = None) -> Json:
    """As the organisation's list has it."""
    return {
        "id": "501", "name": provider, "icon": None, "domainName": None, "accountType": None, "scopes": [],
        "outOfDate": False, "status": "active", "provider": {"key": provider, "slug": provider, "name": provider},
        "configOrganization": [], "configData": config or {}, "externalId": "7", "organizationId": 1,
        "organizationIntegrationStatus": "active", "gracePeriodEnd": None,
    }  # fmt: skip


def soon() -> dict[str, str]:
    """Headers of a rate limit whose window has ended already."""
    return {"X-Sentry-Rate-Limit-Limit": "5", "X-Sentry-Rate-Limit-Reset": str(int(time.time()))}
