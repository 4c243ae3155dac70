"""The upload page: what is taken, what is refused beside the field, what is held back."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from data_tools.models import DataSource
from jobs.models import Job
from projects.models import Activity, Project, Role
from projects.services import create_project, set_archived
from tests.data_tools.conftest import csv_text, files_left, send_files, work_on

BROKEN = b"\x89PNG\r\n\x1a\n" + bytes(500)


def _token(response: Any) -> str:
    found = re.search(r'name="keep" value="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def test_an_upload_becomes_a_source_with_a_waiting_job_and_a_line_in_the_history(
    owner_client: Client, owner: User, project: Project
) -> None:
    response = send_files(owner_client, project, ("gauge.csv", csv_text()))
    source = DataSource.objects.get()
    assert response["Location"] == source.get_absolute_url()
    assert (source.name, source.original_name, source.uploaded_by) == ("gauge.csv", "gauge.csv", owner)
    assert source.job.state == Job.State.QUEUED
    activity = Activity.objects.filter(subject_kind="data source").get()
    assert (activity.verb, activity.subject_name, activity.actor) == ("uploaded", "gauge.csv", owner)


def test_the_script_is_told_where_to_go(owner_client: Client, project: Project) -> None:
    owner_client.defaults["HTTP_HX_REQUEST"] = "true"
    response = send_files(owner_client, project, ("gauge.csv", csv_text()), name="Cherryfield")
    source = DataSource.objects.get()
    assert source.name == "Cherryfield"
    assert response["HX-Redirect"] == source.get_absolute_url()


def test_of_several_files_the_readable_are_kept_and_the_others_named(
    owner_client: Client, project: Project
) -> None:
    files = [("a.csv", csv_text(40)), ("picture.csv", BROKEN), ("b.csv", csv_text(50))]
    response = send_files(owner_client, project, *files, name="ignored")
    assert sorted(source.name for source in DataSource.objects.all()) == ["a.csv", "b.csv"]
    page = response.content.decode()
    assert response.status_code == 422
    assert "picture.csv" in page
    assert "PNG" in page
    assert len(files_left()) == 2


def test_without_a_file_the_field_says_so(owner_client: Client, project: Project) -> None:
    response = owner_client.post(reverse("data:upload", args=[project.id]), {"name": "x"})
    assert response.status_code == 422
    assert "No file was chosen" in response.content.decode()


def test_the_same_bytes_are_held_back_and_kept_when_confirmed(owner_client: Client, project: Project) -> None:
    send_files(owner_client, project, ("gauge.csv", csv_text()))
    first = DataSource.objects.get()
    response = send_files(owner_client, project, ("again.csv", csv_text()))
    assert first.get_absolute_url() in response.content.decode()
    assert DataSource.objects.count() == 1
    owner_client.post(reverse("data:upload", args=[project.id]), {"keep": _token(response)})
    second = DataSource.objects.exclude(pk=first.pk).get()
    assert (second.name, second.sha256) == ("again.csv", first.sha256)
    assert second.upload_file.read_bytes() == csv_text()


def test_a_held_file_can_be_discarded_at_once(owner_client: Client, project: Project) -> None:
    send_files(owner_client, project, ("gauge.csv", csv_text()))
    response = send_files(owner_client, project, ("again.csv", csv_text()))
    assert len(files_left()) == 2
    owner_client.post(reverse("data:upload", args=[project.id]), {"discard": _token(response)})
    assert len(files_left()) == 1


def test_another_persons_token_keeps_nothing(
    owner_client: Client, project: Project, member: Callable[[Role], User]
) -> None:
    send_files(owner_client, project, ("gauge.csv", csv_text()))
    token = _token(send_files(owner_client, project, ("again.csv", csv_text())))
    other = Client()
    other.force_login(member(Role.ANALYST))
    other.post(reverse("data:upload", args=[project.id]), {"keep": token})
    assert DataSource.objects.count() == 1


def test_a_corrected_file_takes_the_place_of_the_failed_one(
    owner_client: Client, project: Project, make_source: Callable[..., DataSource]
) -> None:
    failed = work_on(make_source(csv_text() + b"2001-13-45,1,1,x\n", name="wrong.csv"))
    assert failed.job.state == Job.State.FAILED
    send_files(owner_client, project, ("right.csv", csv_text()), query=f"?replaces={failed.id}")
    assert DataSource.objects.get().original_name == "right.csv"


def test_a_source_with_a_result_is_never_replaced(
    owner_client: Client, project: Project, ready: DataSource
) -> None:
    send_files(owner_client, project, ("new.csv", csv_text(50)), query=f"?replaces={ready.id}")
    assert DataSource.objects.filter(pk=ready.pk).exists()


def test_the_choice_of_a_project_comes_in_pages(owner_client: Client, owner: User) -> None:
    for number in range(30):
        create_project(owner=owner, name=f"Catchment {number:02}")
    url = reverse("data:choose_project")
    pages = [owner_client.get(url, {"page": page}).context["page"] for page in (1, 2)]
    assert [len(page) for page in pages] == [25, 5]


def test_an_archived_project_takes_nothing(owner_client: Client, owner: User, project: Project) -> None:
    set_archived(project, archived=True, actor=owner)
    assert send_files(owner_client, project, ("gauge.csv", csv_text())).status_code == 403
    assert files_left() == []


def test_a_forged_form_is_refused_and_leaves_nothing(owner: User, project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert send_files(client, project, ("gauge.csv", csv_text())).status_code == 403
    assert files_left() == []


def test_with_one_project_there_is_nothing_to_choose(owner_client: Client, project: Project) -> None:
    response = owner_client.get(reverse("data:choose_project"))
    assert response["Location"] == reverse("data:upload", args=[project.id])
