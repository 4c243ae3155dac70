"""What admins do with users."""

import re

import pytest
from django.test import Client

from monitor.access import tokens
from monitor.access.models import AuditEntry, User
from monitor.projects.models import Project
from tests.monitor_site.conftest import PASSWORD

NEW = "correct-horse-battery"


def _link(page: bytes) -> str:
    found = re.search(r'id="link">http://testserver([^<]+)<', page.decode())
    assert found, "There is no link on the page."
    return found[1]


def _set_password(link: str) -> Client:
    client = Client()
    response = client.get(link, follow=True)
    form = response.redirect_chain[-1][0]
    response = client.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert response.status_code == 302
    return client


def test_somebody_is_invited_and_comes_in(as_admin: Client, project: Project) -> None:
    fields = {"email": "New@Example.org", "name": "Nell", "role": "member", "projects": [project.slug]}
    page = as_admin.post("/accounts/users/new/", fields)
    assert page["Cache-Control"].count("no-store")
    link = _link(page.content)
    client = _set_password(link)
    user = User.objects.get(email="new@example.org")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.get("/projects/hydroml/").status_code == 200
    created = AuditEntry.objects.get(action="user.created")
    assert created.details == {"role": "member", "projects": ["hydroml"]}
    assert AuditEntry.objects.filter(action="password.set", target=user.email).exists()


def test_the_link_works_once_and_is_kept_nowhere(as_admin: Client) -> None:
    link = _link(as_admin.post("/accounts/users/new/", {"email": "n@example.org", "role": "viewer"}).content)
    _set_password(link)
    assert b"has been used" in Client().get(link, follow=True).content
    user = User.objects.get(email="n@example.org")
    assert link.encode() not in as_admin.get(f"/accounts/users/{user.pk}/").content


def test_an_address_has_one_account(as_admin: Client, member: User) -> None:
    response = as_admin.post("/accounts/users/new/", {"email": member.email.upper(), "role": "viewer"})
    assert response.status_code == 422
    assert "already" in response.content.decode()


def test_a_change_of_role_and_projects_holds_from_the_next_request_on(
    as_admin: Client, as_member: Client, member: User, project: Project, other_project: Project
) -> None:
    assert as_member.get("/projects/other/").status_code == 404
    fields = {"name": member.name, "role": "viewer", "projects": [other_project.slug]}
    assert as_admin.post(f"/accounts/users/{member.pk}/", fields).status_code == 302
    assert as_member.get("/projects/other/").status_code == 200
    assert as_member.get("/projects/hydroml/").status_code == 404
    assert as_member.post("/projects/other/edit/", {"name": "x", "platform": "node"}).status_code == 403
    changed = AuditEntry.objects.get(action="user.changed").details["changed"]
    assert changed == {"role": ["member", "viewer"], "projects": [["hydroml"], ["other"]]}


def test_a_reset_ends_sessions_and_the_old_password(
    as_admin: Client, as_member: Client, member: User
) -> None:
    link = _link(as_admin.post(f"/accounts/users/{member.pk}/reset/").content)
    assert as_member.get("/projects/").status_code == 302
    assert (
        Client().post("/accounts/login/", {"username": member.email, "password": PASSWORD}).status_code == 200
    )
    _set_password(link)
    assert Client().post("/accounts/login/", {"username": member.email, "password": NEW}).status_code == 302


def test_a_closed_account_loses_sessions_tokens_and_links(
    as_admin: Client, as_member: Client, member: User
) -> None:
    _, bearer = tokens.create(member, "script", ["event:read"])
    link = _link(as_admin.post(f"/accounts/users/{member.pk}/reset/").content)
    as_admin.post(f"/accounts/users/{member.pk}/active/", {"active": "0"})
    assert tokens.authenticate(bearer) is None
    assert as_member.get("/projects/").status_code == 302
    assert b"has been used" in Client().get(link, follow=True).content
    as_admin.post(f"/accounts/users/{member.pk}/active/", {"active": "1"})
    assert tokens.authenticate(bearer) is None
    assert Client().get(link, follow=True).status_code == 200


@pytest.mark.parametrize("way", ["close", "demote"])
def test_the_last_admin_stays_one(as_admin: Client, admin: User, way: str) -> None:
    if way == "close":
        as_admin.post(f"/accounts/users/{admin.pk}/active/", {"active": "0"})
    else:
        response = as_admin.post(f"/accounts/users/{admin.pk}/", {"name": "Ada", "role": "viewer"})
        assert response.status_code == 422
        assert "only admin" in response.content.decode()
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.is_admin


def test_users_are_found_by_name_and_address(as_admin: Client, member: User, viewer: User) -> None:
    page = as_admin.get("/accounts/users/", {"q": "mary"}).content.decode()
    assert member.email in page
    assert viewer.email not in page


def test_the_list_costs_the_same_for_many(as_admin: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    User.objects.bulk_create(User(email=f"u{n}@example.org") for n in range(40))
    with django_assert_max_num_queries(6):
        assert as_admin.get("/accounts/users/").status_code == 200


def test_an_admin_revokes_anothers_token(as_admin: Client, member: User) -> None:
    token, bearer = tokens.create(member, "script", ["event:read"])
    as_admin.post(f"/accounts/users/{member.pk}/tokens/{token.pk}/revoke/")
    assert tokens.authenticate(bearer) is None
    assert AuditEntry.objects.filter(action="token.revoked", actor="ada@example.org").exists()


def test_a_project_that_there_cannot_be_is_refused(as_admin: Client, member: User) -> None:
    fields = {"name": member.name, "role": "viewer", "projects": ["9" * 40]}
    answer = as_admin.post(f"/accounts/users/{member.pk}/", fields)
    assert answer.status_code == 422
    assert "9" * 40 in answer.text
    member.refresh_from_db()
    assert member.role == "member"
