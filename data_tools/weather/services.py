"""Starting an import, starting it again, and what its task does."""

import hashlib
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import ApplicationError, UserInputError
from data_tools.services import create_source
from data_tools.uploads import IncomingFile, new_incoming_path
from data_tools.weather.client import Found, find_weather
from data_tools.weather.models import WeatherImport
from jobs.lease import Lease
from jobs.services import queue_job
from projects.models import Project

IMPORT_TASK = "data_tools.tasks.import_weather"


class WeatherImportGoneError(ApplicationError):
    """The import, or its whole project, was deleted while the service was asked."""

    category = "data_processing"
    expected = True


def start_import(project: Project, *, actor: User, **wanted: Any) -> WeatherImport:
    """Queue an import. `wanted`: name, latitude, longitude, start, end."""
    weather_import = WeatherImport(project=project, requested_by=actor, **wanted)
    with transaction.atomic():
        weather_import.job = queue_job(task=IMPORT_TASK, subject_id=weather_import.id)
        weather_import.save(force_insert=True)
    return weather_import


def try_again(weather_import: WeatherImport) -> None:
    """Queue the same import again. Raises UserInputError while it is at work, and when it has succeeded."""
    with transaction.atomic():
        locked = _locked(weather_import)
        if locked.job.is_active or locked.source_id is not None:
            raise UserInputError(_("This import is under way or done."))
        locked.job = queue_job(task=IMPORT_TASK, subject_id=locked.id)
        locked.save(update_fields=["job"])


def import_weather(lease: Lease) -> None:
    """Ask the service and make a data source of the answer, once, whoever finishes first.

    Raises ExternalServiceError, WeatherNotConfiguredError, WeatherImportGoneError, UserInputError, LeaseLostError.
    """
    wanted = WeatherImport.objects.filter(pk=lease.subject_id).first()
    if wanted is None:
        raise WeatherImportGoneError("The import was deleted.")
    lease.report("asking", 10)
    found = find_weather(wanted.query)
    lease.check()
    lease.report("keeping", 90)
    file = _incoming_file(found, wanted)
    try:
        _keep(lease, wanted, found, file)
    finally:
        file.path.unlink(missing_ok=True)  # where it was taken, it has moved


def _keep(lease: Lease, wanted: WeatherImport, found: Found, file: IncomingFile) -> None:
    with transaction.atomic():
        locked = _locked(wanted)
        if locked.project.archived_at is not None:
            raise UserInputError(_("The project was archived. Restore it first, then import again."))
        locked.source = create_source(
            locked.project,
            file=file,
            actor=locked.requested_by,
            name=_name(locked, found),
            synthetic=found.answer.synthetic,
        )
        locked.answered_at, locked.instead_because = found.answered_at, found.instead_because
        locked.save(update_fields=["source", "answered_at", "instead_because"])
        lease.succeed()


def _name(wanted: WeatherImport, found: Found) -> str:
    name = wanted.name or f"Weather {wanted.query.place}"
    return f"{name} (kept answer of {found.answered_at:%Y-%m-%d})" if found.instead_because else name


def _incoming_file(found: Found, wanted: WeatherImport) -> IncomingFile:
    content, path = found.answer.to_csv(), new_incoming_path()
    path.write_bytes(content)
    return IncomingFile(path, wanted.query.file_name, len(content), hashlib.sha256(content).hexdigest())


def _locked(weather_import: WeatherImport) -> WeatherImport:
    try:
        return (
            WeatherImport.objects.select_for_update(of=("self",))
            .select_related("job", "project", "requested_by")
            .get(pk=weather_import.pk)
        )
    except WeatherImport.DoesNotExist:
        raise WeatherImportGoneError("The import was deleted.") from None
