"""What happens around and after an incident: updates, reviews, digests, dashboards, and how long all is kept."""

import datetime

from strategy.kinds import Choice, Day, Name, Text, Written
from strategy.quantities import Duration as Length
from strategy.quantities import Share, Whole
from strategy.schema import Listed, Mapped, NamedTables, key, section

_TIME = Written(r"(?:[01]\d|2[0-3]):[0-5]\d", 'a time of day, as in "09:00"')
_DAY_NAMES = Choice(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))

PANELS = (
    "health", "critical_errors", "error_rate", "error_types", "affected_users", "error_trend",
    "resolution_time", "retry_success", "latency_beside_errors", "new_issues", "regressions", "releases",
    "deploys", "suspect_commits", "slow_queries", "categories", "user_impact", "feature_success",
    "objectives", "error_budgets", "incidents", "on_call", "processing_time", "training_time",
    "queue_age", "queue_length", "task_failures", "data_quality", "cache_hit_ratio",
    "database_connections", "memory", "volume",
)  # fmt: skip


@section
class Document:
    """This file as a document of the team's process."""

    owner: str = key("Who keeps it true.", Name("roles"))
    reviewed: datetime.date = key("When the team last read it together.", Day())
    review_every_s: int = key(
        "After which it is flagged as not reviewed.", Length(), name="review_every", default=90 * 86400
    )


@section
class Incidents:
    """What an incident owes."""

    update_every_s: dict[str, int] = key(
        "An update is due this often while it is open.",
        Mapped(Length(), keys="severities"),
        name="update_every",
        default_factory=dict,
    )
    review_due_s: dict[str, int] = key(
        "The review is due so long after it is resolved.",
        Mapped(Length(), keys="severities"),
        name="review_due",
        default_factory=dict,
    )
    public_update_share: float = key(
        "Share of users affected from which the status page owes a word.", Share(), default=0.1
    )
    public_update_due_s: int = key("How soon.", Length(), name="public_update_due", default=1800)
    first_assessment: tuple[str, ...] = key("Checklist of the first minutes.", Listed(Text()), default=())
    investigation: tuple[str, ...] = key("Checklist of looking for the cause.", Listed(Text()), default=())
    closing: tuple[str, ...] = key("Checklist after it is over.", Listed(Text()), default=())


@section
class Dashboard:
    """A page of panels for somebody."""

    name: str
    title: str = key("Its heading.", Text())
    audience: str = key("Who reads it.", Text())
    panels: tuple[str, ...] = key("What is on it, in order.", Listed(Choice(PANELS), at_least=1))
    refresh_s: int = key("How often it renews itself.", Length(), name="refresh", default=15)


@section
class Digest:
    """What is written for people without an alarm; to roles with `digest`."""

    at: str = key("Time of the daily digest of the day before.", _TIME, default="09:00")
    channels: tuple[str, ...] = key("Through what.", Listed(Name("channels")), default=())
    triage_at: str = key("Time of the morning triage list.", _TIME, default="09:15")
    weekly_review_day: str = key("Day of the weekly review.", _DAY_NAMES, default="mon")
    weekly_review_at: str = key("Its time.", _TIME, default="10:00")
    monthly_report_day: int = key("Day of the month of the report.", Whole(1, 28), default=1)


@section
class ProjectRetention:
    """Another time for one project of the monitor."""

    name: str
    events_s: int = key("Events with their stack traces.", Length(), name="events")
    max_bytes: int | None = key("At most so much of it.", Whole(1_000_000), default=None)


@section
class Retention:
    """How long what is kept; what is freed gives its disk space back."""

    events_s: int = key("Events with their stack traces.", Length(), name="events", default=90 * 86400)
    transactions_s: int = key(
        "Transactions and their spans.", Length(), name="transactions", default=30 * 86400
    )
    counts_s: int = key("Counts, rates, quantiles.", Length(), name="counts", default=400 * 86400)
    incidents_s: int = key(
        "Incidents, notifications and reviews.", Length(), name="incidents", default=1095 * 86400
    )
    audit_s: int = key("Who saw, changed or exported what.", Length(), name="audit", default=400 * 86400)
    feedback_s: int = key(
        "What users wrote, with their address.", Length(), name="feedback", default=90 * 86400
    )
    stale_issue_s: int = key(
        "An issue not seen for so long resolves itself.", Length(), name="stale_issue", default=14 * 86400
    )
    max_bytes: int = key("The oldest goes first beyond this.", Whole(1_000_000), default=20_000_000_000)
    monthly_quota: int = key(
        "Events a month that the volume page forecasts against.", Whole(1), default=1_000_000
    )
    projects: dict[str, ProjectRetention] = key(
        "Other times for single projects.", NamedTables(ProjectRetention), default_factory=dict
    )
