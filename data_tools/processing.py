"""What the task does with an upload: read, check, convert, and keep the result once, whoever finishes first."""

from datetime import date
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core.errors import ApplicationError
from data_tools.engine.process import process_file
from data_tools.engine.result import ProcessingResult
from data_tools.models import DataSource
from jobs.lease import Lease
from jobs.models import Job

# Codes of failed jobs whose fault is not the file's; their uploads are kept for another try.
NOT_THE_FILE = ("internal", "worker_lost", "input")


class DataSourceGoneError(ApplicationError):
    """The data source was deleted while its file was being processed."""

    category = "data_processing"
    expected = True


def process_upload(lease: Lease) -> None:
    """Process the upload of the data source that the lease is about.

    Each claim writes a file of its own, so that a worker that lost its lease without knowing disturbs nobody.
    Raises UnreadableFileError, ProcessingCancelledError, LeaseLostError, DataSourceGoneError.
    """
    source = DataSource.objects.defer("result").filter(pk=lease.subject_id).first()
    if source is None:
        raise DataSourceGoneError("The data source was deleted.")
    destination = source.directory / f"{lease.job.id.hex[:12]}-{lease.job.attempt}.parquet"
    try:
        result = process_file(
            source.upload_file,
            destination,
            original_name=source.original_name,
            report=lease.report,
            should_stop=lease.should_stop,
        )
        lease.check()
        keep_result(lease, source, result, destination)
    except BaseException as error:
        destination.unlink(missing_ok=True)
        if isinstance(error, OSError) and not DataSource.objects.filter(pk=source.pk).exists():
            raise DataSourceGoneError("The data source was deleted.") from error
        raise


def keep_result(lease: Lease, source: DataSource, result: ProcessingResult, parquet: Path) -> None:
    """Put result, file and the job's end into one transaction. Raises LeaseLostError, and then keeps nothing."""
    with transaction.atomic():
        try:
            locked = DataSource.objects.select_for_update().defer("result").get(pk=source.pk)
        except DataSource.DoesNotExist:
            raise DataSourceGoneError("The data source was deleted.") from None
        earlier = locked.parquet_path
        locked.parquet_path = str(parquet.relative_to(settings.DATA_ROOT))
        locked.result = result.to_dict()
        locked.rows = result.rows
        locked.first_date = _day(result.first_date)
        locked.last_date = _day(result.last_date)
        locked.time_step = result.time_step
        locked.warnings = sum(finding.severity != "info" for finding in result.findings)
        locked.save(
            update_fields=[
                "parquet_path", "result", "rows", "first_date", "last_date", "time_step", "warnings"
            ]
        )  # fmt: skip
        lease.succeed()
        if earlier:
            transaction.on_commit(
                lambda: (Path(settings.DATA_ROOT) / earlier).unlink(missing_ok=True), robust=True
            )


def drop_unreadable_upload(source_id: UUID) -> bool:
    """Remove the upload of a data source that turned out unreadable and has no earlier result. Says whether it did."""
    with transaction.atomic():
        source = (
            DataSource.objects.select_for_update(of=("self",))
            .select_related("job")
            .defer("result")
            .filter(pk=source_id, parquet_path="", job__state=Job.State.FAILED)
            .exclude(job__error_code__in=NOT_THE_FILE)
            .exclude(upload_path="")
            .first()
        )
        if source is None:
            return False
        upload = source.upload_file
        source.upload_path = ""
        source.save(update_fields=["upload_path"])
        transaction.on_commit(lambda: _remove_upload(upload))
    return True


def _remove_upload(upload: Path) -> None:
    upload.unlink(missing_ok=True)
    if upload.parent.is_dir() and not any(upload.parent.iterdir()):
        upload.parent.rmdir()


def _day(moment: str | None) -> date | None:
    return date.fromisoformat(moment[:10]) if moment else None
