"""The stream from the browser to the disk: bounded, hashed, and gone unless somebody takes it."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import UnreadablePostError
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from data_tools.models import DataSource
from data_tools.upload_views import upload
from projects.models import Project
from tests.data_tools.conftest import csv_text, files_left, send_files

BOUNDARY = "frontier"
PART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
).encode() + csv_text()


class CutStream(BytesIO):
    """A connection that breaks when its bytes are at an end."""

    def read(self, *args: Any) -> bytes:
        chunk = super().read(*args)
        if not chunk:
            raise ConnectionResetError("gone")
        return chunk


class UntouchedStream(BytesIO):
    def read(self, *args: Any) -> bytes:
        raise AssertionError("the body was read")


def raw_post(project: Project, stream: BytesIO, length: int) -> Any:
    request = RequestFactory().post(
        reverse("data:upload", args=[project.id]), content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )
    request.META["CONTENT_LENGTH"] = str(length)
    request._stream = stream
    request.environ["wsgi.input"] = stream
    return request


def test_the_kept_file_is_the_one_that_was_sent(owner_client: Client, project: Project) -> None:
    content = csv_text(59)
    send_files(owner_client, project, ("gauge.csv", content))
    source = DataSource.objects.get()
    assert source.upload_file.read_bytes() == content
    assert source.sha256 == hashlib.sha256(content).hexdigest()
    assert source.size_bytes == len(content)
    assert files_left() == [source.upload_path]


def test_a_whole_file_that_cannot_be_kept_is_gone(
    owner_client: Client, project: Project, settings: Settings
) -> None:
    owner_client.raise_request_exception = False
    (Path(settings.DATA_ROOT) / "sources").write_bytes(b"in the way of the folder")
    assert send_files(owner_client, project, ("gauge.csv", csv_text())).status_code == 500
    assert not DataSource.objects.exists()
    assert files_left() == ["sources"]


def test_a_file_too_large_stops_at_the_limit_and_the_others_are_kept(
    owner_client: Client, project: Project, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    written: list[int] = []
    monkeypatch.setattr(
        "data_tools.uploads.StreamedUpload.add",
        lambda self, chunk: written.append(self.file.write(chunk)),
    )
    large = csv_text() + b"\n" * 3_000_000
    response = send_files(owner_client, project, ("large.csv", large), ("small.csv", csv_text()))
    assert response.status_code == 422
    assert "larger than 1 MB" in response.content.decode()
    assert sum(written) <= 1024 * 1024 + len(csv_text())
    source = DataSource.objects.get()
    assert source.name == "small.csv"
    assert files_left() == [source.upload_path]


def test_a_refused_file_that_goes_on_and_on_is_cut_off(
    owner: User, project: Project, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 300_000
    body = PART + b"\n" * 1_000_000
    stream = BytesIO(body)
    request = raw_post(project, stream, length=10_000_000_000)
    request.user = owner
    request._dont_enforce_csrf_checks = True
    assert upload(request, project.id).status_code == 422
    assert stream.tell() < len(body)
    assert files_left() == []


def test_a_broken_connection_leaves_nothing(owner: User, project: Project) -> None:
    request = raw_post(project, CutStream(PART), length=len(PART) * 2)
    request.user = owner
    request._dont_enforce_csrf_checks = True
    with pytest.raises(UnreadablePostError):
        upload(request, project.id)
    assert files_left() == []
    assert not DataSource.objects.exists()


def test_a_body_that_ends_early_leaves_nothing(owner: User, project: Project) -> None:
    request = raw_post(project, BytesIO(PART), length=len(PART) * 2)
    request.user = owner
    request._dont_enforce_csrf_checks = True
    assert upload(request, project.id).status_code == 422
    assert files_left() == []
    assert not DataSource.objects.exists()


def test_the_body_of_somebody_unknown_is_never_stored_nor_read_past_the_limit(
    project: Project, settings: Settings
) -> None:
    stream = BytesIO(PART)
    request = raw_post(project, stream, length=len(PART))
    request.user = AnonymousUser()
    assert upload(request, project.id).status_code == 302
    assert stream.tell() == len(PART)
    request = raw_post(project, UntouchedStream(), length=settings.UPLOAD_MAX_BYTES + 1)
    request.user = AnonymousUser()
    assert upload(request, project.id).status_code == 302
    assert files_left() == []


@pytest.mark.django_db
def test_files_sent_to_another_page_are_not_stored(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda *_a, **_k: opened.append(1))
    page = client.post(
        reverse("accounts:login"), {"username": SimpleUploadedFile("a.csv", csv_text(50) * 9000)}
    )
    assert page.status_code < 500
    assert not page.wsgi_request.FILES
    assert opened == []
    assert files_left() == []


def test_more_files_than_are_taken_at_once_are_named(
    owner_client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_tools.uploads.MAX_FILES", 1)
    response = send_files(owner_client, project, ("one.csv", csv_text()), ("two.csv", csv_text(50)))
    assert "two.csv" in response.content.decode()
    assert [source.name for source in DataSource.objects.all()] == ["one.csv"]
    assert len(files_left()) == 1
