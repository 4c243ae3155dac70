"""Logging in and out, and how guessing is slowed down."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils.timezone import now

from monitor.access.models import AuditEntry, FailedLogin, User
from tests.monitor_site.conftest import PASSWORD

LOGIN = "/accounts/login/"


def _try(client: Client, email: str, password: str, address: str = "192.0.2.1") -> int:
    return client.post(LOGIN, {"username": email, "password": password}, REMOTE_ADDR=address).status_code


def test_one_logs_in_with_an_address_in_any_case(member: User) -> None:
    client = Client()
    assert _try(client, member.email.upper(), PASSWORD) == 302
    assert client.get("/accounts/preferences/").status_code == 200
    entry = AuditEntry.objects.get(action="login.succeeded")
    assert (entry.user, entry.details) == (member, {"address": "192.0.2.1"})


def test_a_failed_log_in_is_audited(member: User) -> None:
    assert _try(Client(), member.email, "wrong") == 200
    entry = AuditEntry.objects.get(action="login.failed")
    assert (entry.target, entry.user) == (member.email, None)


@pytest.mark.django_db
def test_what_was_typed_in_place_of_an_address_is_not_kept() -> None:
    # It may have been the password.
    _try(Client(), "hunter2", "wrong")
    assert "hunter2" not in str(AuditEntry.objects.values_list("target", "details"))
    assert "hunter2" not in str(FailedLogin.objects.values_list("account", "address"))


def test_after_five_failures_the_right_password_is_not_looked_at(member: User) -> None:
    client = Client()
    for _ in range(5):
        assert _try(client, member.email, "wrong") == 200
    assert _try(client, member.email, PASSWORD) == 429
    assert "_auth_user_id" not in client.session


def test_nobody_is_locked_out_by_what_a_stranger_does(member: User) -> None:
    stranger = Client()
    for _ in range(6):
        _try(stranger, member.email, "wrong", "198.51.100.7")
    assert _try(Client(), member.email, PASSWORD, "192.0.2.1") == 302


@pytest.mark.django_db
def test_whoever_tries_many_accounts_is_slowed_down_as_well(member: User) -> None:
    client = Client()
    codes = [_try(client, f"user{number}@example.org", "wrong") for number in range(31)]
    assert codes[29:] == [200, 429]
    assert _try(Client(), member.email, PASSWORD) == 429
    assert _try(Client(), member.email, PASSWORD, "198.51.100.7") == 302


def test_waiting_helps(member: User) -> None:
    client = Client()
    start = now()
    with time_machine.travel(start, tick=False):
        for _ in range(5):
            _try(client, member.email, "wrong")
        assert _try(client, member.email, PASSWORD) == 429
    with time_machine.travel(start + timedelta(minutes=15, seconds=1), tick=False):
        assert _try(client, member.email, PASSWORD) == 302
    # What no longer counts is forgotten.
    assert not FailedLogin.objects.exists()


def test_a_closed_account_stays_out(member: User) -> None:
    client = Client()
    client.force_login(member)
    member.is_active = False
    member.save()
    assert client.get("/accounts/preferences/").status_code == 302
    assert _try(Client(), member.email, PASSWORD) == 200


def test_logging_out_takes_a_post(as_member: Client) -> None:
    assert as_member.get("/accounts/logout/").status_code == 405
    as_member.post("/accounts/logout/")
    assert as_member.get("/accounts/preferences/").status_code == 302


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_stays_on_this_site(member: User, target: str) -> None:
    response = Client().post(LOGIN, {"username": member.email, "password": PASSWORD, "next": target})
    assert response["Location"] == "/"
    response = Client().post("/accounts/theme/", {"theme": "dark", "next": target})
    assert response["Location"] == "/"


def test_the_theme_is_kept_with_the_account_and_in_a_cookie(as_viewer: Client, viewer: User) -> None:
    response = as_viewer.post("/accounts/theme/", {"theme": "dark", "next": "/projects/"})
    assert response["Location"] == "/projects/"
    viewer.refresh_from_db()
    assert viewer.theme == "dark"
    assert 'data-theme="dark"' in as_viewer.get("/accounts/preferences/").content.decode()
    as_viewer.post("/accounts/logout/")
    assert 'data-theme="dark"' in as_viewer.get(LOGIN).content.decode()


def test_times_are_shown_in_the_users_zone(as_viewer: Client, viewer: User) -> None:
    response = as_viewer.post(
        "/accounts/preferences/", {"name": "Vera", "theme": "light", "time_zone": "Asia/Tokyo"}
    )
    assert response.status_code == 302
    with time_machine.travel("2026-11-22T20:00:00Z", tick=False):
        page = as_viewer.get("/projects/hydroml/").content.decode()
    # The last bar began at 20:00 UTC.
    assert "23 Nov 05:00" in page


def test_a_changed_password_ends_other_sessions(member: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(member)
    fields = {
        "old_password": PASSWORD,
        "new_password1": "another-long-one",
        "new_password2": "another-long-one",
    }
    assert here.post("/accounts/password/", fields).status_code == 302
    assert here.get("/accounts/preferences/").status_code == 200
    assert there.get("/accounts/preferences/").status_code == 302
    assert AuditEntry.objects.filter(action="password.changed", user=member).exists()
