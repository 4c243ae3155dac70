"""What the page of a data source shows, put together for each of its states."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from data_tools import selectors
from data_tools.models import DataSource
from data_tools.row_pages import read_page
from data_tools.words import step_words
from design.templatetags.show import duration
from jobs.models import Job
from projects.models import Role
from projects.permissions import may_work

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SEVERITIES = {"error": 0, "warning": 1, "info": 2}
STEP_WORDS = {
    "hourly": _("hours"),
    "daily": _("days"),
    "weekly": _("weeks"),
    "monthly": _("months"),
    "yearly": _("years"),
}
MARKS = {
    ",": _("comma"),
    ".": _("point"),
    ";": _("semicolon"),
    "\t": _("tab"),
    " ": _("space"),
    "|": _("bar"),
}


# What process_file reports, and its words; sorting is shown only to those whose file needs it.
STAGES = {
    "sniffing": _("finding the format"),
    "reading": _("reading and checking"),
    "sorting": _("sorting by date"),
    "finishing": _("writing the result"),
}
USUAL_STAGES = ("sniffing", "reading", "finishing")


def _waiting_for(job: Job) -> "StrOrPromise":
    """A job that the broker did not take is safe in the database; the reaper sends it when the broker is back."""
    return _("waiting for a worker") if job.sent_at else _("kept; waiting for the queue")


@dataclass(frozen=True)
class Progress:
    """How far the processing is, and what it will do next. Steps are (words, "done" | "now" | "")."""

    stage: str
    percent: int | None
    next_stage: str
    steps: list[tuple[str, str]]

    @classmethod
    def of(cls, job: Job) -> "Progress":
        waiting = job.state == Job.State.QUEUED
        shown = [stage for stage in STAGES if stage in USUAL_STAGES or stage == job.stage]
        at = shown.index(job.stage) if job.stage in shown else -1
        places = ["done" if index < at else "now" if index == at else "" for index in range(len(shown))]
        words = [str(STAGES[stage]) for stage in shown]
        stage = words[at] if at >= 0 else str(_waiting_for(job) if waiting else _("starting"))
        following = words[at + 1] if at + 1 < len(words) else ""
        steps = list(zip(words, places, strict=True))
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
    may_change = may_work(source.project, role)
    context: dict[str, Any] = {
        "source": source,
        "project": source.project,
        "job": job,
        "may_work": may_change,
        "may_delete": selectors.may_delete(source, user, role),
        "may_reprocess": may_change and bool(source.upload_path) and job.is_over,
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
        "rows_word": STEP_WORDS.get(source.time_step, _("rows")),
        "reading": _reading(source),
    }


def _reading(source: DataSource) -> list[tuple["StrOrPromise", str]]:
    """How the file was understood, in words, for whoever doubts it."""
    result, reading = source.result, source.result["reading"]
    header = reading.get("header_row")
    facts: list[tuple[StrOrPromise, Any]] = [
        (_("File"), f"{source.original_name}, {filesizeformat(source.size_bytes)}"),
        (_("Compression"), reading.get("compression")),
        (_("Delimiter"), _mark(reading.get("delimiter"))),
        (_("Encoding"), reading.get("encoding")),
        (_("Decimal mark"), _mark(reading.get("decimal"))),
        (_("Header"), _("row %(row)s") % {"row": header} if header else None),
        (_("Date column"), result["date_column"]),
        (_("Dates written as"), reading.get("date_format")),
        (_("Time step"), step_words(result["time_step"])),
        (_("Processed in"), duration(result["duration_s"])),
        ("SHA-256", source.sha256),
    ]
    return [(label, str(value)) for label, value in facts if value not in (None, "", "none")]


def _mark(mark: str | None) -> "StrOrPromise | None":
    return MARKS.get(mark, mark) if mark else None
