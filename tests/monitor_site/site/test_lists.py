"""Pages of lists, whose cost does not grow with the list."""

import pytest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from monitor.projects.models import Project
from monitor.site.lists import page_of, searched


@pytest.fixture
def projects(db: None) -> None:
    Project.objects.bulk_create(Project(slug=f"p{n:02}", name=f"Project {n:02}") for n in range(25))


@pytest.mark.usefixtures("projects")
def test_no_more_is_counted_than_is_said(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = RequestFactory().get("/?page=2")
    with django_assert_num_queries(2):
        page = page_of(request, Project.objects.order_by("slug"), 10, counted=20)
        assert next(project.slug for project in page) == "p10"
    assert page.paginator.count == 20
    assert page.paginator.capped  # type: ignore[attr-defined]
    assert page.paginator.num_pages == 2


@pytest.mark.usefixtures("projects")
@pytest.mark.parametrize(("asked", "got"), [("0", 3), ("99", 3), ("x", 1), ("", 1)])
def test_a_page_that_is_none_is_the_nearest(asked: str, got: int) -> None:
    page = page_of(RequestFactory().get(f"/?page={asked}"), Project.objects.order_by("slug"), 10)
    assert page.number == got


def test_words_are_read_on_one_line() -> None:
    assert searched(RequestFactory().get("/", {"q": " a\x00b\n c "})) == "a b c"
