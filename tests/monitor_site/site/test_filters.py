"""Projects, environment and period of a page, from its address and back into it."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
import time_machine
from django.http import Http404, HttpRequest
from django.template import Context, Template
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import User
from monitor.issues.models import TagValue
from monitor.projects.models import Project
from monitor.site.filters import Filters, carried

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _request(address: str, user: User) -> HttpRequest:
    request = RequestFactory().get(address)
    request.user = user
    return request


@pytest.mark.usefixtures("project")
def test_an_admin_sees_all_projects_and_a_member_theirs(
    admin: User, member: User, other_project: Project, project: Project
) -> None:
    assert set(Filters.of(_request("/", admin)).projects) == {project, other_project}
    assert Filters.of(_request("/", member)).projects == [project]


def test_several_projects_can_be_chosen(admin: User, project: Project, other_project: Project) -> None:
    filters = Filters.of(_request("/?project=hydroml&project=other", admin))
    assert not filters.narrowed
    filters = Filters.of(_request("/?project=other", admin))
    assert filters.narrowed
    assert filters.projects == [other_project]


@pytest.mark.usefixtures("other_project")
def test_a_project_that_is_not_ones_own_does_not_exist(member: User) -> None:
    with pytest.raises(Http404):
        Filters.of(_request("/?project=other", member))
    with pytest.raises(Http404):
        Filters.of(_request("/?project=nothing", member))


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("query", "hours"), [("", 24), ("period=1h", 1), ("period=7d", 168), ("period=nonsense", 24)]
)
def test_the_period_ends_now(admin: User, query: str, hours: int) -> None:
    filters = Filters.of(_request(f"/?{query}", admin))
    assert filters.until == NOW
    assert filters.period == hours * 3600


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("since", ["2026-11-20T00:00:00Z", "2026-11-20T00:00:00", "1795132800"])
def test_a_stretch_can_be_named(admin: User, since: str) -> None:
    filters = Filters.of(_request(f"/?since={since}&until=2026-11-21T00:00:00Z", admin))
    assert (filters.since, filters.until) == (
        datetime(2026, 11, 20, tzinfo=UTC),
        datetime(2026, 11, 21, tzinfo=UTC),
    )
    assert filters.period_name == ""


@pytest.mark.parametrize("since", ["yesterday", "99999999999999999999", "2026-13-01", "1e9", "-5"])
def test_what_is_no_moment_counts_as_none(admin: User, since: str) -> None:
    assert Filters.of(_request(f"/?since={since}", admin)).period == 86_400


def test_the_filters_can_be_written_into_an_address_and_read_again(
    admin: User, project: Project, other_project: Project
) -> None:
    filters = Filters.of(_request("/?project=hydroml&environment=production&period=7d&q=x", admin))
    again = Filters.of(_request(f"/?{filters.query}", admin))
    assert (again.projects, again.environment, again.period) == ([project], "production", 7 * 86_400)
    assert filters.other == (("q", "x"),)


@time_machine.travel(NOW, tick=False)
def test_a_named_stretch_survives_too(admin: User) -> None:
    filters = Filters.of(_request("/?since=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z", admin))
    assert Filters.of(_request(f"/?{filters.query}", admin)).since == filters.since


def test_links_to_other_rooms_take_the_filters_along(admin: User) -> None:
    found = carried(_request("/?project=a&project=b&environment=&q=secret&page=3", admin))
    assert parse_qsl(found.removeprefix("?")) == [("project", "a"), ("project", "b")]


def test_the_form_offers_the_environments_that_events_came_from(
    admin: User, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    TagValue.objects.create(project=project, key="environment", value="production")
    TagValue.objects.create(project=project, key="release", value="1.0")
    with django_assert_num_queries(2):
        filters = Filters.of(_request("/?q=%22%3E%3Cscript%3E", admin))
        html = Template('{% include "site/filters.html" %}').render(Context({"filters": filters}))
    assert "production" in html
    assert "1.0" not in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("query", "unread"),
    [
        ("period=bad", ("period=bad",)),
        ("since=0001-01-01T00:00:00%2B14:00", ("since=0001-01-01T00:00:00+14:00",)),
        ("since=2026-11-01&until=9999-12-31T23:59:59-14:00", ("until=9999-12-31T23:59:59-14:00",)),
        ("since=2026-11-22&until=2026-11-01", ("since=2026-11-22", "until=2026-11-01")),
        ("since=2026-11-01&until=2026-11-02", ()),
        ("period=7d", ()),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_what_names_no_time_is_said(admin: User, query: str, unread: tuple[str, ...]) -> None:
    filters = Filters.of(_request(f"/?{query}", admin))
    assert filters.unread == unread
    shown = Template('{% include "site/filters.html" %}').render(Context({"filters": filters}))
    assert ("Passed over" in shown) == bool(unread)


LISTS = (
    "/issues/", "/releases/", "/crons/", "/performance/", "/performance/queries/", "/performance/metrics/",
    "/feedback/", "/incidents/", "/alerts/", "/dashboards/events/", "/dashboards/correlation/",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_names_the_environment_that_hides_all(
    path: str, as_member: Client, project: Project
) -> None:
    page = as_member.get(path, {"environment": "nope", "project": project.slug}).content.decode()
    assert "Nothing in environment “nope”" in page
    assert 'href="?project=hydroml">Show all environments' in page
    assert "Nothing in environment" not in as_member.get(path).content.decode()


def test_an_environment_is_unknown_until_something_came_from_it(admin: User, project: Project) -> None:
    assert Filters.of(_request("/?environment=production", admin)).is_environment_unknown
    TagValue.objects.create(project=project, key="environment", value="production")
    assert not Filters.of(_request("/?environment=production", admin)).is_environment_unknown
    assert not Filters.of(_request("/", admin)).is_environment_unknown
