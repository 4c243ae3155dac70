"""A receiving end that is there or away, and jobs that check in: times are seconds after a full hour."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import time_machine
from django.db import transaction

from monitor.crons import clock
from monitor.crons.collecting import CheckInCollector
from monitor.crons.models import CheckIn, CronEnvironment
from monitor.digest.collecting import Origin
from monitor.ingest.presence import DIRECTORY
from monitor.projects.models import Project
from monitor.protocol import Item

HOUR = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
START = HOUR.timestamp()
EVERY_5 = {"schedule": {"type": "crontab", "value": "*/5 * * * *"}, "checkin_margin": 2, "max_runtime": 4}
MINUTE = 60.0


def after(minutes: float) -> datetime:
    return HOUR + timedelta(minutes=minutes)


@dataclass
class Jobs:
    """Minutes since the hour are the unit of all that it takes and gives."""

    project: Project
    spool: Path
    told: list[tuple[str, str, float]] = field(default_factory=list)

    def receiving(self, since: float, until: float, process: str = "1") -> None:
        """The receiving end was there."""
        path = self.spool / DIRECTORY / process
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(START + since * MINUTE))
        os.utime(path, (START + until * MINUTE,) * 2)

    def check_in(self, minute: float, status: str, run: int | None = None, **given: object) -> None:
        self.check_ins((minute, status, run, given))

    def check_ins(self, *sent: tuple[float, str, int | None, dict[str, object]]) -> None:
        """One batch, digested when its last one came."""
        collector = CheckInCollector()
        for minute, status, run, given in sent:
            payload = {"monitor_slug": "nightly sums", "status": status, "monitor_config": EVERY_5, **given}
            if run is not None:
                payload["check_in_id"] = UUID(int=run).hex
            origin = Origin(self.project.pk, START + minute * MINUTE, "segment:0")
            collector.take(Item({"type": "check_in"}, orjson.dumps(payload)), origin)
        with transaction.atomic(), time_machine.travel(START + sent[-1][0] * MINUTE, tick=False):
            collector.store()
        collector.stored()

    def clock(self, minute: float) -> None:
        clock.judge(START + minute * MINUTE)

    def history(self) -> list[tuple[str, float]]:
        """Status and start of each check-in, oldest first."""
        return [
            (check_in.status, round((check_in.started - HOUR).total_seconds() / MINUTE, 2))
            for check_in in CheckIn.objects.order_by("started", "id")
        ]

    def environment(self) -> CronEnvironment:
        return CronEnvironment.objects.get()
