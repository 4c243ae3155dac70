"""Pages of releases: figures, order, filters, who sees what, and what members may change."""

import re
import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import AuditEntry, User
from monitor.issues.models import Issue
from monitor.issues.services import resolve
from monitor.projects.models import Project
from monitor.releases import services
from monitor.releases.commits import CommitData
from monitor.releases.comparing import Rate, verdict_of
from monitor.releases.models import Deploy, Release
from tests.monitor_site.delivering import Delivery, Thing

LIST = "/releases/"
DAY = timedelta(days=1)
HOSTILE = "<script>alert(1)</script>"


def sums(release: str, environment: str = "production", **counts: int) -> Thing:
    started = time.time()
    return (
        "sessions",
        {
            "attrs": {"release": release, "environment": environment},
            "aggregates": [{"started": started, **counts}],
        },
    )


def session(number: int, release: str, status: str = "exited", user: str | None = None) -> Thing:
    attributes = {"release": release, "environment": "production"}
    return (
        "session",
        {
            "sid": str(UUID(int=number)),
            "init": True,
            "started": time.time(),
            "status": status,
            "did": user,
            "attrs": attributes,
        },
    )


def failure(release: str, kind: str = "ValueError", **more: object) -> dict[str, object]:
    error = {"type": kind, "value": "boom"}
    return {
        "event_id": uuid4().hex,
        "release": release,
        "environment": "production",
        "exception": {"values": [error]},
        **more,
    }


def text_of(response: object) -> str:
    """What a reader reads, on one line."""
    html = response.content.decode()  # type: ignore[attr-defined]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def names_in_order(client: Client, query: str = "") -> list[str]:
    html = client.get(LIST + query).content.decode()
    return re.findall(r'data-open href="/releases/version/([^/]+)/', html)


def test_without_releases_the_page_says_how_they_come_to_be(as_viewer: Client, project: Project) -> None:
    page = text_of(as_viewer.get(LIST))
    assert "No releases yet" in page
    assert "sentry-cli releases new" in page


def test_the_figures_of_a_release(deliver: Delivery, as_viewer: Client) -> None:
    deliver(
        sums("shop@1.0.0", exited=90, errored=6, crashed=3, abnormal=1),
        sums("shop@0.9.0", exited=300),
        session(1, "shop@1.0.0", user="a"),
        session(2, "shop@1.0.0", "crashed", user="b"),
        failure("shop@1.0.0"),
    )
    page = text_of(as_viewer.get("/releases/version/shop@1.0.0/"))
    assert "Crash-free sessions 96.1 % 4 of 102 crashed" in page
    assert "Crash-free users 50 % 1 of 2 users" in page
    assert "Adoption 25.4 % of sessions in 24 h" in page
    assert "Sessions with errors 10.8 % 6 erred, 1 abnormal" in page
    assert "Events 1 9.8 per 1,000 sessions" in page
    assert "New issues 1" in page
    row = text_of(as_viewer.get(LIST))
    assert "25.4 % 96.1 % 50 % 102 1 1" in row


def test_an_environment_narrows_the_figures(deliver: Delivery, as_viewer: Client) -> None:
    deliver(sums("shop@1.0.0", exited=10), sums("shop@1.0.0", "staging", exited=1, crashed=1))
    page = text_of(as_viewer.get("/releases/version/shop@1.0.0/?environment=staging"))
    assert "Crash-free sessions 50 % 1 of 2 crashed" in page
    # It can be chosen though no event came from it.
    assert (
        '<option value="staging" selected>' in as_viewer.get(f"{LIST}?environment=staging").content.decode()
    )
    assert names_in_order(as_viewer, "?environment=nowhere") == []


def test_the_orders_of_the_list(deliver: Delivery, as_viewer: Client) -> None:
    deliver(sums("shop@1.10.0", exited=5), received=time.time() - 300)
    deliver(sums("4f1c2d9", exited=50, crashed=1), failure("4f1c2d9"), received=time.time() - 200)
    deliver(sums("shop@1.9.0", exited=10, crashed=5), received=time.time() - 100)
    assert names_in_order(as_viewer) == ["shop@1.9.0", "4f1c2d9", "shop@1.10.0"]
    assert names_in_order(as_viewer, "?sort=version") == ["shop@1.10.0", "shop@1.9.0", "4f1c2d9"]
    assert names_in_order(as_viewer, "?sort=sessions") == ["4f1c2d9", "shop@1.9.0", "shop@1.10.0"]
    assert names_in_order(as_viewer, "?sort=crashes")[0] == "shop@1.9.0"
    assert names_in_order(as_viewer, "?sort=events")[0] == "4f1c2d9"
    assert names_in_order(as_viewer, "?sort=nonsense&q=SHOP") == ["shop@1.9.0", "shop@1.10.0"]
    assert names_in_order(as_viewer, "?q=%00nothing") == []


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    deliver: Delivery, as_viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(*(sums(f"shop@1.{n}.0", exited=n, crashed=1) for n in range(1, 40)), failure("shop@1.1.0"))
    for query in ("", "?sort=version", "?sort=crashes&environment=production"):
        with django_assert_max_num_queries(16):
            assert len(names_in_order(as_viewer, query)) == 25
    with django_assert_max_num_queries(26):
        as_viewer.get("/releases/version/shop@1.1.0/")


def test_issues_new_and_back_and_resolved(deliver: Delivery, as_member: Client, admin: User) -> None:
    deliver(failure("shop@1.0.0", "OldError"))
    deliver(failure("shop@1.1.0", "NewError"))
    deliver(failure("shop@1.0.0", "FixedError"))
    resolve(Issue.objects.filter(type="OldError"), admin, in_release="shop@1.1.0")
    resolve(Issue.objects.filter(type="FixedError"), admin, in_release="shop@1.1.0")
    deliver(failure("shop@1.1.0", "OldError"))
    page = text_of(as_member.get("/releases/version/shop@1.1.0/"))
    new, rest = page.split("New in it", 1)[1].split("Came back in it", 1)
    back, resolved = rest.split("Commits", 1)[0].split("Resolved in it", 1)
    assert "NewError" in new
    assert "OldError" in back
    assert "FixedError" in resolved
    assert "OldError" not in new + resolved


def test_two_side_by_side(deliver: Delivery, as_viewer: Client) -> None:
    deliver(
        sums("shop@1.0.0", exited=9900, crashed=100),
        sums("shop@1.1.0", exited=9990, crashed=10),
        failure("shop@1.0.0", "GoneError"),
        failure("shop@1.0.0", "BothError"),
        failure("shop@1.1.0", "BothError"),
        failure("shop@1.1.0", "CameError"),
    )
    page = text_of(as_viewer.get("/releases/compare/", {"a": "shop@1.0.0", "b": "shop@1.1.0"}))
    assert "Crash-free sessions 99 % 99.9 % better" in page
    came, gone = page.split("Came with 1.1.0", 1)[1].split("Gone with 1.1.0", 1)
    assert ("CameError" in came, "BothError" in came, "GoneError" in came) == (True, False, False)
    assert ("CameError" in gone, "BothError" in gone, "GoneError" in gone) == (False, False, True)
    turned = text_of(as_viewer.get("/releases/compare/", {"a": "shop@1.1.0", "b": "shop@1.0.0"}))
    assert "Crash-free sessions 99.9 % 99 % worse" in turned


def transaction(release: str, seconds: float, status: str = "ok") -> Thing:
    end = time.time()
    trace = {"trace_id": uuid4().hex, "span_id": "0123456789abcdef", "op": "http.server", "status": status}
    return {
        "type": "transaction",
        "transaction": "/orders/",
        "release": release,
        "environment": "production",
        "start_timestamp": end - seconds,
        "timestamp": end,
        "contexts": {"trace": trace},
    }


def test_how_two_releases_answer(deliver: Delivery, as_viewer: Client) -> None:
    deliver(*(transaction("shop@1.0.0", 0.1) for _ in range(120)))
    deliver(*(transaction("shop@1.1.0", 0.5, "internal_error" if n % 2 else "ok") for n in range(120)))
    page = text_of(as_viewer.get("/releases/compare/", {"a": "shop@1.0.0", "b": "shop@1.1.0"}))
    assert "Failed requests, of those sampled 0 % 50 % worse" in page
    slower = re.search(r"p95 of requests, of those sampled (\d+) ms (\d+) ms worse", page)
    assert slower is not None
    assert (float(slower[1]), float(slower[2])) == pytest.approx((100, 500), rel=0.03)
    short = as_viewer.get("/releases/compare/", {"a": "shop@1.0.0", "b": "shop@1.1.0", "period": "24h"})
    assert "Requests sampled 120 120" in text_of(short)
    assert "Requests sampled 0" not in text_of(as_viewer.get(LIST))


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Rate(100, 10_000), Rate(10, 10_000), "better"),
        (Rate(10, 10_000), Rate(100, 10_000), "worse"),
        (Rate(1, 100), Rate(2, 100), "no clear difference"),
        (Rate(0, 10), Rate(0, 1000), "the same"),
        (Rate(0, 0), Rate(1, 10), ""),
        (Rate(5000, 1000), Rate(50, 1000), "better"),
        (Rate(10, 10), Rate(10, 10), "the same"),
    ],
)
def test_a_verdict_needs_more_than_chance(before: Rate, after: Rate, verdict: str) -> None:
    assert verdict_of(before, after) == verdict


def test_of_two_unlike_nothing_breaks(deliver: Delivery, as_viewer: Client) -> None:
    deliver(sums("a", exited=1), failure("b"))
    page = text_of(as_viewer.get("/releases/compare/", {"a": "a", "b": "b"}))
    assert "not known of both" in page
    assert as_viewer.get("/releases/compare/", {"a": "a", "b": "gone"}).status_code == 404
    assert "Choose two releases" in text_of(as_viewer.get("/releases/compare/"))


def test_what_another_project_counts_is_not_shown(
    deliver: Delivery, as_viewer: Client, as_admin: Client, other_project: Project
) -> None:
    deliver(sums("shop@1.0.0", exited=10))
    deliver(sums("shop@1.0.0", exited=90), sums("secret@1.0.0", exited=1), project=other_project)
    assert names_in_order(as_viewer) == ["shop@1.0.0"]
    assert "of 10 crashed" in text_of(as_viewer.get("/releases/version/shop@1.0.0/"))
    assert "of 100 crashed" in text_of(as_admin.get("/releases/version/shop@1.0.0/"))
    assert as_viewer.get("/releases/version/secret@1.0.0/").status_code == 404
    assert as_viewer.get("/releases/compare/", {"a": "shop@1.0.0", "b": "secret@1.0.0"}).status_code == 404


def test_members_mark_archive_and_write_notes(
    deliver: Delivery, as_member: Client, as_viewer: Client, admin: User
) -> None:
    deliver(sums("shop@1.0.0+a/b", exited=1))
    address = "/releases/change/shop@1.0.0+a/b/"
    assert as_viewer.post(address, {"action": "finalize"}).status_code == 403
    assert Release.objects.get().released_at is None
    as_member.post(address, {"action": "finalize"})
    assert Release.objects.get().released_at is not None
    as_member.post(address, {"action": "notes", "notes": f"By hand {HOSTILE}"})
    page = as_member.get("/releases/version/shop@1.0.0+a/b/").content.decode()
    assert HOSTILE not in page
    assert "By hand &lt;script&gt;" in page
    as_member.post(address, {"action": "archive"})
    assert names_in_order(as_member) == []
    assert "shop@1.0.0+a/b" in as_member.get(f"{LIST}?archived=1").content.decode()
    as_member.post(address, {"action": "restore"})
    as_member.post(address, {"action": "explode"})
    assert not Release.objects.get().is_archived
    assert AuditEntry.objects.filter(action="release.changed").count() == 4


def test_hostile_words_are_shown_as_words(deliver: Delivery, as_viewer: Client, admin: User) -> None:
    name = f"shop@1.0.0+{HOSTILE}"
    deliver(failure(name, HOSTILE))
    release = Release.objects.get()
    services.set_commits(release, [CommitData("a", message=HOSTILE, author_name=HOSTILE)], by=admin)
    services.create_deploy(release, HOSTILE, by=admin, name=HOSTILE)
    for address in (
        LIST,
        f"/releases/version/{name}/",
        f"/releases/compare/?a={name}&b={name}".replace("+", "%2B"),
    ):
        response = as_viewer.get(address)
        assert response.status_code == 200, address
        assert HOSTILE not in response.content.decode(), address


def test_what_was_deployed_in_the_time_with_all_of_its_deploys(as_viewer: Client, deliver: Delivery) -> None:
    deliver(sums("shop@1.0.0", exited=90, crashed=10), sums("shop@1.1.0", exited=95, errored=5))
    deliver(sums("shop@0.9.0", exited=1))
    now = timezone.now()
    for version, ago, environment in (
        *(("1.0.0", DAY * days / 4, "production") for days in range(5)),
        ("1.1.0", DAY / 2, "staging"),
        ("0.9.0", DAY * 30, "production"),
    ):
        release = Release.objects.get(version=f"shop@{version}")
        Deploy.objects.create(release=release, environment=environment, finished_at=now - ago)
    Release.objects.filter(version="shop@1.0.0").update(is_archived=True)
    page = as_viewer.get(LIST, {"deployed": "1"}).context
    assert {release.version: len(deploys) for release, _, deploys, _ in page["rows"]} == {
        "shop@1.0.0": 5, "shop@1.1.0": 1,
    }  # fmt: skip
    assert page["deploys"] == 6
    page = as_viewer.get(LIST, {"deployed": "1", "environment": "production", "period": "24h"}).context
    assert page["deploys"] == 4
    assert [release.version for release, *_ in as_viewer.get(LIST).context["rows"]] == [
        "shop@0.9.0",
        "shop@1.1.0",
    ]
    # Sessions of all releases, archived or not, deployed or not.
    assert (page["all"].sessions, page["all"].unhealthy_sessions) == (201, pytest.approx(15 / 201))
    empty = as_viewer.get(LIST, {"deployed": "1", "environment": "nowhere"}).content.decode()
    assert "Nothing in environment “nowhere”" in empty
