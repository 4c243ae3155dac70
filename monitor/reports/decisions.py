"""What of a report somebody must decide: short sentences, each with the page where it is done."""

from __future__ import annotations

from django.urls import reverse

from monitor.alerts.models import Notification
from monitor.incidents.models import OPEN_STATES, Incident
from monitor.reports.counts import Json, Span
from monitor.reports.process import overdue_reviews
from monitor.reports.triage import to_triage

_GRAVE = ("P0", "P1")


def decisions(span: Span, section: Json) -> list[Json]:
    """From the figures that the section has already, and what waits now."""
    found: list[Json] = []

    def ask(number: int, one: str, many: str, page: str) -> None:
        if number:
            words = (one if number == 1 else many).format(number=f"{number:,}")
            found.append({"words": words, "url": reverse(page)})

    incidents = "incidents:list"
    open_ones = Incident.objects.filter(
        project=span.project, state__in=OPEN_STATES, detected_at__lt=span.times[1]
    )
    ask(open_ones.count(), "1 incident is open", "{number} incidents are open", incidents)
    ask(
        open_ones.filter(owner=None).count(),
        "1 open incident has no owner",
        "{number} open incidents have no owner",
        incidents,
    )
    grave = to_triage([span.project.pk], span.until).filter(severity__in=_GRAVE).count()
    ask(
        grave, "1 issue of P0 or P1 is nobody's", "{number} issues of P0 or P1 are nobody's", "reports:triage"
    )
    ask(
        len(overdue_reviews(span)),
        "1 review of an incident is overdue",
        "{number} reviews of incidents are overdue",
        incidents,
    )
    failed = Notification.objects.filter(
        state=Notification.State.FAILED,
        episode__project=span.project,
        created_at__gte=span.since,
        created_at__lt=span.until,
    ).count()
    ask(
        failed,
        "1 notification could not be delivered",
        "{number} notifications could not be delivered",
        "deliveries:list",
    )
    found += _of_figures(section)
    return found


def _of_figures(section: Json) -> list[Json]:
    found: list[Json] = []
    for one in section.get("budgets", ()):
        if one["state"] in ("low", "spent"):
            words = "is spent" if one["state"] == "spent" else f"has {one['left']:.0%} left"
            found.append(
                {
                    "words": f"The budget of “{one['title'].rstrip('.')}” {words}",
                    "url": reverse("slos:detail", args=[one["name"]]),
                }
            )
    volume = section.get("volume")
    if volume and volume["forecast"] > volume["quota"]:
        words = f"The month will come to {volume['forecast']:,} errors; {volume['quota']:,} are planned"
        found.append({"words": words, "url": reverse("digest:system")})
    share = section.get("categorised")
    if share and not share["is_met"]:
        words = f"{share['uncategorised']:,} of {share['total']:,} events have no category"
        found.append({"words": words, "url": f"{reverse('issues:list')}?q=category:uncategorised"})
    return found
