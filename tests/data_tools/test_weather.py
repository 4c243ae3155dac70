"""Weather imports against the real local service: what is imported, and what each of its failures ends in."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.models import User
from core.errors import ApplicationError, ExternalServiceError
from core.resilience import Breaker, CircuitOpenError, OutsideService, Retry, ServiceAnswerError
from data_tools.models import DataSource
from data_tools.tasks import import_weather
from data_tools.weather import client as weather_client
from data_tools.weather.client import WeatherNotConfiguredError
from data_tools.weather.models import WeatherImport
from data_tools.weather.query import WeatherQuery, read_answer
from data_tools.weather.services import start_import
from jobs.models import Job
from projects.models import Project, Role
from stack import weather_service
from stack.weather_service import WeatherServer, archive
from tests.core.test_resilience import Clock
from tests.core.wire import reporting
from tests.data_tools.conftest import files_left, work_on

QUERY = WeatherQuery(Decimal("44.6083"), Decimal("-67.9353"), date(2001, 1, 1), date(2001, 3, 31))
FIELDS = {
    "latitude": "44.6083",
    "longitude": "-67.9353",
    "start": "2001-01-01",
    "end": "2001-03-31",
    "name": "",
}

KEYS = st.sampled_from(["daily", "daily_units", "time", "latitude", "longitude", "x"])
ODD_ANSWERS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
)


def client_with(*, timeout_s: float, try_timeout_s: float) -> OutsideService:
    """As careful as the real one; it tries again sooner and gives up earlier."""
    return OutsideService(
        "weather",
        title="weather service",
        timeout_s=timeout_s,
        try_timeout_s=try_timeout_s,
        retry=Retry(tries=2, base_s=0.01),
        breaker=Breaker(failures=3, open_s=3600),
    )


@pytest.fixture
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeatherServer]:
    """The local service, and a client of it that has patience: this machine may be busy."""
    monkeypatch.setattr(weather_client, "weather_service", client_with(timeout_s=120, try_timeout_s=60))
    monkeypatch.setattr(weather_service, "SLOW_PAUSE_S", 0.05)
    with WeatherServer(0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        settings.WEATHER_SERVICE_URL = f"http://127.0.0.1:{server.server_address[1]}"
        yield server
        server.mood.set("ok", None)
        server.shutdown()


@pytest.fixture
def wanted(project: Project, owner: User) -> Callable[[], WeatherImport]:
    return lambda: start_import(
        project,
        actor=owner,
        name="",
        latitude=QUERY.latitude,
        longitude=QUERY.longitude,
        start=QUERY.start,
        end=QUERY.end,
    )


def run(wanted: WeatherImport) -> tuple[WeatherImport, BaseException | None]:
    """Do as a worker does; the import as it is then, and what the worker would have reported."""
    raised: BaseException | None = None
    try:
        import_weather(str(wanted.job_id))
    except ApplicationError as error:
        raised = error
    return WeatherImport.objects.select_related("job", "source", "source__job").get(pk=wanted.pk), raised


def answer(**changes: Any) -> dict[str, Any]:
    return json.loads(json.dumps(archive(QUERY.parameters))) | changes


def test_an_import_becomes_a_data_source_like_any_upload(
    service: WeatherServer, wanted: Callable[[], WeatherImport], owner: User
) -> None:
    done, raised = run(wanted())
    assert raised is None
    assert done.job.state == Job.State.SUCCEEDED
    assert done.source is not None
    source = work_on(done.source)
    assert source.job.state == Job.State.SUCCEEDED
    assert (source.name, source.uploaded_by, source.synthetic) == (
        "Weather 44.6083° N, 67.9353° W",
        owner,
        True,
    )
    assert (source.rows, source.first_date, source.last_date) == (90, QUERY.start, QUERY.end)
    assert [column["name"] for column in source.columns] == [
        "date",
        "precipitation_mm",
        "temperature_max_c",
        "temperature_min_c",
    ]
    assert not [path for path in files_left() if path.startswith("incoming")]
    run(wanted())
    assert DataSource.objects.values("sha256").distinct().count() == 1, "the same place has the same weather"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("500", "The weather service failed: it answers with status 500 (asked 2 times). Try again in"),
        ("429", "failed: it is asked too often (asked 2 times)"),
        ("hang", "failed: it takes too long (asked 2 times)"),
        ("slow", "failed: it takes too long (asked 2 times)"),
        ("away", "failed: there is no connection (asked 2 times)"),
        ("garbage", "is no JSON"),
        ("wrong_schema", "has no daily"),
    ],
)
def test_each_failure_ends_in_words(
    service: WeatherServer,
    wanted: Callable[[], WeatherImport],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    words: str,
) -> None:
    if mode in ("hang", "slow"):  # which last for longer than this test may
        monkeypatch.setattr(weather_client, "weather_service", client_with(timeout_s=60, try_timeout_s=0.3))
    service.mood.set(mode, None)
    failed, raised = run(wanted())
    assert isinstance(raised, ExternalServiceError)
    assert raised.service == "weather"
    assert failed.job.state == Job.State.FAILED
    assert words in failed.job.error_message
    assert "127.0.0.1" not in failed.job.error_message
    assert failed.source is None
    assert [path for path in files_left() if not path.startswith("mail")] == []


def test_the_last_good_answer_stands_in_and_says_so(
    service: WeatherServer, wanted: Callable[[], WeatherImport], owner_client: Client
) -> None:
    run(wanted())
    [kept] = (Path(weather_client.settings.DATA_ROOT) / "weather").iterdir()
    moment = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    os.utime(kept, (moment.timestamp(), moment.timestamp()))
    service.mood.set("wrong_schema", None)
    done, raised = run(wanted())
    assert raised is None
    assert done.source is not None
    assert done.source.name.endswith("(kept answer of 2026-03-04)")
    assert done.answered_at == moment
    page = owner_client.get(done.source.get_absolute_url()).content.decode()
    assert "Not fresh: this is the weather service's answer of 2026-03-04 05:06," in page
    kept.write_bytes(b"torn")
    assert run(wanted())[0].job.state == Job.State.FAILED, "what cannot be read is no answer"


def test_a_service_that_stays_away_is_no_longer_asked_and_one_that_is_back_is(
    service: WeatherServer, wanted: Callable[[], WeatherImport], monkeypatch: pytest.MonkeyPatch
) -> None:
    service.mood.set("500", None)
    with reporting() as sent:
        outcomes = [run(wanted())[1] for _ in range(3)]
    assert type(outcomes[2]) is CircuitOpenError
    assert [event["tags"]["circuit"] for event in sent.errors] == ["open"]
    service.mood.set("ok", None)
    failed, _ = run(wanted())
    assert "Try again in" in failed.job.error_message
    monkeypatch.setattr(weather_client.weather_service._circuit, "_open_s", 0)
    assert run(wanted())[0].source is not None


def test_without_a_service_the_form_says_so_and_the_task_too(
    owner_client: Client, project: Project, settings: Settings, wanted: Callable[[], WeatherImport]
) -> None:
    settings.WEATHER_SERVICE_URL = ""
    address = reverse("data:weather", args=[project.id])
    assert "No weather service is set" in owner_client.get(address).content.decode()
    owner_client.post(address, FIELDS)
    assert not WeatherImport.objects.exists()
    failed, raised = run(wanted())
    assert type(raised) is WeatherNotConfiguredError
    assert "No weather service is set" in failed.job.error_message


def test_the_pages_lead_from_the_form_to_the_data_source(
    service: WeatherServer, owner_client: Client, project: Project
) -> None:
    address = reverse("data:weather", args=[project.id])
    for page in (project.get_absolute_url(), reverse("data:upload", args=[project.id])):
        assert address in owner_client.get(page).content.decode()
    assert owner_client.get(address).status_code == 200
    at = owner_client.post(address, FIELDS)["Location"]
    [wanted] = WeatherImport.objects.all()
    assert "Kept; waiting for the queue" in owner_client.get(at).content.decode()
    Job.objects.update(sent_at=datetime.now(UTC))
    assert "Waiting for a worker" in owner_client.get(at).content.decode()
    service.mood.set("500", None)
    run(wanted)
    page = owner_client.get(at).content.decode()
    assert "it answers with status 500" in page
    assert f"{address}?latitude=44.6083&amp;longitude=-67.9353&amp;start=2001-01-01" in page
    assert owner_client.get(reverse("data:weather_progress", args=[wanted.id]))["HX-Redirect"] == at
    service.mood.set("ok", None)
    assert owner_client.post(reverse("data:weather_again", args=[wanted.id]))["Location"] == at
    done, _ = run(WeatherImport.objects.get())
    assert done.source is not None
    assert owner_client.get(at)["Location"] == done.source.get_absolute_url()
    progress = owner_client.get(reverse("data:weather_progress", args=[wanted.id]))
    assert progress["HX-Redirect"] == done.source.get_absolute_url()
    assert owner_client.post(reverse("data:weather_again", args=[wanted.id])).status_code == 302
    assert Job.objects.filter(task="data_tools.tasks.import_weather").count() == 2, (
        "what is done is not done again"
    )


def test_a_cancelled_import_leaves_nothing(
    service: WeatherServer, owner_client: Client, wanted: Callable[[], WeatherImport]
) -> None:
    waiting = wanted()
    owner_client.post(reverse("data:weather_cancel", args=[waiting.id]))
    cancelled, _ = run(waiting)
    assert cancelled.job.state == Job.State.CANCELLED
    assert "was cancelled" in owner_client.get(cancelled.get_absolute_url()).content.decode()


@pytest.mark.parametrize("gone", ["project", "archived"])
def test_a_project_that_ends_meanwhile_gets_no_data_source(
    service: WeatherServer,
    project: Project,
    wanted: Callable[[], WeatherImport],
    owner_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    gone: str,
) -> None:
    waiting = wanted()
    ask = weather_client.fetch

    def fetch(query: WeatherQuery, timeout_s: float) -> bytes:
        if gone == "project":
            project.delete()
        else:
            Project.objects.update(archived_at=datetime.now(UTC))
        return ask(query, timeout_s)

    monkeypatch.setattr(weather_client, "fetch", fetch)
    import_weather(str(waiting.job_id))
    assert Job.objects.get(pk=waiting.job_id).state == Job.State.FAILED
    assert not DataSource.objects.exists()
    assert not [path for path in files_left() if path.startswith(("incoming", "sources"))]
    if gone == "archived":
        User.objects.update(language="de")
        assert (
            "Das Projekt wurde archiviert." in owner_client.get(waiting.get_absolute_url()).content.decode()
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"latitude": "91"}, "latitude"),
        ({"longitude": "nan"}, "longitude"),
        ({"start": "1939-12-31"}, "start"),
        ({"start": "2001-04-01"}, "end"),
        ({"end": "2999-01-01"}, "end"),
        ({"start": "1950-01-01", "end": "2010-01-01"}, "end"),
    ],
)
def test_an_impossible_place_or_period_is_told_beside_its_field(
    service: WeatherServer, owner_client: Client, project: Project, changes: dict[str, str], field: str
) -> None:
    response = owner_client.post(reverse("data:weather", args=[project.id]), FIELDS | changes)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not WeatherImport.objects.exists()


def test_viewers_may_look_and_strangers_may_not(
    client: Client,
    project: Project,
    member: Callable[[Role], User],
    make_user: Callable[..., User],
    wanted: Callable[[], WeatherImport],
) -> None:
    waiting = wanted()
    pages = [reverse("data:weather", args=[project.id]), waiting.get_absolute_url()]
    again = reverse("data:weather_again", args=[waiting.id])
    for user, statuses in ((member(Role.VIEWER), [403, 200, 403]), (make_user("Stranger"), [404, 404, 404])):
        client.force_login(user)
        answers = [client.get(page).status_code for page in pages] + [client.post(again).status_code]
        assert answers == statuses


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"latitude": 12.0}, "another latitude"),
        ({"latitude": True}, "another latitude"),
        ({"daily_units": {"precipitation_sum": "inch"}}, "another unit than mm"),
        ({"daily": []}, "no daily"),
        ({"daily": {"time": ["2001-01-01"]}}, "other days"),
    ],
)
def test_an_answer_to_another_question_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ServiceAnswerError, match=words):
        read_answer(QUERY, json.dumps(answer(**changes)).encode())


@pytest.mark.parametrize("value", ["1.0", True, -1.0, 99999.0, [1], float("nan"), float("inf")])
def test_one_impossible_value_among_many_is_refused(value: Any) -> None:
    given = answer()
    given["daily"]["precipitation_sum"][40] = value
    with pytest.raises(ServiceAnswerError):
        read_answer(QUERY, json.dumps(given).encode())


def test_a_missing_value_stays_missing() -> None:
    given = answer()
    given["daily"]["precipitation_sum"][1] = None
    assert read_answer(QUERY, json.dumps(given).encode()).to_csv().splitlines()[2].startswith(b"2001-01-02,,")


@given(st.binary(max_size=200) | ODD_ANSWERS.map(lambda value: json.dumps(value).encode()))
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_answer_however_odd_raises_anything_else(raw: bytes) -> None:
    with suppress(ServiceAnswerError):
        read_answer(QUERY, raw)
    with suppress(ServiceAnswerError):
        read_answer(QUERY, b"[" * 100_000)


def test_the_service_takes_wishes_as_json_only_and_forgets_them_in_time(
    service: WeatherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(weather_service, "time", clock)
    control = f"http://127.0.0.1:{service.server_address[1]}/control"
    assert httpx.post(control, data={"mode": "500"}).status_code == 404, (
        "a page of another site could send this"
    )
    assert httpx.post(control, json={"mode": "sunny"}).status_code == 400
    assert httpx.post(control, json={"mode": "500", "for_s": 30}).json() == {"mode": "500", "for_s": 30}
    clock.now += 29
    assert httpx.get(control).json()["mode"] == "500"
    clock.now += 1
    assert httpx.get(control).json()["mode"] == "ok"
