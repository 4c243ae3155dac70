"""What becomes of the files of one upload: refused with a reason, held back as a double, or made data sources."""

from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core import signing

from accounts.models import User
from data_tools.engine.byte_stream import check_not_foreign, is_parquet
from data_tools.engine.limits import DEFAULT_LIMITS
from data_tools.engine.parquet_reader import plan_parquet
from data_tools.engine.sniffing import sniff
from data_tools.errors import UnreadableFileError
from data_tools.models import DataSource
from data_tools.selectors import same_content
from data_tools.services import create_source
from data_tools.uploads import IncomingFile, StreamedUpload
from projects.models import Project

SALT = "data_tools.held"
TOKEN_AGE_S = 12 * 3600  # less than what the sweep leaves in peace


@dataclass(frozen=True)
class Held:
    """A file whose bytes the project has already. `token` lets the same person keep it after all."""

    name: str
    twin: DataSource
    token: str


@dataclass
class Arrival:
    """The outcome of an upload, file by file."""

    accepted: list[DataSource] = field(default_factory=list)
    refused: list[tuple[str, UnreadableFileError]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)


def take_in(project: Project, uploads: list[StreamedUpload], *, actor: User, name: str = "") -> Arrival:
    """Look at the head of each file and keep those that look readable. `name` is for a single file only."""
    arrival = Arrival()
    for upload in uploads:
        file = upload.look()
        try:
            check_head(file.path)
        except UnreadableFileError as error:
            arrival.refused.append((file.name, error))
            continue
        own_name = name if len(uploads) == 1 else ""
        twin = same_content(project, file.sha256)
        if twin is not None:
            arrival.held.append(Held(file.name, twin, _token(project, upload.take(), actor, own_name)))
            continue
        arrival.accepted.append(create_source(project, file=file, actor=actor, name=own_name))
    return arrival


def check_head(path: Path) -> None:
    """Raise UnreadableFileError when the beginning of the file shows that it cannot be read. Bounded in time."""
    if path.stat().st_size == 0:
        check_not_foreign(b"")
    if is_parquet(path):
        plan_parquet(path, DEFAULT_LIMITS)
    else:
        sniff(path)


def keep_held(project: Project, token: str, *, actor: User) -> DataSource | None:
    """Make a data source of a held file; None when it is no longer there or the token is not this person's."""
    held = _read_token(project, token, actor)
    if held is None:
        return None
    file, name = held
    return create_source(project, file=file, actor=actor, name=name)


def discard_held(project: Project, token: str, *, actor: User) -> None:
    """Remove a held file at once."""
    held = _read_token(project, token, actor)
    if held is not None:
        held[0].path.unlink(missing_ok=True)


def _token(project: Project, file: IncomingFile, actor: User, name: str) -> str:
    values = [str(project.id), actor.pk, file.path.name, file.name, file.size_bytes, file.sha256, name]
    return signing.dumps(values, salt=SALT)


def _read_token(project: Project, token: str, actor: User) -> tuple[IncomingFile, str] | None:
    try:
        values = signing.loads(token, salt=SALT, max_age=TOKEN_AGE_S)
    except signing.BadSignature:
        return None
    project_id, user_id, path_name, file_name, size_bytes, sha256, name = values
    path = Path(settings.INCOMING_ROOT) / path_name
    if (project_id, user_id) != (str(project.id), actor.pk) or not path.is_file():
        return None
    return IncomingFile(path, file_name, size_bytes, sha256), name
