"""Projects and the keys of their DSNs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Min

from monitor.access.models import ApiToken
from monitor.access.scopes import granted
from monitor.api.schemas import define
from monitor.api.shapes.organization import avatar, organization
from monitor.api.shapes.times import iso, iso_or_none
from monitor.crons.models import CronMonitor
from monitor.feedback.models import Feedback
from monitor.issues.models import Issue, TagValue
from monitor.projects.models import Key, Project
from monitor.releases.models import ReleaseHour, ReleaseProject

Json = dict[str, Any]
_HAS = (
    "hasFlags", "hasMinifiedStackTrace", "hasProfiles", "hasReplays", "hasInsightsHttp", "hasInsightsDb",
    "hasInsightsAssets", "hasInsightsAppStart", "hasInsightsScreenLoad", "hasInsightsVitals", "hasInsightsCaches",
    "hasInsightsQueues", "hasInsightsAgentMonitoring", "hasInsightsMCP", "hasLogs", "hasTraceMetrics",
)  # fmt: skip
"""What the monitor does not keep."""
_COMMON = {
    "id": "str", "slug": "str", "name": "str", "platform": "str?", "dateCreated": "date", "isBookmarked": "bool",
    "isMember": "bool", "features": "[str]", "firstEvent": "date?", "firstTransactionEvent": "bool", "access": "[str]",
    "hasAccess": "bool", "hasFeedbacks": "bool", "hasNewFeedbacks": "bool", "hasMonitors": "bool",
    "hasSessions": "bool", **dict.fromkeys(_HAS, "bool"), "teams": "[object]",
    "platforms": "[str]", "latestRelease": "LatestRelease?", "isInternal": "bool", "isPublic": "bool", "avatar": "Avatar",
    "color": "str", "status": "str",
}  # fmt: skip
define("LatestRelease", {"version": "str"})
PROJECT = define("Project", {**_COMMON, "team": "object?", "hasUserReports": "bool", "environments": "[str]"})
PROJECT_DETAIL = define("ProjectDetail", {**_COMMON, "organization": "Organization", "options": "object"})
NEW_PROJECT = define("NewProject", {"name": "str", "slug?": "str?", "platform?": "str?"})
CHANGED_PROJECT = define("ChangedProject", {"name?": "str", "platform?": "str?"})
KEY = define(
    "Key",
    {
        "id": "str", "name": "str", "label": "str", "public": "str", "secret": "str", "projectId": "int", "isActive": "bool",
        "rateLimit": "object?", "dsn": "{str}", "browserSdkVersion": "str", "browserSdk": "object",
        "dateCreated": "date", "dynamicSdkLoaderOptions": "{bool}",
    },
)  # fmt: skip
NEW_KEY = define("NewKey", {"name?": "str"})
CHANGED_KEY = define("ChangedKey", {"name?": "str", "isActive?": "bool"})
_MINIMAL_OPTIONS: Json = {
    # What Sentry keeps for each project and the monitor does in one way for all, or not at all.
    "digestsMinDelay": 0, "digestsMaxDelay": 0, "subjectPrefix": "", "allowedDomains": ["*"], "resolveAge": 0,
    "dataScrubber": True, "dataScrubberDefaults": True, "safeFields": [], "storeCrashReports": None,
    "sensitiveFields": [], "subjectTemplate": "", "securityToken": "", "securityTokenHeader": None, "verifySSL": True,
    "scrubIPAddresses": True, "scrapeJavaScript": False, "enableAutoReleaseCreation": True, "highlightTags": [],
    "highlightContext": {}, "highlightPreset": {"tags": [], "context": {}}, "groupingConfig": "hydroml:1",
    "derivedGroupingEnhancements": "", "groupingEnhancements": "", "secondaryGroupingExpiry": 0,
    "secondaryGroupingConfig": None, "fingerprintingRules": "", "processingIssues": 0, "defaultEnvironment": None,
    "relayPiiConfig": None, "builtinSymbolSources": [], "dynamicSamplingBiases": None, "symbolSources": "",
    "isDynamicallySampled": False, "tempestFetchScreenshots": False, "autofixAutomationTuning": "off",
    "seerScannerAutomation": False, "seerNightshiftTweaks": {}, "scmSourceContextEnabled": False,
    "debugFilesRole": None,
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """Of several projects, by their numbers: some statements, however many they are."""

    first_event: dict[int, Any]
    release: dict[int, str]
    feedback: set[int]
    crons: set[int]
    sessions: set[int]
    environments: dict[int, list[str]]

    @classmethod
    def of(cls, projects: Sequence[Project]) -> Facts:
        ids = [project.pk for project in projects]
        releases = ReleaseProject.objects.filter(project__in=ids).order_by("release__created_at", "release")
        environments: dict[int, list[str]] = {}
        tags = TagValue.objects.filter(project__in=ids, key="environment").order_by("value")
        for number, value in tags.values_list("project_id", "value"):
            environments.setdefault(number, []).append(value)
        return cls(
            first_event=dict(
                Issue.objects.filter(project__in=ids).values_list("project").annotate(Min("first_seen"))
            ),
            release=dict(releases.values_list("project_id", "release__version")),
            feedback=set(
                Feedback.objects.filter(project__in=ids).values_list("project_id", flat=True).distinct()
            ),
            crons=set(CronMonitor.objects.filter(project__in=ids).values_list("project_id", flat=True)),
            sessions=set(
                ReleaseHour.objects.filter(project__in=ids, sessions__gt=0)
                .values_list("project_id", flat=True)
                .distinct()
            ),
            environments=environments,
        )


def project(of: Project, facts: Facts, token: ApiToken) -> Json:
    number = of.pk
    return {
        **_common(of, facts, token),
        "team": None,
        "hasUserReports": number in facts.feedback,
        "environments": facts.environments.get(number, []),
    }


def project_detail(of: Project, token: ApiToken) -> Json:
    return {
        **_common(of, Facts.of([of]), token),
        "organization": organization(token),
        "options": {"retention_days": of.retention_days},
        **_MINIMAL_OPTIONS,
    }


def _common(of: Project, facts: Facts, token: ApiToken) -> Json:
    release = facts.release.get(of.pk)
    return {
        **dict.fromkeys(_HAS, False),
        "id": str(of.pk),
        "slug": of.slug,
        "name": of.name,
        "platform": of.platform,
        "dateCreated": iso(of.created_at),
        "isBookmarked": False,
        "isMember": True,
        "features": [],
        "firstEvent": iso_or_none(facts.first_event.get(of.pk)),
        "firstTransactionEvent": False,
        "access": sorted(granted(token)),
        "hasAccess": True,
        "hasFeedbacks": of.pk in facts.feedback,
        "hasNewFeedbacks": of.pk in facts.feedback,
        "hasMonitors": of.pk in facts.crons,
        "hasSessions": of.pk in facts.sessions,
        "teams": [],
        "platforms": [of.platform],
        "latestRelease": {"version": release} if release else None,
        "isInternal": False,
        "isPublic": False,
        "avatar": avatar(),
        "color": "#3f7fbf",
        "status": "active",
    }


def key(of: Key) -> Json:
    """Of the addresses only those that the monitor answers at; what it does not take has an empty text."""
    scheme, _, host = settings.PUBLIC_URL.partition("://")
    base = f"{scheme}://{host}/api/{of.project_id}"
    asked = f"?sentry_key={of.public_key}"
    return {
        "id": of.public_key,
        "name": of.label,
        "label": of.label,
        "public": of.public_key,
        "secret": "",
        "projectId": of.project_id,
        "isActive": of.is_active,
        "rateLimit": None,
        "dsn": {
            "public": of.dsn,
            "secret": of.dsn,
            "csp": f"{base}/csp-report/{asked}",
            "security": f"{base}/security/{asked}",
            "minidump": f"{base}/minidump/{asked}",
            "nel": f"{base}/nel/{asked}",
            "crons": f"{base}/cron/___MONITOR_SLUG___/{of.public_key}/",
            **dict.fromkeys(("unreal", "cdn", "playstation", "integration", "otlp_traces", "otlp_logs"), ""),
        },
        "browserSdkVersion": "",
        "browserSdk": {"choices": []},
        "dateCreated": iso(of.created_at),
        "dynamicSdkLoaderOptions": dict.fromkeys(
            ("hasReplay", "hasPerformance", "hasDebug", "hasFeedback", "hasLogsAndMetrics"), False
        ),
    }
