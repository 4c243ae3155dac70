"""How far it is known what came, and when nothing could come: only then does silence mean that a job was missed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings

from monitor.crons.models import ReceivingGap, Watch
from monitor.ingest.presence import presences, sweep_presences
from monitor.ingest.spool.segment import list_segments

_ROW = 1
_SLACK_S = 2.0
_SHORTEST_GAP_S = 1.0
_SWEEP_AFTER_S = 3600.0
_MILLISECONDS_DIGITS = 13


class Stretch(NamedTuple):
    """Seconds since 1970."""

    since: float
    until: float


def watch(now: float) -> float | None:
    """Keep when the receiving end was away; gives its last sign of life, None where there never was one.

    To be called in a transaction.
    """
    found = presences(settings.SPOOL_DIRECTORY)
    if not found:
        return None
    last = min(max(presence.last for presence in found), now)
    first = min(presence.since for presence in found)
    row, _ = Watch.objects.get_or_create(pk=_ROW, defaults={"watched_until": _moment(min(first, last))})
    since = row.watched_until.timestamp()
    if since < last:
        stretches = [Stretch(presence.since, presence.last) for presence in found]
        ReceivingGap.objects.bulk_create(
            ReceivingGap(since=_moment(gap.since), until=_moment(gap.until))
            for gap in gaps_in(Stretch(since, last), stretches)
        )
    elif since > now + _SLACK_S:
        # The clock was ahead and has been put right: what has not been yet, cannot have been missed.
        ReceivingGap.objects.filter(since__gte=_moment(now)).delete()
        ReceivingGap.objects.filter(until__gt=_moment(now)).update(until=_moment(now))
        since = 0.0
    if since < last:
        row.watched_until = _moment(last)
        row.save(update_fields=["watched_until"])
    sweep_presences(settings.SPOOL_DIRECTORY, last - _SWEEP_AFTER_S)
    return last


def gaps_in(whole: Stretch, covered: list[Stretch]) -> list[Stretch]:
    """What of `whole` none of `covered` covers, in order; not what is shorter than a second."""
    gaps = []
    reached = whole.since
    for stretch in sorted(covered):
        if stretch.since > reached:
            gaps.append(Stretch(reached, min(stretch.since, whole.until)))
        reached = max(reached, stretch.until)
        if reached >= whole.until:
            break
    else:
        gaps.append(Stretch(reached, whole.until))
    return [gap for gap in gaps if gap.until - gap.since >= _SHORTEST_GAP_S]


def digested_until(now: float) -> float:
    """All that was received before has been digested: a segment is named after when its first record came."""
    segments = list_segments(settings.SPOOL_DIRECTORY)
    if not segments:
        return now
    digits = segments[0][:_MILLISECONDS_DIGITS]
    return min(now, int(digits) / 1000) if digits.isdigit() else now


def horizon(now: float) -> float | None:
    """Up to when all that could come is known, in seconds since 1970; None while nobody receives at all.

    To be called in a transaction, before which nothing of it was looked at.
    """
    # First what waits: what is digested between the two looks is in the tables.
    digested = digested_until(now)
    last = watch(now)
    return None if last is None else min(digested, last) - _SLACK_S


def last_presence() -> float | None:
    """The last sign of life of the receiving end, in seconds since 1970; None where there never was one."""
    return max((presence.last for presence in presences(settings.SPOOL_DIRECTORY)), default=None)


def gap_within(since: datetime, until: datetime) -> ReceivingGap | None:
    """The last gap in which something that came from `since` to `until` might not have been received."""
    return ReceivingGap.objects.filter(until__gt=since, since__lt=until).order_by("-until").first()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
