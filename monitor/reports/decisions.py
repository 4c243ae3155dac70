"""What of a report somebody must decide: short sentences, each with the page where it is done.

An address shows what waits when it is opened; when the report is written, that is what the sentence says.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from monitor.alerts.models import Notification
from monitor.incidents.models import OPEN_STATES, Incident
from monitor.reports.counts import Json, Span
from monitor.reports.process import overdue_reviews
from monitor.reports.triage import to_triage

_GRAVE = ("P0", "P1")


def decisions(span: Span, section: Json) -> list[Json]:
    """From the figures that the section has already, and what waits now."""
    return [*_waiting(span), *_of_figures(span, section)]


def _waiting(span: Span) -> list[Json]:
    found: list[Json] = []

    def ask(number: int, one: str, many: str, page: str, **narrowed: str) -> None:
        if number:
            words = (one if number == 1 else many).format(number=f"{number:,}")
            found.append({"words": words, "url": _address(span, page, **narrowed)})

    open_ones = Incident.objects.filter(
        project=span.project, state__in=OPEN_STATES, detected_at__lt=span.times[1]
    )
    ask(open_ones.count(), "1 incident is open", "{number} incidents are open", "incidents:list")
    ask(
        open_ones.filter(owner=None).count(),
        "1 open incident has no owner",
        "{number} open incidents have no owner",
        "incidents:list",
        only="unowned",
    )
    grave = to_triage([span.project.pk], span.until).filter(severity__in=_GRAVE).count()
    ask(
        grave, "1 issue of P0 or P1 is nobody's", "{number} issues of P0 or P1 are nobody's", "reports:triage"
    )
    ask(
        len(overdue_reviews(span)),
        "1 review of an incident is overdue",
        "{number} reviews of incidents are overdue",
        "incidents:list",
        state="review",
        only="overdue",
    )
    ask(
        undelivered(span),
        "1 notification could not be delivered",
        "{number} notifications could not be delivered",
        "deliveries:list",
        state="failed",
        **_time(span),
    )
    return found


def undelivered(span: Span) -> int:
    """Notifications of its alerts and incidents that were made within it and failed."""
    belongs = Q(episode__project=span.project) | Q(incident__project=span.project)
    failed = Notification.objects.filter(belongs, state=Notification.State.FAILED)
    return failed.filter(created_at__gte=span.since, created_at__lt=span.until).count()


def _of_figures(span: Span, section: Json) -> list[Json]:
    found: list[Json] = []
    for one in section.get("budgets", ()):
        if one["state"] in ("low", "spent"):
            words = "is spent" if one["state"] == "spent" else f"has {one['left']:.0%} left"
            # Of all environments, as it was counted.
            address = _address(span, "slos:detail", one["name"], environment="")
            found.append({"words": f"The budget of “{one['title'].rstrip('.')}” {words}", "url": address})
    volume = section.get("volume")
    if volume and volume["forecast"] > volume["quota"]:
        words = f"The month will come to {volume['forecast']:,} errors; {volume['quota']:,} are planned"
        found.append({"words": words, "url": _address(span, "dashboards:volume")})
    share = section.get("categorised")
    if share and not share["is_met"]:
        words = f"{share['uncategorised']:,} of {share['total']:,} events have no category"
        address = _address(
            span, "dashboards:events", by="category", level="all", environment="", **_time(span)
        )
        found.append({"words": words, "url": address})
    return found


def _time(span: Span) -> dict[str, str]:
    return {"since": f"{span.since:.0f}", "until": f"{span.until:.0f}"}


def _address(span: Span, page: str, *args: str, **narrowed: str) -> str:
    """Of a page, narrowed to the project."""
    return f"{reverse(page, args=args)}?{urlencode({'project': span.project.slug, **narrowed})}"
