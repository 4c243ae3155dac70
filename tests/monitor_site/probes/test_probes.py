"""The application is asked from outside: real HTTP, answers good, bad, late and none."""

from __future__ import annotations

import http.server
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from monitor.access.models import User
from monitor.probes import services
from monitor.probes.asking import Answer, Heartbeat, Prober, ask
from monitor.probes.models import ProbeMinute, Target
from monitor.probes.selectors import courses

NOW = 1_800_000_000.0


class Application:
    """Answers each path with the status that it is told; counts the questions."""

    def __init__(self) -> None:
        self.status = 200
        self.delay_s = 0.0
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                application.asked.append(self.path)
                application.headers = dict(self.headers)
                time.sleep(application.delay_s)
                self.send_response(application.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    services.end()  # whatever ran the clock before may have begun it, with another address or none
    observers = services.observers[:]
    services.observers.clear()
    yield
    services.end()
    services.observers[:] = observers


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come to be so within a minute"
        time.sleep(0.02)


def answered(at: float, *, good: bool, url: str = "http://app/livez") -> Answer:
    return Answer(url, at, good, 12.0, "200" if good else "503")


def test_two_hundreds_are_good_and_everything_else_says_why(application: Application) -> None:
    assert ask(f"{application.address}/livez", 30).is_good
    application.status = 503
    refused = ask(f"{application.address}/readyz", 30)
    assert (refused.is_good, refused.text) == (False, "503")
    application.status = 302
    assert not ask(application.address, 30).is_good
    application.delay_s = 3
    late = ask(application.address, 0.2)
    assert not late.is_good
    assert "Timeout" in late.text


def test_a_probe_is_a_request_like_a_visitors_with_the_addresss_user(application: Application) -> None:
    assert ask(application.address.replace("//", "//ada:two%3Awords@"), 30).is_good
    assert application.headers["Host"] == application.address.removeprefix("http://")
    assert application.headers["Authorization"] == f"Basic {b64encode(b'ada:two:words').decode()}"
    assert ask(f"{application.address}?deep=1", 30).is_good
    assert application.asked[-1] == "/?deep=1"
    assert "Authorization" not in application.headers


def test_nobody_there_is_an_answer_too(application: Application) -> None:
    address = application.address
    application.server.server_close()
    gone = ask(address, 5)
    assert not gone.is_good
    # Refused, or reset while the socket is being closed.
    assert gone.text.startswith(("ConnectError", "ReadError"))
    for address in (
        "http://[broken",
        "http://host:port/",
        "ftp://host/",
        "no address",
        "http://häuser.example/",
    ):
        assert not ask(address, 5).is_good


def test_one_miss_is_none_two_in_a_row_are_down_and_one_answer_is_up(db: None) -> None:
    services.keep(answered(NOW, good=True))
    assert services.keep(answered(NOW + 15, good=False)).is_up
    down = services.keep(answered(NOW + 30, good=False))
    assert (down.is_up, down.misses, down.since.timestamp()) == (False, 2, NOW + 30)
    assert services.keep(answered(NOW + 45, good=False)).since.timestamp() == NOW + 30
    up = services.keep(answered(NOW + 60, good=True))
    assert (up.is_up, up.misses, up.since.timestamp()) == (True, 0, NOW + 60)


def test_observers_hear_of_each_answer_and_what_fails_in_them_keeps_nothing(db: None) -> None:
    services.keep(answered(NOW - 15, good=True))
    heard: list[tuple[int, bool]] = []
    services.observers.append(lambda target, answer: heard.append((target.misses, answer.is_good)))
    services.keep(answered(NOW, good=False))
    services.keep(answered(NOW + 15, good=True))
    assert heard == [(1, False), (0, True)]

    def fail(target: Target, answer: Answer) -> None:
        raise ValueError("no")

    services.observers.append(fail)
    with pytest.raises(ValueError, match="no"):
        services.keep(answered(NOW + 30, good=True))
    assert sum(ProbeMinute.objects.values_list("good", flat=True)) == 2


def test_nobody_is_woken_for_an_application_that_starts_for_the_first_time(db: None) -> None:
    heard: list[float] = []
    services.observers.append(lambda target, answer: heard.append(answer.at - NOW))
    for second in (0, 15, 30):
        assert services.keep(answered(NOW + second, good=False)).misses == second // 15 + 1
    assert heard == []
    services.keep(answered(NOW + 45, good=True))
    services.keep(answered(NOW + 60, good=False))
    assert heard == [45, 60], "once it has answered, every silence counts"


def test_an_application_that_never_starts_is_told_of_after_five_minutes(db: None) -> None:
    heard: list[float] = []
    services.observers.append(lambda target, answer: heard.append(answer.at - NOW))
    for second in range(0, 331, 15):
        services.keep(answered(NOW + second, good=False))
    assert heard == [300, 315, 330]


def test_minutes_are_added_up_and_old_ones_forgotten(db: None) -> None:
    for second in range(0, 120, 15):
        services.keep(answered(NOW + second, good=second != 30))
    assert list(ProbeMinute.objects.order_by("minute").values_list("good", "bad")) == [(3, 1), (4, 0)]
    (course,) = courses(NOW, NOW + 120, steps=2)
    assert course.shares == [0.75, 1.0]
    assert course.share == 7 / 8
    services.forget_old(NOW + 91 * 86400)
    assert not ProbeMinute.objects.exists()
    assert not Target.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_clock_keeps_what_the_threads_were_told(application: Application, settings: Settings) -> None:
    settings.PROBE_URL = application.address

    def both_kept() -> bool:
        services.run(time.time())
        return Target.objects.count() == 2

    wait_until(both_kept)
    assert {target.url for target in Target.objects.all()} == {
        f"{application.address}/livez",
        f"{application.address}/readyz",
    }
    assert all(target.is_up for target in Target.objects.all())


def test_without_an_address_nobody_is_asked(db: None, settings: Settings) -> None:
    settings.PROBE_URL = ""
    services.run(NOW)
    assert not Target.objects.exists()


def test_a_hanging_application_holds_up_nobody(application: Application) -> None:
    application.delay_s = 1
    prober = Prober([application.address], every_s=0.01, timeout_s=30)
    wait_until(lambda: application.asked)
    assert prober.answers() == []
    wait_until(prober.answers)
    prober.stop()


def test_the_heart_beats_only_while_all_is_well(application: Application) -> None:
    well = threading.Event()
    heart = Heartbeat(f"{application.address}/beat", every_s=0.02, timeout_s=30, is_well=well.is_set)
    assert application.asked == []
    well.set()
    wait_until(lambda: len(application.asked) >= 2)
    heart.stop()


def test_without_a_living_worker_the_digest_is_not_well(
    db: None, settings: Settings, tmp_path: object
) -> None:
    settings.DATA_ROOT = tmp_path
    assert not services.digest_is_well()


def test_the_page_says_what_is_up_and_what_is_down(as_viewer: Client) -> None:
    empty = as_viewer.get("/probes/").content.decode()
    assert "No application is asked" in empty
    now = time.time()
    for age in (60, 45):
        services.keep(answered(now - age, good=False, url="http://app/readyz"))
    services.keep(answered(now - 30, good=True, url="http://app/livez"))
    page = as_viewer.get("/probes/").content.decode()
    assert ">down</span>" in page
    assert ">up</span>" in page
    assert "503 after 12 ms" in page


def test_the_times_below_the_chart_are_the_readers(as_viewer: Client, viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(time_zone="Asia/Kathmandu")
    now = time.time() // 3600 * 3600
    services.keep(answered(now - 3600, good=True))
    page = as_viewer.get("/probes/").content.decode()
    below = re.findall(r"\b\d\d:\d\d</text>", page)
    assert below, "no time stands below the chart"
    assert ", 15 min</text>" not in page
