"""What people do with data sources: keep an upload, process it again, rename, cancel, delete."""

import shutil
import uuid
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import UserInputError
from data_tools.models import DataSource
from data_tools.uploads import IncomingFile
from jobs.models import Job
from jobs.services import cancel_job, queue_job
from projects.models import Project
from projects.services import record_activity

PROCESS_TASK = "data_tools.tasks.process_source"


def create_source(
    project: Project, *, file: IncomingFile, actor: User | None, name: str = "", synthetic: bool = False
) -> DataSource:
    """Make a data source of the file, which moves into its directory, and queue its processing."""
    source = DataSource(
        id=uuid.uuid4(),
        project=project,
        name=clean_name(name) or clean_name(file.name) or _("Unnamed"),
        original_name=file.name[-255:],
        uploaded_by=actor,
        synthetic=synthetic,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )
    source.upload_path = str((source.directory / "upload").relative_to(settings.DATA_ROOT))
    with transaction.atomic():
        source.job = queue_job(task=PROCESS_TASK, subject_id=source.id)
        source.save(force_insert=True)
        _record(source, "uploaded", actor)
        source.directory.mkdir(parents=True)
        file.path.rename(source.upload_file)
    return source


def clean_name(name: str) -> str:
    """The name on one line, without characters that do not print, at most 160 of them."""
    printable = "".join(character if character.isprintable() else " " for character in name)
    return " ".join(printable.split())[:160].strip()


def reprocess_source(source: DataSource, *, actor: User) -> Job:
    """Process the kept upload again; the present result stays until the new one is there.

    Raises UserInputError while it is being processed, and when the upload is not kept.
    """
    with transaction.atomic():
        locked = _locked(source)
        if locked.job.is_active:
            raise UserInputError(
                _("“%(name)s” is being processed. Cancel that first.") % {"name": locked.name}
            )
        if not locked.upload_path:
            raise UserInputError(
                _("The file of “%(name)s” could not be read and was not kept. Upload it once more.")
                % {"name": locked.name}
            )
        locked.job = queue_job(task=PROCESS_TASK, subject_id=locked.id)
        locked.save(update_fields=["job"])
        _record(locked, "reprocessed", actor)
    source.job = locked.job
    return locked.job


def rename_source(source: DataSource, *, name: str, actor: User) -> None:
    """Give another name. The file keeps the one it was uploaded with."""
    source.name = clean_name(name)
    with transaction.atomic():
        source.save(update_fields=["name"])
        _record(source, "renamed", actor)


def cancel_processing(source: DataSource, *, actor: User) -> None:
    """Stop the processing, at once or at its worker's next look. Does nothing when it is over."""
    with transaction.atomic():
        locked = _locked(source)
        if not locked.job.is_active:
            return
        cancel_job(locked.job)
        _record(locked, "cancelled", actor)


def delete_source(source: DataSource, *, actor: User) -> None:
    """Delete the data source with its files. Raises UserInputError while experiments use it."""
    try:
        with transaction.atomic():
            locked = _locked(source)
            locked.delete()
            # A worker that holds the job finds it gone at its next report, and stops.
            Job.objects.filter(subject_id=source.id, task=PROCESS_TASK).delete()
            _record(source, "deleted", actor)
            transaction.on_commit(lambda: remove_files(source.directory))
    except (ProtectedError, RestrictedError):
        raise UserInputError(
            _("Experiments use “%(name)s”. Delete them first, then it can be deleted.")
            % {"name": source.name}
        ) from None


def clear_project(project: Project) -> None:
    """Remove the jobs and files of all data sources of a project once it is deleted; work under way then ends."""
    sources = list(project.data_sources.only("id", "job_id"))
    jobs = [source.job_id for source in sources]
    directories = [source.directory for source in sources]

    def clear() -> None:
        Job.objects.filter(pk__in=jobs).delete()
        remove_files(*directories)

    transaction.on_commit(clear)


def remove_files(*directories: Path) -> None:
    """Remove directories of data sources. What cannot be removed now is swept later."""
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


def _locked(source: DataSource) -> DataSource:
    return DataSource.objects.select_for_update(of=("self",)).select_related("job").get(pk=source.pk)


def _record(source: DataSource, verb: str, actor: User | None) -> None:
    record_activity(
        source.project, actor=actor, verb=verb, kind="data source", name=source.name, subject_id=source.id
    )
