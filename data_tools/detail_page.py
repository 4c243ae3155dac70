"""What the page of a data source shows, put together for each of its states."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.models import User
from data_tools import selectors
from data_tools.models import DataSource
from data_tools.row_pages import read_page
from jobs.models import Job
from projects.models import Role

SEVERITIES = {"error": 0, "warning": 1, "info": 2}
STEP_WORDS = {"daily": "days", "hourly": "hours", "monthly": "months", "yearly": "years", "weekly": "weeks"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", " ": "space", "|": "bar"}


@dataclass(frozen=True)
class Progress:
    """How far the processing is, and what it will do next."""

    stage: str
    percent: int | None
    next_stage: str
    steps: list[tuple[str, str]]

    @classmethod
    def of(cls, job: Job) -> "Progress":
        from data_tools.engine.process import STAGES

        stages = list(STAGES)
        waiting = job.state == Job.State.QUEUED
        stage = job.stage or ("waiting for a worker" if waiting else "starting")
        at = stages.index(stage) if stage in stages else -1
        places = ["done" if index < at else "now" if index == at else "" for index in range(len(stages))]
        following = stages[at + 1] if at + 1 < len(stages) else ""
        steps = list(zip(stages, places, strict=True))
        return cls(stage, None if waiting else job.percent, following, steps)

    @property
    def seen(self) -> str:
        """What the page has drawn, so that it is not drawn again for nothing."""
        return f"{self.stage}:{self.percent}"


def detail_context(
    source: DataSource, *, user: User, role: Role, row: int, start: str, end: str
) -> dict[str, Any]:
    """Context of detail.html. `row` is the first row to show; `start` and `end` are times to show instead."""
    job = source.job
    may_work = role.may(Role.ANALYST) and source.project.archived_at is None
    context: dict[str, Any] = {
        "source": source,
        "project": source.project,
        "job": job,
        "may_work": may_work,
        "may_delete": selectors.may_delete(source, user, role),
        "may_reprocess": may_work and bool(source.upload_path) and job.is_over,
        "progress": Progress.of(job) if job.is_active else None,
        "support": settings.SUPPORT_EMAIL,
    }
    if source.is_ready:
        context |= _ready_context(source)
        context["rows_page"] = read_page(source.parquet_file, row=row, start=start, end=end)
    return context


def _ready_context(source: DataSource) -> dict[str, Any]:
    columns = source.columns
    findings = sorted(source.result["findings"], key=lambda finding: SEVERITIES[finding["severity"]])
    return {
        "findings": findings,
        "columns": columns,
        "measured": [column for column in columns if column["kind"] == "number"],
        "rows_word": _(STEP_WORDS.get(source.time_step, "rows")),
        "reading": _reading(source),
    }


def _reading(source: DataSource) -> list[tuple[str, str]]:
    """How the file was understood, in words, for whoever doubts it."""
    result, reading = source.result, source.result["reading"]
    delimiter = reading.get("delimiter")
    facts = [
        (_("File"), f"{source.original_name}, {filesizeformat(source.size_bytes)}"),
        (_("Compression"), reading.get("compression")),
        (_("Delimiter"), DELIMITERS.get(delimiter, delimiter)),
        (_("Encoding"), reading.get("encoding")),
        (_("Decimal mark"), reading.get("decimal")),
        (
            _("Header"),
            _("row %(row)s") % {"row": reading["header_row"]} if reading.get("header_row") else None,
        ),
        (_("Date column"), result["date_column"]),
        (_("Time step"), result["time_step"]),
        (_("Processed in"), f"{result['duration_s']:.2f} s"),
        ("SHA-256", source.sha256),
    ]
    return [(label, str(value)) for label, value in facts if value not in (None, "", "none")]
