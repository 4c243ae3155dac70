"""What the answers mean, and keeping them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from monitor.digest.worker_state import workers
from monitor.ingest.spool import spool_depth
from monitor.probes.asking import Answer, Heartbeat, Prober
from monitor.probes.models import ProbeMinute, Target
from monitor.site.strategy_file import current_strategy
from strategy import Strategy

MISSES_UNTIL_DOWN = 2
FIRST_ANSWER_WITHIN_S = 300.0
"""Started together, the monitor asks before the application can answer; nobody is woken for that."""
STORE_EVERY_S = 1.0
_WAITS_AT_MOST_S = 60.0
_KEEP_S = 90 * 86400

Observer = Callable[[Target, Answer], None]
observers: list[Observer] = []
"""Called with the target as it now stands and each answer, in the transaction that keeps it: alert rules listen.

Not while the application starts for the first time."""

_running: tuple[Prober, Heartbeat | None] | None = None


def addresses(strategy: Strategy) -> list[str]:
    """None when MONITOR_PROBE_URL is not set: the monitor then serves an application that it can't reach."""
    if not settings.PROBE_URL:
        return []
    return [f"{settings.PROBE_URL}{path}" for path in strategy.probes.paths]


def run(now: float) -> None:
    """The clock's job: begins asking at its first call, and keeps what came since the last one."""
    global _running
    if _running is None:
        _running = _begin(current_strategy())
    for answer in _running[0].answers():
        keep(answer)


def end() -> None:
    """No more questions; for tests."""
    global _running
    if _running is not None:
        _running[0].stop()
        if _running[1] is not None:
            _running[1].stop()
    _running = None


def keep(answer: Answer) -> Target:
    """Add one answer to its target and minute, and tell the observers."""
    at = datetime.fromtimestamp(answer.at, UTC)
    with transaction.atomic():
        target, _ = Target.objects.get_or_create(
            url=answer.url,
            defaults={"since": at, "last_at": at, "last_ms": answer.took_ms, "last_answer": ""},
        )
        misses = 0 if answer.is_good else target.misses + 1
        is_up = misses < MISSES_UNTIL_DOWN
        if is_up != target.is_up:
            target.is_up, target.since = is_up, at
        target.misses, target.last_at = misses, at
        target.last_ms, target.last_answer = answer.took_ms, answer.text
        target.save()
        _count(target, answer)
        if not _still_starts(target, answer):
            for observer in observers:
                observer(target, answer)
    return target


def forget_old(now: float) -> None:
    """Minutes of more than 90 days ago, and targets that nobody asks any more."""
    ProbeMinute.objects.filter(minute__lt=(now - _KEEP_S) // 60).delete()
    Target.objects.filter(last_at__lt=now - _KEEP_S).delete()


def digest_is_well() -> bool:
    """A worker lives, is in no trouble, and what was received does not wait."""
    found = workers(Path(settings.DATA_ROOT))
    waits_s = spool_depth(Path(settings.SPOOL_DIRECTORY)).oldest_age_s
    return bool(found) and not any(worker.trouble for worker in found) and waits_s < _WAITS_AT_MOST_S


def _begin(strategy: Strategy) -> tuple[Prober, Heartbeat | None]:
    probes = strategy.probes
    prober = Prober(addresses(strategy), every_s=probes.every_s, timeout_s=probes.timeout_s)
    if not probes.heartbeat_url:
        return prober, None
    heartbeat = Heartbeat(
        probes.heartbeat_url,
        every_s=probes.heartbeat_every_s,
        timeout_s=probes.timeout_s,
        is_well=digest_is_well,
    )
    return prober, heartbeat


def _still_starts(target: Target, answer: Answer) -> bool:
    """It has never answered, and was not asked for long. A restart of either is none: what was answered is kept."""
    if answer.is_good or target.minutes.filter(good__gt=0).exists():
        return False
    first = target.minutes.order_by("minute").values_list("minute", flat=True)[0]
    return answer.at - first * 60 < FIRST_ANSWER_WITHIN_S


def _count(target: Target, answer: Answer) -> None:
    minute, _ = ProbeMinute.objects.get_or_create(target=target, minute=int(answer.at // 60))
    field = "good" if answer.is_good else "bad"
    ProbeMinute.objects.filter(pk=minute.pk).update(
        **{field: F(field) + 1}, slowest_ms=Greatest(F("slowest_ms"), answer.took_ms)
    )
