"""Uploads go straight to where they will stay: one pass to the disk of DATA_ROOT, hashed on the way, kept by a rename.

A file that nobody keeps is gone when the request ends, however it ends. What a killed process leaves is swept
by `data_tools.cleaning`.
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from data_tools.errors import UnreadableFileError

CHUNK_BYTES = 256 * 1024
MAX_FILES = 20
# Reading on without storing lets the browser see the answer. Past this many limits it is cut off instead.
DRAIN_LIMITS = 4


@dataclass(frozen=True)
class IncomingFile:
    """A whole file in DATA_ROOT/incoming that is not yet a data source."""

    path: Path
    name: str
    size_bytes: int
    sha256: str

    @classmethod
    def copy_of(cls, source: Path, *, name: str = "") -> "IncomingFile":
        """Copy a file on this machine to where uploads arrive, for commands and tests."""
        path, digest = new_incoming_path(), hashlib.sha256()
        with source.open("rb") as read, path.open("xb") as write:
            for chunk in _chunks(read):
                digest.update(chunk)
                write.write(chunk)
        return cls(path, name or source.name, path.stat().st_size, digest.hexdigest())


def new_incoming_path() -> Path:
    """A path of its own in the directory where uploads arrive."""
    directory = Path(settings.INCOMING_ROOT)
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{uuid.uuid4().hex}.upload"


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


if TYPE_CHECKING:  # generic to mypy only
    BytesUpload = UploadedFile[bytes]
else:
    BytesUpload = UploadedFile


class StreamedUpload(BytesUpload):
    """An upload on disk. Closing it, which every request does at its end, removes it unless it was taken."""

    def __init__(self, path: Path, name: str, content_type: str | None) -> None:
        self.path = path
        self._digest = hashlib.sha256()
        self._taken = False
        super().__init__(path.open("xb"), name, content_type, 0)

    def add(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.file.write(chunk)  # type: ignore[union-attr]

    def finish(self, size_bytes: int) -> None:
        """The whole file has arrived."""
        self.file.close()  # type: ignore[union-attr]
        self.size = size_bytes

    def look(self) -> IncomingFile:
        """The file as it lies there; it is still removed at the end of the request."""
        return IncomingFile(self.path, self.name or "", self.size or 0, self._digest.hexdigest())

    def take(self) -> IncomingFile:
        """The file, which from now on is the caller's to keep or remove."""
        self._taken = True
        return self.look()

    def close(self) -> None:
        super().close()
        if not self._taken:
            self.path.unlink(missing_ok=True)


class RefuseFiles(FileUploadHandler):
    """Stores nothing: only the upload page takes files, and only of people who may upload."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


class StreamToIncoming(FileUploadHandler):
    """Writes files to DATA_ROOT/incoming and stops at the first byte too many.

    Files that it does not take are in `refused`, by name, with the reason; the others arrive as usual.
    """

    chunk_size = CHUNK_BYTES

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.file: StreamedUpload
        self.refused: list[tuple[str, UnreadableFileError]] = []
        self._files = 0
        self._seen_bytes = 0

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        self._files += 1
        if self._files > MAX_FILES:
            raise self._refuse(too_many_files())
        self.file = StreamedUpload(new_incoming_path(), file_name, self.content_type)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._seen_bytes += len(raw_data)
        if start + len(raw_data) > settings.UPLOAD_MAX_BYTES:
            raise self._refuse(too_large())
        self.file.add(raw_data)

    def file_complete(self, file_size: int) -> StreamedUpload:
        done = self.file
        del self.file  # Django closes what stands here when it skips the next file
        done.finish(file_size)
        return done

    def upload_interrupted(self) -> None:
        """Remove the file that was being written, if one was: the browser went away in the middle of it."""
        if hasattr(self, "file"):
            self.file.close()

    def _refuse(self, error: UnreadableFileError) -> SkipFile | StopUpload:
        self.refused.append((self.file_name or "", error))
        length = int((self.request.META if self.request else {}).get("CONTENT_LENGTH") or 0)
        if length - self._seen_bytes > DRAIN_LIMITS * settings.UPLOAD_MAX_BYTES:
            return StopUpload(connection_reset=True)
        return SkipFile()


def drain(request: HttpRequest) -> None:
    """Read a body without storing it: a browser shows no answer, the log-in page neither, before it has sent all."""
    if int(request.META.get("CONTENT_LENGTH") or 0) <= settings.UPLOAD_MAX_BYTES:
        with suppress(UnreadablePostError):
            while request.read(CHUNK_BYTES):
                pass


def too_large() -> UnreadableFileError:
    limit = settings.UPLOAD_MAX_BYTES // 2**20
    return UnreadableFileError(
        "too_large",
        _("The file is larger than %(limit)s MB, the most that is taken.") % {"limit": limit},
        way_out=_("Compress it with gzip (.csv.gz), save it as Parquet, or upload it in parts."),
    )


def too_many_files() -> UnreadableFileError:
    return UnreadableFileError(
        "too_many_files",
        _("More than %(count)s files were sent at once.") % {"count": MAX_FILES},
        way_out=_("Upload the others in a second go."),
    )
