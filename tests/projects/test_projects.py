"""Who may do what, shown role by role, and what is left when something is deleted."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core.errors import UserInputError
from projects.models import Activity, Membership, Project, Role
from projects.services import create_project, remove_member, set_archived, set_member

pytestmark = pytest.mark.django_db

VIEWER_PAGES = ("detail", "members", "activity")
MANAGER_PAGES = ("edit",)
OWNER_PAGES = ("delete",)


def status(client: Client, name: str, project: Project) -> int:
    return client.get(reverse(f"projects:{name}", args=[project.id])).status_code


@pytest.mark.parametrize("name", VIEWER_PAGES + MANAGER_PAGES + OWNER_PAGES)
def test_a_stranger_gets_404_and_a_visitor_the_log_in_page(
    client: Client, project: Project, make_user: Callable[..., User], name: str
) -> None:
    assert status(client, name, project) == 302
    client.force_login(make_user("Stranger"))
    assert status(client, name, project) == 404


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_its_pages_and_no_others(
    client: Client, project: Project, member: Callable[[Role], User], role: Role
) -> None:
    client.force_login(member(role))
    for name in VIEWER_PAGES:
        assert status(client, name, project) == 200
    for name in MANAGER_PAGES:
        assert status(client, name, project) == (200 if role.may(Role.MANAGER) else 403)
    for name in OWNER_PAGES:
        assert status(client, name, project) == (200 if role.may(Role.OWNER) else 403)


def test_changing_needs_a_post_with_the_right_role(
    client: Client, project: Project, member: Callable[[Role], User]
) -> None:
    url = reverse("projects:archive", args=[project.id])
    client.force_login(member(Role.ANALYST))
    assert client.post(url, {"archived": "1"}).status_code == 403
    client.force_login(member(Role.MANAGER))
    assert client.get(url).status_code == 405
    assert client.post(url, {"archived": "1"}).status_code == 302
    project.refresh_from_db()
    assert project.archived_at is not None


def test_deleting_takes_the_typed_name(owner_client: Client, project: Project) -> None:
    url = reverse("projects:delete", args=[project.id])
    response = owner_client.post(url, {"name": "Something else"})
    assert response.status_code == 422
    assert Project.objects.exists()
    owner_client.post(url, {"name": project.name})
    assert not Project.objects.exists()


def test_the_last_owner_cannot_go(project: Project, owner: User, make_user: Callable[..., User]) -> None:
    mine = Membership.objects.get(project=project, user=owner)
    with pytest.raises(UserInputError, match="only owner"):
        remove_member(mine, actor=owner)
    with pytest.raises(UserInputError, match="only owner"):
        set_member(project, user=owner, role=Role.VIEWER, actor=owner)
    set_member(project, user=make_user("Second"), role=Role.OWNER, actor=owner)
    remove_member(mine, actor=owner)
    assert not Membership.objects.filter(user=owner).exists()


def test_a_manager_cannot_make_or_unmake_an_owner(
    client: Client, project: Project, owner: User, member: Callable[[Role], User]
) -> None:
    client.force_login(member(Role.MANAGER))
    url = reverse("projects:members", args=[project.id])
    response = client.post(url, {"email": owner.email, "role": "viewer"})
    assert response.status_code == 422
    response = client.post(url, {"email": owner.email, "role": "owner"})
    assert response.status_code == 422
    mine = Membership.objects.get(project=project, user=owner)
    remove = reverse("projects:remove_member", args=[project.id, mine.pk])
    assert client.post(remove).status_code == 403


def test_adding_somebody_without_an_account_says_so(owner_client: Client, project: Project) -> None:
    url = reverse("projects:members", args=[project.id])
    response = owner_client.post(url, {"email": "nobody@example.org", "role": "viewer"})
    assert "Nobody has an account with nobody@example.org" in response.content.decode()


def test_the_list_searches_sorts_pages_and_hides_the_archive(owner_client: Client, owner: User) -> None:
    for number in range(30):
        create_project(owner=owner, name=f"Catchment {number:02}")
    set_archived(create_project(owner=owner, name="Put aside"), archived=True, actor=owner)
    url = reverse("projects:list")
    first = owner_client.get(url, {"sort": "name"})
    assert [project.name for project in first.context["page"]][:2] == ["Catchment 00", "Catchment 01"]
    assert len(first.context["page"]) == 25
    assert len(owner_client.get(url, {"page": 2}).context["page"]) == 5
    assert len(owner_client.get(url, {"q": "ment 07"}).context["page"]) == 1
    assert [p.name for p in owner_client.get(url, {"archived": 1}).context["page"]] == ["Put aside"]


def test_the_list_asks_as_many_queries_for_one_project_as_for_twenty(
    owner_client: Client, owner: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for number in range(20):
        create_project(owner=owner, name=f"Catchment {number:02}")
    with django_assert_max_num_queries(5):  # type: ignore[attr-defined]
        owner_client.get(reverse("projects:list"))


def test_what_is_done_is_in_the_history(owner_client: Client, project: Project) -> None:
    edit = reverse("projects:edit", args=[project.id])
    owner_client.post(edit, {"name": "Narraguagus River", "description": ""})
    assert list(Activity.objects.values_list("verb", flat=True)) == ["edited", "created"]
    page = owner_client.get(reverse("projects:activity", args=[project.id])).content.decode()
    assert "Olga Owner edited project" in page
