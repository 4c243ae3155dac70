"""Pages of data sources: who may, what they show in each state, and what they cost."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from data_tools.models import DataSource
from data_tools.selectors import SORTS, source_list
from data_tools.services import reprocess_source
from jobs.models import Job
from projects.models import Project, Role
from projects.services import create_project, set_archived
from tests.data_tools.conftest import csv_text, work_on

LOOKS = ("detail", "progress", "plot")
CHANGES = ("rename", "reprocess", "cancel", "delete")


def address(name: str, source: DataSource) -> str:
    return reverse(f"data:{name}", args=[source.id])


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def set_job(source: DataSource, **values: Any) -> None:
    Job.objects.filter(pk=source.job_id).update(**values)


@pytest.mark.parametrize("name", [*LOOKS, *CHANGES])
def test_a_stranger_finds_nothing(name: str, ready: DataSource, make_user: Callable[..., User]) -> None:
    stranger = client_of(make_user())
    assert stranger.get(address(name, ready)).status_code in ((404,) if name in LOOKS else (404, 405))
    assert stranger.post(address(name, ready)).status_code in ((405,) if name in LOOKS else (404,))


def test_a_stranger_neither_downloads_nor_uploads(
    ready: DataSource, project: Project, make_user: Callable[..., User]
) -> None:
    stranger = client_of(make_user())
    assert stranger.get(reverse("data:download", args=[ready.id, "csv"])).status_code == 404
    assert stranger.get(reverse("data:upload", args=[project.id])).status_code == 404
    assert stranger.get(reverse("data:list"), {"project": str(project.id)}).status_code == 404
    assert ready.name not in stranger.get(reverse("data:list")).content.decode()


def test_somebody_unknown_is_asked_to_log_in(client: Client, ready: DataSource) -> None:
    for name in (*LOOKS, *CHANGES):
        assert reverse("accounts:login") in client.post(address(name, ready))["Location"]


def test_a_viewer_looks_and_downloads_and_changes_nothing(
    ready: DataSource, project: Project, member: Callable[[Role], User]
) -> None:
    viewer = client_of(member(Role.VIEWER))
    for name in ("detail", "plot"):
        assert viewer.get(address(name, ready)).status_code == 200
    for form in ("original", "parquet", "csv"):
        response = viewer.get(reverse("data:download", args=[ready.id, form]))
        assert response.status_code == 200
        assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    for name in CHANGES:
        assert viewer.post(address(name, ready), {"name": "mine"}).status_code == 403
    assert viewer.get(reverse("data:upload", args=[project.id])).status_code == 403
    ready.refresh_from_db()
    assert ready.name == "gauge.csv"


def test_analysts_delete_their_own_and_managers_all(
    make_source: Callable[..., DataSource], member: Callable[[Role], User]
) -> None:
    analyst, manager = member(Role.ANALYST), member(Role.MANAGER)
    of_analyst, of_owner = make_source(actor=analyst), make_source()
    assert client_of(analyst).post(address("delete", of_owner)).status_code == 403
    assert client_of(analyst).post(address("delete", of_analyst)).status_code == 302
    assert client_of(manager).post(address("delete", of_owner)).status_code == 302
    assert not DataSource.objects.exists()


def test_an_archived_project_keeps_its_data_as_it_is(
    owner_client: Client, owner: User, project: Project, ready: DataSource
) -> None:
    set_archived(project, archived=True, actor=owner)
    assert owner_client.post(address("rename", ready), {"name": "new"}).status_code == 403
    assert owner_client.get(address("detail", ready)).status_code == 200


def test_renaming_keeps_the_names_printable_characters(owner_client: Client, ready: DataSource) -> None:
    owner_client.post(address("rename", ready), {"name": "  Cherryfield\u200b gauge\u0085 "})
    ready.refresh_from_db()
    assert ready.name == "Cherryfield gauge"
    assert owner_client.post(address("rename", ready), {"name": " "}).status_code == 422


def test_data_that_experiments_use_says_which_and_stays(owner_client: Client, ready: DataSource) -> None:
    use(ready, "One day ahead")
    page = owner_client.get(address("delete", ready)).content.decode()
    assert "One day ahead" in page
    assert "1 experiment was made with it" in page
    response = owner_client.post(address("delete", ready), follow=True)
    assert "Experiments use “gauge.csv”" in response.content.decode()
    assert DataSource.objects.filter(pk=ready.pk).exists()


def use(source: DataSource, name: str) -> None:
    job = Job.objects.create(task="experiments.tasks.train_experiment", subject_id=source.id)
    source.experiments.create(project=source.project, name=name, spec={}, model="ridge", job=job)  # type: ignore[attr-defined]


def test_the_page_of_a_processed_file_shows_what_was_found(owner_client: Client, ready: DataSource) -> None:
    response = owner_client.get(address("detail", ready))
    page = response.content.decode()
    for words in (
        "40 days",
        "2001-01-01 to 2001-02-09",
        "converted from cubic feet per second (cfs)",
        "discharge_m3s",
        "2.83168",
    ):
        assert words in page
    assert "style-src 'self' 'unsafe-inline'" in response["Content-Security-Policy"]
    assert "unsafe-inline" not in owner_client.get(reverse("data:list"))["Content-Security-Policy"]


def test_rows_are_found_by_number_and_by_day(owner_client: Client, ready: DataSource) -> None:
    page = owner_client.get(address("detail", ready), {"row": "31"}).content.decode()
    assert "31–40 of 40" in page
    page = owner_client.get(
        address("detail", ready), {"at": "2001-02-01", "to": "2001-02-02"}
    ).content.decode()
    assert "29–40 of 40" in page
    assert page.count('class="marked"') == 2
    for nonsense in ({"row": "-1"}, {"row": "9" * 30}, {"at": "soon"}, {"row": "99999"}):
        assert owner_client.get(address("detail", ready), nonsense).status_code == 200


def test_the_page_at_work_asks_again_and_can_be_cancelled(
    owner_client: Client, make_source: Callable[..., DataSource]
) -> None:
    source = make_source()
    set_job(source, state=Job.State.RUNNING, stage="reading", percent=42)
    page = owner_client.get(address("detail", source)).content.decode()
    for words in (
        "Reading and checking",
        "42 %",
        "then writing the result",
        'http-equiv="refresh"',
        "Cancel",
    ):
        assert words in page
    owner_client.post(address("cancel", source))
    source.job.refresh_from_db()
    assert source.job.cancel_requested


def test_the_bar_is_sent_when_it_moved_and_the_page_when_it_is_over(
    owner_client: Client, make_source: Callable[..., DataSource]
) -> None:
    source = make_source()
    set_job(source, state=Job.State.RUNNING, stage="reading", percent=42)
    seen = "reading and checking:42"
    assert owner_client.get(address("progress", source), {"seen": seen}).status_code == 204
    set_job(source, percent=43)
    moved = owner_client.get(address("progress", source), {"seen": seen}).content.decode()
    assert "43 %" in moved
    assert "progress-said" not in moved
    set_job(source, stage="finishing")
    assert "progress-said" in owner_client.get(address("progress", source), {"seen": seen}).content.decode()
    work_on(source)
    set_job(source, state=Job.State.SUCCEEDED)
    assert owner_client.get(address("progress", source), {"seen": seen})["HX-Refresh"] == "true"


def test_a_failed_reprocessing_shows_the_fault_and_the_earlier_result(
    owner_client: Client, owner: User, ready: DataSource
) -> None:
    ready.upload_file.write_bytes(csv_text() + b"2001-02-30,1,1,x\n")
    reprocess_source(ready, actor=owner)
    work_on(ready)
    page = owner_client.get(address("detail", ready)).content.decode()
    assert "below is the earlier result" in page
    assert "2001-02-30" in page
    assert "40 days" in page


def test_processing_again_is_refused_while_it_runs(
    owner_client: Client, make_source: Callable[..., DataSource]
) -> None:
    source = make_source()
    response = owner_client.post(address("reprocess", source), follow=True)
    assert "is being processed" in response.content.decode()
    assert Job.objects.count() == 1


def test_the_plot_is_bokehs_json(owner_client: Client, ready: DataSource) -> None:
    plot = json.loads(owner_client.get(address("plot", ready), {"theme": "dark"}).content)
    assert plot["doc"]["roots"]


def test_lists_keep_search_state_and_sort(
    owner_client: Client, make_source: Callable[..., DataSource], owner: User
) -> None:
    for name in ("beta.csv", "Alpha.csv", "gamma_100%.csv"):
        make_source(name=name)
    elsewhere = make_source(name="delta.csv", project=create_project(owner=owner, name="Elsewhere"))
    work_on(elsewhere)

    def names(**query: str) -> list[str]:
        return [source.name for source in owner_client.get(reverse("data:list"), query).context["page"]]

    assert names(sort="name") == ["Alpha.csv", "beta.csv", "delta.csv", "gamma_100%.csv"]
    assert names(sort="-name")[0] == "gamma_100%.csv"
    assert names(sort="-rows")[0] == "delta.csv"
    assert names()[0] == "delta.csv"
    assert names(q="ALPHA") == ["Alpha.csv"]
    assert names(q="100%") == ["gamma_100%.csv"]
    assert names(q="\x00Alpha") == ["Alpha.csv"]
    assert names(q="nothing like it") == []
    assert names(state="ready") == ["delta.csv"]
    assert names(project=str(elsewhere.project_id)) == ["delta.csv"]
    assert names(page="99", sort="nonsense", state="nonsense")[0] == "delta.csv"


@pytest.mark.parametrize("sort", sorted(SORTS))
def test_the_pages_of_a_list_are_its_parts_in_any_order(
    sort: str, owner_client: Client, make_source: Callable[..., DataSource], owner: User
) -> None:
    for number in range(60):
        make_source(name=f"{number % 7}.csv")  # many alike, so that the second field of the order counts
    whole = [source.pk for source in source_list(owner, sort=sort)]

    def page(number: int) -> list[Any]:
        return [
            row.pk
            for row in owner_client.get(reverse("data:list"), {"sort": sort, "page": number}).context["page"]
        ]

    assert [page(number) for number in (1, 2, 3)] == [whole[:25], whole[25:50], whole[50:]]


def test_the_cost_of_a_list_does_not_grow(
    owner_client: Client,
    make_source: Callable[..., DataSource],
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    make_source()
    with django_assert_num_queries(4):  # session, user, count, page
        owner_client.get(reverse("data:list"))
    for _ in range(30):
        make_source()
    with django_assert_num_queries(4):
        assert "1–25 of 31" in owner_client.get(reverse("data:list")).content.decode()
    with django_assert_num_queries(4):
        assert "26–31 of 31" in owner_client.get(reverse("data:list"), {"page": 2}).content.decode()


def test_the_cost_of_a_page_is_four_queries(
    owner_client: Client, ready: DataSource, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(4):  # session, user, data source, membership
        owner_client.get(address("detail", ready))
