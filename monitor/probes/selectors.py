"""What the page reads: each target with its last day in steps, and how much of it was answered."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.probes.models import ProbeMinute, Target

STEPS = 96


@dataclass(frozen=True, slots=True)
class Course:
    """Of one target. `shares` has one share of good answers, 0 to 1, for each step, the oldest first; None: not asked."""

    target: Target
    shares: list[float | None]
    share: float | None


def courses(since: float, until: float, *, steps: int = STEPS) -> list[Course]:
    """Two queries, however many targets. Times are seconds since 1970."""
    targets = list(Target.objects.all())
    sums = {target.pk: [[0, 0] for _ in range(steps)] for target in targets}
    length = max(until - since, 60.0) / steps
    rows = ProbeMinute.objects.filter(minute__gte=since // 60, minute__lte=until // 60)
    for target_id, minute, good, bad in rows.values_list("target_id", "minute", "good", "bad"):
        step = sums[target_id][min(steps - 1, max(0, int((minute * 60 + 30 - since) / length)))]
        step[0] += good
        step[1] += bad
    return [_course(target, sums[target.pk]) for target in targets]


def _course(target: Target, steps: list[list[int]]) -> Course:
    good, bad = (sum(column) for column in zip(*steps, strict=True))
    return Course(target, [_share(*step) for step in steps], _share(good, bad))


def _share(good: int, bad: int) -> float | None:
    return good / (good + bad) if good + bad else None
