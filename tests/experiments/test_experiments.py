"""Experiments from form to result: guards, permissions, searches, exports, and what is left when one is deleted."""

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from data_tools.models import DataSource
from experiments import tasks
from experiments.forms import ExperimentForm
from experiments.models import Experiment, Trial
from experiments.services import cancel_experiment
from jobs.models import Job
from projects.models import Project, Role
from projects.services import delete_project, set_archived

pytestmark = pytest.mark.django_db(transaction=True)

Sent = list[tuple[str, str]]


def form_data(source: DataSource, **changes: Any) -> dict[str, Any]:
    """What the browser sends when the form is left as it is."""
    form = ExperimentForm(source=source)
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: field.prepare_value(data[name]) for name, field in form.fields.items()}
    data = {name: "" if value is None else value for name, value in data.items()}
    data["use_target_history"] = "on"
    return {**data, "source": source.id, "parameters": "max_iter = 20", **changes}


def start(client: Client, source: DataSource, **changes: Any) -> Experiment:
    response = client.post(
        reverse("experiments:create", args=[source.project_id]), form_data(source, **changes)
    )
    assert response.status_code == 302, response.context["form"].errors
    return Experiment.objects.get(pk=response["Location"].strip("/").split("/")[-1])


def work_off(sent: Sent) -> None:
    """Do what the broker holds, as one worker would."""
    while sent:
        task, job = sent.pop(0)
        {tasks.train_experiment.name: tasks.train_experiment, tasks.run_trial.name: tasks.run_trial}[task](
            job
        )


def test_the_form_as_it_stands_trains_and_is_judged_beside_the_baseline(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    experiment = start(owner_client, make_source())
    work_off(sent)
    experiment.refresh_from_db()
    assert experiment.job.state == Job.State.SUCCEEDED
    assert experiment.nse is not None
    assert experiment.baseline_nse is not None
    page = owner_client.get(experiment.get_absolute_url()).content.decode()
    assert "persistence" in page
    for kind in ("hydrograph", "scatter", "flow_duration", "residuals", "importance"):
        answer = owner_client.get(reverse("experiments:plot", args=[experiment.id, kind]))
        assert answer["Content-Type"] == "application/json"


def test_an_experiment_without_a_name_is_named_for_its_model_and_not_for_another(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    source = make_source()
    assert start(owner_client, source, model="ridge", parameters="").name == "Linear (ridge), 1 day ahead"
    assert (
        start(owner_client, source, model="random_forest", lead_time=3, parameters="").name
        == "Random forest, 3 days ahead"
    )
    assert start(owner_client, source, name="Mine").name == "Mine"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"inputs": ["discharge_m3s", "precipitation_mm"]}, "inputs", "leak"),
        ({"train_end": "2019-06-01", "test_start": "2018-01-01"}, "test_start", "after the training period"),
        ({"train_end": "2015-01-20", "test_start": "2015-01-21"}, "train_end", "100 are needed"),
        ({"lags": "1, two"}, "lags", "“two” is not a whole number"),
        ({"parameters": "learning_rate: 1"}, "parameters", "name = number"),
        ({"parameters": "speed = 3"}, "parameters", "has no parameter"),
        ({"model": "persistence", "trials": "4"}, "trials", "no parameters to search"),
        ({"lead_time": "99"}, "lead_time", "30"),
    ],
)
def test_a_choice_that_gives_no_honest_answer_is_refused_beside_its_field(
    owner_client: Client,
    make_source: Callable[[], DataSource],
    changes: dict[str, Any],
    field: str,
    words: str,
) -> None:
    source = make_source()
    response = owner_client.post(
        reverse("experiments:create", args=[source.project_id]), form_data(source, **changes)
    )
    assert response.status_code == 422
    assert words in str(response.context["form"].errors[field])
    assert not Experiment.objects.exists()
    assert not Job.objects.filter(data_source=None).exists()


def test_a_search_runs_in_batches_and_trains_with_the_best(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    experiment = start(owner_client, make_source(), model="ridge", trials="6", parameters="")
    work_off(sent)
    experiment.refresh_from_db()
    trials = list(experiment.trials.all())
    assert [trial.batch for trial in trials] == [0, 0, 0, 0, 1, 1]
    best = max(trials, key=lambda trial: trial.score or 0)
    assert experiment.result["model_parameters"]["alpha"] == pytest.approx(best.parameters["alpha"])


def test_a_search_whose_last_message_is_lost_is_woken_by_the_reaper(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    experiment = start(owner_client, make_source(), model="ridge", trials="2", parameters="")
    tasks.train_experiment(sent.pop(0)[1])
    trials = [sent.pop(0), sent.pop(0)]
    for _task, job in trials:
        tasks.run_trial(job)
    sent.clear()
    Job.objects.filter(pk=experiment.job_id).update(sent_at=None, attempt=1)
    from jobs.services import reap_jobs

    assert reap_jobs() == 1
    work_off(sent)
    experiment.refresh_from_db()
    assert experiment.is_ready


def test_cancelling_a_search_cancels_its_trials(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    experiment = start(owner_client, make_source(), model="ridge", trials="4", parameters="")
    tasks.train_experiment(sent.pop(0)[1])
    cancel_experiment(experiment)
    states = set(Job.objects.filter(data_source=None).values_list("state", flat=True))
    assert states == {Job.State.CANCELLED}
    work_off(sent)
    assert not Trial.objects.exclude(score=None).exists()


def test_a_diverging_model_fails_with_what_to_do_and_a_diverging_trial_is_only_a_bad_trial(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    source = make_source()
    experiment = start(owner_client, source, parameters="learning_rate = 10\nmax_iter = 400")
    with pytest.raises(Exception, match="diverged"):
        work_off(sent)
    page = owner_client.get(experiment.get_absolute_url()).content.decode()
    assert "Lower the learning rate" in page


def test_the_same_seed_gives_the_same_bytes_again(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    first = start(owner_client, make_source())
    work_off(sent)
    again = owner_client.post(reverse("experiments:run_again", args=[first.id]))
    second = Experiment.objects.get(pk=again["Location"].strip("/").split("/")[-1])
    work_off(sent)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.predictions_file.read_bytes() == second.predictions_file.read_bytes()


def test_exports_are_files_that_can_be_read_again(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent, tmp_path: Path
) -> None:
    experiment = start(owner_client, make_source())
    work_off(sent)
    url = reverse("experiments:export", args=[experiment.id, "csv"])
    csv = owner_client.get(url)
    assert 'filename="gradient-boosting-1-day-ahead.csv"' in csv["Content-Disposition"]
    frame = pl.read_csv(csv.content)
    assert frame.columns == ["date", "observed", "simulated", "baseline", "split"]
    parquet = owner_client.get(reverse("experiments:export", args=[experiment.id, "parquet"]))
    (tmp_path / "out.parquet").write_bytes(b"".join(parquet.streaming_content))  # type: ignore[attr-defined]
    assert pl.read_parquet(tmp_path / "out.parquet").height == frame.height
    card = owner_client.get(reverse("experiments:export", args=[experiment.id, "md"])).content.decode()
    assert "Nash" in card or "NSE" in card
    assert owner_client.get(reverse("experiments:export", args=[experiment.id, "xlsx"])).status_code == 404


def test_two_experiments_are_compared_side_by_side(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    source = make_source()
    both = [start(owner_client, source), start(owner_client, source, model="ridge", parameters="")]
    work_off(sent)
    query = {"id": [str(experiment.id) for experiment in both]}
    page = owner_client.get(reverse("experiments:compare"), query)
    assert page.content.decode().count(">best</span>") >= 4
    assert owner_client.get(reverse("experiments:compare_plot"), query).status_code == 200
    assert owner_client.get(reverse("experiments:compare")).status_code == 200


def test_a_stranger_sees_nothing_and_a_viewer_changes_nothing(
    client: Client,
    owner_client: Client,
    make_source: Callable[[], DataSource],
    member: Callable[[Role], User],
    make_user: Callable[..., User],
    sent: Sent,
) -> None:
    experiment = start(owner_client, make_source())
    work_off(sent)
    looking = [reverse("experiments:detail", args=[experiment.id]), reverse("experiments:list")]
    changing = [
        reverse(f"experiments:{name}", args=[experiment.id]) for name in ("cancel", "run_again", "delete")
    ]
    client.force_login(make_user("Stranger"))
    assert client.get(looking[0]).status_code == 404
    assert experiment.name not in client.get(looking[1]).content.decode()
    assert {client.post(url).status_code for url in changing} == {404}
    assert client.get(reverse("experiments:compare"), {"id": str(experiment.id)}).context["experiments"] == []
    client.force_login(member(Role.VIEWER))
    assert client.get(looking[0]).status_code == 200
    assert {client.post(url).status_code for url in changing} == {403}
    assert {client.get(url).status_code for url in changing} == {405}


def test_nobody_is_offered_what_they_may_not_do(
    client: Client,
    owner: User,
    owner_client: Client,
    make_source: Callable[[], DataSource],
    member: Callable[[Role], User],
    sent: Sent,
) -> None:
    experiment = start(owner_client, make_source())
    work_off(sent)
    project = experiment.project
    create, again, delete = (
        reverse("experiments:create", args=[project.id]),
        reverse("experiments:run_again", args=[experiment.id]),
        reverse("experiments:delete", args=[experiment.id]),
    )

    def offered(to: Client) -> set[str]:
        listed = to.get(reverse("experiments:list"), {"project": str(project.id)}).content.decode()
        shown = to.get(experiment.get_absolute_url()).content.decode()
        return {url for url in (create, again, delete) if f'"{url}' in listed + shown}

    assert offered(owner_client) == {create, again, delete}
    client.force_login(member(Role.ANALYST))
    assert offered(client) == {create, again}
    client.force_login(member(Role.VIEWER))
    assert offered(client) == set()
    client.force_login(owner)
    set_archived(project, archived=True, actor=owner)
    assert offered(client) == {delete}
    assert client.get(create).status_code == 403
    assert client.post(again).status_code == 403
    assert Experiment.objects.count() == 1


def test_the_choice_of_data_comes_in_pages(
    owner_client: Client, make_source: Callable[[], DataSource], project: Project
) -> None:
    source = make_source()
    url = reverse("experiments:create", args=[project.id])
    assert owner_client.get(url).context["source"] == source
    for number in range(29):
        source.pk, source.name = uuid.uuid4(), f"gauge {number:02}"
        source.job = Job.objects.create(task=source.job.task, subject_id=source.pk)
        source._state.adding = True
        source.save()
    first, second = (owner_client.get(url, {"page": page}).context["page"] for page in (1, 2))
    assert (len(first), len(second)) == (25, 5)
    assert len({one.pk for page in (first, second) for one in page}) == 30


def test_parameters_are_shown_as_one_types_them_in_every_language(
    owner: User, owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    """What is read there is copied into the form, which takes a point."""
    source = make_source()
    both = [start(owner_client, source, parameters=f"learning_rate = 0.{n}5") for n in range(2)]
    work_off(sent)
    User.objects.filter(pk=owner.pk).update(language="de")
    page = owner_client.get(both[0].get_absolute_url()).content.decode()
    assert "learning_rate = 0.05" in page
    compared = owner_client.get(reverse("experiments:compare"), {"id": [one.pk for one in both]})
    assert {"0.05", "0.15"} <= set(re.findall(r"0[.,]\d5", compared.content.decode()))


def test_an_analyst_deletes_their_own_experiment_and_a_manager_all(
    client: Client,
    owner_client: Client,
    make_source: Callable[[], DataSource],
    member: Callable[[Role], User],
    sent: Sent,
) -> None:
    experiment = start(owner_client, make_source())
    work_off(sent)
    url = reverse("experiments:delete", args=[experiment.id])
    client.force_login(member(Role.ANALYST))
    assert client.post(url).status_code == 403
    client.force_login(member(Role.MANAGER))
    assert client.post(url).status_code == 302
    assert not Experiment.objects.exists()
    assert not Job.objects.filter(data_source=None).exists()
    assert list((settings.DATA_ROOT / "experiments").rglob("*.parquet")) == []


def test_a_project_goes_with_everything_in_it(
    owner_client: Client, make_source: Callable[[], DataSource], sent: Sent
) -> None:
    source = make_source()
    start(owner_client, source, model="ridge", trials="2", parameters="")
    work_off(sent)
    delete_project(source.project)
    assert not Job.objects.exists()
    assert [path for path in settings.DATA_ROOT.rglob("*") if path.is_file()] == []


def test_the_list_asks_as_many_queries_for_one_as_for_many(
    owner_client: Client,
    make_source: Callable[[], DataSource],
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[Any]],
    sent: Sent,
) -> None:
    source = make_source()
    for _ in range(6):
        start(owner_client, source)
    with django_assert_max_num_queries(6):
        page = owner_client.get(
            reverse("experiments:list"), {"model": "hist_gradient_boosting", "sort": "name"}
        )
    assert len(page.context["page"]) == 6
