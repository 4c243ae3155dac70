"""Rows that are past their time: counts, tags, ids of sampled events, log-ins, and issues of which nothing else is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef

from monitor.access.models import AuditEntry
from monitor.digest.sql import database
from monitor.issues.deletion import delete
from monitor.issues.models import Issue, StoredEvent
from monitor.retention.keeping_times import DAY_S, events_kept_s
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

_HOURS = "DELETE FROM issues_issuehour WHERE id IN (SELECT id FROM issues_issuehour WHERE hour < ? LIMIT ?)"
_OUTCOMES = (
    "DELETE FROM stats_outcomecount WHERE id IN (SELECT id FROM stats_outcomecount WHERE minute < ? LIMIT ?)"
)
_EVENTS = (
    "DELETE FROM stats_eventcount WHERE id IN (SELECT c.id FROM projects_project p CROSS JOIN stats_eventcount c"
    " ON c.project_id = p.id WHERE c.minute < ? LIMIT ?)"
)
_SESSIONS = (
    "DELETE FROM django_session WHERE session_key IN"
    " (SELECT session_key FROM django_session WHERE expire_date < ? LIMIT ?)"
)
_OF_ISSUE = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE issue_id = ? LIMIT ?)"


@dataclass(slots=True)
class Sweep:
    """Goes through a table that has no index of age, a stretch at a time, and begins anew at its end."""

    table: str
    condition: str
    """With the values of `run` as its placeholders."""
    _after: int = field(default=-(2**63))

    def run(self, pace: Pace, *values: object) -> None:
        """As far as the time goes; the next run goes on from there."""
        if pace.run(lambda size: self._stretch(size, values), first=1000):
            self._after = -(2**63)

    def _stretch(self, size: int, values: tuple[object, ...]) -> int:
        """Gives how many rows it has looked at."""
        seen, last = (
            database()
            .execute(
                f"SELECT count(*), max(id) FROM (SELECT id FROM {self.table} WHERE id > ? ORDER BY id LIMIT ?)",  # noqa: S608
                (self._after, size),
            )
            .fetchone()
        )
        if seen:
            database().execute(
                f"DELETE FROM {self.table} WHERE id > ? AND id <= ? AND {self.condition}",  # noqa: S608
                (self._after, last, *values),
            )
            self._after = last
        return int(seen)


_SAMPLED = Sweep("issues_sampledevent", "day < ?")
_ISSUE_TAGS = Sweep("issues_issuetag", "last_seen < ?")
_TAG_VALUES = Sweep(
    "issues_tagvalue", "NOT EXISTS (SELECT 1 FROM issues_issuetag p WHERE p.tag_id = issues_tagvalue.id)"
)


def forget_counts(now: float, pace: Pace) -> None:
    """Hours, minutes and tags that are older than `[retention] counts`."""
    since = now - current_strategy().retention.counts_s
    pace.delete(_HOURS, int(since // 3600))
    pace.delete(_OUTCOMES, int(since // 60))
    pace.delete(_EVENTS, int(since // 60))
    _ISSUE_TAGS.run(pace, since)
    _TAG_VALUES.run(pace)


def forget_sampled(now: float, pace: Pace) -> None:
    """Ids are known for as long as events are kept: what comes again later than that counts again."""
    longest = max(events_kept_s().values(), default=0.0)
    _SAMPLED.run(pace, int((now - longest) // DAY_S))


def forget_issues(now: float, pace: Pace) -> None:
    """Those not seen for as long as counts are kept, and without any event left."""
    since = datetime.fromtimestamp(now - current_strategy().retention.counts_s, UTC)
    events = StoredEvent.objects.filter(issue=OuterRef("pk"))
    old = Issue.objects.filter(~Exists(events), last_seen__lt=since)
    for issue in old.only("pk")[:200]:
        # One that a flood of users and tags has met has a million rows.
        for table in ("issues_issueuser", "issues_issuetag", "issues_issuehour"):
            if not pace.delete(_OF_ISSUE.format(table=table), issue.pk):
                return
        delete([issue], by="retention")


def forget_log_ins(now: float, pace: Pace) -> None:
    pace.delete(_SESSIONS, _moment(now))


def forget_audit(now: float, pace: Pace) -> None:
    """Entries of the audit log older than `[retention] audit`."""
    since = datetime.fromtimestamp(now - current_strategy().retention.audit_s, UTC)
    old = AuditEntry.objects.filter(at__lt=since).order_by("at")
    pace.run(
        lambda size: AuditEntry.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:size])).delete()[
            0
        ]
    )


def _moment(now: float) -> str:
    """As Django keeps moments in SQLite."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")
