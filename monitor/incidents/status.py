"""What the status page says: of each feature whether it works, and of published incidents what was said. Nothing else.

Titles, rules, releases, issues, people and projects of an incident stay inside: only `public_title`, `impact`,
`features` and the public updates go out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction

from monitor.access.audit import Actor, record, user_behind
from monitor.incidents.course import IncidentError, moment
from monitor.incidents.journal import write
from monitor.incidents.models import OPEN_STATES, Impact, Incident, PublicUpdate
from strategy import Strategy

CACHE_KEY = "incidents.status"
CACHED_FOR_S = 15
HISTORY = timedelta(days=14)
_MOST = 50
_RANK = {Impact.NONE: 0, Impact.DEGRADED: 1, Impact.DOWN: 2}
OVERALL = {
    Impact.NONE: "Everything works.",
    Impact.DEGRADED: "Something is slow, or fails for some.",
    Impact.DOWN: "Something does not work.",
}
FEATURE_WORDS = {
    Impact.NONE: "works",
    Impact.DEGRADED: "slow, or fails for some",
    Impact.DOWN: "does not work",
}
STAGES = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
}


@dataclass(frozen=True, slots=True)
class FeatureState:
    title: str
    impact: str
    words: str


@dataclass(frozen=True, slots=True)
class Word:
    at: datetime
    stage: str
    text: str


@dataclass(frozen=True, slots=True)
class Published:
    """An incident as the public sees it."""

    title: str
    impact: str
    impact_words: str
    features: list[str]
    began: datetime
    ended: datetime | None
    words: list[Word]


@dataclass(frozen=True, slots=True)
class Status:
    overall: str
    impact: str
    features: list[FeatureState]
    open: list[Published]
    past: list[Published]
    at: datetime


def status_now(strategy: Strategy, now: datetime) -> Status:
    """From the cache for up to fifteen seconds: a page that everybody opens at once must cost next to nothing."""
    found: Status | None = cache.get(CACHE_KEY)
    if found is None:
        found = reckoned(strategy, now)
        cache.set(CACHE_KEY, found, CACHED_FOR_S)
    return found


def reckoned(strategy: Strategy, now: datetime) -> Status:
    """Two queries."""
    public = Incident.objects.filter(is_public=True)
    rows = (public.filter(state__in=OPEN_STATES) | public.filter(resolved_at__gte=now - HISTORY)).order_by(
        "-started_at"
    )[:_MOST]
    words: dict[int, list[Word]] = {}
    for update in PublicUpdate.objects.filter(incident__in=[row.pk for row in rows]).order_by("-at", "-pk"):
        word = Word(update.at, STAGES.get(update.stage, update.stage), update.text)
        words.setdefault(update.incident_id, []).append(word)
    titles = {name: one.title for name, one in strategy.features.items()}
    published = [(row, _published(row, titles, words.get(row.pk, []))) for row in rows]
    open_ones = [row for row, _ in published if row.is_open]
    worst = max((Impact(row.impact) for row in open_ones), key=_RANK.__getitem__, default=Impact.NONE)
    return Status(
        overall=OVERALL[worst],
        impact=worst.value,
        features=[_feature(name, title, open_ones) for name, title in titles.items()],
        open=[one for row, one in published if row.is_open],
        past=[one for row, one in published if not row.is_open],
        at=now,
    )


def _published(row: Incident, titles: dict[str, str], words: list[Word]) -> Published:
    return Published(
        title=row.public_title,
        impact=row.impact,
        impact_words=Impact(row.impact).label,
        features=[titles[name] for name in row.features if name in titles],
        began=row.started_at,
        ended=row.resolved_at,
        words=words,
    )


def _feature(name: str, title: str, open_ones: list[Incident]) -> FeatureState:
    """An incident that names no feature is of all of them."""
    touching = [Impact(one.impact) for one in open_ones if not one.features or name in one.features]
    worst = max(touching, key=_RANK.__getitem__, default=Impact.NONE)
    return FeatureState(title, worst.value, FEATURE_WORDS[worst])


def publish(
    incident: Incident,
    *,
    title: str,
    impact: str,
    features: list[str],
    stage: str,
    text: str,
    by: Actor,
    now: float,
) -> PublicUpdate:
    """A word on the status page; with the first one the incident is there. It counts as an update of the incident."""
    with transaction.atomic():
        incident.refresh_from_db()
        incident.is_public, incident.public_title = True, title[:120]
        incident.impact, incident.features = impact, features
        incident.save(update_fields=["is_public", "public_title", "impact", "features"])
        made = PublicUpdate.objects.create(
            incident=incident, at=moment(now), stage=stage, text=text.strip()[:2000], user=user_behind(by)
        )
        write(incident, "published", f"On the status page ({STAGES[stage].lower()}): {made.text}", now, by=by)
        record(by, "incident.published", incident, incident.project, stage=stage, impact=impact)
    cache.delete(CACHE_KEY)
    return made


def withdraw(incident: Incident, by: Actor, now: float) -> bool:
    """Off the page again; what was said is kept. False where it was not there."""
    with transaction.atomic():
        incident.refresh_from_db()
        if not incident.is_public:
            return False
        incident.is_public = False
        incident.save(update_fields=["is_public"])
        write(incident, "withdrawn", "Taken off the status page.", now, by=by)
        record(by, "incident.withdrawn", incident, incident.project)
    cache.delete(CACHE_KEY)
    return True


def require_publishable(incident: Incident, stage: str) -> None:
    """What is over is not said while it is open. Raises IncidentError."""
    if stage == "resolved" and incident.is_open:
        raise IncidentError("It is still open: resolve it first, or say that it is mended and watched.")
